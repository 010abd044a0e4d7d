"""Posts, edits, deletions and reactions through the real deciders and the real store."""

from __future__ import annotations

import msgspec
import pytest

from tests.services.studio import Studio
from tieline.model.commands import DeleteMessage, EditMessage, PostDirect, PostMessage, React
from tieline.model.delivery import DeliveryState, Operation
from tieline.model.events import EventKind, inbox_stream
from tieline.model.members import Level, MemberKind, Via
from tieline.model.message import Message
from tieline.model.outcome import Accepted
from tieline.model.rooms import Access, MessageType, PacketMode, Severity

BROKEN = "[TASK_ID]: dj-1\n[CURRENT_STATE]: REDY\n[PAYLOAD_PATH]: /a\n[NEXT_HOP]: @sam"
RIGHT = BROKEN.replace("REDY", "READY")


async def test_a_room_numbers_its_events_without_a_gap_past_refusals_and_repeats(studio: Studio) -> None:
    await studio.member("priya")
    room = await studio.room()
    first = await studio.post("priya", "one", client_id="a")
    await studio.refused(PostMessage(actor=studio.actor("priya"), room="studio", text=" "))
    again = await studio.run(PostMessage(actor=studio.actor("priya"), room="studio", text="one", client_id="a"))
    second = await studio.post("priya", "two")
    assert isinstance(again, Accepted)
    assert again.repeat
    assert again.value == first
    assert [event.seq for event in await studio.events(room.id)] == [first.seq, second.seq] == [1, 2]


async def test_the_same_key_with_another_text_is_a_conflict(studio: Studio) -> None:
    await studio.member("priya")
    await studio.room()
    await studio.post("priya", "one", client_id="a")
    refusal = await studio.refused(PostMessage(actor=studio.actor("priya"), room="studio", text="other", client_id="a"))
    assert (refusal.status, refusal.code) == (409, "idempotency_mismatch")


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty_text"), ("\n ", "empty_text"), ("a\x00b", "bad_character"), ("x" * 400_001, "text_too_long")],
)
async def test_a_text_that_cannot_stand_is_refused_with_its_place(studio: Studio, text: str, code: str) -> None:
    await studio.member("priya")
    await studio.room()
    refusal = await studio.refused(PostMessage(actor=studio.actor("priya"), room="studio", text=text))
    assert refusal.code == code
    assert "$.text" in refusal.detail


async def test_a_mention_is_found_numbered_and_told_to_the_inbox_of_the_one_named(studio: Studio) -> None:
    await studio.member("priya")
    milo = await studio.member("milo")
    await studio.room()
    message = await studio.post("priya", "hé @milo, and @nobody, mail a@milo.org")
    assert [(m.handle, message.text[m.start : m.end]) for m in message.mentions] == [("milo", "@milo")]
    (inbox,) = await studio.events(inbox_stream(milo.id))
    assert inbox.kind is EventKind.INBOX
    assert msgspec.json.decode(inbox.body)["reason"] == "mention"


async def test_who_may_not_see_a_room_hears_nothing_of_it_in_the_inbox(studio: Studio) -> None:
    await studio.member("priya")
    milo = await studio.member("milo")
    await studio.room(access=Access.MEMBERS, members=("priya",))
    await studio.post("priya", "secret, @milo")
    assert await studio.events(inbox_stream(milo.id)) == []
    refusal = await studio.refused(PostMessage(actor=studio.actor("milo"), room="studio", text="let me in"))
    assert (refusal.status, refusal.code) == (404, "room_not_found")


async def test_a_reply_alone_inherits_the_thread_and_tells_the_one_replied_to(studio: Studio) -> None:
    priya = await studio.member("priya")
    await studio.member("milo")
    await studio.room()
    root = await studio.post("priya", "root")
    inside = await studio.post("milo", "inside", thread=root.id)
    reply = await studio.post("milo", "reply", reply_to=inside.id)
    deeper = await studio.post("milo", "deeper", thread=inside.id)
    assert (reply.thread, reply.reply_to) == (root.id, inside.id)
    assert deeper.thread == root.id
    reasons = [msgspec.json.decode(event.body)["reason"] for event in await studio.events(inbox_stream(priya.id))]
    assert reasons == ["reply", "reply"]  # to the root and, through it, to what hangs on a message inside


