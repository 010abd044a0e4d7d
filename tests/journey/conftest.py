"""A studio: the real store with the real deciders, on SQLite and on PostgreSQL, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.services.databases import database, migrated_file, postgres
from tests.services.studio import Studio
from tieline.directory import MemoryDirectory
from tieline.directory import deciders as directory_deciders
from tieline.ports.clock import SystemClock
from tieline.ports.local_bus import LocalBus
from tieline.routing.deciders import deciders as routing_deciders
from tieline.store import Store

__all__ = ["database", "migrated_file", "postgres"]


@pytest.fixture
async def studio(database: str) -> AsyncIterator[Studio]:
    directory = MemoryDirectory()
    bus = LocalBus()
    deciders = {**directory_deciders(), **routing_deciders()}
    store = Store(database, directory=directory, deciders=deciders, bus=bus, clock=SystemClock())
    await store.start()
    made = Studio(store=store, directory=directory)
    bus.subscribe(made.heard.append)
    yield made
    await store.close()
