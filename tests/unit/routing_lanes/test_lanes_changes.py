"""What lanes do with edits, deletions, reactions, threads, replies and notices; and what they do where a channel cannot."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from tests.unit.routing_lanes.rig import PRIYA, ROOM, Rig
from tieline.model.capabilities import IdentitySupport, ReactionSupport, Support, Timed
from tieline.model.delivery import Delivery, DeliveryState, Operation, Part, PartDirection
from tieline.model.members import Account
from tieline.testing import scripted
from tieline.testing.scripted_adapter import CAPABILITIES

MakeRig = Callable[..., Rig]

LONG = " ".join(f"word{number}" for number in range(120))


async def test_an_edit_changes_the_text_where_it_stands(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    message = rig.post("frist")
    await rig.clock.run_until(rig.settled)
    rig.edit(message, "first")
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["first"]
    assert rig.states() == ["sent", "sent"]


async def test_a_hundred_queued_edits_collapse_to_the_last_text_in_few_calls(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    message = rig.post("draft")
    await rig.clock.run_until(rig.settled)
    rig.channels.set_down("slack")
    for number in range(100):
        rig.edit(message, f"draft {number}")
    rig.channels.set_down("slack", down=False)
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["draft 99"]
    assert rig.platforms["slack"].count(operation="edit") <= 3
    superseded = [row for row in rig.hub.all() if row.fault is not None and row.fault.code == "superseded"]
    assert len(superseded) >= 97


async def test_a_message_edited_before_it_went_out_goes_out_once_with_its_last_text(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.channels.set_down("slack")
    message = rig.post("draft")
    rig.edit(message, "final")
    rig.channels.set_down("slack", down=False)
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["final"]
    assert rig.platforms["slack"].count() == 1


async def test_a_message_deleted_before_it_went_out_is_never_shown(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.channels.set_down("slack")
    rig.delete(rig.post("oops"))
    rig.channels.set_down("slack", down=False)
    await rig.clock.run_until(rig.settled)
    assert rig.platforms["slack"].count() == 0
    assert rig.hub.all()[0].state is DeliveryState.EXPIRED


async def test_a_message_deleted_while_its_send_is_in_doubt_is_looked_up_and_removed(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].script(scripted.LOST_ANSWER)
    message = rig.post("oops")
    await rig.clock.settle()
    assert rig.states() == ["uncertain"]
    rig.delete(message)
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == []
    assert rig.platforms["slack"].count(operation="send") == 1


async def test_an_edit_that_needs_more_parts_sends_them_and_one_that_needs_fewer_removes_them(
    make_rig: MakeRig,
) -> None:
    rig = make_rig()
    await rig.start()
    message = rig.post("short")
    await rig.clock.run_until(rig.settled)
    rig.edit(message, LONG)
    await rig.clock.run_until(rig.settled)
    assert len(rig.texts("slack")) > 3
    assert "word119" in rig.texts("slack")[-1]
    rig.edit(message, "short again")
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["short again"]


async def test_a_deletion_removes_every_part(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    message = rig.post(LONG)
    await rig.clock.run_until(rig.settled)
    assert len(rig.texts("slack")) > 3
    rig.delete(message)
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == []


async def test_an_uncertain_edit_is_simply_made_again(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    message = rig.post("frist")
    await rig.clock.run_until(rig.settled)
    rig.platforms["slack"].script(scripted.LOST_ANSWER, scripted.BROKEN)
    rig.edit(message, "first")
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["first"]
    assert rig.platforms["slack"].count(operation="find") == 0


async def test_a_lost_answer_to_an_edits_extra_part_shows_it_once(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    message = rig.post("short")
    await rig.clock.run_until(rig.settled)
    rig.platforms["slack"].script(scripted.OK, scripted.LOST_ANSWER)
    rig.edit(message, LONG)
    await rig.clock.run_until(rig.settled)
    texts = rig.texts("slack")
    assert len(texts) == len(set(texts)) > 3


async def test_a_part_that_somebody_removed_on_the_platform_makes_the_edit_a_visible_failure(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    message = rig.post("hello")
    await rig.clock.run_until(rig.settled)
    platform = rig.platforms["slack"]
    platform.remove(platform.shown("C0")[0].native_id, "admin")
    rig.edit(message, "hello!")
    await rig.clock.run_until(rig.settled)
    edit = rig.hub.all()[-1]
    assert edit.state is DeliveryState.FAILED
    assert edit.fault is not None
    assert edit.fault.code == "part_gone"


@pytest.mark.parametrize(("level", "shown"), [(Support.DROPPED, 1), (Support.FALLBACK, 2)])
async def test_where_texts_cannot_be_changed_the_new_one_is_dropped_or_follows_as_a_note(
    make_rig: MakeRig, level: Support, shown: int
) -> None:
    rig = make_rig()
    await rig.start(msgspec.structs.replace(CAPABILITIES, edit=Timed(level=level)))
    message = rig.post("frist")
    await rig.clock.run_until(rig.settled)
    rig.edit(message, "first")
    await rig.clock.run_until(rig.settled)
    texts = rig.texts("slack")
    assert len(texts) == shown
    assert texts[0] == "frist"
    if shown == 2:
        assert "edited" in texts[1]
        assert texts[1].endswith("first")
        assert rig.platforms["slack"].shown("C0")[1].reply == rig.platforms["slack"].shown("C0")[0].native_id
    (mark,) = rig.hub.all()[-1].degradations
    assert (mark.feature, mark.level) == ("edit", level)


async def test_a_message_too_old_to_edit_gets_a_note(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(msgspec.structs.replace(CAPABILITIES, edit=Timed(level=Support.FULL, max_age=600)))
    message = rig.post("frist")
    await rig.clock.run_until(rig.settled)
    await rig.clock.advance(601)
    rig.edit(message, "first")
    await rig.clock.run_until(rig.settled)
    assert rig.platforms["slack"].count(operation="edit") == 0
    assert rig.texts("slack")[0] == "frist"
    assert rig.texts("slack")[1].endswith("first")


async def test_a_deletion_where_nothing_can_be_deleted_says_that_it_still_stands(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(msgspec.structs.replace(CAPABILITIES, delete=Timed()))
    message = rig.post("hello")
    await rig.clock.run_until(rig.settled)
    rig.delete(message)
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["hello"]
    (mark,) = rig.hub.all()[-1].degradations
    assert mark.feature == "delete"


async def test_changes_of_a_held_message_wait_for_it_and_hold_nobody_up(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    message = rig.post("hello")
    await rig.clock.run_until(rig.settled)
    send = rig.hub.all()[0]
    rig.edit(message, "hello!")
    rig.hub.put(msgspec.structs.replace(send, state=DeliveryState.HELD))
    rig.post("other")
    await rig.clock.run_until(lambda: rig.hub.all()[-1].state is DeliveryState.SENT)
    assert rig.texts("slack") == ["hello", "other"]
    assert rig.hub.all()[1].state is DeliveryState.QUEUED


async def test_an_edit_queued_behind_a_dead_letter_waits_visibly_and_follows_its_retry(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.channels.set_down("slack")
    message = rig.post("poison")
    rig.edit(message, "poison still")
    rig.platforms["slack"].poison("poison")
    rig.channels.set_down("slack", down=False)
    await rig.clock.advance(1)
    send, edit = rig.hub.all()
    assert send.state is DeliveryState.FAILED
    assert edit.state is DeliveryState.QUEUED
    assert edit.fault is not None
    assert edit.fault.code == "waits_for_original"
    rig.platforms["slack"]._poison.clear()
    rig.retry(send)
    await rig.clock.run_until(rig.settled)
    assert rig.states() == ["sent", "sent"]
    assert rig.texts("slack")[-1].endswith("poison still")


async def test_an_edit_queued_behind_a_discarded_dead_letter_ends(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.channels.set_down("slack")
    message = rig.post("poison")
    rig.edit(message, "poison still")
    rig.platforms["slack"].poison("poison")
    rig.channels.set_down("slack", down=False)
    await rig.clock.advance(1)
    rig.discard(rig.hub.all()[0])
    await rig.clock.run_until(rig.settled)
    assert rig.states() == ["expired", "expired"]


async def test_more_waiting_edits_than_a_page_do_not_hide_what_is_behind_them(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.channels.set_down("slack")
    rig.platforms["slack"].poison("poison")
    for _ in range(60):
        rig.edit(rig.post("poison"), "poison!")
    rig.post("healthy")
    rig.channels.set_down("slack", down=False)
    await rig.clock.run_until(lambda: rig.texts("slack") == ["healthy"])
    waiting = [row for row in rig.hub.all() if row.state is DeliveryState.QUEUED]
    assert len(waiting) == 60


async def test_a_half_sent_dead_letter_that_was_edited_since_ends_with_the_new_text(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].script(scripted.OK, scripted.REJECTED)
    message = rig.post(LONG)
    await rig.clock.run_until(rig.settled)
    assert rig.states() == ["failed"]
    rig.edit(message, "short now")
    rig.retry(rig.hub.all()[0])
    await rig.clock.run_until(rig.settled)
    assert len(rig.texts("slack")) == 1
    assert rig.texts("slack")[0].endswith("short now")


# ── reactions ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_reactions_are_set_and_taken_back(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    message = rig.post("ship it")
    await rig.clock.run_until(rig.settled)
    rig.react(message, "🚀")
    await rig.clock.run_until(rig.settled)
    assert rig.platforms["slack"].shown("C0")[0].reactions == {("🚀", "tieline")}
    rig.react(message, "🚀", on=False)
    await rig.clock.run_until(rig.settled)
    assert rig.platforms["slack"].shown("C0")[0].reactions == set()


async def test_a_reaction_that_a_channel_cannot_show_is_a_degradation(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(msgspec.structs.replace(CAPABILITIES, reaction=ReactionSupport()))
    message = rig.post("ship it")
    await rig.clock.run_until(rig.settled)
    rig.react(message, "🚀")
    await rig.clock.run_until(rig.settled)
    delivery = rig.hub.all()[-1]
    assert delivery.state is DeliveryState.SENT
    assert delivery.degradations[0].feature == "reaction"


# ── threads, replies, authors, mentions ──────────────────────────────────────────────────────────────────────────────


async def test_a_reply_in_a_thread_names_the_native_root(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    root = rig.post("root")
    await rig.clock.run_until(rig.settled)
    rig.post("in thread", thread=root.id)
    await rig.clock.run_until(rig.settled)
    first, second = rig.platforms["slack"].shown("C0")
    assert second.thread == first.native_id


async def test_a_reply_to_what_people_wrote_there_names_their_message(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    root = rig.post("root")
    await rig.clock.run_until(rig.settled)
    shown = rig.platforms["slack"].shown("C0")[0]
    key = ("slack", "C0", shown.native_id)
    part = rig.hub.get(Part, *key)
    assert part is not None
    rig.hub.put(msgspec.structs.replace(part, direction=PartDirection.IN, thread_native=None))
    rig.post("answer", reply_to=root.id)
    await rig.clock.run_until(rig.settled)
    assert rig.platforms["slack"].shown("C0")[1].reply == shown.native_id


async def test_where_replies_cannot_be_shown_the_quoted_text_stands_in_the_message(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(msgspec.structs.replace(CAPABILITIES, reply=Support.FALLBACK))
    root = rig.post("what do we do about the roof?")
    rig.post("mend it", reply_to=root.id)
    await rig.clock.run_until(rig.settled)
    assert "what do we do about the roof?" in rig.texts("slack")[1]
    assert "mend it" in rig.texts("slack")[1]


async def test_a_thread_whose_root_is_not_here_is_shown_outside_and_says_so(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].poison("root")
    root = rig.post("root")
    rig.post("in thread", thread=root.id)
    await rig.clock.run_until(rig.settled)
    assert rig.platforms["slack"].shown("C0")[0].thread is None
    assert [mark.feature for mark in rig.hub.all()[1].degradations] == ["thread"]


async def test_the_author_stands_in_the_text_only_where_the_channel_cannot_show_the_name(make_rig: MakeRig) -> None:
    rig = make_rig("own", "bare")
    await rig.start()
    rig.channels.adapters["bare"]._capabilities = msgspec.structs.replace(  # type: ignore[attr-defined]
        CAPABILITIES, identity=IdentitySupport(level=Support.FALLBACK)
    )
    rig.post("hello")
    await rig.clock.run_until(rig.settled)
    assert rig.texts("own") == ["hello"]
    assert rig.platforms["own"].shown("C0")[0].author == "Priya"
    assert "Priya" in rig.texts("bare")[0]


async def test_a_mention_names_the_account_that_the_member_has_on_that_channel(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.directory.apply([Account(channel="slack", native_id="U012", member_id=PRIYA.id)])
    await rig.start()
    seen: list[object] = []
    adapter = rig.channels.adapters["slack"]
    from tieline.routing.outbox_plan import native_names

    message = rig.post("ping @priya")
    seen.append(native_names(message, "slack", rig.directory))
    await rig.clock.run_until(rig.settled)
    assert seen == [{"priya": "U012"}]
    assert adapter.is_connected()


# ── notices ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_notice_goes_to_one_person_and_leaves_no_part(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    message = rig.post("hello")
    await rig.clock.run_until(rig.settled)
    notice = Delivery(
        id="dlv_notice",
        position=rig.hub.take_position(),
        operation=Operation.NOTICE,
        room_id=ROOM.id,
        message_id=message.id,
        seq=message.seq,
        link_id=None,
        channel="slack",
        conversation="C0",
        via="auto",
        lane="slack|C0|auto",
        text="Your packet needs a **NEXT_HOP**.",
        notice_for="U1",
    )
    rig.hub.put(notice)
    rig.lanes.wake("slack|C0|auto")
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["hello", "Your packet needs a **NEXT_HOP**."]
    assert [part.delivery_id for part in rig.hub.find(Part, message_id=message.id)] == [rig.hub.all()[0].id]
