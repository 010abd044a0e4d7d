"""What lanes do with files, with texts too long for parts, with closed edit windows, and with what piled up."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tests.unit.routing_lanes.rig import ACTOR, ROOM, Rig
from tieline.model.attachments import Attachment, FileSource, FileState, NativeFile
from tieline.model.capabilities import AttachmentSupport, Bundle, Capabilities, Overflow, RateLimit, Support, TextLimit
from tieline.model.commands import AttachmentUse, FinishAttachment, PostMessage, ReceiveEvent
from tieline.model.content import plain
from tieline.model.delivery import DeliveryState, Frame
from tieline.model.inbound import InboundMessage, NativeAuthor
from tieline.model.message import Message
from tieline.model.outcome import Accepted
from tieline.model.rooms import Backlog, Direction, Link, MessageType
from tieline.ports.rendering import Rendered
from tieline.routing.digests import WAITED
from tieline.routing.preview import cost_of
from tieline.testing.scripted import Behaviour
from tieline.testing.scripted_adapter import CAPABILITIES

MakeRig = Callable[..., Rig]
CLOSED = Behaviour(done=False, status=400, error="edit_window_closed")


def able(
    *, with_text: bool = False, per_message: int = 10, max_size: int | None = None, max_parts: int = 20
) -> Capabilities:
    files = AttachmentSupport(level=Support.FULL, with_text=with_text, per_message=per_message, max_size=max_size)
    text = TextLimit(max=200, max_parts=max_parts, overflow=Overflow.ATTACH)
    return msgspec.structs.replace(CAPABILITIES, attachment=files, text=text, buttons=Support.FULL)


def upload(rig: Rig, name: str, body: bytes) -> AttachmentUse:
    row = Attachment(
        id=f"att_{name.replace('.', '_')}",
        name=name,
        mime="text/plain",
        state=FileState.READY,
        size=len(body),
        owner_id=ACTOR.member.id if ACTOR.member else None,
        expires_at=2**60,
    )
    rig.hub.put(row)
    rig.files.kept[row.id] = body
    return AttachmentUse(id=row.id)


def post(rig: Rig, text: str, *uses: AttachmentUse) -> Message:
    outcome = rig.hub.decide(PostMessage(actor=ACTOR, room="dj-waste", text=text, attachments=uses))
    assert isinstance(outcome, Accepted), outcome
    assert isinstance(outcome.value, Message)
    return outcome.value


def seen(rig: Rig) -> list[tuple[str, tuple[str, ...]]]:
    return [(shown.text, shown.files) for shown in rig.platforms["slack"].shown("C0")]


async def test_files_go_with_the_text_where_the_platform_has_it_so(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(able(with_text=True))
    post(rig, "look", upload(rig, "a.txt", b"abc"), upload(rig, "b.txt", b"defgh"))
    await rig.clock.run_until(rig.settled)
    assert seen(rig) == [("look", ("a.txt:3", "b.txt:5"))]


async def test_files_stand_behind_the_text_where_they_stand_alone_and_stay_when_it_is_edited(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(able(per_message=1))
    message = post(rig, "look", upload(rig, "a.txt", b"abc"), upload(rig, "b.txt", b"defgh"))
    await rig.clock.run_until(rig.settled)
    rig.edit(message, "look " * 60)
    await rig.clock.run_until(rig.settled)
    shown = seen(rig)
    assert [files for _, files in shown if files] == [("a.txt:3",), ("b.txt:5",)]
    assert sum("look" in text for text, _ in shown) == 2
    rig.delete(message)
    await rig.clock.run_until(rig.settled)
    assert seen(rig) == []


async def test_files_without_a_word_say_who_sent_them(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(able())
    post(rig, "", upload(rig, "a.txt", b"abc"))
    await rig.clock.run_until(rig.settled)
    assert seen(rig) == [("_sent a.txt_", ()), ("", ("a.txt:3",))]


async def test_a_file_that_cannot_go_is_named_with_the_reason(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(able(with_text=True, max_size=4))
    post(rig, "look", upload(rig, "a.txt", b"abc"), upload(rig, "big.txt", b"defgh"))
    await rig.clock.run_until(rig.settled)
    ((text, files),) = seen(rig)
    assert files == ("a.txt:3",)
    assert "big.txt, 5 bytes - too large, at most 4 bytes here" in text.replace("\\", "")
    (row,) = rig.hub.all()
    assert [d.feature for d in row.degradations] == ["attachment"]


async def test_a_message_waits_for_its_files_a_while_and_then_says_what_is_missing(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(able(with_text=True))
    first, second = heard(rig, "1"), heard(rig, "2")
    rig.post("after them")
    await rig.clock.settle()
    assert seen(rig) == []
    rig.files.kept[first] = b"12345"
    done = FinishAttachment(attachment_id=first, state=FileState.READY, size=5, sha256="00")
    assert isinstance(rig.hub.decide(done), Accepted)
    await rig.clock.settle()
    assert seen(rig) == [("photo 1", ("1.png:5",))]
    await rig.clock.run_until(rig.settled)
    assert rig.clock.monotonic() < 25
    texts = [text.replace("\\", "") for text, _ in seen(rig)]
    assert texts[1].startswith("photo 2")
    assert "2.png - it took too long" in texts[1]
    assert texts[2] == "after them"
    assert second in {attachment.id for attachment in rig.hub.find(Attachment)}


def heard(rig: Rig, number: str) -> str:
    """Somebody posts a photo on another channel; the id of the attachment that is being copied."""
    rig.directory.apply(
        [Link(id="lnk_guild", room_id=ROOM.id, channel="guild", conversation="D", direction=Direction.IN)]
    )
    event = InboundMessage(
        conversation="D",
        native_id=number,
        author=NativeAuthor(native_id="U7", display="Dana"),
        content=plain(f"photo {number}"),
        sent_at=1,
        files=(NativeFile(id=f"F{number}", name=f"{number}.png", mime="image/png"),),
    )
    before = {row.id for row in rig.hub.find(Attachment)}
    assert isinstance(rig.hub.decide(ReceiveEvent(channel="guild", event=event)), Accepted)
    (new,) = [row for row in rig.hub.find(Attachment) if row.id not in before]
    assert isinstance(new.source, FileSource)
    return new.id


async def test_a_text_of_too_many_parts_goes_as_a_file_with_its_beginning_and_follows_edits(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(able(max_parts=5))
    text = "word " * 60_000
    message = post(rig, text)
    await rig.clock.run_until(rig.settled)
    (beginning, none), (empty, files) = seen(rig)
    assert (none, empty, files) == ((), "", (f"message.md:{len(text)}",))
    assert beginning.startswith("word word")
    assert "message.md, 300 kB" in beginning
    assert len(beginning) <= 200
    rig.edit(message, text + "end")
    await rig.clock.run_until(rig.settled)
    assert [files for _, files in seen(rig)] == [(), (f"message.md:{len(text) + 3}",)]
    rig.edit(message, "short")
    await rig.clock.run_until(rig.settled)
    assert seen(rig) == [("short", ())]


async def test_an_edit_that_comes_too_late_is_told_below(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    message = rig.post("frist")
    await rig.clock.run_until(rig.settled)
    rig.platforms["slack"].script(CLOSED)
    rig.edit(message, "first")
    await rig.clock.run_until(rig.settled)
    assert [text.replace("\\", "") for text in rig.texts("slack")] == ["frist", "[edited] first"]
    assert rig.states() == ["sent", "sent"]


async def test_an_alert_offers_a_button_where_there_are_any(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(able())
    outcome = rig.hub.decide(PostMessage(actor=ACTOR, room="dj-waste", text="disk full", type=MessageType.ALERT))
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.value, Message)
    await rig.clock.run_until(rig.settled)
    (shown,) = rig.platforms["slack"].shown("C0")
    assert shown.buttons == (f"ack:{outcome.value.id}",)


async def test_what_piled_up_is_one_digest_where_the_link_wants_it_and_nothing_twice(make_rig: MakeRig) -> None:
    rig = make_rig()
    link = next(iter(rig.directory.links_on("slack")))
    rig.directory.apply([msgspec.structs.replace(link, backlog=Backlog.DIGEST)])
    await rig.start(able(max_parts=5))
    rig.channels.set_down("slack")
    messages = [rig.post(f"number {n} *of* many") for n in range(1_000)]
    rig.edit(messages[3], "number three, edited")
    rig.delete(messages[4])
    rig.hub.decide(PostMessage(actor=ACTOR, room="dj-waste", text="disk full", type=MessageType.ALERT))
    await rig.clock.advance(WAITED / 1000 + 1)
    rig.channels.set_down("slack", down=False)
    await rig.clock.run_until(rig.settled)
    late = rig.post("and on it goes")
    await rig.clock.run_until(rig.settled)
    texts = [text.replace("\\", "") for text, _ in seen(rig)]
    assert texts[0] == "[alert: warning] disk full"
    assert texts[1].startswith("**999 messages while this channel was away**")
    assert seen(rig)[2][1][0].startswith("message.md:")
    assert texts[3:] == [late.text]
    assert rig.platforms["slack"].count(operation="send") == 4
    shown = [row for row in rig.hub.all() if row.state is DeliveryState.SENT and row.degradations]
    assert sum("shown in digest" in row.degradations[0].detail for row in shown) == 999


async def test_each_of_a_thousand_goes_in_order_by_default(make_rig: MakeRig) -> None:
    rig = make_rig("slack", "guild")
    await rig.start()
    rig.channels.set_down("slack")
    for number in range(1_000):
        rig.post(f"number {number}")
    await rig.clock.advance(600)
    assert len(rig.texts("guild")) == 1_000
    rig.channels.set_down("slack", down=False)
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == [f"number {number}" for number in range(1_000)]
    assert rig.platforms["slack"].count(operation="send") == 1_000


async def test_a_busy_room_comes_as_a_digest_and_what_wants_somebody_by_itself(make_rig: MakeRig) -> None:
    """As e-mail has it: five mails at once, then one every half minute, and what piles up in between as one."""
    rig = make_rig()
    calm = msgspec.structs.replace(
        able(), bundle=Bundle(fewest=3, within=60.0, whole=True), rate=RateLimit(per_second=1 / 30, burst=5)
    )
    await rig.start(calm)
    for number in range(30):
        rig.post(f"number {number}")
        await rig.clock.advance(1)
    rig.hub.decide(PostMessage(actor=ACTOR, room="dj-waste", text="disk full", type=MessageType.ALERT))
    await rig.clock.run_until(rig.settled)
    texts = [text.replace("\\", "") for text, _ in seen(rig)]
    assert texts[:5] == [f"number {number}" for number in range(5)]
    assert "[alert: warning] disk full" in texts
    digests = [text for text in texts if text.startswith("**")]
    assert len(texts) < 12
    assert sum(int(text[2:].partition(" ")[0]) for text in digests) >= 20
    assert all("while this channel was away" not in text for text in digests)


def test_a_preview_says_what_sending_costs() -> None:
    frames = (Frame(text="a", index=0, total=2, units=2), Frame(text="b", index=1, total=2, units=1))
    sms = msgspec.structs.replace(CAPABILITIES, cost_unit="segment", price=0.0079, currency="USD")
    cost = cost_of(Rendered(frames=frames), sms)
    assert cost is not None
    assert (cost.unit, cost.count, cost.price, cost.currency) == ("segment", 3, 0.0237, "USD")
    assert cost_of(Rendered(frames=frames), CAPABILITIES) is None
