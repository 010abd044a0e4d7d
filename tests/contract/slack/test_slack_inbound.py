"""Reading Slack's payloads: pure, total, and law 5 (own messages by id, never by name).

The payloads in `tests/payloads/slack` are our own, written from the shapes at docs.slack.dev; each stands with what it
reads as. A parser bug becomes a new one there.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.services.slack_session import plain_text
from tieline.model.inbound import (
    InboundCommand,
    InboundDelete,
    InboundEdit,
    InboundEvent,
    InboundMessage,
    InboundReaction,
)
from tieline_slack import health, ids, inbound
from tieline_slack.names import Profile, profile_of

PAYLOADS = sorted((ROOT / "tests" / "payloads" / "slack").glob("*.json"))
CORPUS = ROOT.parent / "shared" / "standins" / "corpora" / "slack-shapes"
ME = inbound.Me(user_id="U0TIELINE", bot_id="B0TIELINE", team_id="T1", url="https://acme.slack.com/")
PEOPLE = {"U061F7AUR": Profile(display="Alice"), "U0PRIYA01": Profile(display="Priya")}
MUTATIONS = 20_000

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="no third-party Slack shapes in ../shared/standins/corpora"
)


def shown(event: InboundEvent) -> dict[str, object]:
    """What matters of an event, in the payload files' words."""
    author = event.author
    out: dict[str, object] = {
        "conversation": event.conversation,
        "native_id": event.native_id,
        "author": author and author.native_id,
        "display": author and author.display,
        "bot": author and author.is_bot,
        "self": author and author.is_self,
    }
    match event:
        case InboundMessage():
            out |= {"kind": "message", "text": plain_text(event.content), "thread": event.thread}
            out |= {"delivery_id": event.delivery_id, "files": [file.name for file in event.files]}
        case InboundEdit():
            out |= {"kind": "edit", "text": plain_text(event.content)}
        case InboundDelete():
            out |= {"kind": "delete"}
        case InboundReaction():
            out |= {"kind": "reaction", "emoji": event.emoji, "on": event.on}
        case InboundCommand():
            out |= {"kind": "command", "text": event.text}
    return out


@pytest.mark.parametrize("path", PAYLOADS, ids=[path.stem for path in PAYLOADS])
def test_a_recorded_payload_reads_as_written_beside_it(path: Path) -> None:
    recorded = json.loads(path.read_text())
    read = inbound.read(recorded["event"], ME, PEOPLE)
    expected = recorded["reads"]
    if expected is None:
        assert read is None
    else:
        assert read is not None
        facts = shown(read)
        assert {name: facts[name] for name in expected} == expected


def test_every_message_reads_with_its_cursor_time_and_address() -> None:
    event = json.loads((ROOT / "tests/payloads/slack/thread_reply.json").read_text())["event"]
    read = inbound.read(event, ME, PEOPLE)
    assert isinstance(read, InboundMessage)
    assert (read.cursor, read.sent_at) == ("1700000004.000100", 1_700_000_004_000)
    assert read.url == (
        "https://acme.slack.com/archives/C012AB3CD/p1700000004000100?thread_ts=1700000001.000100&cid=C012AB3CD"
    )


def test_people_are_looked_up_wherever_they_are_named() -> None:
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}
    rich["elements"][0]["elements"] = [{"type": "user", "user_id": "U3"}]  # type: ignore[index]
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "for <@U4>"}}
    event = {"user": "U1", "text": "<@U2|x>", "blocks": [rich, section], "attachments": [{"text": "by <@U5>"}]}
    assert set(inbound.people_in(event)) == {"U1", "U2", "U3", "U4", "U5"}


def test_a_slash_command_reads_as_what_follows_its_name() -> None:
    payload = {"command": "/tieline", "text": " iam ", "channel_id": "C1", "user_id": "U1", "user_name": "alice"}
    read = inbound.read_command({**payload, "trigger_id": "1.2.3"}, ME)
    assert read is not None
    assert (read.conversation, read.native_id, read.text, read.author.display) == ("C1", "1.2.3", "iam", "alice")
    assert inbound.read_command({"command": "/tieline"}, ME) is None


def test_somebody_who_takes_our_bots_name_is_not_us() -> None:
    event = {"type": "message", "channel": "C1", "ts": "1.1", "bot_id": "B9", "username": "tieline", "text": "hi"}
    read = inbound.read({**event, "subtype": "bot_message"}, ME, {})
    assert isinstance(read, InboundMessage) and not read.author.is_self


def test_a_workspace_without_ids_of_ours_takes_nobody_for_us() -> None:
    nobody = inbound.Me(user_id="", bot_id="")
    read = inbound.read({"type": "message", "channel": "C1", "ts": "1.1", "user": "U1", "text": "hi"}, nobody, {})
    assert isinstance(read, InboundMessage) and not read.author.is_self


def corpus() -> Iterator[tuple[str, Any]]:
    for path in sorted(CORPUS.rglob("*.json")):
        yield str(path.relative_to(CORPUS)), json.loads(path.read_text())


