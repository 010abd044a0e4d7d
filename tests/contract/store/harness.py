"""A database of the test's own, and a running store on it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.postgres import Postgres
from tieline.directory.memory import MemoryDirectory
from tieline.model.commands import Command
from tieline.model.outcome import Outcome
from tieline.ports.hub import Committed
from tieline.store import Store

WAIT = 30.0


@dataclass
class Place:
    """A database of the test's own."""

    kind: str
    url: str
    file: Path | None = None
    server: Postgres | None = None


@dataclass
class Opened:
    """A running store and what its bus has told."""

    store: Store
    directory: MemoryDirectory
    heard: list[Committed] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, committed: Committed) -> None:
        """Listens to the bus."""
        self.heard.append(committed)
        self.news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition that commits bring about."""
        while not condition():
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), WAIT)

    async def execute(self, command: Command) -> Outcome:
        return await asyncio.wait_for(self.store.hub.execute(command), WAIT)

    async def together(self, *commands: Command) -> list[Outcome | BaseException]:
        """Execute commands that are queued in one turn of the loop, so that they share a batch."""
        running = (asyncio.ensure_future(self.store.hub.execute(command)) for command in commands)
        return await asyncio.wait_for(asyncio.gather(*running, return_exceptions=True), WAIT)

    def heard_events(self, stream: str) -> list[int]:
        return [event.seq for committed in self.heard for event in committed.events if event.stream == stream]


Open = Callable[..., Awaitable[Opened]]
