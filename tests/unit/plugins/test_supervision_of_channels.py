"""The supervisor: connecting, catching up, faults, pause, reload; on the scripted platform, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random

import msgspec
import pytest

from tests.unit.routing_lanes.memory_hub import MemoryBus, MemoryHub
from tieline.directory.deciders import deciders as directory_deciders
from tieline.directory.memory import MemoryDirectory
from tieline.errors import StoreError
from tieline.model.channels import ChannelHealth, ChannelRecord, ChannelState
from tieline.model.commands import PauseChannel
from tieline.model.delivery import Cursor, Fault
from tieline.model.message import Message
from tieline.model.outcome import Accepted
from tieline.model.rooms import Link, Room
from tieline.plugins.runner import ConfiguredChannel, Inside
from tieline.plugins.supervisor import Supervisor
from tieline.ports.abilities import Resync
from tieline.routing.deciders import deciders as routing_deciders
from tieline.testing.clock import VirtualClock
from tieline.testing.scripted import ScriptedPlatform
from tieline.testing.scripted_adapter import MANIFEST, ScriptedAdapter, parse

ROOM = Room(id="room_1", name="dj-waste")


@dataclass
class Desk:
    """A hub with one channel ``team`` on a scripted platform, linked at ``C0`` and ``C1``."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    bus: MemoryBus = field(default_factory=MemoryBus)

    def __post_init__(self) -> None:
        links = [Link(id=f"lnk_{n}", room_id=ROOM.id, channel="team", conversation=f"C{n}") for n in range(2)]
        self.directory = MemoryDirectory([ROOM, *links])
        self.hub = MemoryHub(self.clock, {**routing_deciders(), **directory_deciders()}, self.directory, self.bus)
        self.platform = ScriptedPlatform(self.clock)
        inside = Inside(hub=self.hub, reader=self.hub, directory=self.directory, clock=self.clock, random=Random(3))
        self.supervisor = Supervisor(inside, self.bus, {"scripted": MANIFEST})

    def channel(self, **settings: object) -> ConfiguredChannel:
        return ConfiguredChannel(name="team", adapter="scripted", settings={"platform": self.platform, **settings})

    async def start(self, **settings: object) -> None:
        self.supervisor.prepare([self.channel(**settings)])
        await self.supervisor.start()
        await self.clock.settle()

    @property
    def health(self) -> ChannelHealth:
        return self.supervisor.health()[0]

    def state(self) -> ChannelState:
        return self.health.state

    def heard(self, conversation: str = "C0") -> list[str]:
        found = [m for m in self.hub.find(Message) if m.origin.conversation == conversation]
        return [message.text for message in sorted(found, key=lambda message: message.seq)]

    async def cut(self) -> None:
        self.platform.down = True
        self.supervisor._runners["team"].went_down("connection reset")
        await self.clock.settle()

    async def mend(self) -> None:
        self.platform.down = False
        await self.supervisor._runners["team"].came_up()
        await self.clock.settle()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    stop = asyncio.ensure_future(made.supervisor.stop())
    await made.clock.run_until(stop.done, limit=60)


async def test_a_channel_connects_and_what_people_write_arrives_in_order(desk: Desk) -> None:
    await desk.start()
    assert desk.state() is ChannelState.UP
    for number in range(20):
        desk.platform.write("C0", "ana", f"m{number}")
    await desk.clock.settle()
    assert desk.heard() == [f"m{number}" for number in range(20)]


async def test_where_reading_begins_is_remembered_before_anything_is_written(desk: Desk) -> None:
    desk.platform.write("C0", "ana", "before our time")
    await desk.start()
    await desk.cut()
    desk.platform.write("C0", "ana", "while away")
    await desk.mend()
    assert desk.heard() == ["while away"]


async def test_what_was_written_during_an_outage_arrives_once_and_before_what_comes_after(desk: Desk) -> None:
    await desk.start()
    desk.platform.write("C0", "ana", "one")
    await desk.clock.settle()
    await desk.cut()
    for number in range(70):
        desk.platform.write("C0", "ana", f"away {number}")
    desk.platform.down = False
    desk.platform.write("C0", "ana", "live")  # reported before the adapter says that it is back
    await desk.clock.settle()
    assert desk.heard() == ["one"], "live events stand behind history"
    await desk.mend()
    assert desk.heard() == ["one", *[f"away {number}" for number in range(70)], "live"]
    assert desk.state() is ChannelState.UP


