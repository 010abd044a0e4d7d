"""What deciders see: committed rows, plus what earlier commands of the same batch did.

Rule: a row is read from the database at most once per batch; what a decision puts or drops is seen by the next command
and written once, at the end. Numbers that a refused command took are given back, so streams have no gaps.
Used by the writer's thread only. Next stop: :mod:`tieline.store.batch`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection

from tieline.errors import StoreError
from tieline.model.base import Value
from tieline.model.delivery import Delivery
from tieline.model.ids import new_id
from tieline.ports.directory import Directory
from tieline.store.mapping import Key, Mapping, mapping_of
from tieline.store.sql import Dialect, quoted
from tieline.store.tables import OPEN

E = TypeVar("E", bound=Value)

POSITIONS = "deliveries"
"""The stream that positions of deliveries are taken from."""

_REMEMBERED_STREAMS = 100_000


class Streams:
    """Last numbers of streams as committed, remembered between batches: one hub writes, and its epoch proves it."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def get(self, stream: str) -> int | None:
        """The last number, None if it has to be read."""
        return self._last.get(stream)

    def keep(self, taken: dict[str, int]) -> None:
        """Remember what was committed."""
        if len(self._last) > _REMEMBERED_STREAMS:
            self._last.clear()
        self._last.update(taken)

    def forget(self) -> None:
        """Read everything anew (after any failure)."""
        self._last.clear()


class Rows:
    """Rows of one kind in this batch: loaded or changed; None where there is none (any more)."""

    def __init__(self, mapping: Mapping[Any]) -> None:
        self.mapping = mapping
        self.now: dict[Key, Any] = {}
        self.changed: dict[Key, None] = {}
        self._found_by: dict[str, dict[object, dict[Key, None]]] = {}

    def change(self, key: Key, value: Value | None) -> None:
        """Put or drop a row."""
        self.now[key] = value
        self.changed[key] = None
        if value is not None:
            for column, groups in self._found_by.items():
                groups.setdefault(getattr(value, column), {})[key] = None

    def changed_with(self, column: str, wanted: object) -> Iterable[Key]:
        """Keys of changed rows that had this value in the column at some time; indexed on first use."""
        groups = self._found_by.get(column)
        if groups is None:
            groups = self._found_by[column] = {}
            for key in self.changed:
                if (value := self.now[key]) is not None:
                    groups.setdefault(getattr(value, column), {})[key] = None
        return groups.get(wanted, ())


class Changes(NamedTuple):
    """What one kind's table has to take."""

    mapping: Mapping[Any]
    puts: Sequence[Value]
    drops: Sequence[Key]


