"""Files, presses, forwards and direct messages, from channel to channel, on the real store."""

from __future__ import annotations

import msgspec

from tests.services.studio import ALL, Studio
from tieline.model.attachments import Attachment, FileState, NativeFile
from tieline.model.channels import ChannelRecord, Trait
from tieline.model.commands import (
    AttachmentUse,
    CreateAttachment,
    DeleteMessage,
    EditMessage,
    FinishAttachment,
    FinishDelivery,
    ForgetAttachments,
    LearnDirect,
    PostDirect,
    PostMessage,
    RegisterChannel,
    SentPart,
)
from tieline.model.content import plain
from tieline.model.delivery import DeliveryState, Operation
from tieline.model.inbound import InboundForward, InboundInteraction, InboundMessage, NativeAuthor
from tieline.model.members import Account, Level
from tieline.model.message import Message
from tieline.model.rooms import MessageType
from tieline.plugins.homes import home_of

ALICE = NativeAuthor(native_id="U1", display="Alice")
PNG = NativeFile(id="F1", name="../../mock up.png", mime="image/png", size=7, url="https://files.slack.com/f1")


async def uploaded(studio: Studio, handle: str, keep: int = 60_000) -> Attachment:
    begun = await studio.done(CreateAttachment(actor=studio.actor(handle), name="a.txt", mime="text/plain", keep=keep))
    assert isinstance(begun, Attachment)
    done = await studio.done(FinishAttachment(attachment_id=begun.id, state=FileState.READY, size=3, sha256="00"))
    assert isinstance(done, Attachment)
    return done


async def test_a_file_of_a_platform_is_shown_as_on_its_way_and_then_as_it_came(studio: Studio) -> None:
    room = await studio.room()
    await studio.link("C1")
    await studio.link("D1", channel="guild")
    receipt = await studio.typed("look", "1.1", files=(PNG,))
    (waiting,) = await studio.reader.receiving(10)
    assert (waiting.name, waiting.message_id) == ("mock up.png", receipt.message_id)
    assert waiting.source is not None
    assert waiting.source.file == PNG
    studio.heard.clear()
    await studio.done(
        FinishAttachment(attachment_id=waiting.id, state=FileState.READY, size=9, sha256="00", mime="image/png")
    )
    (message,) = await studio.messages(room)
    assert [(a.name, a.size, a.state.value) for a in message.attachments] == [("mock up.png", 9, "ready")]
    assert studio.heard[-1].lanes == {"guild|D1|auto"}
    last = (await studio.events(room.id))[-1]
    body = msgspec.json.decode(last.body)
    assert (last.kind.value, body["attachments"][0]["state"]) == ("attachment", "ready")
    assert await studio.reader.receiving(10) == []
    again = await studio.done(FinishAttachment(attachment_id=waiting.id, state=FileState.FAILED, detail="late"))
    assert isinstance(again, Attachment)
    assert again.state is FileState.READY


async def test_a_message_of_files_alone_is_a_message(studio: Studio) -> None:
    room = await studio.room()
    await studio.link("C1")
    assert (await studio.typed("", "1.1", files=(PNG,))).status == "stored"
    assert (await studio.typed("", "1.2")).status == "ignored"
    assert [m.text for m in await studio.messages(room)] == [""]


async def test_an_upload_is_posted_once_by_who_made_it_and_goes_with_its_message(studio: Studio) -> None:
    await studio.member("priya")
    await studio.member("milo")
    await studio.room()
    row = await uploaded(studio, "priya")
    use = AttachmentUse(id=row.id, alt="a chart")
    stranger = await studio.refused(_post(studio, "milo", use))
    assert stranger.code == "attachment_not_found"
    message = await studio.post("priya", "", attachments=(use,))
    assert [(a.id, a.alt) for a in message.attachments] == [(row.id, "a chart")]
    kept = await studio.reader.attachment(row.id)
    assert kept is not None
    assert (kept.message_id, kept.expires_at) == (message.id, None)
    assert (await studio.refused(_post(studio, "priya", use))).code == "attachment_used"
    await studio.done(EditMessage(actor=studio.actor("priya"), message_id=message.id, text="now with words"))
    await studio.done(DeleteMessage(actor=studio.actor("priya"), message_id=message.id))
    (expired,) = await studio.reader.expired_attachments(2**60, 10)
    assert expired.id == row.id
    assert await studio.done(ForgetAttachments(attachment_ids=(row.id, "att_none"))) in {0, 1}


async def test_what_is_not_finished_or_too_old_is_refused(studio: Studio) -> None:
    await studio.member("priya")
    await studio.room()
    begun = await studio.done(
        CreateAttachment(actor=studio.actor("priya"), name="a.txt", mime="text/plain", keep=60_000)
    )
    assert isinstance(begun, Attachment)
    refused = await studio.refused(_post(studio, "priya", AttachmentUse(id=begun.id)))
    assert (refused.status, refused.code) == (422, "attachment_not_ready")
    old = await uploaded(studio, "priya", keep=-1)
    assert (await studio.refused(_post(studio, "priya", AttachmentUse(id=old.id)))).code == "attachment_not_found"
    assert await studio.done(ForgetAttachments(attachment_ids=(old.id, begun.id))) == 1
    assert await studio.reader.attachment(old.id) is None
    reader = studio.actor("priya", Level.L1)
    low = await studio.refused(CreateAttachment(actor=reader, name="a", mime="", keep=1))
    assert low.code == "level_too_low"