async def test_edits_and_deletions_of_an_outage_are_caught_up_with(desk: Desk) -> None:
    await desk.start()
    first = desk.platform.write("C0", "ana", "frist")
    second = desk.platform.write("C0", "ana", "oops")
    await desk.clock.settle()
    await desk.cut()
    desk.platform.change(first, "ana", "first")
    desk.platform.remove(second, "ana")
    await desk.mend()
    messages = {message.seq: message for message in desk.hub.find(Message)}
    assert [message.text for message in messages.values() if message.deleted_at is None] == ["first"]
    saved = desk.hub.get(Cursor, "team", "C0")
    assert saved is not None
    assert saved.cursor == str(desk.platform.last), "a page that ends in edits moves the cursor too"


async def test_a_history_that_does_not_answer_is_asked_again_and_holds_only_its_own_conversation(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.start()
    desk.platform.write("C0", "ana", "one")
    await desk.clock.settle()
    await desk.cut()
    adapter = desk.supervisor.known("team")
    assert isinstance(adapter, ScriptedAdapter)
    real = adapter.resync
    failures = iter([RuntimeError("500"), RuntimeError("500")])

    async def failing(conversation: str, cursor: str | None) -> Resync:
        if conversation == "C0" and (error := next(failures, None)):
            raise error
        return await real(conversation, cursor)

    monkeypatch.setattr(adapter, "resync", failing)
    desk.platform.write("C0", "ana", "away")
    desk.platform.write("C1", "bo", "elsewhere")
    await desk.mend()
    assert desk.heard("C1") == ["elsewhere"]
    assert desk.state() is ChannelState.CATCHING_UP
    assert desk.health.fault is not None
    assert desk.health.fault.code == "catch_up_waits"
    await desk.clock.run_until(lambda: desk.state() is ChannelState.UP)
    assert desk.heard("C0") == ["one", "away"]
    assert desk.health.fault is None


async def test_what_the_hub_could_not_store_is_not_acknowledged_and_is_read_before_what_comes_later(
    desk: Desk,
) -> None:
    await desk.start()
    desk.hub.errors = [StoreError("disk full"), StoreError("disk full")]
    desk.platform.write("C0", "ana", "hello")
    await desk.clock.settle()
    assert desk.heard() == []
    assert [str(error) for error in desk.platform.refusals] == ["disk full"]
    desk.platform.write("C0", "ana", "and goodbye")
    desk.platform.write("C1", "bo", "elsewhere")
    await desk.clock.settle()
    assert desk.heard() == [], "it waits behind what is missing"
    assert desk.heard("C1") == ["elsewhere"]
    await desk.clock.run_until(lambda: len(desk.heard()) > 1, limit=10)
    assert desk.heard() == ["hello", "and goodbye"]
    await desk.supervisor._runners["team"].receive(parse(desk.platform.log("C0", 0, 10)[0]))
    assert desk.heard() == ["hello", "and goodbye"], "the platform's repeat changes nothing"


async def test_a_platform_that_is_down_is_tried_again_with_backoff_and_shown(desk: Desk) -> None:
    desk.platform.down = True
    await desk.start()
    assert desk.state() is ChannelState.DOWN
    assert desk.health.retry_at is not None
    assert desk.health.retry_at > desk.clock.now()
    assert desk.supervisor.adapter("team") is None
    await desk.clock.advance(300)
    desk.platform.down = False
    await desk.clock.run_until(lambda: desk.state() is ChannelState.UP, limit=61)
    assert desk.health.fault is None


async def test_a_wrong_credential_is_shown_and_not_tried_again_until_a_person_says_so(desk: Desk) -> None:
    await desk.start(token="bad")
    assert desk.state() is ChannelState.MISCONFIGURED
    assert desk.health.fault == Fault(code="misconfigured", detail="the token is not valid", fix="set a new token")
    since = desk.health.since
    await desk.clock.advance(3600)
    assert desk.health.since == since
    assert await desk.supervisor.apply([desk.channel(token="good")]) == (
        "channel team restarted with its new settings",
    )
    await desk.clock.settle()
    assert desk.state() is ChannelState.UP


async def test_an_adapter_that_cannot_be_made_is_shown(desk: Desk) -> None:
    channel = ConfiguredChannel(name="team", adapter="telepathy", settings={})
    desk.supervisor.prepare([channel])
    await desk.supervisor.start()
    await desk.clock.settle()
    assert desk.state() is ChannelState.MISCONFIGURED
    assert desk.health.fault is not None
    assert "telepathy" in desk.health.fault.detail
    assert desk.health.fault.fix == "use one of: scripted"


async def test_a_fault_of_the_credential_that_a_lane_met_stops_sending_until_resumed(desk: Desk) -> None:
    await desk.start()
    told: list[str] = []
    desk.supervisor.subscribe(told.append)
    desk.supervisor.report("team", Fault(code="token_revoked"), stops=True)
    assert desk.state() is ChannelState.MISCONFIGURED
    assert desk.supervisor.adapter("team") is None
    assert told == ["team"]
    desk.hub.decide(PauseChannel(channel="team"))
    desk.hub.decide(PauseChannel(channel="team", paused=False))
    await desk.clock.settle()
    assert desk.state() is ChannelState.UP
    assert desk.supervisor.adapter("team") is not None


async def test_a_paused_channel_sends_nothing_and_goes_on_hearing(desk: Desk) -> None:
    await desk.start()
    outcome = desk.hub.decide(PauseChannel(channel="team"))
    assert isinstance(outcome, Accepted)
    assert desk.state() is ChannelState.PAUSED
    assert desk.supervisor.adapter("team") is None
    desk.platform.write("C0", "ana", "still here")
    await desk.clock.settle()
    assert desk.heard() == ["still here"]


async def test_reload_touches_only_what_differs(desk: Desk) -> None:
    await desk.start()
    kept = desk.supervisor.known("team")
    other = msgspec.structs.replace(desk.channel(), name="guild")
    assert await desk.supervisor.apply([desk.channel(), other]) == ("channel guild started",)
    await desk.clock.settle()
    assert desk.supervisor.known("team") is kept
    assert [health.state for health in desk.supervisor.health()] == [ChannelState.UP, ChannelState.UP]
    assert await desk.supervisor.apply([desk.channel()]) == ("channel guild stopped",)
    assert [health.name for health in desk.supervisor.health()] == ["team"]
    assert desk.supervisor.adapter("guild") is None


async def test_a_restart_of_a_channel_within_one_hub_keeps_its_epoch(desk: Desk) -> None:
    await desk.start()
    before = desk.directory.channel("team")
    await desk.supervisor.apply([desk.channel(token="good", note="changed")])
    await desk.clock.settle()
    assert before is not None
    assert desk.directory.channel("team") == before
    assert isinstance(before, ChannelRecord)
    assert before.epoch > 0


async def test_a_link_without_an_id_is_resolved_when_the_channel_connects(desk: Desk) -> None:
    desk.directory.apply([Link(id="lnk_9", room_id=ROOM.id, channel="team", label="#ops")])
    await desk.start()
    link = desk.directory.link("lnk_9")
    assert link is not None
    assert link.conversation == "#ops", "the scripted platform has names only"


async def test_a_disconnect_that_hangs_does_not_keep_the_hub_from_stopping(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.start()
    adapter = desk.supervisor.known("team")

    async def hang() -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(adapter, "disconnect", hang)
    stop = asyncio.ensure_future(desk.supervisor.stop())
    await desk.clock.run_until(stop.done, limit=10)
    assert desk.clock.monotonic() <= 6


async def test_events_that_wait_when_the_channel_stops_are_not_acknowledged(desk: Desk) -> None:
    await desk.start()
    await desk.cut()
    desk.platform.write("C0", "ana", "late")
    waiting = asyncio.ensure_future(desk.supervisor._runners["team"].receive(parse(desk.platform.log("C0", 0, 1)[0])))
    await desk.clock.settle()
    assert not waiting.done()
    await desk.supervisor.stop()
    assert "stops" in str((await asyncio.gather(waiting, return_exceptions=True))[0])