async def test_an_agents_broken_packet_is_refused_with_its_fix_and_a_persons_is_marked(studio: Studio) -> None:
    await studio.member("marcus", MemberKind.AI)
    await studio.member("priya")
    room = await studio.room()
    refusal = await studio.refused(PostMessage(actor=studio.actor("marcus"), room="studio", text=BROKEN))
    assert refusal.code == "packet_violation"
    assert refusal.violations[0].line == 2
    assert refusal.extra["corrected"] == RIGHT
    marked = await studio.post("priya", BROKEN)
    assert marked.violations
    assert marked.packet is None
    assert [message.id for message in await studio.messages(room)] == [marked.id]


async def test_what_a_refusal_of_a_packet_suggests_is_accepted(studio: Studio) -> None:
    await studio.member("marcus", MemberKind.AI)
    sam = await studio.member("sam", MemberKind.AI)
    await studio.room(packets=PacketMode.REQUIRE_FROM_AGENTS)
    refusal = await studio.refused(PostMessage(actor=studio.actor("marcus"), room="studio", text=BROKEN))
    message = await studio.post("marcus", str(refusal.extra["corrected"]))
    assert message.packet is not None
    assert message.packet.next_hop == "sam"
    (inbox,) = await studio.events(inbox_stream(sam.id))
    assert msgspec.json.decode(inbox.body)["reason"] == "packet"


async def test_an_edit_is_the_authors_or_a_coordinators(studio: Studio) -> None:
    await studio.member("priya")
    await studio.member("milo")
    await studio.member("vera", level=Level.L3)
    await studio.room()
    message = await studio.post("priya", "draft")
    refusal = await studio.refused(EditMessage(actor=studio.actor("milo"), message_id=message.id, text="defaced"))
    assert refusal.status == 403
    edited = await studio.done(EditMessage(actor=studio.actor("vera"), message_id=message.id, text="final @milo"))
    assert isinstance(edited, Message)
    assert edited.text == "final @milo"
    assert edited.mentions[0].handle == "milo"


async def test_deletion_takes_the_text_out_of_history_and_keeps_the_place(studio: Studio) -> None:
    milo = await studio.member("milo")
    await studio.member("priya")
    room = await studio.room()
    message = await studio.post("priya", "my password is hunter2, @milo", metadata={"note": "hunter2"})
    await studio.done(EditMessage(actor=studio.actor("priya"), message_id=message.id, text="no, hunter2!"))
    tombstone = await studio.done(DeleteMessage(actor=studio.actor("priya"), message_id=message.id))
    assert isinstance(tombstone, Message)
    assert tombstone.deleted_at is not None
    bodies = [event.body for stream in (room.id, inbox_stream(milo.id)) for event in await studio.events(stream)]
    assert len(bodies) == 4
    assert not any(b"hunter2" in body for body in bodies)
    again = await studio.done(DeleteMessage(actor=studio.actor("priya"), message_id=message.id))
    assert again == tombstone


async def test_reactions_are_idempotent_and_name_who_set_them(studio: Studio) -> None:
    await studio.member("priya")
    await studio.member("milo")
    room = await studio.room()
    message = await studio.post("priya", "ship it?")
    for handle, on in (("milo", True), ("milo", True), ("priya", True), ("milo", False)):
        await studio.done(React(actor=studio.actor(handle), message_id=message.id, emoji="🚀", on=on))
    (now,) = await studio.messages(room)
    assert [(r.emoji, r.by) for r in now.reactions] == [("🚀", ("priya",))]
    assert [event.kind for event in await studio.events(room.id)].count(EventKind.REACTION) == 3


