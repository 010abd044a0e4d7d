"""Reading Discord's dispatches: pure, total, and law 5 (own messages by id, never by name).

The payloads in `tests/payloads/discord` are our own, written from the shapes in Discord's documentation; each stands
with what it reads as. A parser bug becomes a new one there.
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
    InboundForward,
    InboundInteraction,
    InboundMessage,
    InboundReaction,
)
from tieline.ports.adapter import RoomChoice
from tieline_discord import emoji, ids, inbound, interactions

PAYLOADS = sorted((ROOT / "tests" / "payloads" / "discord").glob("*.json"))
GUILD, CHANNEL, THREAD = "41771983423143937", "290926798999357250", "334385199974967042"
ME = inbound.Me(
    user_id="100000000000000001",
    application_id="100000000000000001",
    webhook_ids=frozenset({"700000000000000007"}),
)
MUTATIONS = 10_000


class Server(inbound.Nowhere):
    """One channel with one thread, and one role."""

    def parent_of(self, channel_id: str) -> str | None:
        return CHANNEL if channel_id == THREAD else None

    def name_of(self, channel_id: str) -> str | None:
        return "general" if channel_id == CHANNEL else None

    def role_name(self, role_id: str) -> str | None:
        return "moderators" if role_id == "41771983423143936" else None


PLACES = Server()


def read(recorded: Mapping[str, Any]) -> InboundEvent | None:
    if recorded["type"] == "INTERACTION_CREATE":
        return interactions.read(recorded["data"], ME, PLACES)
    return inbound.read(recorded["type"], recorded["data"], ME, PLACES)


def payload(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "tests/payloads/discord" / f"{name}.json").read_text())
    return loaded


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
            files = [f"{file.id} {file.name} {file.mime} {file.size} {file.alt}" for file in event.files]
            out |= {"kind": "message", "text": plain_text(event.content), "thread": event.thread, "files": files}
            out |= {"reply_to": event.reply_to, "direct": event.direct, "url": event.url}
        case InboundEdit():
            out |= {"kind": "edit", "text": plain_text(event.content), "edited_at": event.edited_at}
        case InboundDelete():
            out |= {"kind": "delete"}
        case InboundReaction():
            out |= {"kind": "reaction", "emoji": event.emoji, "on": event.on}
        case InboundCommand():
            out |= {"kind": "command", "text": event.text}
        case InboundInteraction():
            out |= {"kind": "interaction", "action": event.action, "target": event.target, "message": event.message}
        case InboundForward():
            out |= {"kind": "forward", "room": event.room}
    return out


@pytest.mark.parametrize("path", PAYLOADS, ids=[path.stem for path in PAYLOADS])
def test_a_recorded_payload_reads_as_written_beside_it(path: Path) -> None:
    recorded = json.loads(path.read_text())
    event = read(recorded)
    if recorded["reads"] is None:
        assert event is None
    else:
        assert event is not None
        facts = shown(event)
        assert {name: facts[name] for name in recorded["reads"]} == recorded["reads"]


def test_every_message_reads_with_its_cursor_time_and_address() -> None:
    event = read(payload("in_a_thread"))
    assert isinstance(event, InboundMessage)
    assert (event.cursor, event.sent_at, event.delivery_id) == ("334385199974967100", 1_772_359_200_123, None)
    assert event.url == f"https://discord.com/channels/{GUILD}/{THREAD}/334385199974967100"


def test_a_message_of_the_history_reads_as_it_did_live() -> None:
    data = payload("in_a_thread")["data"]
    old = {name: value for name, value in data.items() if name not in {"guild_id", "member"}}
    live, read_again = (
        inbound.read("MESSAGE_CREATE", data, ME, PLACES),
        inbound.read_message(old, ME, PLACES, guild=GUILD),
    )
    assert isinstance(live, InboundMessage) and read_again is not None
    assert (read_again.conversation, read_again.native_id, read_again.thread) == (
        live.conversation,
        live.native_id,
        live.thread,
    )
    assert (read_again.url, read_again.content, read_again.direct) == (live.url, live.content, False)


def test_a_preview_that_comes_after_an_edit_reads_as_the_same_edit() -> None:
    """So the hub knows it by message and time, and it is no second one (matterbridge fork #199)."""
    data = payload("edit")["data"]
    first = inbound.read("MESSAGE_UPDATE", data, ME, PLACES)
    again = inbound.read("MESSAGE_UPDATE", {**data, "embeds": [{"type": "link", "title": "x"}]}, ME, PLACES)
    assert first is not None and first == again


def test_many_messages_deleted_at_once_are_many_deletes() -> None:
    data = {"ids": ["1", "2", 3, None, "4"], "channel_id": THREAD, "guild_id": GUILD}
    gone = inbound.read_many("MESSAGE_DELETE_BULK", data, ME, PLACES)
    assert [(event.conversation, event.native_id) for event in gone] == [(CHANNEL, "1"), (CHANNEL, "2"), (CHANNEL, "4")]
    assert len(inbound.read_many("MESSAGE_CREATE", payload("message")["data"], ME, PLACES)) == 1
    assert inbound.read_many("TYPING_START", {}, ME, PLACES) == ()


def test_two_names_of_one_webhook_are_two_guests() -> None:
    data = payload("foreign_webhook_with_our_name")["data"]
    other = {**data, "author": {**data["author"], "username": "somebody"}}
    one, two = inbound.read("MESSAGE_CREATE", data, ME, PLACES), inbound.read("MESSAGE_CREATE", other, ME, PLACES)
    assert one is not None and two is not None and one.author is not None and two.author is not None
    assert one.author.native_id != two.author.native_id and not one.author.is_self


def test_a_bot_without_ids_of_its_own_takes_nobody_for_itself() -> None:
    nobody = inbound.Me(user_id="")
    for name in ("message", "own_message", "own_webhook"):
        event = inbound.read("MESSAGE_CREATE", payload(name)["data"], nobody, PLACES)
        assert event is not None and event.author is not None and not event.author.is_self


def test_messages_without_any_content_are_known() -> None:
    bare = payload("message")["data"] | {"content": ""}
    assert inbound.lacks_content(bare)
    for name in ("message", "attachments", "stickers", "poll", "forward", "join", "direct_message", "embeds_of_a_bot"):
        assert not inbound.lacks_content(payload(name)["data"]), name
    assert not inbound.lacks_content(None) and not inbound.lacks_content({})


def test_what_must_stay_in_order_is_known_of_every_dispatch() -> None:
    for name in ("message", "in_a_thread", "delete", "reaction", "edit", "slash_command"):
        assert inbound.conversation_of(payload(name)["data"], PLACES) == CHANNEL
    assert inbound.conversation_of(None, PLACES) == ""


# ------------------------------------------------------------------------------------------------- "Send to room"


def pressed(values: list[object], custom_id: object) -> dict[str, Any]:
    press: dict[str, Any] = payload("press")["data"]
    return press | {"data": {"component_type": 3, "custom_id": custom_id, "values": values}}


def asked_for() -> dict[str, Any]:
    message = payload("in_a_thread")["data"]
    data = {
        "name": interactions.FORWARD,
        "type": 3,
        "target_id": message["id"],
        "resolved": {"messages": {message["id"]: message}},
    }
    command: dict[str, Any] = payload("slash_command")["data"]
    return command | {"data": data}


def test_a_message_is_sent_to_the_room_that_was_picked_for_it() -> None:
    wanted = interactions.asked(asked_for())
    assert wanted == interactions.Choice(channel_id=THREAD, message_id="334385199974967100")
    rooms = [RoomChoice(name=f"room-{number}", title=f"Room {number}") for number in range(30)]
    body = interactions.room_choice(rooms, wanted)
    menus: Any = [row["components"][0] for row in body["components"]]  # type: ignore[attr-defined] # plain JSON
    assert [len(menu["options"]) for menu in menus] == [25, 5] and all(len(menu["custom_id"]) <= 100 for menu in menus)
    press = pressed([menus[1]["options"][0]["value"]], menus[1]["custom_id"])
    choice = interactions.chosen(press)
    assert choice == interactions.Choice(channel_id=THREAD, message_id="334385199974967100", room="room-25")
    original = inbound.read_message(payload("in_a_thread")["data"], ME, PLACES, guild=GUILD)
    event = interactions.read(press, ME, PLACES, original)
    assert isinstance(event, InboundForward) and event.original == original and event.room == "room-25"
    assert interactions.read(press, ME, PLACES) is None


def test_what_asks_for_a_room_is_shown_to_one_person_and_pings_nobody() -> None:
    wanted = interactions.Choice(channel_id="1", message_id="2")
    body = interactions.room_choice([], wanted)
    assert body["flags"] == 68 and body["components"] == []
    assert body["allowed_mentions"] == {"parse": [], "users": [], "roles": [], "replied_user": False}


def test_other_interactions_are_no_request_and_no_choice() -> None:
    for name in ("press", "slash_command", "ping", "foreign_command"):
        assert interactions.asked(payload(name)["data"]) is None and interactions.chosen(payload(name)["data"]) is None
    assert interactions.chosen(pressed(["general"], "tieline/send/0/1")) is None
    assert interactions.chosen(pressed([None], "tieline/send/0/1/2")) is None


def test_the_commands_keep_within_discords_limits() -> None:
    names = [command["name"] for command in interactions.COMMANDS]
    assert names == ["tieline", "Send to room"]
    assert all(len(str(name)) <= 32 for name in names)
    json.dumps([dict(command) for command in interactions.COMMANDS])


# ------------------------------------------------------------------------------------------------------ hostile JSON


def read_everything(data: Any) -> None:
    """All that the wire calls with a payload; none of it may raise."""
    for event_type in (
        "MESSAGE_CREATE",
        "MESSAGE_UPDATE",
        "MESSAGE_DELETE",
        "MESSAGE_DELETE_BULK",
        "MESSAGE_REACTION_ADD",
        "MESSAGE_REACTION_REMOVE",
    ):
        inbound.read_many(event_type, data, ME, PLACES)
    message = inbound.read_message(data, ME, PLACES)
    inbound.conversation_of(data, PLACES)
    inbound.lacks_content(data)
    inbound.read_edit(data, ME, PLACES)
    interactions.read(data, ME, PLACES, message)
    interactions.asked(data)
    interactions.chosen(data)


def test_ten_thousand_mutated_payloads_never_raise() -> None:
    _mutate(MUTATIONS, seed=20_260_101)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_hundred_thousand_mutated_payloads_never_raise() -> None:
    _mutate(100_000, seed=20_260_102)


def _mutate(count: int, seed: int) -> None:
    random_ = random.Random(seed)
    seeds = [path.read_text() for path in PAYLOADS]
    for _ in range(count):
        data = json.loads(random_.choice(seeds))["data"]
        for _ in range(random_.randint(1, 4)):
            data = mutated(data, random_)
        read_everything(data)


STRANGE: list[Any] = [
    None,
    True,
    0,
    -1,
    1e308,
    10**400,
    "",
    " ",
    "\x00",
    "\ud800",
    "9" * 400,
    [],
    {},
    [[]],
    [None],
    {"id": 3},
]
STRANGE += ["<@1", "<t:99999999999999999>", "```", "*_~`*_~`" * 50, ">" * 300, "<" * 300, "||" * 100, "²", "١٢٣", "2026-99-99", "9999-12-31T23:59:59+23:59", "0001-01-01", "tieline/send/0/1/2"]  # fmt: skip


def mutated(data: Any, random_: random.Random) -> Any:
    """One change somewhere in a JSON value: another kind, a missing member, a repeated or nested one."""
    holder, key = random_.choice([(None, None), *containers(data)])
    if holder is None:
        return copy.deepcopy(random_.choice(STRANGE)) if random_.random() < 0.02 else data
    changes: list[Callable[[], None]] = [
        lambda: holder.__setitem__(key, copy.deepcopy(random_.choice(STRANGE))),
        lambda: holder.__setitem__(key, [holder[key], holder[key]]),
        lambda: holder.__setitem__(key, {"id": "1", "message": holder[key]}),
        lambda: holder.__delitem__(key),
    ]
    random_.choice(changes)()
    return data


def containers(value: Any) -> Iterator[tuple[Any, Any]]:
    items: Any = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, child in list(items):
        yield value, key
        yield from containers(child)


# --------------------------------------------------------------------------------------------------- ids and emoji


def test_ids_hold_their_time() -> None:
    """The example of Discord's documentation ("Snowflakes")."""
    assert ids.milliseconds("175928847299117063") == 1_462_015_105_796
    assert ids.milliseconds("x") == ids.milliseconds("²") == ids.order("") == 0
    assert ids.milliseconds(ids.from_milliseconds(1_462_015_105_796)) == 1_462_015_105_796
    assert ids.order("9") < ids.order("10")
    assert ids.timestamp("x") == ids.timestamp("") == 0


def test_a_nonce_is_the_same_for_the_same_key_and_short_enough() -> None:
    assert ids.nonce("dlv_1/0") == ids.nonce("dlv_1/0") != ids.nonce("dlv_1/1")
    assert len(ids.nonce("x" * 500)) <= 25


def test_an_emoji_comes_back_where_the_server_has_it() -> None:
    assert emoji.from_discord({"id": None, "name": "🔥"}) == "🔥" == emoji.to_rest("🔥", {})
    assert emoji.from_discord({"id": "5", "name": "blob"}) == ":blob:"
    assert emoji.to_rest(":blob:", {"blob": "5"}) == "blob:5"
    assert emoji.to_rest(":other:", {"blob": "5"}) is None
    assert emoji.to_rest("", {}) is None and emoji.to_rest("ok", {}) is None
    assert emoji.from_discord({"id": "5", "name": None}) is None
