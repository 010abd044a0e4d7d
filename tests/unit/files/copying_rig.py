"""A room with channels whose platforms hold files, the real deciders, and a clock that stands still until told."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence

from tests.unit.routing_lanes.memory_hub import MemoryBus, MemoryHub, key_of
from tests.unit.routing_lanes.rig import PRIYA, ROOM, SteadyChannels
from tieline.directory.memory import MemoryDirectory
from tieline.files.copying import Copying
from tieline.model.attachments import Attachment, FileSource, FileState, NativeFile
from tieline.model.channels import ChannelRecord
from tieline.model.commands import DeleteMessage, FinishAttachment, ReceiveEvent
from tieline.model.content import plain
from tieline.model.inbound import InboundMessage, NativeAuthor
from tieline.model.members import Actor, Level, Via
from tieline.model.outcome import Accepted
from tieline.model.rooms import Link
from tieline.ports.adapter import AdapterContext
from tieline.ports.deciding import Decision
from tieline.ports.files import Files
from tieline.ports.hub import Committed
from tieline.routing.deciders import deciders
from tieline.testing.clock import VirtualClock
from tieline.testing.files import MemoryFiles
from tieline.testing.scripted import ScriptedPlatform
from tieline.testing.scripted_adapter import ScriptedAdapter

ACTOR = Actor(member=PRIYA, level=Level.L4, via=Via.HTTP)
LIMIT = 25_000_000


class QuietBus(MemoryBus):
    """A bus that can be made to tell nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.quiet = False

    def publish(self, committed: Committed) -> None:
        if not self.quiet:
            super().publish(committed)


class RowsHub(MemoryHub):
    """The hub in memory, with the queue of attachments."""

    async def receiving(self, limit: int) -> Sequence[Attachment]:
        await asyncio.sleep(0)
        rows = self.find(Attachment)
        return [row for row in rows if row.state is FileState.RECEIVING and row.source is not None][:limit]

    async def expired_attachments(self, before: int, limit: int) -> Sequence[Attachment]:
        await asyncio.sleep(0)
        return [row for row in self.find(Attachment) if row.expires_at is not None and row.expires_at < before][:limit]

    def _apply(self, decision: Decision) -> None:
        for value in decision.drops:
            del self._rows[type(value)][key_of(value)]
        super()._apply(decision)


class Forever:
    """In a script: say nothing any more."""


class Stubborn:
    """In a script: say nothing any more, and do not listen when told to stop."""


FOREVER = Forever()
STUBBORN = Stubborn()
Step = bytes | Exception | Forever | Stubborn


class FetchingAdapter(ScriptedAdapter):
    """The scripted adapter with the ability to fetch: ``scripts`` has the steps of the next attempts at a file.

    A file without a script is ten bytes of its id. ``begun`` notes the attempts with their seconds.
    """

    def __init__(self, name: str, clock: VirtualClock) -> None:
        super().__init__(AdapterContext(channel=name, settings={"platform": ScriptedPlatform(clock)}, clock=clock))
        self.clock = clock
        self.scripts: dict[str, deque[Sequence[Step]]] = defaultdict(deque)
        self.begun: list[tuple[str, float]] = []
        self.most_at_once = 0
        self.at_work: set[str] = set()
        self.twice = False
        self.released = asyncio.Event()

    def script(self, file: str, *attempts: Sequence[Step]) -> None:
        self.scripts[file].extend(attempts)

    def seconds(self, file: str) -> list[float]:
        return [second for name, second in self.begun if name == file]

    async def fetch(self, source: FileSource) -> AsyncIterator[bytes]:
        file = source.file.id
        self.begun.append((file, self.clock.monotonic()))
        self.twice = self.twice or file in self.at_work
        self.at_work.add(file)
        self.most_at_once = max(self.most_at_once, len(self.at_work))
        try:
            steps = self.scripts[file].popleft() if self.scripts[file] else (file.encode() * 10,)
            for step in steps:
                await asyncio.sleep(0)
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, Forever):
                    await asyncio.Event().wait()
                elif isinstance(step, Stubborn):
                    await self._ignore_everybody()
                else:
                    yield step
        finally:
            self.at_work.discard(file)

    async def _ignore_everybody(self) -> None:
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                continue


class Rig:
    """Conversation ``C`` of each channel speaks into one room."""

    def __init__(self, *channels: str, files: Files | None = None) -> None:
        self.clock = VirtualClock()
        self.bus = QuietBus()
        links = [Link(id=f"lnk_{name}", room_id=ROOM.id, channel=name, conversation="C") for name in channels]
        records = [ChannelRecord(name=name, adapter="scripted", epoch=1) for name in channels]
        directory = MemoryDirectory([PRIYA, ROOM, *links, *records])
        self.hub = RowsHub(self.clock, deciders(), directory, self.bus)
        self.channels = SteadyChannels()
        self.adapters = {name: FetchingAdapter(name, self.clock) for name in channels}
        self.channels.adapters.update(self.adapters)
        self.files: Files = files or MemoryFiles()
        self.copying = self.make()
        self._numbers = itertools.count(1)

    def make(self) -> Copying:
        return Copying(
            hub=self.hub,
            reader=self.hub,
            files=self.files,
            channels=self.channels,
            bus=self.bus,
            clock=self.clock,
            max_size=LIMIT,
        )

    async def restart(self) -> None:
        await self.copying.stop()
        self.copying = self.make()
        await self.copying.start()

    def hear(self, channel: str, *files: str, size: int | None = None) -> list[str]:
        """A message with files is written on a platform; answers the attachments' ids."""
        known = {row.id for row in self.hub.find(Attachment)}
        event = InboundMessage(
            conversation="C",
            native_id=str(next(self._numbers)),
            author=NativeAuthor(native_id="U1", display="Alice"),
            content=plain("look"),
            sent_at=self.clock.now(),
            files=tuple(NativeFile(id=file, name=f"{file}.pdf", mime="application/pdf", size=size) for file in files),
        )
        outcome = self.hub.decide(ReceiveEvent(channel=channel, event=event))
        assert isinstance(outcome, Accepted), outcome
        return [row.id for row in self.hub.find(Attachment) if row.id not in known]

    def delete_message_of(self, attachment: str) -> None:
        message = self.row(attachment).message_id
        assert message is not None
        assert isinstance(self.hub.decide(DeleteMessage(actor=ACTOR, message_id=message)), Accepted)

    def row(self, attachment: str) -> Attachment:
        found = self.hub.get(Attachment, attachment)
        assert found is not None
        return found

    def settled(self) -> bool:
        return all(row.state is not FileState.RECEIVING or row.source is None for row in self.hub.find(Attachment))

    def finished(self) -> list[FinishAttachment]:
        return [command for command in self.hub.executed if isinstance(command, FinishAttachment)]
