"""Buttons and the message shortcut, with the real Bolt: against local-slack, and a scripted workspace for the rest."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View as SlackView
from slack_sdk.web.async_client import AsyncWebClient

from tests.contract.slack.slack_making import connected, make, outgoing, part
from tests.services.local_slack import ALICE, GENERAL, LocalSlack, running
from tests.services.scripted_slack import Reply, Silent, scripted
from tests.services.scripted_slack_more import PressedSlack
from tests.services.slack_session import RecordingSession, plain_text
from tests.services.slack_site import Site, serving
from tieline.model.actions import Action, ActionStyle
from tieline.model.inbound import InboundForward, InboundInteraction
from tieline.ports.adapter import Home, OpenItem, Outgoing, RoomChoice
from tieline.ports.clock import SystemClock
from tieline_slack import files, home, interactions, render, wire
from tieline_slack.adapter import SlackAdapter
from tieline_slack.inbound import Me

ACK = Action(name="ack", label="Acknowledge", target="msg_1", style=ActionStyle.PRIMARY)
ROOMS = (RoomChoice(name="dj-waste", title="Waste"), RoomChoice(name="ops", title="ops"))
SECRET = "shhh"
ME = Me(user_id="U0BOT", bot_id="B0BOT")


def offering(text: str, *actions: Action) -> Outgoing:
    sent = outgoing(text)
    return msgspec.structs.replace(sent, frame=msgspec.structs.replace(sent.frame, actions=actions))


class Place:
    """A scripted workspace, and the adapter on it, with one of the two transports between."""

    def __init__(
        self, slack: PressedSlack, adapter: SlackAdapter, session: RecordingSession, site: Site | None
    ) -> None:
        self.slack, self.adapter, self.session, self.site = slack, adapter, session, site
        self._count = 0

    async def deliver(self, payload: dict[str, Any]) -> Any:
        """Send an interaction as Slack does; the acknowledgement's body, or None where it was not acknowledged."""
        if self.site is None:
            return await self._over_socket(payload)
        body = urlencode({"payload": json.dumps(payload)}).encode()
        status, answer = await self.site.post(body, signed(body), to="interactions")
        assert status in {200, 500}
        return None if status == 500 else json.loads(answer) if answer else {}

    async def _over_socket(self, payload: dict[str, Any]) -> Any:
        self._count += 1
        envelope, before = f"env-{self._count}", len(self.slack.acks)
        refusing = bool(self.session.refuse)
        await self.slack.deliver(payload, kind="interactive", envelope=envelope)
        if refusing:
            await self.slack.deliver({"type": "none"}, kind="hello", envelope="after")
            acks = await self.slack.until_acks(before + 1)
            assert [ack["envelope_id"] for ack in acks[before:]] == ["after"]
            return None
        acks = await self.slack.until_acks(before + 1)
        assert acks[-1]["envelope_id"] == envelope
        return acks[-1].get("payload", {})


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Signature": f"v0={digest}",
        "X-Slack-Request-Timestamp": stamp,
        "Content-Type": "application/x-www-form-urlencoded",
    }


@asynccontextmanager
async def placed(transport: str) -> AsyncIterator[Place]:
    session = RecordingSession()
    async with serving() as site, scripted(PressedSlack()) as slack:
        assert isinstance(slack, PressedSlack)
        over_http = {"bot_token": "xoxb-1", "signing_secret": SECRET, "api_url": f"{slack.url}/api"}
        site.adapter = adapter = make(over_http if transport == "http" else slack.settings)
        async with connected(adapter, session):
            if transport == "socket":
                await slack.until_sockets(1)
            yield Place(slack, adapter, session, site if transport == "http" else None)


