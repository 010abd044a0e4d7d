"""What callers of the writer may rely on, on both databases (architecture, "Every write is a command")."""

import asyncio
import random

import msgspec
import pytest

from tests.contract.store.harness import Open, Opened, Place
from tests.contract.store.small_deciders import (
    FORGETFUL,
    POISON,
    REFUSE,
    ROOM,
    UNWRITABLE,
    Ask,
    ExpireLane,
    Join,
    Leave,
    PutDeliveries,
    member,
    post_to,
)
from tieline.errors import HubBusy, StoreError
from tieline.model.commands import (
    CreateRoom,
    DeleteMessage,
    EditMessage,
    ForgetIdentities,
    PauseChannel,
)
from tieline.model.members import Account
from tieline.model.message import Message
from tieline.model.outcome import Accepted, Refusal
from tieline.model.rooms import Room
from tieline.ports.reading import Page


def message_of(outcome: object) -> Message:
    assert isinstance(outcome, Accepted), outcome
    assert isinstance(outcome.value, Message)
    return outcome.value


async def seqs(opened: Opened, room: str = ROOM) -> list[int]:
    return [event.seq for event in await opened.store.reader.events(room, 0, 100_000)]


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_refusals_and_repeats_between_leave_no_gap_in_a_stream(opened: Opened) -> None:
    outcomes = await opened.together(
        post_to("one"), post_to(REFUSE), post_to("two", key="k"), post_to("two", key="k"), post_to(REFUSE), post_to("3")
    )
    assert [isinstance(outcome, Refusal) for outcome in outcomes] == [False, True, False, False, True, False]
    assert [message_of(outcomes[i]).seq for i in (0, 2, 3, 5)] == [1, 2, 2, 3]
    assert await seqs(opened) == [1, 2, 3]
    assert await opened.store.reader.last_seq(ROOM) == 3
    assert opened.heard_events(ROOM) == [1, 2, 3]


async def test_numbers_go_on_after_a_restart(place: Place, opening: Open) -> None:
    first = await opening(place)
    await first.together(post_to("one"), post_to("two"))
    await first.store.close()
    second = await opening(place)
    assert message_of(await second.execute(post_to("three"))).seq == 3
    assert second.store.epoch == first.store.epoch + 1


async def test_a_decision_that_takes_a_number_and_makes_no_event_is_refused(opened: Opened) -> None:
    first, forgetful, last = await opened.together(post_to("one"), post_to(FORGETFUL), post_to("two"))
    assert isinstance(forgetful, StoreError)
    assert (message_of(first).seq, message_of(last).seq) == (1, 2)


async def test_only_refused_commands_write_nothing_and_tell_nobody(opened: Opened) -> None:
    await opened.together(post_to(REFUSE), post_to(REFUSE))
    assert opened.heard == []
    assert await opened.store.reader.last_seq(ROOM) == 0


# ── one poisoned command hurts no neighbour ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("poison", [POISON, UNWRITABLE], ids=["while deciding", "while writing"])
async def test_one_poisoned_command_hurts_no_neighbour(opened: Opened, poison: str) -> None:
    texts = [f"text {number}" for number in range(40)]
    texts[17] = poison
    outcomes = await opened.together(*(post_to(text, key=str(at)) for at, text in enumerate(texts)))
    assert isinstance(outcomes[17], StoreError)
    assert outcomes[17].fix
    good = [message_of(outcome) for at, outcome in enumerate(outcomes) if at != 17]
    assert [message.seq for message in good] == list(range(1, 40))
    assert [message.text for message in good] == texts[:17] + texts[18:]
    assert await seqs(opened) == list(range(1, 40))
    assert opened.heard_events(ROOM) == list(range(1, 40))


async def test_a_command_that_cannot_be_written_leaves_nothing(opened: Opened) -> None:
    with pytest.raises(StoreError):
        await opened.execute(post_to(UNWRITABLE, key="k"))
    assert await opened.store.reader.last_seq(ROOM) == 0
    assert await opened.store.reader.messages(ROOM, Page()) == []
    assert message_of(await opened.execute(post_to("mended", key="k"))).seq == 1


