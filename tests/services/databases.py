"""A migrated, empty database for each test, on SQLite and on PostgreSQL: import the fixtures into a conftest."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.services.postgres import Postgres, programs
from tieline.store.migrating import migrate

TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def postgres(missing_server: Callable[[str], NoReturn]) -> Iterator[Postgres]:
    """A server with a migrated template database."""
    if programs() is None:
        missing_server("PostgreSQL's server programs (initdb, pg_ctl)")
    with Postgres() as server:
        server.sql(f"CREATE DATABASE {TEMPLATE}")
        migrate(server.url(TEMPLATE))
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("migrated") / "tieline.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated, empty database; the test runs once on each kind."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.url(server.database(TEMPLATE))
    file = tmp_path / "hub.db"
    shutil.copy(request.getfixturevalue("migrated_file"), file)
    return f"sqlite:///{file}"
