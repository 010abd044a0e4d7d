"""What the hub promises an adapter that hears only conversations it has joined; in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.plugins.test_supervision_of_channels import ROOM, Desk
from tieline.errors import Permanent
from tieline.model.channels import ChannelState
from tieline.model.rooms import Direction, Link
from tieline.ports.abilities import Resync
from tieline.testing.scripted_adapter import ScriptedAdapter


class JoiningAdapter(ScriptedAdapter):
    """Notes in which order it is asked to follow and to read; refuses what is in ``closed``."""

    asked: list[tuple[str, str]]
    closed: set[str]

    async def follow(self, conversation: str) -> None:
        self.asked.append(("follow", conversation))
        if conversation in self.closed:
            raise Permanent("banned", "you are banned", fix="ask an operator")

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        self.asked.append(("read", conversation))
        return await super().resync(conversation, cursor)


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(JoiningAdapter, "asked", [], raising=False)
    monkeypatch.setattr(JoiningAdapter, "closed", set(), raising=False)
    monkeypatch.setattr("tieline.testing.scripted_adapter.ScriptedAdapter", JoiningAdapter)
    desk = Desk()
    desk.directory.apply(
        [Link(id="lnk_7", room_id=ROOM.id, channel="team", conversation="C7", direction=Direction.OUT)]
    )
    yield desk
    await desk.supervisor.stop()


def follows() -> list[str]:
    return sorted(place for act, place in JoiningAdapter.asked if act == "follow")


async def test_every_linked_conversation_is_followed_before_its_history_is_read(desk: Desk) -> None:
    await desk.start()
    assert JoiningAdapter.asked[:3] == [("follow", "C0"), ("follow", "C1"), ("follow", "C7")]
    assert ("read", "C0") in JoiningAdapter.asked[3:]
    assert desk.state() is ChannelState.UP


async def test_they_are_followed_again_when_the_connection_is_back(desk: Desk) -> None:
    await desk.start()
    JoiningAdapter.asked.clear()
    await desk.cut()
    assert follows() == []
    await desk.mend()
    assert follows() == ["C0", "C1", "C7"]


async def test_a_new_link_is_followed_at_once(desk: Desk) -> None:
    await desk.start()
    JoiningAdapter.asked.clear()
    for number, direction in ((8, Direction.BOTH), (9, Direction.OUT)):
        link = Link(id=f"lnk_{number}", room_id=ROOM.id, channel="team", conversation=f"C{number}", direction=direction)
        desk.directory.apply([link])
        desk.supervisor._runners["team"].link_changed(link)
    await desk.clock.settle()
    assert follows() == ["C8", "C9"]


async def test_one_that_refuses_is_shown_and_tried_again_and_costs_no_other(desk: Desk) -> None:
    JoiningAdapter.closed.add("C1")
    await desk.start()
    assert desk.state() is ChannelState.UP
    assert desk.health.fault is not None
    assert (desk.health.fault.code, desk.health.fault.fix) == ("not_followed", "ask an operator")
    assert "C1" in desk.health.fault.detail
    desk.platform.write("C0", "ana", "heard all the same")
    await desk.clock.settle()
    assert desk.heard("C0") == ["heard all the same"]
    await desk.clock.advance(100)
    assert follows().count("C1") == 3, "at once, after 30 s, and 60 s later"
    JoiningAdapter.closed.clear()
    await desk.clock.advance(121)
    assert desk.health.fault is None
    await desk.clock.advance(3600)
    assert follows().count("C1") == 4


async def test_nothing_is_tried_while_the_connection_is_lost_or_after_the_channel_stopped(desk: Desk) -> None:
    JoiningAdapter.closed.add("C1")
    await desk.start()
    await desk.cut()
    await desk.clock.advance(3600)
    assert follows().count("C1") == 1
    await desk.mend()
    await desk.supervisor.apply([])
    await desk.clock.advance(3600)
    assert follows().count("C1") == 2
