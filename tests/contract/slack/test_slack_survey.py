"""How messages are now, asked of our own Slack: what is gone, was edited, who has reacted, and in how many calls.

That deleted messages are missing from conversations.history and conversations.replies, that a root with replies leaves
a tombstone, and that not all users of a reaction need be listed, is said on docs.slack.dev.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import pytest

from tests.contract.slack.slack_making import connected, make
from tests.services.scripted_slack import GENERAL, ME, Json, Reply, ScriptedSlack, scripted
from tests.services.slack_session import RecordingSession, plain_text
from tieline.errors import DeliveryError, NotDispatched, Permanent, Throttled
from tieline.model.delivery import Part, PartDirection
from tieline.ports.abilities import NativeState, Surveys
from tieline_slack.adapter import SlackAdapter
from tieline_slack.survey import MOST_CALLS

HISTORY, REPLIES = "conversations.history", "conversations.replies"


@pytest.fixture
async def fake() -> AsyncIterator[ScriptedSlack]:
    async with scripted() as slack:
        slack.users["U02BO"] = {"id": "U02BO", "profile": {"display_name": "bo"}}
        yield slack


@pytest.fixture
async def adapter(fake: ScriptedSlack) -> AsyncIterator[SlackAdapter]:
    async with connected(make(fake.settings), RecordingSession()) as channel:
        fake.calls.clear()
        yield channel


def known(messages: Iterable[Json]) -> list[Part]:
    """Parts of these messages as the hub knows them."""
    return [
        Part(
            channel="team-slack",
            conversation=GENERAL,
            native_id=message["ts"],
            message_id="msg_1",
            room_id="room_1",
            direction=PartDirection.IN,
            thread_native=message.get("thread_ts"),
        )
        for message in messages
    ]


def reaction(name: str, *users: str) -> Json:
    return {"name": name, "users": list(users), "count": len(users)}


def calls(fake: ScriptedSlack) -> list[str]:
    return [method for method, _ in fake.calls]


def reactions(states: Sequence[NativeState]) -> dict[str, list[tuple[str, str, str]]]:
    return {
        state.native_id: [(emoji, author.native_id, author.display) for emoji, author in state.reactions]
        for state in states
    }


def test_the_ability_is_there() -> None:
    assert isinstance(make({"bot_token": "xoxb-1", "app_token": "xapp-1"}), Surveys)


async def test_a_deleted_message_is_left_out_and_the_others_are_told_in_one_call(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    rows = [fake.put(f"message {number}") for number in range(30)]
    states = await adapter.survey(GENERAL, known(rows))
    assert [state.native_id for state in states] == [row["ts"] for row in rows]
    assert calls(fake) == [HISTORY]
    fake.channels[GENERAL].remove(rows[7])
    states = await adapter.survey(GENERAL, known(rows))
    assert {row["ts"] for row in rows} - {state.native_id for state in states} == {rows[7]["ts"]}
    assert calls(fake) == [HISTORY, HISTORY, HISTORY], "the missing one is asked for by itself"


async def test_threads_are_read_once_each_and_a_tombstone_is_gone(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    root, other = fake.put("root"), fake.put("other root")
    replies = [fake.put(f"reply {number}", thread_ts=root["ts"]) for number in range(5)]
    more = [fake.put(f"reply {number}", thread_ts=other["ts"]) for number in range(5)]
    root["subtype"] = "tombstone"
    fake.channels[GENERAL].remove(more[2])
    states = await adapter.survey(GENERAL, known([root, other, *replies, *more]))
    gone = {root["ts"], more[2]["ts"]}
    assert {state.native_id for state in states} == {row["ts"] for row in [other, *replies, *more]} - gone
    assert calls(fake) == [HISTORY, REPLIES, REPLIES, REPLIES]


async def test_a_thread_that_is_gone_takes_its_replies_with_it_at_one_call(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    root, stays = fake.put("root"), fake.put("stays")
    replies = [fake.put("reply", thread_ts=root["ts"]) for _ in range(4)]
    for row in (root, *replies):
        fake.channels[GENERAL].remove(row)
    states = await adapter.survey(GENERAL, known([root, stays, *replies]))
    assert [state.native_id for state in states] == [stays["ts"]]
    assert sorted(calls(fake)) == [HISTORY, HISTORY, REPLIES]


async def test_reactions_are_told_with_names_and_without_our_own(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    row = fake.put("ship it", reactions=[reaction("fish", "U01ALICE", ME["user_id"]), reaction("blobcat", "U02BO")])
    states = await adapter.survey(GENERAL, known([row]))
    assert reactions(states) == {row["ts"]: [("🐟", "U01ALICE", "alice"), (":blobcat:", "U02BO", "bo")]}
    assert calls(fake).count("users.info") == 2


async def test_edits_are_told_of_old_replies_too_and_cost_no_call(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    root = fake.put("root")
    reply, quiet = fake.put("reply", thread_ts=root["ts"]), fake.put("quiet", thread_ts=root["ts"])
    later = fake.put("later")
    reply |= {"text": "ask <@U02BO>", "edited": {"user": "U01ALICE", "ts": "1700000999.000000"}}
    page = await adapter.resync(GENERAL, later["ts"])
    fake.calls.clear()
    states = await adapter.survey(GENERAL, known([root, reply, quiet]))
    assert [method for method in calls(fake) if method != "users.info"] == [HISTORY, REPLIES]
    assert page.events == ()
    edits = {state.native_id: state.edited for state in states}
    found = edits[reply["ts"]]
    assert found is not None and edits[root["ts"]] is edits[quiet["ts"]] is None
    assert (found.conversation, found.native_id, found.author.display) == (GENERAL, reply["ts"], "alice")
    assert plain_text(found.content) == "ask @bo"
    assert found.edited_at // 1000 == 1700000999


async def test_an_edit_of_a_message_is_not_told_again_for_its_file(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    row = fake.put("b", files=[{"id": "F01"}], edited={"user": "U01ALICE", "ts": "1700000999.000000"})
    states = await adapter.survey(GENERAL, known([{"ts": "file:F01"}, row]))
    assert [(state.native_id, state.edited is not None) for state in states] == [("file:F01", False), (row["ts"], True)]


async def test_whom_the_list_does_not_name_is_asked_for(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    fake.reactors_listed = 1
    row = fake.put("ship it", reactions=[reaction("+1", "U01ALICE", "U02BO")])
    states = await adapter.survey(GENERAL, known([row]))
    assert [who for _, who, _ in reactions(states)[row["ts"]]] == ["U01ALICE", "U02BO"]
    assert fake.called("reactions.get") == [{"channel": GENERAL, "timestamp": row["ts"], "full": "true"}]


async def test_what_stands_for_files_is_kept_with_the_reactions_of_its_message(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    row = fake.put("", files=[{"id": "F01"}], reactions=[reaction("eyes", "U01ALICE")])
    shown, unknown = known([{"ts": "file:F01,F02"}, {"ts": "file:F09"}])
    states = await adapter.survey(GENERAL, [shown, unknown, *known([row])])
    found = reactions(states)
    assert found[shown.native_id] == found[row["ts"]] == [("👀", "U01ALICE", "alice")]
    assert found[unknown.native_id] == []


async def test_pages_are_few_and_what_lies_behind_them_is_asked_for_singly(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    fake.page = 10
    rows = [fake.put(f"message {number}") for number in range(60)]
    wanted = [rows[0], rows[1], rows[-1]]
    states = await adapter.survey(GENERAL, known(wanted))
    assert {state.native_id for state in states} == {row["ts"] for row in wanted}
    assert calls(fake) == [HISTORY] * 5
    assert [call["oldest"] == call["latest"] for call in fake.called(HISTORY)] == [False] * 3 + [True] * 2


async def test_only_the_newest_hundred_are_looked_at(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    rows = [fake.put(f"message {number}") for number in range(120)]
    assert len(await adapter.survey(GENERAL, known(rows))) == 100


async def test_too_many_threads_are_told_by_an_error_after_a_bounded_number_of_calls(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    rows: list[Json] = []
    for number in range(80):
        root = fake.put(f"root {number}")
        rows.append(fake.put("reply", thread_ts=root["ts"]))
    with pytest.raises(NotDispatched, match="too_many_reads"):
        await adapter.survey(GENERAL, known(rows))
    assert len(fake.calls) == MOST_CALLS


@pytest.mark.parametrize(
    ("method", "answer", "expected"),
    [
        (HISTORY, Reply.error("ratelimited", 429), Throttled),
        (REPLIES, Reply.error("ratelimited", 429), Throttled),
        (HISTORY, Reply(500, b"<html>"), DeliveryError),
        (HISTORY, Reply.error("not_in_channel"), Permanent),
        (REPLIES, Reply.error("missing_scope"), Permanent),
    ],
)
async def test_what_slack_does_not_tell_is_never_taken_for_deleted(
    fake: ScriptedSlack, adapter: SlackAdapter, method: str, answer: Reply, expected: type[DeliveryError]
) -> None:
    root = fake.put("root")
    reply = fake.put("reply", thread_ts=root["ts"])
    fake.script(method, answer)
    with pytest.raises(expected):
        await adapter.survey(GENERAL, known([root, reply]))


async def test_a_plan_that_hides_old_messages_does_not_delete_them(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    rows = [fake.put("old"), fake.put("new")]
    fake.is_limited = True
    assert len(await adapter.survey(GENERAL, known(rows))) == 2
    fake.channels[GENERAL].remove(rows[0])
    with pytest.raises(Permanent, match="history_limited"):
        await adapter.survey(GENERAL, known(rows))


@pytest.mark.parametrize(
    "odd",
    [
        {"reactions": 5},
        {"reactions": [5, None, {"name": 5, "users": ["U1"]}, {"name": "x", "users": [None, ""], "count": "many"}]},
        {"files": [None, {"id": 5}]},
        {"edited": 5},
        {"edited": {"user": 5, "ts": []}, "blocks": 5},
        {"subtype": []},
    ],
)
async def test_reading_is_total(fake: ScriptedSlack, adapter: SlackAdapter, odd: dict[str, Any]) -> None:
    fake._listed = lambda row: row  # type: ignore[method-assign]
    row = fake.put("odd", **odd)
    states = await adapter.survey(GENERAL, [*known([row]), *known([{"ts": "file:F1"}])])
    assert reactions(states) == {row["ts"]: [], "file:F1": []}
    fake.script(HISTORY, Reply(200, b'{"ok": true, "messages": [5, {"ts": 5}]}', {"Content-Type": "application/json"}))
    assert await adapter.survey(GENERAL, known([row])) == []
