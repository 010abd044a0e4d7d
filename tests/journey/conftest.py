"""A studio: the real store with the real deciders on a temporary SQLite file, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.studio import Studio
from tieline.directory import MemoryDirectory
from tieline.directory import deciders as directory_deciders
from tieline.ports.clock import SystemClock
from tieline.ports.local_bus import LocalBus
from tieline.routing.deciders import deciders as routing_deciders
from tieline.store import Store
from tieline.store.migrating import migrate


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    url = f"sqlite:///{tmp_path}/hub.db"
    migrate(url)
    directory = MemoryDirectory()
    bus = LocalBus()
    deciders = {**directory_deciders(), **routing_deciders()}
    store = Store(url, directory=directory, deciders=deciders, bus=bus, clock=SystemClock())
    await store.start()
    made = Studio(store=store, directory=directory)
    bus.subscribe(made.heard.append)
    yield made
    await store.close()
