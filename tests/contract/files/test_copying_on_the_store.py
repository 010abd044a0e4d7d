"""The copying worker on the real store, both databases: a hub that is killed in the middle fetches what was left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.services.databases import database, migrated_file, postgres
from tests.unit.files.copying_rig import FOREVER, LIMIT, FetchingAdapter
from tests.unit.routing_lanes.rig import SteadyChannels
from tieline.directory.deciders import deciders as directory_deciders
from tieline.directory.memory import MemoryDirectory
from tieline.files.copying import Copying
from tieline.files.local import LocalFiles
from tieline.files.sweeping import sweep
from tieline.model.attachments import Attachment, FileState, NativeFile
from tieline.model.commands import (
    CreateAttachment,
    CreateLink,
    CreateRoom,
    DeleteMessage,
    ReceiveEvent,
    RegisterChannel,
)
from tieline.model.content import plain
from tieline.model.inbound import InboundMessage, NativeAuthor, Receipt
from tieline.model.outcome import Accepted
from tieline.ports.local_bus import LocalBus
from tieline.routing.deciders import deciders as routing_deciders
from tieline.store import Store
from tieline.testing.clock import VirtualClock

__all__ = ["database", "migrated_file", "postgres"]


def everything(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if not path.is_dir()]


class House:
    """A hub on a database; ``running`` starts and stops it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.clock = VirtualClock(patience=30)
        self.adapter = FetchingAdapter("slack", self.clock)
        self.channels = SteadyChannels()
        self.channels.adapters["slack"] = self.adapter
        self.files = LocalFiles(folder)
        self.store: Store
        self.copying: Copying

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        directory, bus = MemoryDirectory(), LocalBus()
        deciders = {**routing_deciders(), **directory_deciders()}
        self.store = Store(self.url, directory=directory, deciders=deciders, bus=bus, clock=self.clock)
        await self.store.start()
        self.copying = Copying(
            hub=self.store.hub,
            reader=self.store.reader,
            files=self.files,
            channels=self.channels,
            bus=bus,
            clock=self.clock,
            max_size=LIMIT,
        )
        await self.copying.start()
        try:
            yield
        finally:
            await self.copying.stop()
            await self.store.close()

    async def execute(self, command: object) -> object:
        outcome = await self.store.hub.execute(command)  # type: ignore[arg-type]
        assert isinstance(outcome, Accepted), outcome
        return outcome.value

    async def furnish(self) -> None:
        await self.execute(RegisterChannel(name="slack", adapter="scripted", bump=True))
        await self.execute(CreateRoom(name="dj-waste"))
        await self.execute(CreateLink(room="dj-waste", channel="slack", conversation="C"))

    async def hear(self, *files: str) -> str:
        """A message with files; answers its id."""
        event = InboundMessage(
            conversation="C",
            native_id=files[0],
            author=NativeAuthor(native_id="U1", display="Alice"),
            content=plain("look"),
            sent_at=self.clock.now(),
            files=tuple(NativeFile(id=file, name=f"{file}.pdf", mime="application/pdf") for file in files),
        )
        receipt = await self.execute(ReceiveEvent(channel="slack", event=event))
        assert isinstance(receipt, Receipt)
        assert receipt.message_id is not None
        self.copying.wake()
        return receipt.message_id

    async def states(self, message: str) -> list[FileState]:
        found = await self.store.reader.message(message)
        assert found is not None
        return [file.state for file in found.attachments]

    async def until(self, message: str, *states: FileState) -> None:
        """Let time pass until the files of a message are so."""
        async with asyncio.timeout(20):
            while await self.states(message) != list(states):
                await self.clock.advance(0.5)
                await asyncio.sleep(0.005)

    async def content(self, message: str) -> list[bytes]:
        found = await self.store.reader.message(message)
        assert found is not None
        return [b"".join([piece async for piece in self.files.read(file.id)]) for file in found.attachments]


@pytest.fixture
def house(database: str, tmp_path: Path) -> House:
    return House(database, tmp_path / "files")


async def test_files_that_were_left_in_the_middle_are_fetched_after_a_restart(house: House) -> None:
    house.adapter.script("F1", [b"half", FOREVER])
    async with house.running():
        await house.furnish()
        message = await house.hear("F1", "F2")
        await house.until(message, FileState.RECEIVING, FileState.READY)
    async with house.running():
        await house.until(message, FileState.READY, FileState.READY)
        assert await house.content(message) == [b"F1" * 10, b"F2" * 10]
    assert sorted(name for name, _ in house.adapter.begun) == ["F1", "F1", "F2"]


async def test_the_sweep_drops_files_of_deleted_messages_and_forgotten_uploads(house: House) -> None:
    async with house.running():
        await house.furnish()
        message = await house.hear("F1")
        await house.until(message, FileState.READY)
        reader, hub = house.store.reader, house.store.hub
        found = await reader.message(message)
        assert found is not None
        upload = await house.execute(CreateAttachment(name="a.txt", mime="text/plain", keep=1000))
        assert isinstance(upload, Attachment)
        await house.execute(DeleteMessage(message_id=message))
        await house.clock.advance(2)
        assert await sweep(hub, reader, house.files, house.clock) == 2
        assert await reader.attachment(found.attachments[0].id) is None
        assert await reader.attachment(upload.id) is None
        assert everything(house.files._folder) == []