async def test_only_alerts_have_a_severity_and_a_link_passes_over_milder_ones(studio: Studio) -> None:
    await studio.member("priya")
    await studio.room()
    await studio.link("C1", min_severity=Severity.CRITICAL)
    refusal = await studio.refused(
        PostMessage(actor=studio.actor("priya"), room="studio", text="x", severity=Severity.INFO)
    )
    assert refusal.code == "severity_without_alert"
    mild = await studio.post("priya", "disk at 80 %", type=MessageType.ALERT)
    loud = await studio.post("priya", "disk full", type=MessageType.ALERT, severity=Severity.CRITICAL)
    assert mild.severity is Severity.WARNING
    assert await studio.deliveries(mild.id) == []
    assert len(await studio.deliveries(loud.id)) == 1


async def test_later_operations_follow_the_send_in_its_lane(studio: Studio) -> None:
    await studio.member("priya")
    await studio.room()
    await studio.link("C1")
    message = await studio.post("priya", "one")
    actor = studio.actor("priya")
    await studio.done(EditMessage(actor=actor, message_id=message.id, text="two"))
    await studio.done(React(actor=actor, message_id=message.id, emoji="👍"))
    deliveries = await studio.deliveries(message.id)
    assert [d.operation for d in deliveries] == [Operation.SEND, Operation.EDIT, Operation.REACT]
    assert [d.position for d in deliveries] == sorted(d.position for d in deliveries)
    assert len({d.lane for d in deliveries}) == 1


async def test_what_was_deleted_before_it_was_sent_is_never_sent(studio: Studio) -> None:
    await studio.member("priya")
    await studio.room()
    await studio.link("C1")
    message = await studio.post("priya", "oops")
    await studio.done(DeleteMessage(actor=studio.actor("priya"), message_id=message.id))
    (delivery,) = await studio.deliveries(message.id)
    assert delivery.state is DeliveryState.EXPIRED
    assert delivery.fault is not None
    assert delivery.fault.code == "deleted"


async def test_a_member_link_without_an_account_fails_visibly(studio: Studio) -> None:
    await studio.member("priya")
    await studio.room()
    await studio.link("C1")
    from tieline.model.commands import CreateLink

    await studio.done(CreateLink(room="studio", channel="slack", member="priya"))
    message = await studio.post("priya", "hello")
    faults = [d.fault.code for d in await studio.deliveries(message.id) if d.fault]
    assert faults == ["no_account"]


async def test_a_post_by_the_command_line_is_judged_like_a_persons(studio: Studio) -> None:
    await studio.member("marcus", MemberKind.AI)
    await studio.room()
    outcome = await studio.run(PostMessage(actor=studio.actor("marcus", via=Via.CHANNEL), room="studio", text=BROKEN))
    assert isinstance(outcome, Accepted)


async def test_a_direct_message_stands_in_a_room_of_the_two_and_in_the_inbox_of_one(studio: Studio) -> None:
    await studio.member("priya")
    milo = await studio.member("milo")
    await studio.member("eve")
    first = await studio.done(PostDirect(actor=studio.actor("priya"), to="milo", text="psst, @eve is near"))
    answer = await studio.done(PostDirect(actor=studio.actor("milo"), to="priya", text="I know"))
    assert isinstance(first, Message)
    assert isinstance(answer, Message)
    assert first.room_id == answer.room_id
    assert (first.seq, answer.seq) == (1, 2)
    room = studio.directory.room_by_id(first.room_id)
    assert room is not None
    assert room.title == "@milo, @priya"
    (told,) = await studio.events(inbox_stream(milo.id))
    assert msgspec.json.decode(told.body)["reason"] == "direct"
    refusal = await studio.refused(PostMessage(actor=studio.actor("eve"), room=room.name, text="let me in"))
    assert refusal.code == "room_not_found"
    for to, code in (("nobody", "member_not_found"), ("priya", "direct_to_oneself")):
        assert (await studio.refused(PostDirect(actor=studio.actor("priya"), to=to, text="x"))).code == code


async def test_a_direct_message_repeated_under_its_key_is_one_message(studio: Studio) -> None:
    await studio.member("priya")
    await studio.member("milo")
    command = PostDirect(actor=studio.actor("priya"), to="milo", text="once", client_id="k")
    assert await studio.done(command) == await studio.done(command)