async def test_a_command_nobody_decides_is_a_store_error(opened: Opened) -> None:
    with pytest.raises(StoreError, match="nobody decides PauseChannel"):
        await opened.execute(PauseChannel(channel="slack"))


# ── idempotency (contract: Idempotency-Key; reliability F19) ─────────────────────────────────────────────────────────


async def test_one_key_used_in_parallel_makes_one_message(opened: Opened) -> None:
    outcomes = await opened.together(*(post_to("once", key="k") for _ in range(20)))
    assert {message_of(outcome).id for outcome in outcomes} == {message_of(outcomes[0]).id}
    assert [isinstance(outcome, Accepted) and outcome.repeat for outcome in outcomes] == [False] + [True] * 19
    assert await seqs(opened) == [1]


async def test_a_key_is_known_after_a_restart(place: Place, opening: Open) -> None:
    first = await opening(place)
    made = message_of(await first.execute(post_to("once", key="k")))
    await first.store.close()
    again = await (await opening(place)).execute(post_to("once", key="k"))
    assert again == Accepted(value=made, repeat=True)


async def test_a_key_with_another_body_is_a_conflict(opened: Opened) -> None:
    same_batch = await opened.together(post_to("a", key="k"), post_to("b", key="k"))
    later = await opened.execute(post_to("c", key="k"))
    for refusal in (same_batch[1], later):
        assert isinstance(refusal, Refusal)
        assert (refusal.status, refusal.code) == (409, "idempotency_mismatch")
    assert await seqs(opened) == [1]


async def test_a_key_of_another_member_is_another_key(opened: Opened) -> None:
    outcomes = await opened.together(
        post_to("hello", key="k", actor=member("priya")), post_to("hello", key="k", actor=member("marcus"))
    )
    assert [message_of(outcome).seq for outcome in outcomes] == [1, 2]


async def test_a_refusal_is_not_remembered_under_its_key(opened: Opened) -> None:
    refused, accepted = await opened.together(post_to(REFUSE, key="k"), post_to("better", key="k"))
    assert isinstance(refused, Refusal)
    assert message_of(accepted).seq == 1


async def test_keys_are_forgotten_after_seven_days_at_the_earliest(opened: Opened) -> None:
    await opened.execute(post_to("once", key="k"))
    now = opened.heard[0].events[0].at
    early = await opened.execute(ForgetIdentities(before=now))
    assert isinstance(early, Refusal)
    assert isinstance(await opened.execute(ForgetIdentities(before=now - 8 * 86_400_000)), Accepted)
    assert (await opened.execute(post_to("once", key="k"))) == Accepted(
        value=(await opened.store.reader.messages(ROOM, Page()))[0], repeat=True
    )


# ── the directory ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_command_that_changes_the_directory_is_seen_by_the_next(opened: Opened) -> None:
    outcomes = await opened.together(
        Ask(), Join(native_id="U1"), Ask(), Join(native_id="U1"), Leave(native_id="U1"), Ask()
    )
    values = [outcome.value if isinstance(outcome, Accepted) else outcome for outcome in outcomes]
    assert values[0] == []
    assert values[2] == ["U1"]
    assert isinstance(values[3], Refusal)
    assert values[5] == []


async def test_the_directory_is_filled_again_at_the_start(place: Place, opening: Open) -> None:
    first = await opening(place)
    await first.together(CreateRoom(name="alpha"), Join(native_id="U1"), Join(native_id="U2"), Leave(native_id="U1"))
    await first.store.close()
    second = await opening(place)
    assert [room.name for room in second.directory.rooms()] == ["alpha"]
    assert [account.native_id for account in second.directory.accounts_of("mem_1")] == ["U2"]
    assert {type(row) for row in second.store.directory_rows()} == {Room, Account}


