"""Two databases, one suite: every test of this folder that asks for `place` or `stores` runs on both."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.contract.store.harness import WAIT, Open, Opened, Place
from tests.contract.store.small_deciders import DECIDERS
from tests.services.databases import TEMPLATE, migrated_file, postgres
from tests.services.postgres import Postgres
from tieline.directory.memory import MemoryDirectory
from tieline.ports.clock import SystemClock
from tieline.ports.local_bus import LocalBus
from tieline.store import Store
from tieline.store.writer import Fault

__all__ = ["migrated_file", "postgres"]


@pytest.fixture
def sqlite_place(migrated_file: Path, tmp_path: Path) -> Place:
    file = tmp_path / "tieline.db"
    shutil.copy(migrated_file, file)
    return Place("sqlite", f"sqlite:///{file}", file=file)


@pytest.fixture
def postgres_place(postgres: Postgres) -> Place:
    return Place("postgresql", postgres.url(postgres.database(TEMPLATE)), server=postgres)


@pytest.fixture(params=["sqlite_place", "postgres_place"], ids=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Place:
    """A migrated, empty database: the test runs once on each kind."""
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest_asyncio.fixture
async def opening() -> AsyncIterator[Open]:
    """Open stores that are closed when the test ends."""
    opened: list[Opened] = []

    async def open_store(where: Place, *, fault: Fault | None = None, busy: float = 5.0) -> Opened:
        directory = MemoryDirectory()
        bus = LocalBus()
        store = Store(
            where.url, directory=directory, deciders=DECIDERS, bus=bus, clock=SystemClock(), fault=fault, busy=busy
        )
        await store.start()
        result = Opened(store, directory)
        bus.subscribe(result.hear)
        opened.append(result)
        return result

    yield open_store
    for each in opened:
        await asyncio.wait_for(each.store.close(), WAIT)


@pytest_asyncio.fixture
async def opened(place: Place, opening: Open) -> Opened:
    """A running store on the test's database."""
    return await opening(place)
