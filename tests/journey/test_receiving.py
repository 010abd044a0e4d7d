"""What channels report becomes messages: identity, echo, threads, mentions, guests, verdicts, joins."""

from __future__ import annotations

import msgspec

from tests.services.studio import Studio
from tieline.model.commands import NOT_YET, FinishDelivery, ReceiveEvent, SentPart
from tieline.model.content import Document, Mention, Paragraph, Strong, Text, plain
from tieline.model.delivery import Delivery, DeliveryState, Operation
from tieline.model.inbound import (
    InboundCommand,
    InboundDelete,
    InboundEdit,
    InboundMessage,
    InboundReaction,
    NativeAuthor,
    Receipt,
)
from tieline.model.members import MemberKind
from tieline.model.rooms import Guests

ALICE = NativeAuthor(native_id="U1", display="Alice")
MALLORY = NativeAuthor(native_id="U9", display="Alice")
BROKEN = "[TASK_ID]: dj-1\n[CURRENT_STATE]: REDY\n[PAYLOAD_PATH]: /a\n[NEXT_HOP]: @sam"


async def sent(studio: Studio, delivery: Delivery, native_id: str) -> None:
    """The lane's report that a delivery became a native message."""
    record = studio.directory.channel(delivery.channel)
    assert record is not None
    await studio.done(
        FinishDelivery(
            delivery_id=delivery.id,
            state=DeliveryState.SENT,
            parts=(SentPart(native_id=native_id),),
            epoch=record.epoch,
        )
    )


async def test_a_native_message_that_comes_twice_is_one_message(studio: Studio) -> None:
    room = await studio.room()
    await studio.link("C1")
    first = await studio.typed("hello", "1.1")
    again = await studio.typed("hello", "1.1")
    assert (first.status, again.status) == ("stored", "repeat")
    assert first.message_id == again.message_id
    assert len(await studio.messages(room)) == 1


async def test_our_own_message_coming_back_is_an_echo(studio: Studio) -> None:
    await studio.member("priya")
    room = await studio.room()
    await studio.link("C1")
    message = await studio.post("priya", "from the web")
    (delivery,) = await studio.deliveries(message.id)
    await sent(studio, delivery, "1.7")
    assert (await studio.typed("from the web", "1.7")).status == "echo"
    early = await studio.typed("in flight", "1.8", delivery_id="dlv_x")
    assert early.status == "echo"
    assert len(await studio.messages(room)) == 1


async def test_a_message_goes_to_the_other_links_and_not_back(studio: Studio) -> None:
    await studio.room()
    await studio.link("C1")
    await studio.link("D1", channel="guild")
    receipt = await studio.typed("hello", "1.1")
    deliveries = await studio.deliveries(receipt.message_id)
    assert [(d.channel, d.conversation) for d in deliveries] == [("guild", "D1")]


async def test_an_unlinked_conversation_is_heard_and_ignored(studio: Studio) -> None:
    room = await studio.room()
    await studio.link("C1")
    assert (await studio.typed("hello", "1.1", conversation="C2")).status == "ignored"
    assert await studio.messages(room) == []


async def test_people_are_named_by_their_handles_in_both_directions(studio: Studio) -> None:
    milo = await studio.member("milo", accounts={"slack": "U2"})
    room = await studio.room()
    await studio.link("C1")
    content = Document(
        blocks=(
            Paragraph(children=(Strong(children=(Mention(display="Milo R.", native_id="U2"),)), Text(text=" look"))),
        )
    )
    await studio.typed(content, "1.1", who="U2")
    (message,) = await studio.messages(room)
    assert message.text == "**@milo** look"
    assert [m.handle for m in message.mentions] == ["milo"]
    assert (message.author.handle, message.author_id) == ("milo", milo.id)


async def test_an_author_without_a_member_is_a_guest_and_the_room_decides(studio: Studio) -> None:
    room = await studio.room(guests=Guests.POST)
    quiet = await studio.room("quiet", guests=Guests.READ)
    await studio.link("C1")
    await studio.link("C2", room="quiet")
    await studio.typed("hello", "1.1")
    assert (await studio.typed("hello", "1.1", conversation="C2")).status == "ignored"
    (message,) = await studio.messages(room)
    assert (message.author.kind, message.author.handle, message.author.display) == ("guest", None, "U1")
    assert await studio.messages(quiet) == []


async def test_a_thread_on_the_platform_is_a_thread_in_the_room(studio: Studio) -> None:
    await studio.member("priya")
    room = await studio.room()
    await studio.link("C1")
    root = await studio.post("priya", "root")
    (delivery,) = await studio.deliveries(root.id)
    await sent(studio, delivery, "1.0")
    await studio.typed("in thread", "1.1", thread="1.0")
    await studio.typed("unknown root", "1.2", thread="0.1")
    messages = await studio.messages(room)
    assert [message.thread for message in messages] == [None, root.id, None]


async def test_only_its_author_edits_a_native_message_and_the_same_text_is_no_edit(studio: Studio) -> None:
    room = await studio.room()
    await studio.link("C1")
    await studio.typed("helo", "1.1")

    def edit(author: NativeAuthor, text: str) -> InboundEdit:
        return InboundEdit(conversation="C1", native_id="1.1", author=author, content=plain(text), edited_at=2)

    assert (await studio.receive(edit(MALLORY, "evil"))).status == "ignored"
    assert (await studio.receive(edit(ALICE, "helo"))).status == "ignored"
    assert (await studio.receive(edit(ALICE, "hello"))).status == "stored"
    assert [message.text for message in await studio.messages(room)] == ["hello"]
    assert len(await studio.events(room.id)) == 2


