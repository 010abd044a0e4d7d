"""The same lanes on the real store, with the real supervisor: journeys from a post to what people see, and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from tieline.directory.deciders import deciders as directory_deciders
from tieline.directory.memory import MemoryDirectory
from tieline.model.commands import CreateLink, CreateRoom, EditMessage, PostMessage, RetryDelivery
from tieline.model.delivery import Delivery, DeliveryState
from tieline.model.message import Message
from tieline.model.outcome import Accepted
from tieline.plugins.runner import ConfiguredChannel, Inside
from tieline.plugins.supervisor import Supervisor
from tieline.ports.local_bus import LocalBus
from tieline.ports.reading import DeliveryFilter, Page
from tieline.routing.deciders import deciders as routing_deciders
from tieline.routing.lanes import Lanes
from tieline.routing.outbox import Outbox
from tieline.store import Store
from tieline.store.migrating import migrate
from tieline.testing import scripted
from tieline.testing.clock import VirtualClock
from tieline.testing.files import MemoryFiles
from tieline.testing.scripted import ScriptedPlatform
from tieline.testing.scripted_adapter import MANIFEST

CHANNELS = ("slack", "guild")


class Studio:
    """A hub on a database file; ``running`` starts and stops it, what is on the platforms stays."""

    def __init__(self, file: Path) -> None:
        self.url = f"sqlite:///{file}"
        self.clock = VirtualClock(patience=30)
        self.platforms = {name: ScriptedPlatform(self.clock) for name in CHANNELS}
        self.store: Store
        self.lanes: Lanes
        self.supervisor: Supervisor

    @asynccontextmanager
    async def running(self, *, grace: float = 0.5) -> AsyncIterator[None]:
        directory, bus = MemoryDirectory(), LocalBus()
        deciders = {**routing_deciders(), **directory_deciders()}
        self.store = Store(self.url, directory=directory, deciders=deciders, bus=bus, clock=self.clock)
        await self.store.start()
        hub, reader = self.store.hub, self.store.reader
        inside = Inside(hub=hub, reader=reader, directory=directory, clock=self.clock, random=Random(1))
        self.supervisor = Supervisor(inside, bus, {"scripted": MANIFEST})
        self.supervisor.prepare(
            ConfiguredChannel(name=name, adapter="scripted", settings={"platform": self.platforms[name]})
            for name in CHANNELS
        )
        outbox = Outbox(
            hub=hub,
            reader=reader,
            directory=directory,
            channels=self.supervisor,
            clock=self.clock,
            files=MemoryFiles(),
            random=Random(2),
        )
        self.lanes = Lanes(outbox, bus)
        await self.lanes.start()
        await self.supervisor.start()
        try:
            yield
        finally:
            await self.lanes.stop(grace=grace)
            await self.supervisor.stop()
            await self.store.close()

    async def execute(self, command: object) -> object:
        outcome = await self.store.hub.execute(command)  # type: ignore[arg-type]
        assert isinstance(outcome, Accepted), outcome
        return outcome.value

    async def furnish(self) -> None:
        await self.execute(CreateRoom(name="dj-waste"))
        for name in CHANNELS:
            await self.execute(CreateLink(room="dj-waste", channel=name, conversation="C0"))

    async def post(self, text: str) -> Message:
        value = await self.execute(PostMessage(room="dj-waste", text=text))
        assert isinstance(value, Message)
        return value

    async def deliveries(self, channel: str) -> list[Delivery]:
        return list(await self.store.reader.deliveries(DeliveryFilter(channel=channel), Page(limit=500)))

    async def until(self, done: Callable[[], Awaitable[bool]], limit: float = 3600.0) -> None:
        """Let virtual time pass until the database says so."""
        reached = asyncio.Event()

        async def ask() -> None:
            while not await done():  # noqa: ASYNC110 - it asks a database
                await asyncio.sleep(0.005)
            reached.set()

        task = asyncio.ensure_future(ask())
        try:
            await self.clock.run_until(reached.is_set, limit=limit)
        finally:
            task.cancel()

    async def all_final(self) -> bool:
        rows = [row for name in CHANNELS for row in await self.deliveries(name)]
        return bool(rows) and all(row.state.is_final for row in rows)

    def texts(self, channel: str) -> list[str]:
        return self.platforms[channel].texts("C0")


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    file = tmp_path / "tieline.db"
    migrate(f"sqlite:///{file}")
    return Studio(file)


async def test_a_post_is_shown_on_every_channel_and_an_edit_after_a_restart_finds_it(studio: Studio) -> None:
    async with studio.running():
        await studio.furnish()
        message = await studio.post("frist")
        await studio.until(studio.all_final)
    async with studio.running():
        await studio.execute(EditMessage(message_id=message.id, text="first"))
        await studio.until(studio.all_final)
        assert studio.texts("slack") == studio.texts("guild") == ["first"]


async def test_what_people_write_on_one_channel_is_shown_on_the_other_and_never_comes_back(studio: Studio) -> None:
    async with studio.running():
        await studio.furnish()
        await studio.clock.run_until(lambda: studio.supervisor.adapter("slack") is not None)
        studio.platforms["slack"].write("C0", "ana", "hello from slack")
        await studio.clock.run_until(lambda: studio.texts("guild") != [])
        await studio.until(studio.all_final)
        await studio.clock.advance(60)
        assert studio.texts("slack") == ["hello from slack"]
        assert len(studio.texts("guild")) == 1
        assert await studio.deliveries("slack") == []


async def test_lost_answers_and_faults_on_one_channel_show_each_message_once_in_order(studio: Studio) -> None:
    async with studio.running():
        await studio.furnish()
        platform = studio.platforms["slack"]
        platform.script(
            scripted.LOST_ANSWER, scripted.OK, scripted.throttled("30"), scripted.BROKEN, scripted.GARBAGE, scripted.OK
        )
        for number in range(10):
            await studio.post(f"m{number}")
        await studio.until(studio.all_final)
        assert studio.texts("slack") == studio.texts("guild") == [f"m{number}" for number in range(10)]


async def test_a_hub_that_ends_in_the_middle_of_a_send_looks_it_up_when_it_is_back(studio: Studio) -> None:
    async with studio.running(grace=0):
        await studio.furnish()
        studio.platforms["slack"].script(scripted.slow(20))
        await studio.post("hello")
        await studio.clock.run_until(lambda: studio.platforms["slack"].count() == 1)
        (delivery,) = await studio.deliveries("slack")
        assert delivery.state is DeliveryState.SENDING
    async with studio.running():
        await studio.until(studio.all_final)
        assert studio.texts("slack") == ["hello"]
        names = [name for _, name, _ in studio.platforms["slack"].calls]
        assert names[1] == "find", "before anything is sent again"


async def test_a_dead_letter_is_retried_late_and_the_channel_beside_it_never_noticed(studio: Studio) -> None:
    async with studio.running():
        await studio.furnish()
        studio.platforms["slack"].poison("m0")
        for number in range(3):
            await studio.post(f"m{number}")
        await studio.until(studio.all_final)
        assert studio.texts("slack") == ["m1", "m2"]
        assert studio.texts("guild") == ["m0", "m1", "m2"]
        dead = (await studio.deliveries("slack"))[0]
        assert dead.state is DeliveryState.FAILED
        studio.platforms["slack"]._poison.clear()
        await studio.execute(RetryDelivery(delivery_id=dead.id))
        await studio.until(studio.all_final)
        assert studio.texts("slack")[-1].endswith("m0")
        assert "late" in studio.texts("slack")[-1]


async def test_what_was_written_while_the_hub_was_off_arrives_once_before_what_comes_after(studio: Studio) -> None:
    async with studio.running():
        await studio.furnish()
        await studio.clock.run_until(lambda: studio.supervisor.adapter("slack") is not None)
        studio.platforms["slack"].write("C0", "ana", "one")
        await studio.clock.run_until(lambda: len(studio.texts("guild")) == 1)
        await studio.until(studio.all_final)
    for number in range(45):
        studio.platforms["slack"].write("C0", "ana", f"away {number}")
    async with studio.running():
        await studio.clock.run_until(lambda: studio.supervisor.adapter("slack") is not None)
        studio.platforms["slack"].write("C0", "ana", "back")
        await studio.clock.run_until(lambda: len(studio.texts("guild")) == 47)
        wanted = ["one", *[f"away {number}" for number in range(45)], "back"]
        assert [text.rpartition(" says: ")[2] for text in studio.texts("guild")] == wanted