async def test_the_bus_hears_what_changed_and_what_was_dropped(opened: Opened) -> None:
    await opened.together(Join(native_id="U1"), Leave(native_id="U1"))
    account = opened.heard[0].changed[0]
    assert isinstance(account, Account)
    assert (opened.heard[1].changed, opened.heard[1].dropped) == ((), (account,))


# ── what a decider sees ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_found_is_the_database_and_the_batch_together(opened: Opened) -> None:
    await opened.execute(PutDeliveries(lane="a", count=2))
    outcomes = await opened.together(
        PutDeliveries(lane="a", count=3),
        PutDeliveries(lane="b", link="lnk_2"),
        PutDeliveries(lane="a"),
        ExpireLane(lane="a"),
        PutDeliveries(lane="a"),
        ExpireLane(lane="", link="lnk_2"),
        ExpireLane(lane="b"),
    )
    values = [outcome.value for outcome in outcomes if isinstance(outcome, Accepted)]
    assert values == [2, 0, 5, [1, 2, 3, 4, 5, 7], 0, [6], []]
    assert await opened.store.reader.open_lanes() == ["a"]
    assert [each.position for each in await opened.store.reader.lane("a", 10)] == [8]
    assert opened.heard[1].lanes == {"a", "b"}


async def test_an_edit_sees_the_message_posted_before_it_in_the_batch(opened: Opened) -> None:
    made = message_of(await opened.execute(post_to("old")))
    edits = await opened.together(*(EditMessage(message_id=made.id, text=f"v{number}") for number in range(5)))
    assert [message_of(outcome).text for outcome in edits] == ["v0", "v1", "v2", "v3", "v4"]
    assert (await opened.store.reader.message(made.id)) == message_of(edits[-1])
    assert await seqs(opened) == [1, 2, 3, 4, 5, 6]


async def test_a_deleted_message_leaves_its_text_in_no_stored_event(opened: Opened) -> None:
    made = message_of(await opened.execute(post_to("a secret")))
    other = message_of(await opened.execute(post_to("not a secret")))
    await opened.together(EditMessage(message_id=made.id, text="still a secret"), DeleteMessage(message_id=made.id))
    bodies = {event.seq: msgspec.json.decode(event.body) for event in await opened.store.reader.events(ROOM, 0, 10)}
    assert bodies[1] == bodies[3] == {"message": made.id, "text": "", "html": "", "metadata": {}}
    assert bodies[2]["text"] == other.text
    told = [event for committed in opened.heard[2:] for event in committed.events]
    assert all(b"secret" not in event.body for event in told)


NASTY = (
    '"',
    "\\",
    "\\\\x41",
    "{a,b}",
    "NULL",
    "",
    " ",
    "%s ? :x",
    "it's",
    "line\nbreak\ttab",
    "🐟 ﷽ é",
    "'; DROP TABLE events; --",
)


async def test_no_text_is_changed_on_its_way_into_the_database_and_back(opened: Opened) -> None:
    commands = [
        msgspec.structs.replace(post_to(text, key=f"{at}{text}"), metadata={text: [text, None]})
        for at, text in enumerate(NASTY)
    ]
    made = [message_of(outcome) for outcome in await opened.together(*commands)]
    assert [message.text for message in made] == list(NASTY)
    assert await opened.store.reader.messages(ROOM, Page()) == made
    events = await opened.store.reader.events(ROOM, 0, 100)
    assert events == [event for committed in opened.heard for event in committed.events]
    repeats = await opened.together(*commands)
    assert repeats == [Accepted(value=message, repeat=True) for message in made]