async def test_a_deletion_on_the_platform_deletes_everywhere(studio: Studio) -> None:
    room = await studio.room()
    await studio.link("C1")
    await studio.link("D1", channel="guild")
    receipt = await studio.typed("oops", "1.1")
    (delivery,) = await studio.deliveries(receipt.message_id)
    await sent(studio, delivery, "77")
    await studio.receive(InboundDelete(conversation="C1", native_id="1.1"))
    (message,) = await studio.messages(room)
    assert message.deleted_at is not None
    operations = [d.operation for d in await studio.deliveries(message.id)]
    assert operations == [Operation.SEND, Operation.DELETE]


async def test_a_reaction_on_our_own_part_is_a_reaction_on_the_message(studio: Studio) -> None:
    await studio.member("priya")
    room = await studio.room()
    await studio.link("C1")
    message = await studio.post("priya", "ship it?")
    (delivery,) = await studio.deliveries(message.id)
    await sent(studio, delivery, "1.0")
    for on in (True, True, False, True):
        await studio.receive(InboundReaction(conversation="C1", native_id="1.0", author=ALICE, emoji="👍", on=on))
    (now,) = await studio.messages(room)
    assert [(r.emoji, r.by) for r in now.reactions] == [("👍", ("slack:U1",))]
    assert [d.operation for d in await studio.deliveries(message.id)] == [Operation.SEND]


async def test_a_broken_packet_from_a_channel_is_delivered_marked_and_told_once(studio: Studio) -> None:
    room = await studio.room()
    await studio.link("C1")
    await studio.link("D1", channel="guild")
    receipt = await studio.typed(BROKEN, "1.1")
    (message,) = await studio.messages(room)
    assert message.violations
    deliveries = await studio.deliveries(receipt.message_id)
    assert [(d.operation, d.channel) for d in deliveries] == [(Operation.NOTICE, "slack"), (Operation.SEND, "guild")]
    notice = deliveries[0]
    assert notice.notice_for == "U1"
    assert notice.text is not None
    assert "READY" in notice.text


async def test_machines_are_never_told_of_their_broken_packets(studio: Studio) -> None:
    await studio.room()
    await studio.link("C1")
    receipt = await studio.typed(BROKEN, "1.1", automated=True)
    assert await studio.deliveries(receipt.message_id) == []


async def test_a_code_from_one_channel_sent_on_another_joins_both_accounts(studio: Studio) -> None:
    await studio.room()
    await studio.link("C1")
    await studio.link("D1", channel="guild")
    answer = (await studio.receive(InboundCommand(conversation="C1", native_id="c1", author=ALICE, text="iam"))).answer
    assert answer is not None
    code = answer.split("`")[1]
    same = await studio.receive(InboundCommand(conversation="C1", native_id="c2", author=ALICE, text=f"iam {code}"))
    assert "other channel" in (same.answer or "")
    joined = await studio.typed(f"iam {code.lower()}", "9", who="42", conversation="D1", channel="guild")
    assert "@alice" in (joined.answer or "")
    member = studio.directory.member("alice")
    assert member is not None
    assert member.kind is MemberKind.HUMAN
    assert {(a.channel, a.native_id) for a in studio.directory.accounts_of(member.id)} == {
        ("slack", "U1"),
        ("guild", "42"),
    }
    used = await studio.receive(InboundCommand(conversation="C1", native_id="c3", author=MALLORY, text=f"iam {code}"))
    assert "unknown" in (used.answer or "")


async def test_a_chat_that_looks_like_a_code_but_is_none_stays_a_message(studio: Studio) -> None:
    room = await studio.room()
    await studio.link("C1")
    await studio.typed("iam ABCDEFGH", "1.1")
    assert [message.text for message in await studio.messages(room)] == ["iam ABCDEFGH"]


async def test_a_report_of_a_stale_hub_is_refused(studio: Studio) -> None:
    await studio.member("priya")
    await studio.room()
    await studio.link("C1")
    message = await studio.post("priya", "hello")
    (delivery,) = await studio.deliveries(message.id)
    refusal = await studio.refused(FinishDelivery(delivery_id=delivery.id, state=DeliveryState.SENT, epoch=99))
    assert refusal.code == "stale_epoch"


async def test_an_event_that_names_an_unknown_message_is_asked_to_come_again_before_it_is_taken(studio: Studio) -> None:
    room = await studio.room()
    await studio.link("C1")
    event = InboundMessage(
        conversation="C1", native_id="2.1", author=ALICE, content=plain("yes"), sent_at=1, thread="1.9"
    )
    refused = await studio.refused(ReceiveEvent(channel="slack", event=event))
    assert refused.code == NOT_YET
    assert (await studio.receive(event)).status == "stored"
    assert [m.text for m in await studio.messages(room)] == ["yes"]
    elsewhere = msgspec.structs.replace(event, conversation="C9")
    assert await studio.done(ReceiveEvent(channel="slack", event=elsewhere)) == Receipt(status="ignored")