async def test_a_press_acknowledges_an_alert_once_for_everybody_to_see(studio: Studio) -> None:
    await studio.member("priya")
    await studio.member("alice", accounts={"slack": "U1"})
    room = await studio.room()
    await studio.link("C1")
    await studio.link("D1", channel="guild")
    alert = await studio.post("priya", "disk full", type=MessageType.ALERT)
    assert [action.value for action in alert.actions] == [f"ack:{alert.id}"]
    press = InboundInteraction(conversation="C1", native_id="p1", author=ALICE, action="ack", target=alert.id)
    first = await studio.receive(press)
    again = await studio.receive(press)
    assert "it was you" in (first.answer or "")
    assert "already" in (again.answer or "")
    (message,) = await studio.messages(room)
    assert [(r.emoji, r.by) for r in message.reactions] == [("✅", ("alice",))]
    told = [d.channel for d in await studio.deliveries(alert.id) if d.operation is Operation.REACT]
    assert sorted(told) == ["guild", "slack"]
    gone = msgspec.structs.replace(press, target="msg_none")
    assert "no more" in ((await studio.receive(gone)).answer or "")
    unknown = msgspec.structs.replace(press, action="explode")
    assert "no longer known" in ((await studio.receive(unknown)).answer or "")


async def test_a_message_is_sent_to_a_room_with_its_words_quoted(studio: Studio) -> None:
    await studio.member("alice", accounts={"slack": "U1"})
    room = await studio.room()
    original = InboundMessage(
        conversation="C9",
        native_id="9.9",
        author=NativeAuthor(native_id="U7", display="Dana"),
        content=plain("the client\nsays no"),
        sent_at=1,
        files=(PNG,),
    )
    event = InboundForward(conversation="C9", native_id="v1", author=ALICE, room="studio", original=original)
    assert (await studio.receive(event)).answer == "Sent to studio."
    assert "already" in ((await studio.receive(event)).answer or "")
    (message,) = await studio.messages(room)
    assert message.author.handle == "alice"
    assert message.text == "**Dana** wrote:\n\n> the client\n> says no"
    assert [a.name for a in message.attachments] == ["mock up.png"]
    nowhere = msgspec.structs.replace(event, room="nowhere", native_id="v2")
    assert "no room" in ((await studio.receive(nowhere)).answer or "")


async def test_a_direct_message_reaches_the_members_own_conversation_and_its_answer_comes_back(studio: Studio) -> None:
    priya = await studio.member("priya")
    await studio.member("alice", accounts={"slack": "U1"})
    assert isinstance(
        await studio.done(RegisterChannel(name="slack", adapter="slack", traits=(Trait.DIRECT,))), ChannelRecord
    )
    sent = await studio.done(PostDirect(actor=studio.actor("priya"), to="alice", text="lunch?"))
    assert isinstance(sent, Message)
    (waiting,) = await studio.deliveries(sent.id)
    assert waiting.conversation == "direct:U1"
    account = await studio.done(LearnDirect(channel="slack", native_id="U1", conversation="D7"))
    assert isinstance(account, Account)
    (moved,) = await studio.deliveries(sent.id)
    assert (moved.conversation, moved.lane) == ("D7", "slack|D7|auto")
    record = studio.directory.channel("slack")
    assert record is not None
    parts = (SentPart(native_id="5.5"),)
    finish = FinishDelivery(delivery_id=moved.id, state=DeliveryState.SENT, parts=parts, epoch=record.epoch)
    await studio.done(finish)
    answer = await studio.typed("yes!", "5.6", conversation="D7", direct=True, thread="5.5")
    assert answer.status == "stored"
    again = await studio.typed("yes!", "5.6", conversation="D7", direct=True, thread="5.5")
    assert again.status == "repeat"
    messages = await studio.reader.messages(sent.room_id, ALL)
    assert [(m.author.handle, m.text) for m in messages] == [("priya", "lunch?"), ("alice", "yes!")]
    inbox = await studio.events(f"@{priya.id}")
    assert b'"reason":"reply"' in inbox[-1].body


async def test_what_is_written_to_the_bot_is_a_message_to_somebody_or_a_command(studio: Studio) -> None:
    await studio.member("alice", accounts={"slack": "U1"})
    await studio.member("milo")
    await studio.done(RegisterChannel(name="slack", adapter="slack", traits=(Trait.DIRECT,)))
    written = await studio.typed("@milo are you there?", "6.1", conversation="D7", direct=True)
    message = await studio.reader.message(written.message_id or "")
    assert message is not None
    assert message.text == "are you there?"
    helped = await studio.typed("what can you do?", "6.2", conversation="D7", direct=True)
    assert helped.status == "answered"
    notices = [d for d in await studio.deliveries() if d.operation is Operation.NOTICE]
    assert [(d.conversation, d.notice_for) for d in notices] == [("D7", None)]
    assert "iam" in (notices[0].text or "")
    assert (await studio.typed("what can you do?", "6.2", conversation="D7", direct=True)).status == "repeat"
    stranger = await studio.typed("@milo hi", "6.3", who="U99", conversation="D99", direct=True)
    assert stranger.status == "answered"


async def test_a_home_says_what_concerns_a_person(studio: Studio) -> None:
    await studio.member("priya")
    await studio.member("alice", accounts={"slack": "U1"})
    await studio.room(title="Studio")
    await studio.post("priya", "@alice have a look")
    mine = await home_of("slack", "U1", studio.directory, studio.reader)
    assert (mine.handle, [room.name for room in mine.rooms]) == ("alice", ["studio"])
    assert [(item.reason, item.author, item.text) for item in mine.items] == [
        ("mention", "priya", "@alice have a look")
    ]
    nobody = await home_of("slack", "U99", studio.directory, studio.reader)
    assert (nobody.handle, nobody.items) == (None, ())


def _post(studio: Studio, handle: str, use: AttachmentUse) -> PostMessage:
    return PostMessage(actor=studio.actor(handle), room="studio", text="x", attachments=(use,))