# ── callers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_sixteen_callers_at_once_are_served_alike_on_both_databases(opened: Opened) -> None:
    dice = random.Random(7)
    plans = [[(f"room_{dice.randrange(3)}", dice.random()) for _ in range(25)] for _ in range(16)]

    async def caller(who: int) -> list[object]:
        seen: list[object] = []
        for number, (room, chance) in enumerate(plans[who]):
            text = REFUSE if chance < 0.2 else f"{who}/{number}"
            outcome = await opened.execute(
                post_to(text, room=room, key=f"{who}/{number % 20}" if chance > 0.9 else None)
            )
            seen.append(
                (room, outcome.value.seq)
                if isinstance(outcome, Accepted) and isinstance(outcome.value, Message)
                else None
            )
        return seen

    seen = await asyncio.gather(*(caller(who) for who in range(16)))
    expected_refusals = sum(chance < 0.2 for plan in plans for _, chance in plan)
    assert sum(each is None for one in seen for each in one) >= expected_refusals
    for room in ("room_0", "room_1", "room_2"):
        numbers = await seqs(opened, room)
        assert numbers == list(range(1, len(numbers) + 1))
        assert opened.heard_events(room) == numbers
        acknowledged = [each[1] for one in seen for each in one if isinstance(each, tuple) and each[0] == room]
        assert set(acknowledged) == set(numbers)
    for one in seen:  # each caller sees its own messages in the order it sent them
        for room in ("room_0", "room_1", "room_2"):
            mine = [each[1] for each in one if isinstance(each, tuple) and each[0] == room]
            assert mine == sorted(mine)


async def test_a_caller_that_gives_up_does_not_undo_its_command(opened: Opened) -> None:
    task = asyncio.ensure_future(opened.store.hub.execute(post_to("carried out all the same")))
    await asyncio.sleep(0)
    task.cancel()
    assert message_of(await opened.execute(post_to("next"))).seq == 2


async def test_an_answer_comes_before_the_bus_and_a_failing_caller_disturbs_nobody(opened: Opened) -> None:
    order: list[str] = []
    finished = asyncio.get_running_loop().create_future()

    def failing(_answer: object) -> None:
        order.append("answer")
        raise RuntimeError("a caller that fails")

    opened.store.hub.submit(post_to("one"), failing)
    opened.store.hub.submit(post_to("two"), lambda answer: finished.set_result((answer, list(opened.heard))))
    answer, heard_before = await asyncio.wait_for(finished, 10)
    assert message_of(answer).seq == 2
    assert (order, heard_before) == (["answer"], [])
    await opened.execute(Ask())
    assert opened.heard_events(ROOM) == [1, 2]


async def test_more_than_the_hub_can_hold_is_told_to_come_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tieline.store.writer.WAITING", 10)
    outcomes = await opened.together(*(post_to(str(number)) for number in range(12)))
    assert [message_of(outcome).seq for outcome in outcomes[:10]] == list(range(1, 11))
    assert all(isinstance(outcome, HubBusy) and outcome.retry_after > 0 for outcome in outcomes[10:])
    assert message_of(await opened.execute(post_to("now there is room"))).seq == 11


async def test_what_was_queued_is_committed_when_the_store_closes(place: Place, opening: Open) -> None:
    first = await opening(place)
    waiting = [asyncio.ensure_future(first.store.hub.execute(post_to(str(number)))) for number in range(2_500)]
    await asyncio.sleep(0)
    await first.store.close()
    assert [message_of(await each).seq for each in waiting] == list(range(1, 2_501))
    with pytest.raises(HubBusy, match="closing"):
        await first.execute(post_to("too late"))
    second = await opening(place)
    assert await second.store.reader.last_seq(ROOM) == 2_500


async def test_a_reader_never_sees_a_gap_while_writers_commit(opened: Opened) -> None:
    """F14: no reader that follows a stream skips a number."""
    total = 3_000
    seen: list[int] = []

    async def follow() -> None:
        while len(seen) < total:
            seen.extend(event.seq for event in await opened.store.reader.events(ROOM, seen[-1] if seen else 0, 500))

    async def write(count: int) -> None:
        for number in range(count):
            await opened.execute(post_to(str(number)))

    follower = asyncio.ensure_future(follow())
    await asyncio.gather(*(write(total // 60) for _ in range(60)))
    await asyncio.wait_for(follower, 30)
    assert seen == list(range(1, total + 1))
