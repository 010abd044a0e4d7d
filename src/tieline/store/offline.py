"""Directory commands from beside the hub: `tieline token create` works whether a hub runs on the database or not.

Commands are decided by the same deciders as always, on rows read in the same transaction, and written without the hub's
lock. Rule: only members and tokens may be written here, since a running hub keeps everything else in memory; it is told
by a mark in the same transaction and takes the rows in through its own writer (:func:`follow`), so that a new token
works, and a revoked one stops, within a fraction of a second. Not promised: rooms, links and messages from outside.
Next stop: :mod:`tieline.directory.beside`, which decides what a running hub takes in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from tieline.errors import StoreError
from tieline.model.base import Value
from tieline.model.commands import Command, TakeInBeside
from tieline.model.delivery import Cursor
from tieline.model.ids import new_id
from tieline.model.members import Member, Token
from tieline.model.outcome import Outcome, Refusal
from tieline.ports.deciding import Deciders
from tieline.ports.directory import Directory
from tieline.ports.hub import Hub
from tieline.store.batch import Batch, Job
from tieline.store.database import Location, explain, locate, open_engine
from tieline.store.mapping import DIRECTORY_KINDS, mapping_of
from tieline.store.reader import StoreReader
from tieline.store.schema import require_current
from tieline.store.sql import quoted
from tieline.store.view import Streams

log = logging.getLogger(__name__)

MARK: Final = ("", "tieline:beside")
"""Key of the cursor that changes with every write from beside; no channel has an empty name."""
FOLLOW_SECONDS: Final = 0.25
_ALLOWED: Final = frozenset({Member, Token})
MakeDirectory = Callable[[Sequence[Value]], Directory]


class _Undone(Exception):
    """Carries a refusal out of the transaction, which it rolls back."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def execute_beside(
    url: str, commands: Sequence[Command], *, deciders: Deciders, make_directory: MakeDirectory, now: int
) -> Sequence[Outcome]:
    """Decide and write commands in one transaction: all of them, or none and one :class:`Refusal`.

    Raises :class:`StoreError` where the database is absent, not migrated, or does not answer.
    """
    location = existing(url)
    engine = open_engine(location, writing=True)
    try:
        with engine.begin() as connection:
            require_current(connection)
            directory = make_directory(_directory_rows(connection, location))
            outcomes = [_carry_out(connection, location, command, deciders, directory, now) for command in commands]
            _mark(connection, location, now)
    except _Undone as undone:
        return [undone.refusal]
    except SQLAlchemyError as error:
        raise explain(error) from error
    finally:
        engine.dispose()
    return outcomes


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


def _mark(connection: Connection, location: Location, now: int) -> None:
    mapping = mapping_of(Cursor)
    channel, conversation = MARK
    mark = Cursor(channel=channel, conversation=conversation, cursor=new_id("mark", now), updated_at=now)
    location.dialect.upsert(connection, mapping.table, mapping.columns, mapping.key, [mapping.row(mark)])


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
        members=tuple(row for row in rows if isinstance(row, Member)),
        tokens=tuple(row for row in rows if isinstance(row, Token)),
    )
    outcome = await hub.execute(command)
    if isinstance(outcome, Refusal):
        log.error("what was written beside the hub was refused: %s", outcome.detail)
    return mark.cursor
