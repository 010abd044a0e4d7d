"""The App Home: a page for each person, against local-slack and a scripted workspace."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.slack.slack_making import connected, make
from tests.services.local_slack import ALICE, LocalSlack, running
from tests.services.scripted_slack import Reply, scripted
from tests.services.scripted_slack_more import PressedSlack
from tests.services.slack_session import RecordingSession
from tests.services.slack_site import serving
from tieline.ports.adapter import Home, OpenItem, RoomChoice
from tieline_slack import home

ITEM = OpenItem(
    reason="mention", room="dj-waste", author="bob", text="are the *bins* <full>? @here", at=1_700_000_000_000,
    url="https://hub.example/r/dj-waste?m=1&x=2",
)  # fmt: skip
ALICES = Home(handle="alice", rooms=(RoomChoice(name="dj-waste", title="Waste"),), items=(ITEM,))


def texts(view: Any) -> str:
    """Every word of a view, as it would be sent."""
    return json.dumps(view, ensure_ascii=False)


def opened(user: str = "U01ALICE", tab: str = "home") -> dict[str, Any]:
    event = {"type": "app_home_opened", "user": user, "channel": "D01", "tab": tab, "event_ts": "1.5"}
    return {"type": "event_callback", "team_id": "T01", "event_id": "Ev1", "event": event}


@pytest.fixture
async def workspace() -> AsyncIterator[PressedSlack]:
    async with scripted(PressedSlack()) as slack:
        assert isinstance(slack, PressedSlack)
        yield slack


async def published(slack: LocalSlack) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        while not (views := [entry for entry in await slack.log() if "views.publish" in texts(entry)]):
            pass
    return views


async def test_opening_the_home_publishes_it_over_socket_mode(slack: LocalSlack) -> None:
    session = RecordingSession()
    session.homes[ALICE] = ALICES
    async with connected(make(slack.settings), session):
        await slack.control("open-home", {"user": ALICE})
        assert await published(slack)
    assert session.received == []


async def test_opening_the_home_publishes_it_over_signed_http(tmp_path: Path) -> None:
    session = RecordingSession()
    session.homes[ALICE] = ALICES
    async with serving() as site, running(tmp_path, events_url=site.url) as slack:
        site.adapter = adapter = make(slack.http_settings)
        async with connected(adapter, session):
            await slack.control("open-home", {"user": ALICE})
            assert await published(slack)


async def test_the_home_is_the_persons_own(workspace: PressedSlack) -> None:
    session = RecordingSession()
    session.homes["U01ALICE"] = ALICES
    async with connected(make(workspace.settings), session):
        await workspace.until_sockets(1)
        await workspace.deliver(opened())
        (call,) = await workspace.until_called("views.publish")
        assert (call["user_id"], call["view"]["type"]) == ("U01ALICE", "home")
        assert "@alice" in texts(call["view"]) and "dj-waste" in texts(call["view"])
        await workspace.until_acks(1)


async def test_only_the_home_tab_is_published(workspace: PressedSlack) -> None:
    async with connected(make(workspace.settings), RecordingSession()):
        await workspace.until_sockets(1)
        await workspace.deliver(opened(tab="messages"), envelope="one")
        await workspace.deliver(opened(user=""), envelope="two")
        await workspace.deliver(opened(), envelope="three")
        await workspace.until_called("views.publish")
        await workspace.until_acks(3)
    assert [call["user_id"] for call in workspace.called("views.publish")] == ["U01ALICE"]


async def test_the_refresh_button_publishes_it_anew(workspace: PressedSlack) -> None:
    session = RecordingSession()
    press = workspace.press("", message={"ts": "1.1"}, action="tieline_home_refresh")
    press = {name: value for name, value in press.items() if name not in {"channel", "message", "response_url"}}
    async with connected(make(workspace.settings), session):
        await workspace.until_sockets(1)
        await workspace.deliver({**press, "container": {"type": "view"}, "view": {"type": "home"}}, kind="interactive")
        (call,) = await workspace.until_called("views.publish")
    assert call["user_id"] == "U01ALICE" and session.received == []


class Broken(RecordingSession):
    """A hub whose store does not answer."""

    async def home(self, native_id: str) -> Home:
        raise OSError("disk full")


async def test_a_hub_that_does_not_answer_is_said_on_the_page(workspace: PressedSlack) -> None:
    async with connected(make(workspace.settings), Broken()):
        await workspace.until_sockets(1)
        await workspace.deliver(opened())
        (call,) = await workspace.until_called("views.publish")
    assert "could not answer" in texts(call["view"]) and "disk full" not in texts(call["view"])


async def test_a_page_that_slack_refuses_stops_nothing(workspace: PressedSlack) -> None:
    workspace.script("views.publish", Reply.error("not_enabled"), Reply(status=500))
    async with connected(make(workspace.settings), RecordingSession()) as adapter:
        await workspace.until_sockets(1)
        for count in (1, 2, 3):
            await workspace.deliver(opened(), envelope=f"env-{count}")
            await workspace.until_called("views.publish", count)
        await workspace.until_acks(3)
        assert adapter.is_connected()


def test_what_somebody_typed_pings_nobody_and_formats_nothing() -> None:
    view = texts(home.page(ALICES))
    assert "<full>" not in view and "&lt;full&gt;" in view
    assert "@here" not in view, "a zero-width space stands behind the @"
    assert "<https://hub.example/r/dj-waste?m=1&amp;x=2|Open>" in view
    assert "<!date^1700000000^{date_short_pretty} {time}|2023-11-14 22:13 UTC>" in view


def test_an_address_that_is_none_is_left_out() -> None:
    item = OpenItem(reason="alert", room="r", author="a", text="t", at=-5, url="javascript:alert(1)")
    view = texts(home.page(Home(handle="alice", rooms=(), items=(item,))))
    assert "javascript" not in view and "<!date^0^" in view


def test_an_empty_page_says_what_will_stand_there_and_who_is_nobody_how_to_join() -> None:
    view = texts(home.page(Home(handle=None, rooms=())))
    assert "/tieline iam" in view and "Nothing is waiting" in view and "No room is open to you" in view


def test_a_full_page_keeps_slacks_limits() -> None:
    """At most 100 blocks, 3,000 characters in a section, whatever the hub has."""
    items = tuple(
        OpenItem(
            reason="mention" * 9,
            room="r" * 64,
            author="a" * 80,
            text="<&>" * 5000,
            at=10**18,
            url="https://x/" + "y" * 4000,
        )
        for _ in range(500)
    )
    rooms = tuple(RoomChoice(name=f"{place:064}", title="t") for place in range(500))
    blocks = json.loads(json.dumps(home.page(Home(handle="h" * 64, rooms=rooms, items=items))))["blocks"]
    assert len(blocks) <= 100
    for block in blocks:
        if block["type"] == "section":
            assert 0 < len(block["text"]["text"]) <= 3000
    assert "and 480 more" in texts(blocks)
