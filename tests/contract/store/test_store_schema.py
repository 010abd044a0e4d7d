"""Schema and migrations on both databases."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.contract.store.harness import Open, Place
from tests.services.postgres import Postgres
from tieline.errors import StoreError
from tieline.store.database import locate, open_engine
from tieline.store.migrating import migrate, schema_state
from tieline.store.schema import HEAD, REVISIONS, SchemaState
from tieline.store.tables import Row


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that has nothing yet; the SQLite one has not even a folder."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'tieline.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.url(server.database())


def test_the_tables_and_the_migrations_agree(place: Place) -> None:
    with open_engine(locate(place.url), writing=False).connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Row.metadata) == []


def test_the_list_of_revisions_is_that_of_the_folder() -> None:
    config = Config()
    config.set_main_option("script_location", "tieline.store:migrations")
    config.set_main_option("path_separator", "os")
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert steps[::-1] == list(REVISIONS)


async def test_an_empty_database_is_migrated_and_a_current_one_left_alone(empty_url: str, opening: Open) -> None:
    lines: list[str] = []
    assert schema_state(empty_url) is SchemaState.EMPTY
    assert migrate(empty_url, progress=lines.append) is SchemaState.EMPTY
    assert schema_state(empty_url) is SchemaState.CURRENT
    assert migrate(empty_url, progress=lines.append) is SchemaState.CURRENT
    assert "current" in lines[-1]
    await opening(Place("any", empty_url))
    assert migrate(empty_url) is SchemaState.CURRENT  # while a hub runs: nothing is done, nothing is locked


async def test_a_store_does_not_open_what_is_not_migrated(empty_url: str, opening: Open) -> None:
    with pytest.raises(StoreError) as refused:
        await opening(Place("any", empty_url))
    assert refused.value.fix == "run: tieline migrate"


async def test_a_newer_database_is_refused_by_all(place: Place, opening: Open) -> None:
    set_revision(place, "9999")
    assert schema_state(place.url) is SchemaState.NEWER
    with pytest.raises(StoreError, match="newer than this Tieline"):
        migrate(place.url)
    with pytest.raises(StoreError, match="newer than this Tieline") as refused:
        await opening(place)
    assert "install the newer Tieline" in refused.value.fix


def set_revision(place: Place, revision: str) -> None:
    engine = open_engine(locate(place.url), writing=True)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    engine.dispose()


def test_an_older_file_is_copied_before_its_migration(
    sqlite_place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There is one step so far: an older database is one whose known first step is followed by another."""
    lines: list[str] = []
    monkeypatch.setattr("tieline.store.schema.REVISIONS", ("0000", HEAD))
    set_revision(sqlite_place, "0000")
    assert schema_state(sqlite_place.url) is SchemaState.BEHIND
    with pytest.raises(StoreError, match="migration failed"):
        migrate(sqlite_place.url, progress=lines.append)  # Alembic knows no 0000: the step fails, the copy is there
    assert schema_state(sqlite_place.url) is SchemaState.BEHIND
    copy = tmp_path / f"tieline.db.before-{HEAD}"
    assert str(copy) in lines[0]
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT version_num FROM alembic_version").fetchone() == ("0000",)
    with pytest.raises(StoreError, match="migration failed"):
        migrate(sqlite_place.url)
    assert copy.with_name(copy.name + ".2").exists()


def test_a_migration_killed_in_the_middle_leaves_no_half_schema(tmp_path: Path) -> None:
    """F2: mid-migration."""
    url = f"sqlite:///{tmp_path / 'tieline.db'}"
    program = (
        "import os, signal, sys\n"
        "from alembic.operations import Operations\n"
        "from tieline.store.migrating import migrate\n"
        "real = Operations.create_table\n"
        "def create_table(self, name, *rest, **more):\n"
        "    name == 'messages' and os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(self, name, *rest, **more)\n"
        "import alembic.op\n"
        "alembic.op.create_table = lambda name, *rest, **more: create_table(alembic.op._proxy, name, *rest, **more)\n"
        "migrate(sys.argv[1])\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, url], check=False)
    assert killed.returncode == -9
    assert schema_state(url) is SchemaState.EMPTY
    migrate(url)
    assert schema_state(url) is SchemaState.CURRENT


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://root@host/db", "not a url"])
def test_a_url_of_another_kind_is_refused_with_the_forms_there_are(url: str) -> None:
    with pytest.raises(StoreError) as refused:
        schema_state(url)
    assert "sqlite:///data/tieline.db" in refused.value.fix


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tieline.db"
    file.write_text("this is not a database, it only looks like a file" * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        schema_state(f"sqlite:///{file}")


def test_starting_a_store_does_not_load_alembic() -> None:
    """Start-up time (performance line 11)."""
    program = "import sys, tieline.store; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_password_of_a_url_is_not_shown() -> None:
    assert "secret" not in locate("postgresql://tieline:secret@host/name").shown
