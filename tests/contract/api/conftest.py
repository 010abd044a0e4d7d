"""A hub of its own for every test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.contract.api.house import House, furnish, migrated, open_house


@pytest.fixture(scope="session")
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("api") / "tieline.db"
    migrated(file)
    return file


@pytest.fixture
def database(migrated_once: Path, tmp_path: Path) -> str:
    """The address of a migrated, empty database."""
    shutil.copy(migrated_once, tmp_path / "tieline.db")
    return f"sqlite:///{tmp_path / 'tieline.db'}"


@pytest_asyncio.fixture
async def house(database: str) -> AsyncIterator[House]:
    async with open_house(database) as opened:
        await furnish(opened)
        yield opened