class BatchView:
    """Implements :class:`tieline.ports.deciding.View` for one transaction."""

    def __init__(
        self, connection: Connection, dialect: Dialect, streams: Streams, directory: Directory, now: int
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._streams = streams
        self._directory = directory
        self._now = now
        self._kinds: dict[type[Value], Rows] = {}
        self._before: dict[str, int] = {}
        self.taken: dict[str, int] = {}
        self.journal: list[tuple[str, int]] = []
        """Numbers the current command took."""
        self._positions: int = 0

    @property
    def now(self) -> int:
        """Time of the batch."""
        return self._now

    @property
    def directory(self) -> Directory:
        """Members, rooms, links."""
        return self._directory

    def new_id(self, prefix: str) -> str:
        """A fresh id."""
        return new_id(prefix, self._now)

    # ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def take_seq(self, stream: str) -> int:
        """The next number of a stream."""
        seq = self._next(stream)
        self.journal.append((stream, seq))
        return seq

    def take_position(self) -> int:
        """The next position of a delivery."""
        self._positions += 1
        return self._next(POSITIONS)

    def _next(self, stream: str) -> int:
        last = self.taken.get(stream)
        if last is None:
            last = self._streams.get(stream)
            if last is None:
                last = self._read_last(stream)
            self._before[stream] = last
        self.taken[stream] = last + 1
        return last + 1

    def _read_last(self, stream: str) -> int:
        sql = f"SELECT last_seq FROM streams WHERE name = ?{self._dialect.row_lock}"
        rows = self._dialect.one(self._connection, sql, stream)
        return int(rows[0][0]) if rows else 0

    def start_command(self) -> None:
        """The next command begins: what was taken so far stays taken."""
        self.journal.clear()
        self._positions = 0

    def give_back(self) -> None:
        """The current command was refused: its numbers were never taken."""
        for stream, _seq in self.journal:
            self.taken[stream] -= 1
        if self._positions:
            self.taken[POSITIONS] -= self._positions
        self.start_command()

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, kind: type[E], *key: str) -> E | None:
        """One row by its key."""
        rows = self._rows(kind)
        if key not in rows.now:
            self.load(kind, [key])
        found: E | None = rows.now[key]
        return found

    def load(self, kind: type[Value], keys: Iterable[Key]) -> None:
        """Load rows in bulk; those already known stay as they are."""
        rows = self._rows(kind)
        missing = [key for key in keys if key not in rows.now]
        if not missing:
            return
        mapping = mapping_of(kind)
        rows.now.update(dict.fromkeys(missing))
        for row in self._dialect.select(self._connection, mapping.table, mapping.columns, mapping.key, missing):
            value = mapping.value(row)
            rows.now[mapping.key_of(value)] = value

    def find(self, kind: type[E], **equals: str) -> Sequence[E]:
        """Rows whose indexed column equals, merged with this batch's changes."""
        mapping = mapping_of(kind)
        if len(equals) != 1 or not equals.keys() <= mapping.findable.keys():
            raise StoreError(
                f"{kind.__name__} cannot be found by {', '.join(equals)}", fix="find by one indexed column"
            )
        ((column, wanted),) = equals.items()
        rows = self._rows(kind)
        found: dict[Key, E] = {}
        for key in (*self._search(mapping, rows, column, wanted), *rows.changed_with(column, wanted)):
            value = rows.now[key]
            if value is not None and getattr(value, column) == wanted and _stands(mapping, column, value):
                found[key] = value
        return sorted(found.values(), key=attrgetter(*mapping.order))

    def _search(self, mapping: Mapping[Any], rows: Rows, column: str, wanted: str) -> Iterator[Key]:
        condition = mapping.findable[column]
        only = f" AND {condition}" if condition else ""
        sql = f'SELECT {quoted(*mapping.columns)} FROM "{mapping.table}" WHERE "{column}" = ?{only}'
        for row in self._dialect.one(self._connection, sql, wanted):
            value = mapping.value(row)
            key = mapping.key_of(value)
            rows.now.setdefault(key, value)
            yield key

    def take(self, puts: Sequence[Value], drops: Sequence[Value]) -> None:
        """Take a decision's rows over, all or none: a value that is no row is a :class:`KeyError` before that."""
        dropped = [(self._rows(type(value)), value) for value in drops]
        put = [(self._rows(type(value)), value) for value in puts]
        for rows, value in dropped:
            rows.change(rows.mapping.key_of(value), None)
        for rows, value in put:
            rows.change(rows.mapping.key_of(value), value)

    def changes(self) -> list[Changes]:
        """What has to be written, per kind."""
        return [
            Changes(
                rows.mapping,
                [value for key in rows.changed if (value := rows.now[key]) is not None],
                [key for key in rows.changed if rows.now[key] is None],
            )
            for rows in self._kinds.values()
            if rows.changed
        ]

    def numbers(self) -> list[tuple[str, int]]:
        """Streams whose last number changed, by name: the order in which they are locked."""
        return sorted((name, last) for name, last in self.taken.items() if last != self._before[name])

    def _rows(self, kind: type[Value]) -> Rows:
        rows = self._kinds.get(kind)
        if rows is None:
            rows = self._kinds[kind] = Rows(mapping_of(kind))
        return rows


def _stands(mapping: Mapping[Any], column: str, value: Value) -> bool:
    if mapping.findable[column] != OPEN:
        return True
    return isinstance(value, Delivery) and value.state.is_open
