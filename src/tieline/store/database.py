"""Where the database is, how a connection to it is opened, and what its errors mean.

Rule: a driver's error leaves this package only as :class:`StoreError` or :class:`HubBusy`, with what a person can do.
Not promised: an in-memory SQLite database; readers and writer need two connections. Next stop:
:mod:`tieline.store.session`.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from tieline.errors import HubBusy, StoreError
from tieline.store.sql import Dialect, PostgreSQL, SQLite

BUSY_SECONDS = 5.0
"""How long SQLite waits for somebody else's lock before it refuses."""

_CONNECT_SECONDS = 5
_FORMS = "sqlite:///data/tieline.db or postgresql://user@host/name"
_REFUSED = {
    "file is not a database": "hub.database names another kind of file: name a new one",
    "unable to open database file": "hub.database must name a file, in a folder that this user may write to",
    "attempt to write a readonly database": "let this user write to the file of hub.database and to its folder",
}
"""What SQLite says, and what helps."""


@dataclass(frozen=True)
class Location:
    """A database: its URL for SQLAlchemy, how to speak to it and, for SQLite, its file."""

    url: URL
    dialect: Dialect
    file: Path | None

    @property
    def shown(self) -> str:
        """The URL without its password."""
        plain = self.url.set(drivername=self.url.get_backend_name())
        return plain.render_as_string(hide_password=True)


def locate(url: str) -> Location:
    """Read a database URL; raises :class:`StoreError` that names the two forms there are."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("the database URL cannot be read", fix=f"write {_FORMS}") from error
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            return Location(parsed.set(drivername="sqlite+pysqlite"), SQLite(), Path(parsed.database))
        case "postgresql" | "postgres":
            return Location(parsed.set(drivername="postgresql+psycopg"), PostgreSQL(), None)
        case name:
            raise StoreError(f"no database of Tieline's: {name or url}", fix=f"write {_FORMS}")


def make_folder(file: Path) -> None:
    """Make the folder of a database file. Raises :class:`StoreError`."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        fix = "name a file in a folder of your own in hub.database"
        raise StoreError(f"the database's folder {file.parent} cannot be made: {reason}", fix=fix) from error


def open_engine(location: Location, *, writing: bool, busy: float = BUSY_SECONDS) -> Engine:
    """An engine whose connections are not pooled; ``writing`` ones take SQLite's write lock as they begin."""
    if location.file is not None:
        return _sqlite_engine(location.url, writing=writing, busy=busy)
    try:
        return create_engine(
            location.url,
            poolclass=NullPool,
            connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "tieline"},
        )
    except ModuleNotFoundError as error:
        raise StoreError("PostgreSQL needs its driver", fix="install tieline[postgres]") from error


def _sqlite_engine(url: URL, *, writing: bool, busy: float) -> Engine:
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": busy, "check_same_thread": False})

    def prepare(raw: Any, _record: object) -> None:  # noqa: ANN401 - a driver's connection
        raw.isolation_level = None  # we say when a transaction begins, not the driver
        for pragma in _pragmas(writing=writing):
            raw.execute(f"PRAGMA {pragma}").close()

    def start(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", prepare)
    if writing:  # a reader's statement is its own transaction: it always sees the latest commit
        event.listen(engine, "begin", start)
    return engine


def _pragmas(*, writing: bool) -> tuple[str, ...]:
    if not writing:
        return ("query_only = ON",)
    # FULL: an acknowledged message survives a power cut. 1000 pages: a longer WAL makes readers and check-points slow.
    return ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 1000", "cache_size = -65536")


def explain(error: SQLAlchemyError) -> StoreError:
    """What a database's error means for the caller. Only for errors after which certainly nothing was written."""
    cause = str(getattr(error, "orig", None) or error).strip()
    line = cause.splitlines()[0] if cause else type(error).__name__
    if "database is locked" in line or "database table is locked" in line:
        return HubBusy("the database is locked by another program", fix="close what else writes to the database")
    if is_full(error):
        return HubBusy("there is no space left for the database", retry_after=5.0, fix="free space on its disk")
    if is_lost(error):
        return HubBusy("the database does not answer", fix=f"start it, or mend the way to it: {line}")
    return StoreError(
        f"the database refused: {line}", fix=_REFUSED.get(line, "see the logs of the hub and the database")
    )


def is_full(error: SQLAlchemyError) -> bool:
    """True where the disk (or a limit on the database's size) is exhausted: nothing was written, a retry may help."""
    cause = getattr(error, "orig", None)
    return "database or disk is full" in str(cause) or getattr(cause, "sqlstate", None) == "53100"


def is_lost(error: SQLAlchemyError) -> bool:
    """True where the connection is gone or the server is going down, or not up yet."""
    if not isinstance(error, DBAPIError):
        return False
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state.startswith(("08", "57P"))
    # psycopg has no state where it was the wire that broke; a value it cannot send has none either, but is a DataError.
    broken = isinstance(error, OperationalError | InterfaceError) and not isinstance(error.orig, sqlite3.Error)
    return error.connection_invalidated or broken


def is_environment(error: SQLAlchemyError) -> bool:
    """True where no command is to blame: locked, full, gone. Running the batch's commands singly would not help."""
    return isinstance(explain(error), HubBusy)