@pytest.fixture(params=["socket", "http"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    async with placed(request.param) as made:
        yield made


# ── buttons, against local-slack ─────────────────────────────────────────────────────────────────────────────────────


async def pressing(slack: LocalSlack, session: RecordingSession, adapter: SlackAdapter) -> None:
    """Send a message with a button, press it, and see what the hub and the presser get."""
    session.answer = "Acknowledged. **Everybody** sees it."
    sent = await adapter.send(offering("*disk* is full", ACK))
    (message,) = await slack.messages()
    assert message["text"] == "*disk* is full"
    button = message["blocks"][-1]["elements"][0]
    assert (button["action_id"], button["value"], button["style"]) == ("tieline:ack", "ack:msg_1", "primary")
    press = {"channel": GENERAL, "messageTs": sent.native_id, "user": ALICE, "action": button}
    await slack.control("interact", press)
    (event,) = await session.events(1)
    assert isinstance(event, InboundInteraction)
    assert (event.conversation, event.action, event.target, event.message) == (GENERAL, "ack", "msg_1", sent.native_id)
    assert (event.author.native_id, event.author.display) == (ALICE, "alice")
    async with asyncio.timeout(10):
        while len(await slack.messages()) < 2:
            pass
    answer = (await slack.messages())[-1]
    assert (answer["subtype"], answer["ephemeral_to"]) == ("ephemeral", ALICE)
    assert "Acknowledged. *Everybody* sees it." in answer["text"]


async def test_a_button_is_shown_pressed_and_answered_to_its_presser_alone(slack: LocalSlack) -> None:
    session = RecordingSession()
    async with connected(make(slack.settings), session) as adapter:
        await pressing(slack, session, adapter)


async def test_a_button_is_pressed_over_signed_http(tmp_path: Path) -> None:
    session = RecordingSession()
    async with serving() as site, running(tmp_path, events_url=site.url.replace("events", "interactions")) as slack:
        site.adapter = adapter = make(slack.http_settings)
        async with connected(adapter, session):
            await pressing(slack, session, adapter)


async def test_an_edit_keeps_the_buttons_of_its_frame_and_drops_them_without(slack: LocalSlack) -> None:
    async with connected(make(slack.settings), RecordingSession()) as adapter:
        sent = await adapter.send(offering("disk is full", ACK))
        await adapter.edit(part(sent.native_id), offering("disk is fuller", ACK))
        (message,) = await slack.messages()
        assert message["text"] == "disk is fuller" == message["blocks"][0]["text"]["text"]
        assert message["blocks"][1]["elements"][0]["value"] == "ack:msg_1"
        await adapter.edit(part(sent.native_id), outgoing("disk is fine"))
        (message,) = await slack.messages()
    assert (message["text"], message["blocks"]) == ("disk is fine", [])


# ── buttons, as they are made ────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_without_actions_has_no_blocks() -> None:
    assert "blocks" not in render.post(outgoing("hello"))


def test_slack_reads_nothing_into_a_text_above_buttons() -> None:
    """Law 6: a section is preprocessed (`@here` in it pings) unless it is verbatim."""
    blocks = interactions.with_buttons("psst @here", [ACK])
    assert blocks[0] == {"type": "section", "text": {"type": "mrkdwn", "text": "psst @here", "verbatim": True}}


def test_a_long_text_stands_in_sections_that_slack_takes_and_keeps_its_fences() -> None:
    said = "```\n" + "x" * 79 + ("\n" + "y" * 79) * 45 + "\n```\nend"
    *sections, row = interactions.with_buttons(said, [ACK])
    texts = [str(dict(section["text"])["text"]) for section in sections]  # type: ignore[call-overload]
    assert row["type"] == "actions"
    assert len(texts) == 2 and all(len(text) <= 3000 for text in texts)
    assert all(text.count("```") % 2 == 0 for text in texts)
    assert "".join(texts).replace("\n", "").replace("```", "") == said.replace("\n", "").replace("```", "")


def test_many_buttons_keep_slacks_limits() -> None:
    actions = [Action(name="ack", label="L" * 100, target=f"msg_{place}") for place in range(30)]
    _, first, second = interactions.with_buttons("text", actions)
    rows = [list(block["elements"]) for block in (first, second)]  # type: ignore[call-overload]
    assert [len(row) for row in rows] == [25, 5]
    buttons = [button for row in rows for button in row]
    assert len({button["action_id"] for button in buttons}) == 30
    assert max(len(button["text"]["text"]) for button in buttons) == 75
    assert buttons[7]["value"] == "ack:msg_7" and "style" not in buttons[7]


# ── presses, both transports ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_press_reaches_the_hub_and_its_answer_the_presser(place: Place) -> None:
    place.session.answer = "Done & *dusted* <!channel>"
    message = place.slack.put("disk is full", thread_ts="1700000000.000001")
    assert await place.deliver(place.slack.press("ack:msg_1", message=message)) == {}
    (event,) = place.session.received
    assert isinstance(event, InboundInteraction) and event.native_id.startswith("13345224609.")
    (answer,) = await place.slack.until_called("hook")
    assert (answer["response_type"], answer["replace_original"]) == ("ephemeral", False)
    assert answer["thread_ts"] == "1700000000.000001"
    assert answer["text"].startswith("Done &amp; ") and "<!channel>" not in answer["text"]
    assert place.slack.called("chat.postEphemeral") == []


async def test_without_its_address_the_answer_is_an_ephemeral_message(place: Place) -> None:
    place.session.answer = "done"
    press = place.slack.press("ack:msg_1", message=place.slack.put("disk is full"))
    del press["response_url"]
    await place.deliver(press)
    (answer,) = await place.slack.until_called("chat.postEphemeral")
    assert (answer["channel"], answer["user"], answer["text"]) == (GENERAL, "U01ALICE", "done")


async def test_an_expired_address_is_no_loss(place: Place) -> None:
    place.session.answer = "done"
    place.slack.script("hook", Reply(404, b"expired_url"))
    await place.deliver(place.slack.press("ack:msg_1", message=place.slack.put("disk is full")))
    await place.slack.until_called("chat.postEphemeral")
    assert len(place.slack.called("hook")) == 1


async def test_a_press_that_was_not_stored_is_not_acknowledged(place: Place) -> None:
    """Law 1. Slack shows the presser a warning; nobody is told that it worked."""
    place.session.refuse.append(OSError("disk full"))
    assert await place.deliver(place.slack.press("ack:msg_1", message=place.slack.put("x"))) is None
    assert place.session.received == [] and place.slack.called("hook") == []


async def test_a_press_is_acknowledged_only_after_it_is_durable(place: Place) -> None:
    place.session.hold = asyncio.Event()
    delivering = asyncio.create_task(place.deliver(place.slack.press("ack:msg_1", message=place.slack.put("x"))))
    await asyncio.wait_for(place.session.entered.wait(), 5)
    assert not delivering.done() and place.slack.acks == []
    place.session.hold.set()
    assert await delivering == {}


async def test_what_is_no_button_of_ours_is_acknowledged_and_left(place: Place) -> None:
    message = place.slack.put("x")
    assert await place.deliver(place.slack.press("ack:msg_1", message=message, action="somebody_elses")) == {}
    assert await place.deliver(place.slack.press("no-target", message=message)) == {}
    assert place.session.received == []


# ── the shortcut, both transports ────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_is_sent_to_a_room(place: Place) -> None:
    place.session.homes["U01ALICE"] = Home(handle="alice", rooms=ROOMS)
    place.session.answer = "Sent to dj-waste."
    message = place.slack.put("*bins* are full", user="U02BOB")
    assert await place.deliver(place.slack.shortcut(message)) == {}
    (opened,) = place.slack.called("views.open")
    view = opened["view"]
    options = view["blocks"][0]["element"]["options"]
    assert [(option["value"], option["text"]["text"]) for option in options] == [
        ("dj-waste", "dj-waste – Waste"),
        ("ops", "ops"),
    ]
    assert await place.deliver(place.slack.submission(view, "dj-waste")) == {}
    (event,) = place.session.received
    assert isinstance(event, InboundForward)
    assert (event.room, event.conversation, event.author.native_id) == ("dj-waste", GENERAL, "U01ALICE")
    assert (event.original.native_id, event.original.author.native_id) == (message["ts"], "U02BOB")
    assert plain_text(event.original.content) == "bins are full"
    (answer,) = await place.slack.until_called("hook")
    assert answer["text"] == "Sent to dj-waste."


async def test_a_message_too_long_for_the_modal_is_read_where_it_stands(place: Place) -> None:
    place.session.homes["U01ALICE"] = Home(handle="alice", rooms=ROOMS)
    root = place.slack.put("root")
    message = place.slack.put("long " * 900, thread_ts=root["ts"])
    await place.deliver(place.slack.shortcut(message))
    view = place.slack.called("views.open")[0]["view"]
    assert len(view["private_metadata"]) <= 3000 and "long" not in view["private_metadata"]
    await place.deliver(place.slack.submission(view, "ops"))
    (event,) = place.session.received
    assert isinstance(event, InboundForward) and event.original.native_id == message["ts"]
    assert plain_text(event.original.content).startswith("long long")
    assert event.original.thread == root["ts"]


async def test_a_message_that_cannot_be_read_leaves_the_modal_open_and_says_why(place: Place) -> None:
    place.session.homes["U01ALICE"] = Home(handle="alice", rooms=ROOMS)
    message = place.slack.put("long " * 900)
    await place.deliver(place.slack.shortcut(message))
    view = place.slack.called("views.open")[0]["view"]
    place.slack.script("conversations.history", Reply.error("not_in_channel"))
    answer = await place.deliver(place.slack.submission(view, "ops"))
    assert answer["response_action"] == "errors" and "/invite @tieline" in answer["errors"]["tieline_room"]
    assert place.session.received == []


@pytest.mark.parametrize(("handle", "says"), [(None, "/tieline iam"), ("alice", "@alice")])
async def test_who_may_post_nowhere_is_told_why(place: Place, handle: str | None, says: str) -> None:
    place.session.homes["U01ALICE"] = Home(handle=handle, rooms=())
    await place.deliver(place.slack.shortcut(place.slack.put("x")))
    view = place.slack.called("views.open")[0]["view"]
    assert "submit" not in view and says in view["blocks"][0]["text"]["text"]


async def test_a_modal_that_did_not_open_is_told(place: Place) -> None:
    place.slack.script("views.open", Reply.error("expired_trigger_id"))
    assert await place.deliver(place.slack.shortcut(place.slack.put("x"))) == {}
    (answer,) = await place.slack.until_called("hook")
    assert "Nothing was sent" in answer["text"]


async def test_a_forward_that_was_not_stored_is_not_acknowledged(place: Place) -> None:
    place.session.homes["U01ALICE"] = Home(handle="alice", rooms=ROOMS)
    await place.deliver(place.slack.shortcut(place.slack.put("x")))
    view = place.slack.called("views.open")[0]["view"]
    place.session.refuse.append(OSError("disk full"))
    assert await place.deliver(place.slack.submission(view, "ops")) is None


def test_more_rooms_than_a_menu_holds_are_cut_with_a_note() -> None:
    rooms = tuple(RoomChoice(name=f"room-{place}", title="T" * 100) for place in range(130))
    shortcut = interactions.read_shortcut(PressedSlack().shortcut({"ts": "1.1", "text": "x"}))
    assert shortcut is not None
    view = json.loads(json.dumps(interactions.rooms_modal(Home(handle="a", rooms=rooms), shortcut)))
    options = view["blocks"][0]["element"]["options"]
    assert len(options) == 100 and max(len(option["text"]["text"]) for option in options) == 75
    assert "100 of your 130 rooms" in view["blocks"][1]["elements"][0]["text"]


# ── strangers ────────────────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE: list[Any] = [
    [],
    "x",
    {},
    {"type": "block_actions"},
    {"type": "block_actions", "user": "U1", "actions": []},
    {"type": "block_actions", "user": {"id": "U1"}, "actions": [7]},
    {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": 7}]},
    {"type": "block_actions", "user": {"id": "U1"}, "channel": 7, "actions": [{"action_id": "tieline:x", "value": []}]},
    {"type": "message_action", "user": {"id": "U1"}, "callback_id": None},
    {"type": "message_action", "user": {"id": "U1"}, "callback_id": "tieline_send_to_room", "message": 3},
    {"type": "view_submission", "user": {"id": "U1"}, "view": []},
    {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": "tieline_send_to_room", "type": "home"}},
    {
        "type": "view_submission",
        "user": {"id": "U1"},
        "view": {
            "type": "modal",
            "callback_id": "tieline_send_to_room",
            "private_metadata": "[[[",
            "state": {"values": 3},
        },
    },
    {"type": "view_closed", "user": {"id": "U1"}, "view": {}},
]


@pytest.mark.parametrize("payload", HOSTILE)
def test_reading_is_total(payload: Any) -> None:
    assert interactions.read_press(payload, ME) is None
    assert interactions.read_shortcut(payload) is None
    assert interactions.read_submission(payload) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["tieline:ack", "ack:msg_1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PERSON = st.fixed_dictionaries({"id": st.just("U1")}, optional={"name": ANYTHING, "team_id": ANYTHING})
PRESSED = st.fixed_dictionaries(
    {"action_id": st.just("tieline:ack")}, optional={"value": ANYTHING, "block_id": ANYTHING}
)
VIEW = st.fixed_dictionaries(
    {"callback_id": st.just("tieline_send_to_room"), "type": st.just("modal")},
    optional=dict.fromkeys(("state", "private_metadata", "id", "app_installed_team_id", "team_id"), ANYTHING),
)
AROUND = ("team", "channel", "container", "message", "enterprise", "trigger_id", "event", "authorizations", "view")
NEEDED: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "block_actions": {"actions": st.lists(PRESSED, min_size=1, max_size=2)},
    "message_action": {"callback_id": st.just("tieline_send_to_room")},
    "view_submission": {"view": VIEW},
}
PAYLOADS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(sorted(NEEDED)).flatmap(
    lambda kind: st.fixed_dictionaries(
        {"type": st.just(kind), "user": PERSON, **NEEDED[kind]},
        optional={name: ANYTHING for name in AROUND if name not in NEEDED[kind]},
    )
)


class Nobody:
    """Hears everything and does nothing but read."""

    async def event(self, event: Mapping[str, object]) -> None:
        return

    async def command(self, payload: Mapping[str, object]) -> str | None:
        return None

    def late(self, payload: Mapping[str, object], answer: str) -> None:
        raise AssertionError

    async def interaction(self, payload: Mapping[str, object]) -> dict[str, object] | None:
        interactions.read_press(payload, ME)
        interactions.read_shortcut(payload)
        interactions.read_submission(payload)
        return None


@given(PAYLOADS)
def test_whatever_is_let_through_bolt_can_read(payload: dict[str, Any]) -> None:
    """Bolt takes the kinds of many members for granted; what it would stumble over must not reach it."""
    interactions.read_press(payload, ME)
    interactions.read_shortcut(payload)
    interactions.read_submission(payload)
    if interactions.is_sane(payload):
        app = wire.bolt_app(AsyncWebClient(), "xoxb-1", ME, Nobody(), SystemClock())
        request = AsyncBoltRequest(mode="socket_mode", body=payload, headers={})
        assert asyncio.run(app.async_dispatch(request)).status == 200


@pytest.mark.parametrize("payload", [payload for payload in HOSTILE if isinstance(payload, dict)])
async def test_a_payload_of_any_shape_stops_nothing(payload: dict[str, Any]) -> None:
    async with placed("socket") as place:
        await place.deliver(payload)
        await place.deliver(place.slack.press("ack:msg_1", message=place.slack.put("x")))
        assert len(place.session.received) == 1


async def test_a_forged_interaction_is_refused() -> None:
    async with placed("http") as place:
        assert place.site is not None
        body = urlencode({"payload": json.dumps(place.slack.press("ack:msg_1", message=place.slack.put("x")))}).encode()
        assert (await place.site.post(body, signed(body, "guess"), to="interactions"))[0] == 401
        broken = urlencode({"payload": "{{{"}).encode()
        assert (await place.site.post(broken, signed(broken), to="interactions"))[0] == 400
    assert place.session.received == []


async def test_leaving_abandons_answers_and_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with placed("socket") as place:
        place.session.answer = "done"
        place.slack.script("hook", Silent())
        await place.deliver(place.slack.press("ack:msg_1", message=place.slack.put("x")))
        await place.slack.until_begun("hook")
        await asyncio.wait_for(place.adapter.disconnect(), 5)
    assert asyncio.all_tasks() == before


class Aging(SystemClock):
    """A clock on which everything takes a minute."""

    def __init__(self) -> None:
        self._asked = 0

    def monotonic(self) -> float:
        self._asked += 1
        return super().monotonic() + 60 * self._asked


async def test_an_answer_too_late_for_the_acknowledgement_is_shown_by_itself() -> None:
    session = RecordingSession()
    session.answer = "Your code is **K7Q2**"
    command = {"command": "/tieline", "text": "iam", "user_id": "U01ALICE", "channel_id": GENERAL, "trigger_id": "t"}
    async with scripted(PressedSlack()) as slack:
        assert isinstance(slack, PressedSlack)
        async with connected(make(slack.settings, clock=Aging()), session):
            await slack.until_sockets(1)
            await slack.deliver({**command, "response_url": slack.hook}, kind="slash_commands")
            (ack,) = await slack.until_acks(1)
            (answer,) = await slack.until_called("hook")
    assert "payload" not in ack
    assert (answer["text"], answer["response_type"]) == ("Your code is *K7Q2*", "ephemeral")


async def test_an_answer_goes_to_no_address_but_slacks(place: Place) -> None:
    """Unless the Web API itself is on this machine (tests)."""
    assert files.is_slacks("https://hooks.slack.com/actions/T01/1/x")
    assert not files.is_slacks("https://hooks.slack.com.evil.example/x")
    press = place.slack.press("ack:msg_1", message=place.slack.put("x"))
    place.session.answer = "done"
    await place.deliver({**press, "response_url": 7})
    await place.slack.until_called("chat.postEphemeral")


def test_what_is_made_is_valid_to_slacks_own_models() -> None:
    """slack_sdk checks lengths and kinds; what it refuses, Slack refuses too."""
    many = tuple(RoomChoice(name=f"room-{place}", title="T" * 100) for place in range(130))
    shortcut = interactions.read_shortcut(PressedSlack().shortcut({"ts": "1.1", "text": "x"}))
    assert shortcut is not None
    items = (OpenItem(reason="mention", room="ops", author="bob", text="look", at=1, url="https://hub.example/1"),)
    for known in (
        Home(handle=None, rooms=()),
        Home(handle="a", rooms=ROOMS, items=items),
        Home(handle="a", rooms=many),
    ):
        made = (interactions.rooms_modal(known, shortcut), home.page(known), home.trouble())
        for view in json.loads(json.dumps(made)):
            for block in SlackView(**view).to_dict()["blocks"]:
                validated(block)
    for block in interactions.with_buttons("x" * 9000, [ACK] * 30):
        validated(block)


def validated(block: Any) -> None:
    made = Block.parse(block)
    assert made is not None
    made.validate_json()
    assert made.to_dict()["type"] == block["type"]


async def test_who_presses_bears_the_name_that_people_see(place: Place) -> None:
    place.slack.users["U03"] = {"id": "U03", "profile": {"display_name": "Priya", "image_72": "https://img.example/p"}}
    await place.deliver(place.slack.press("ack:msg_1", message=place.slack.put("x"), user="U03"))
    (event,) = place.session.received
    assert isinstance(event, InboundInteraction)
    assert (event.author.native_id, event.author.display) == ("U03", "Priya")
    assert event.author.avatar == "https://img.example/p"


async def test_a_user_id_that_slack_does_not_know_keeps_the_name_of_the_press(place: Place) -> None:
    await place.deliver(place.slack.press("ack:msg_1", message=place.slack.put("x"), user="U04"))
    (event,) = place.session.received
    assert isinstance(event, InboundInteraction) and event.author.display == "alice"
