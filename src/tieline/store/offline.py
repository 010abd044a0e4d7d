"""Directory commands from beside the hub: `tieline token create` works whether a hub runs on the database or not.

Commands are decided by the same deciders as always, on rows read in the same transaction, and written without the hub's
lock. Rule: only members and tokens may be written here, since a running hub keeps everything else in memory; it is told
by a mark in the same transaction and takes the rows in through its own writer (:func:`follow`), so that a new token
works, and a revoked one stops, within a fraction of a second. Not promised: rooms, links and messages from outside.
Next stop: :mod:`tieline.directory.beside`, which decides what a running hub takes in.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from tieline.errors import StoreError
from tieline.model.base import Value
from tieline.model.commands import TAKEN_IN, Command, TakeInBeside
from tieline.model.delivery import Cursor
from tieline.model.ids import new_id
from tieline.model.members import Member, Token
from tieline.model.outcome import Outcome, Refusal
from tieline.ports.deciding import Deciders
from tieline.ports.directory import Directory
from tieline.ports.hub import Hub
from tieline.store.batch import Batch, Job
from tieline.store.database import Location, explain, locate, open_engine
from tieline.store.holding import ADVISORY_KEY
from tieline.store.mapping import DIRECTORY_KINDS, mapping_of
from tieline.store.reader import StoreReader
from tieline.store.schema import require_current
from tieline.store.sql import quoted
from tieline.store.view import Streams

log = logging.getLogger(__name__)

MARK: Final = ("", "tieline:beside")
"""Key of the cursor that changes with every write from beside; no channel has an empty name."""
FOLLOW_SECONDS: Final = 0.25
PATIENCE: Final = 5.0
"""Seconds to wait for a running hub to take a write in."""
_POLL_SECONDS: Final = 0.02
_ALLOWED: Final = frozenset({Member, Token})
MakeDirectory = Callable[[Sequence[Value]], Directory]


class Written(NamedTuple):
    """One outcome per command, or one refusal for all; `taken_in`: no running hub is still without them."""

    outcomes: Sequence[Outcome]
    taken_in: bool


class _Undone(Exception):
    """Carries a refusal out of the transaction, which it rolls back."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def execute_beside(
    url: str,
    commands: Sequence[Command],
    *,
    deciders: Deciders,
    make_directory: MakeDirectory,
    now: int,
    patience: float = PATIENCE,
) -> Written:
    """Decide and write commands in one transaction, all or none; a running hub has taken them in when it returns.

    Waits for that hub at most `patience` seconds. Blocks: call it outside a loop. Raises :class:`StoreError` where the
    database is absent, not migrated, or does not answer.
    """
    location = existing(url)
    engine = open_engine(location, writing=True)
    try:
        with engine.begin() as connection:
            require_current(connection)
            directory = make_directory(_directory_rows(connection, location))
            outcomes = [_carry_out(connection, location, command, deciders, directory, now) for command in commands]
            mark = _mark(connection, location, now)
        return Written(outcomes, _await_hub(engine, location, mark, patience))
    except _Undone as undone:
        return Written([undone.refusal], taken_in=True)
    except SQLAlchemyError as error:
        raise explain(error) from error
    finally:
        engine.dispose()


def read_beside(url: str) -> list[Value]:
    """What the directory of this database holds, whether a hub runs or not. Raises :class:`StoreError`."""
    location = existing(url)
    engine = open_engine(location, writing=False)
    try:
        with engine.connect() as connection:
            require_current(connection)
            return _directory_rows(connection, location)
    except SQLAlchemyError as error:
        raise explain(error) from error
    finally:
        engine.dispose()


def existing(url: str) -> Location:
    """The place of a database that is there; opening an absent SQLite file would make an empty one."""
    location = locate(url)
    if location.file is not None and not location.file.exists():
        raise StoreError(f"there is no database at {location.file}", fix="run: tieline migrate")
    return location