@needs_corpus
def test_every_published_shape_of_slacks_events_reads_without_raising() -> None:
    shapes = list(corpus())
    assert len(shapes) > 90
    for _, payload in shapes:
        read_everything(payload)


@needs_corpus
def test_published_shapes_filled_in_read_as_what_they_are() -> None:
    kinds = {
        "events/MessagePayload.json": InboundMessage,
        "events/MessageBotPayload.json": InboundMessage,
        "events/MessageFileSharePayload.json": InboundMessage,
        "events/MessageMePayload.json": InboundMessage,
        "events/MessageThreadBroadcastPayload.json": InboundMessage,
        "events/MessageChangedPayload.json": InboundEdit,
        "events/MessageDeletedPayload.json": InboundDelete,
        "events/ReactionAddedPayload.json": InboundReaction,
        "events/ReactionRemovedPayload.json": InboundReaction,
    }
    shapes = dict(corpus())
    for name, kind in kinds.items():
        assert isinstance(inbound.read(filled(shapes[name]["event"]), ME, PEOPLE), kind), name
    command = filled(shapes["app-backend/slash-commands/SlashCommandPayload.json"])
    assert isinstance(inbound.read_command(command, ME), InboundCommand)


def filled(shape: Any, name: str = "") -> Any:
    """A published shape with its blanks filled by plausible values."""
    if isinstance(shape, dict):
        return {key: filled(value, f"{name}.{key}") for key, value in shape.items() if key not in {"blocks", "hidden"}}
    if isinstance(shape, list):
        return [filled(value, name) for value in shape]
    last = name.rpartition(".")[2]
    if shape != "" or last == "subtype":
        return shape
    blanks = {"ts": "1700000000.000100", "channel": "C1", "user": "U1", "bot_id": "B1", "type": "message"}
    return blanks.get(last.removeprefix("deleted_").removesuffix("_id"), f"a {name}")


def read_everything(payload: Any) -> None:
    """All that the wire calls with a payload; none of it may raise."""
    event = payload.get("event", payload) if isinstance(payload, dict) else payload
    inbound.conversation_of(payload)
    inbound.read_command(payload, ME)
    inbound.read(event, ME, PEOPLE)
    if isinstance(event, dict):
        inbound.people_in(event)
        inbound.mark_of(event)
        inbound.read_edit("C1", event, ME, PEOPLE)
        health.read(event, ME)
        profile_of(event)


def test_twenty_thousand_mutated_payloads_never_raise() -> None:
    _mutate(MUTATIONS, seed=20_260_101)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_hundred_thousand_mutated_payloads_never_raise() -> None:
    _mutate(100_000, seed=20_260_102)


def _mutate(count: int, seed: int) -> None:
    random_ = random.Random(seed)
    seeds = [json.loads(path.read_text())["event"] for path in PAYLOADS]
    seeds += [payload for _, payload in corpus()] if CORPUS.is_dir() else []
    for _ in range(count):
        payload = json.loads(json.dumps(random_.choice(seeds)))
        for _ in range(random_.randint(1, 4)):
            payload = mutated(payload, random_)
        read_everything(payload)


STRANGE: list[Any] = [None, True, 0, -1, 1e308, "", " ", "\x00", "\ud800", "9" * 400, [], {}, [[]], [None], {"type": 3}]
STRANGE += [
    "<@U1|",
    "<!channel>",
    "```",
    "*_~`*_~`" * 50,
    ">" * 300,
    "<" * 300,
    "&lt;" * 100,
    "1.1.1",
    "-1.5",
    "²",
    "١٢٣.٤",
]


def mutated(payload: Any, random_: random.Random) -> Any:
    """One change somewhere in a JSON value: another kind, a missing member, a repeated or nested one."""
    places = [(None, None), *containers(payload)]
    holder, key = random_.choice(places)
    if holder is None:
        return copy.deepcopy(random_.choice(STRANGE)) if random_.random() < 0.02 else payload
    changes: list[Callable[[], None]] = [
        lambda: holder.__setitem__(
            key, copy.deepcopy(random_.choice(STRANGE))
        ),  # shared, they would grow into each other
        lambda: holder.__setitem__(key, [holder[key], holder[key]]),
        lambda: holder.__setitem__(key, {"type": "message", "elements": [holder[key]]}),
        lambda: holder.__delitem__(key),
    ]
    random_.choice(changes)()
    return payload


def containers(value: Any) -> Iterator[tuple[Any, Any]]:
    items: Any = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, child in list(items):
        yield value, key
        yield from containers(child)


@pytest.mark.parametrize(
    ("ts", "expected"),
    [("1700000000.000100", (1700000000, 100)), ("5", (5, 0)), ("", (0, 0)), ("x.y", (0, 0)), ("1.5", (1, 500_000))],
)
def test_timestamps_are_compared_as_whole_numbers(ts: str, expected: tuple[int, int]) -> None:
    assert ids.order(ts) == expected
