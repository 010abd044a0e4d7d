"""The durable state: one writer, many readers, SQLite or PostgreSQL behind one interface.

Rule: everything that is written goes through :attr:`Store.hub`; nothing of SQLAlchemy leaves this package. Not
promised: two active hubs on one database; the second is refused and told who holds it. Start reading at
:mod:`tieline.store.writer`; ``docs/store.md`` says what is where.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tieline.errors import StoreError
from tieline.model.base import Value
from tieline.ports.clock import Clock
from tieline.ports.deciding import Deciders
from tieline.ports.directory import Directory
from tieline.ports.hub import Bus, Hub
from tieline.ports.reading import Reader
from tieline.store.database import BUSY_SECONDS, locate
from tieline.store.reader import StoreReader
from tieline.store.session import Session
from tieline.store.writer import Fault, Writer


class Store:
    """A database opened by the one hub that works on it.

    ``url`` is ``sqlite:///path/to/file.db`` or ``postgresql://…``; ``busy`` the seconds to wait for a lock of somebody
    else's on SQLite; ``fault`` is called at :data:`tieline.store.writer.FAULT_POINTS` (tests only).
    """

    def __init__(
        self,
        url: str,
        *,
        directory: Directory,
        deciders: Deciders,
        bus: Bus,
        clock: Clock,
        fault: Fault | None = None,
        busy: float = BUSY_SECONDS,
    ) -> None:
        self._location = locate(url)
        self._directory = directory
        self._clock = clock
        self._session = Session(self._location, busy=busy)
        self._writer = Writer(self._session, deciders=deciders, directory=directory, bus=bus, clock=clock, fault=fault)
        self._reader: StoreReader | None = None
        self._rows: Sequence[Value] = ()

    async def start(self) -> None:
        """Open, take the lock, check the schema, fill the directory, begin to write.

        Raises :class:`StoreError` where another hub holds the database (and names it), where it has to be migrated,
        is newer than this program, or does not answer.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._session.open, self._clock.now())
        self._reader = StoreReader(self._location)
        try:
            self._rows = await self._reader.directory_rows()
            self._directory.apply(self._rows)
        except BaseException:
            await self._reader.close()
            self._session.close()
            raise
        self._writer.start()

    async def close(self) -> None:
        """Carry out what was queued, then let the database go. Harmless if it was never started, or twice."""
        self._session.hurry()
        await self._writer.close()
        if self._reader is not None:
            await self._reader.close()
            self._reader = None
        self._session.close()

    @property
    def hub(self) -> Hub:
        """The one door."""
        return self._writer

    @property
    def reader(self) -> Reader:
        """Reads of committed state; raises :class:`StoreError` before :meth:`start`."""
        if self._reader is None:
            raise StoreError("the store is not open")
        return self._reader

    @property
    def epoch(self) -> int:
        """Raised by one at each start; lanes check it with every write."""
        return self._session.epoch

    def directory_rows(self) -> list[Value]:
        """What the directory was filled with at the start."""
        return list(self._rows)


__all__ = ["Store", "StoreError"]