def _directory_rows(connection: Connection, location: Location) -> list[Value]:
    found: list[Value] = []
    for mapping in (mapping_of(kind) for kind in DIRECTORY_KINDS):
        order = quoted(*(("created_at",) if "created_at" in mapping.columns else ()), *mapping.key)
        rows = location.dialect.one(
            connection, f'SELECT {quoted(*mapping.columns)} FROM "{mapping.table}" ORDER BY {order}'
        )
        found += [mapping.value(row) for row in rows]
    return found


def _carry_out(
    connection: Connection, location: Location, command: Command, deciders: Deciders, directory: Directory, now: int
) -> Outcome:
    batch = Batch(connection, location.dialect, deciders=deciders, directory=directory, streams=Streams(), now=now)
    batch.decide([Job(command, lambda _answer: None)])
    answer = batch.answers[0][1]
    if isinstance(answer, BaseException):
        raise answer
    if isinstance(answer, Refusal):
        raise _Undone(answer)
    committed = batch.committed()
    if committed.events or committed.dropped or {type(value) for value in committed.changed} - _ALLOWED:
        raise StoreError(f"{type(command).__name__} cannot be carried out beside a hub", fix="use its API")
    batch.write()
    directory.apply(committed.changed)
    return answer


def _mark(connection: Connection, location: Location, now: int) -> str:
    mapping = mapping_of(Cursor)
    channel, conversation = MARK
    mark = Cursor(channel=channel, conversation=conversation, cursor=new_id("mark", now), updated_at=now)
    location.dialect.upsert(connection, mapping.table, mapping.columns, mapping.key, [mapping.row(mark)])
    return mark.cursor


def _await_hub(engine: Engine, location: Location, mark: str, patience: float) -> bool:
    """Wait until the hub that works on the database, if there is one, has answered the mark."""
    deadline = time.monotonic() + patience
    while hub_holds(engine, location):
        with engine.connect() as connection:
            sql = "SELECT cursor FROM cursors WHERE channel = ? AND conversation = ?"
            found = location.dialect.one(connection, sql, *TAKEN_IN)
        if found and found[0][0] == mark:
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def hub_holds(engine: Engine, location: Location) -> bool:
    """Whether a hub works on the database now."""
    if location.file is not None:
        return is_locked(location.file)
    sql = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND ((classid::bigint << 32) | objid::bigint) = ?"
    )
    with engine.connect() as connection:
        return bool(location.dialect.one(connection, sql, ADVISORY_KEY)[0][0])


def is_locked(database: Path) -> bool:
    """Whether a database's file lock is held; to find out, a shared one is taken and given back at once."""
    try:
        with database.with_name(database.name + ".lock").open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


# ── the running hub's side ───────────────────────────────────────────────────────────────────────────────────────────


class Sleep(Protocol):
    """Waits; the clock's."""

    async def __call__(self, seconds: float, /) -> None:
        """Wait ``seconds``."""
        ...


async def follow(url: str, hub: Hub, *, sleep: Sleep = asyncio.sleep, every: float = FOLLOW_SECONDS) -> None:
    """Take in what was written from beside, for as long as the hub runs; cancel it to end it.

    Costs one look-up by key each ``every`` seconds on a connection of its own. A database that does not answer is tried
    again; the hub's readiness tells of it elsewhere.
    """
    reader = StoreReader(locate(url), threads=1)
    seen = ""
    try:
        while True:
            try:
                seen = await _follow_once(reader, hub, seen)
            except StoreError as error:
                log.warning("what was written beside the hub cannot be read: %s", error)
            await sleep(every)
    finally:
        await asyncio.shield(reader.close())


async def _follow_once(reader: StoreReader, hub: Hub, seen: str) -> str:
    mark = await reader.cursor(*MARK)
    if mark is None or mark.cursor == seen:
        return seen
    rows = await reader.directory_rows()
    command = TakeInBeside(
        mark=mark.cursor,
        members=tuple(row for row in rows if isinstance(row, Member)),
        tokens=tuple(row for row in rows if isinstance(row, Token)),
    )
    outcome = await hub.execute(command)
    if isinstance(outcome, Refusal):
        log.error("what was written beside the hub was refused: %s", outcome.detail)
    return mark.cursor
