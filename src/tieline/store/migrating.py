"""Bring a database to this program's schema; the only module that loads Alembic, and only when it has work.

Rule: all steps run in one transaction, so a kill in the middle leaves the old schema; an SQLite file that has content
is copied beside itself before the first step. Not promised: a way back down; restore the copy. Next stop:
``store/migrations``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from tieline.errors import StoreError
from tieline.store.database import Location, explain, locate, make_folder, open_engine
from tieline.store.holding import file_lock
from tieline.store.schema import HEAD, SchemaState, compare, refuse_newer, revision_of

Progress = Callable[[str], None]


def schema_state(url: str) -> SchemaState:
    """How the database's schema compares with this program's; raises :class:`StoreError` if it does not answer."""
    location = locate(url)
    if location.file is not None and not location.file.exists():
        return SchemaState.EMPTY
    return compare(_revision(location))


def _revision(location: Location) -> str | None:
    engine = open_engine(location, writing=False)
    try:
        with engine.connect() as connection:
            return revision_of(connection)
    except SQLAlchemyError as error:
        raise explain(error) from error
    finally:
        engine.dispose()


def migrate(url: str, *, progress: Progress = lambda _line: None) -> SchemaState:
    """Bring the schema to head; the answer is what it was before. Nothing to do: nothing is done or locked.

    Raises :class:`StoreError` if the database is newer than this program, if a hub works on it, or if it refuses.
    """
    location = locate(url)
    before = schema_state(url)
    if before is SchemaState.CURRENT:
        progress(f"{location.shown} is current ({HEAD})")
        return before
    if location.file is None:
        _upgrade(location, progress)
        return before
    make_folder(location.file)
    with file_lock(location.file):
        if before is not SchemaState.EMPTY:
            refuse_newer(_revision(location))
            _keep_copy(location, progress)
        _upgrade(location, progress)
    return before


def _keep_copy(location: Location, progress: Progress) -> None:
    from tieline.store.backup import copy_sqlite  # noqa: PLC0415 - only an upgrade needs it

    if location.file is None:
        return
    target = _free(location.file.with_name(f"{location.file.name}.before-{HEAD}"))
    copy_sqlite(location.file, target)
    progress(f"kept a copy of the old database as {target}")


def _free(path: Path) -> Path:
    """``path``, or ``path.2``, ``path.3`` …: an older copy is never overwritten."""
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.name}.{number}")
        number += 1
    return free


def _upgrade(location: Location, progress: Progress) -> None:
    from alembic.util.exc import CommandError  # noqa: PLC0415 - costs a tenth of a second

    engine = open_engine(location, writing=True)
    try:
        with engine.begin() as connection:
            _run_steps(connection, location, progress)
    except SQLAlchemyError as error:
        raise explain(error) from error
    except CommandError as error:
        raise StoreError(f"the migration failed: {error}", fix="the database is as it was; report this") from error
    finally:
        engine.dispose()
    progress(f"{location.shown} is at {HEAD}")


def _run_steps(connection: Connection, location: Location, progress: Progress) -> None:
    from alembic import command  # noqa: PLC0415 - costs a tenth of a second
    from alembic.config import Config  # noqa: PLC0415

    if location.file is None:  # two programs that migrate at once take turns
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7438346700)")
    revision = revision_of(connection)
    refuse_newer(revision)
    progress(f"{location.shown}: {revision or 'empty'} → {HEAD}")
    config = Config()
    config.set_main_option("script_location", "tieline.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
