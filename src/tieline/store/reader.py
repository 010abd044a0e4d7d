"""Reads of committed state: implements :class:`tieline.ports.reading.Reader`.

A few threads with a connection each; every read is one statement in its own snapshot, so it neither waits for the
writer nor sees half a transaction. Rule: a stream's numbers are given and committed by one writer in order, so
``seq > after`` never skips an event that appears later. On SQLite the connections cannot write.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from tieline.errors import StoreError
from tieline.model.alerts import Alert, AlertState, Climb
from tieline.model.attachments import Attachment
from tieline.model.base import Value
from tieline.model.delivery import Cursor, Delivery, DeliveryState, InboxCursor, Part
from tieline.model.events import Event
from tieline.model.keeping import Kept, KeptState, Original, Usage
from tieline.model.message import Message
from tieline.ports.reading import DeliveryFilter, Page
from tieline.store.database import Location, explain, is_lost, open_engine
from tieline.store.mapping import DIRECTORY_KINDS, EVENT, Cell, Key, Mapping, mapping_of
from tieline.store.schema import require_current
from tieline.store.sql import quoted
from tieline.store.tables import OPEN

E = TypeVar("E", bound=Value)
T = TypeVar("T")
Condition = tuple[str, tuple[Cell, ...]]

THREADS = 4


class StoreReader:
    """See the module. Made for one loop; :meth:`close` ends its threads."""

    def __init__(self, location: Location, *, threads: int = THREADS) -> None:
        self._dialect = location.dialect
        self._engine = open_engine(location, writing=False).execution_options(isolation_level="AUTOCOMMIT")
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="tieline-reader")
        self._local = threading.local()
        self._connections: set[Connection] = set()
        self._closed = False

    async def close(self) -> None:
        """Let running reads end, and close the connections."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)
        self.close_connections()

    def close_connections(self) -> None:
        """Close all connections; nobody may be reading."""
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._engine.dispose()

    # ── messages and events ──────────────────────────────────────────────────────────────────────────────────────────

    async def message(self, message_id: str) -> Message | None:
        """One message."""
        return await self._one(Message, message_id)

    async def messages(self, room_id: str, page: Page) -> Sequence[Message]:
        """Messages of a room."""
        return await self._page(Message, ("room_id = ?", (room_id,)), "seq", page)

    async def messages_by_id(self, message_ids: Sequence[str]) -> Sequence[Message]:
        """Several messages, in the order asked."""
        found = await self._many(Message, [(message_id,) for message_id in dict.fromkeys(message_ids)])
        by_id = {message.id: message for message in found}
        return [by_id[message_id] for message_id in message_ids if message_id in by_id]

    async def events(self, stream: str, after: int, limit: int) -> Sequence[Event]:
        """Events of a stream."""
        sql = _select(EVENT, "stream = ? AND seq > ?", "seq", limit)
        return await self._values(EVENT, sql, stream, after)

    async def last_seq(self, stream: str) -> int:
        """Last number of a stream."""
        rows = await self._ask("SELECT last_seq FROM streams WHERE name = ?", stream)
        return int(rows[0][0]) if rows else 0

    # ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def deliveries(self, which: DeliveryFilter, page: Page) -> Sequence[Delivery]:
        """Deliveries by position."""
        return await self._page(Delivery, _conditions(which), "position", page)

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """One delivery."""
        return await self._one(Delivery, delivery_id)

    async def open_lanes(self) -> Sequence[str]:
        """Lanes that have open deliveries."""
        return [row[0] for row in await self._ask(f"SELECT DISTINCT lane FROM deliveries WHERE {OPEN} ORDER BY lane")]

    async def lane(self, lane: str, limit: int) -> Sequence[Delivery]:
        """The first open deliveries of a lane."""
        mapping = mapping_of(Delivery)
        return await self._values(mapping, _select(mapping, f"lane = ? AND {OPEN}", "position", limit), lane)

    async def lane_depths(self) -> Sequence[tuple[str, DeliveryState, int, int]]:
        """Counts by channel and state."""
        states = f"({OPEN} OR state = 'failed')"
        rows = await self._ask(
            f"SELECT channel, state, count(*), min(created_at) FROM deliveries WHERE {states} "
            "GROUP BY channel, state ORDER BY channel, state"
        )
        return [(channel, DeliveryState(state), count, oldest) for channel, state, count, oldest in rows]

    async def parts(self, message_id: str) -> Sequence[Part]:
        """All native messages of a message."""
        mapping = mapping_of(Part)
        return await self._values(mapping, _select(mapping, "message_id = ?", mapping.order, None), message_id)

    async def parts_of_thread(self, root: str, channel: str, conversation: str, limit: int) -> Sequence[Part]:
        """Native messages of a thread in one conversation, in order of the room."""
        mapping = mapping_of(Part)
        columns = ", ".join(f'p."{column}"' for column in mapping.columns)
        sql = (
            f"SELECT {columns} FROM parts p JOIN messages m ON m.id = p.message_id "
            "WHERE (m.thread = ? OR m.id = ?) AND p.channel = ? AND p.conversation = ? "
            f'ORDER BY m.seq DESC, p."index" DESC LIMIT {int(limit)}'
        )
        return (await self._values(mapping, sql, root, root, channel, conversation))[::-1]

    async def newest_parts(self, channel: str, conversation: str, limit: int) -> Sequence[Part]:
        """Native messages of a conversation, those with the greatest ids first."""
        mapping = mapping_of(Part)
        sql = _select(mapping, "channel = ? AND conversation = ?", "native_id DESC", limit)
        return await self._values(mapping, sql, channel, conversation)

    # ── attachments ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def attachment(self, attachment_id: str) -> Attachment | None:
        """One attachment."""
        return await self._one(Attachment, attachment_id)

    async def receiving(self, limit: int) -> Sequence[Attachment]:
        """Attachments whose bytes are still to come from a platform, oldest first."""
        mapping = mapping_of(Attachment)
        where = "state = 'receiving' AND source IS NOT NULL"
        return await self._values(mapping, _select(mapping, where, mapping.order, limit))

    async def expired_attachments(self, before: int, limit: int) -> Sequence[Attachment]:
        """Attachments that nobody keeps, oldest first."""
        mapping = mapping_of(Attachment)
        where = "expires_at IS NOT NULL AND expires_at < ?"
        return await self._values(mapping, _select(mapping, where, ("expires_at", "id"), limit), before)

    # ── alerts and what is kept ──────────────────────────────────────────────────────────────────────────────────────

    async def climbs(self, limit: int) -> Sequence[Climb]:
        """Climbs that go on, those with the earliest deadline first."""
        return await self._values(mapping_of(Climb), _select(mapping_of(Climb), "state = 'climbing'", "due_at", limit))

    async def alerts(self, room_ids: Sequence[str] | None, states: Sequence[AlertState], page: Page) -> Sequence[Alert]:
        """Alerts of rooms, by creation."""
        return await self._page(Alert, _within(("room_id", room_ids), ("state", states)), "created_at", page)

    async def alert(self, alert_id: str) -> Alert | None:
        """One alert."""
        return await self._one(Alert, alert_id)

    async def climbs_of(self, subject: str) -> Sequence[Climb]:
        """The climbs of an alert or handoff."""
        mapping = mapping_of(Climb)
        return await self._values(mapping, _select(mapping, "subject = ?", mapping.order, None), subject)

    async def kept(self, states: Sequence[KeptState], page: Page) -> Sequence[Kept]:
        """What is kept aside, by time."""
        return await self._page(Kept, _within(("state", states)), "at", page)

    async def original(self, message_id: str) -> str | None:
        """A message's text as it came."""
        found = await self._one(Original, message_id)
        return found.text if found else None

    async def usage(self, channel: str, day: str) -> Sequence[Usage]:
        """What went to a channel's receivers in one day."""
        mapping = mapping_of(Usage)
        return await self._values(mapping, _select(mapping, "channel = ? AND day = ?", mapping.key, None), channel, day)

    # ── cursors and the directory ────────────────────────────────────────────────────────────────────────────────────

    async def cursor(self, channel: str, conversation: str) -> Cursor | None:
        """How far a conversation was read."""
        return await self._one(Cursor, channel, conversation)

    async def inbox_cursor(self, member_id: str) -> int:
        """How far a member has read the inbox."""
        found = await self._one(InboxCursor, member_id)
        return found.after if found else 0

    async def ping(self) -> None:
        """Raise unless the database answers and its schema is at head."""
        await self._run(require_current)

    async def directory_rows(self) -> list[Value]:
        """Everything that the directory keeps in memory, in order of making."""
        found: list[Value] = []
        for mapping in (mapping_of(kind) for kind in DIRECTORY_KINDS):
            made = "created_at" if "created_at" in mapping.columns else mapping.key[0]
            found += await self._values(mapping, _select(mapping, "1 = 1", (made, *mapping.key), None))
        return found

    # ── how ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _one(self, kind: type[E], *key: str) -> E | None:
        found = await self._many(kind, [key])
        return found[0] if found else None

    async def _many(self, kind: type[E], keys: list[Key]) -> list[E]:
        mapping = mapping_of(kind)
        table, columns, key = mapping.table, mapping.columns, mapping.key
        if not keys:
            return []

        def read(connection: Connection) -> list[E]:
            return [mapping.value(row) for row in self._dialect.select(connection, table, columns, key, keys)]

        return await self._run(read)

    async def _page(self, kind: type[E], condition: Condition, column: str, page: Page) -> Sequence[E]:
        mapping = mapping_of(kind)
        where, parameters = condition
        backwards = page.before is not None and page.after is None
        for sign, bound in ((">", page.after), ("<", page.before)):
            if bound is not None:
                where, parameters = f"{where} AND {column} {sign} ?", (*parameters, bound)
        order = f"{column} DESC" if backwards else column
        found = await self._values(mapping, _select(mapping, where, order, page.limit), *parameters)
        return found[::-1] if backwards else found

    async def _values(self, mapping: Mapping[E], sql: str, *parameters: Cell) -> list[E]:
        return await self._run(
            lambda connection: [mapping.value(row) for row in self._dialect.one(connection, sql, *parameters)]
        )

    async def _ask(self, sql: str, *parameters: Cell) -> Sequence[Any]:
        return await self._run(lambda connection: self._dialect.one(connection, sql, *parameters))

    async def _run(self, read: Callable[[Connection], T]) -> T:
        if self._closed:
            raise StoreError("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, read)

    def _read(self, read: Callable[[Connection], T]) -> T:
        """In a thread of the pool: read, once more if the connection turned out to be gone."""
        try:
            try:
                return read(self._connection())
            except SQLAlchemyError as error:
                if not is_lost(error):
                    raise
                self._drop()
                return read(self._connection())
        except SQLAlchemyError as error:
            self._drop()
            raise explain(error) from error

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._engine.connect()
            self._connections.add(connection)
        return connection

    def _drop(self) -> None:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            self._local.connection = None
            self._connections.discard(connection)
            connection.invalidate()
            connection.close()


def _select(mapping: Mapping[Any], where: str, order: str | tuple[str, ...], limit: int | None) -> str:
    by = order if isinstance(order, str) else quoted(*order)
    most = "" if limit is None else f" LIMIT {int(limit)}"
    return f'SELECT {quoted(*mapping.columns)} FROM "{mapping.table}" WHERE {where} ORDER BY {by}{most}'


def _within(*wishes: tuple[str, Sequence[str] | None]) -> Condition:
    """A condition that columns have one of these values; None: any."""
    parts, parameters = ["1 = 1"], list[Cell]()
    for column, wanted in wishes:
        if wanted is not None:
            parts.append(f"{column} IN ({', '.join('?' * len(wanted))})" if wanted else "1 = 0")
            parameters += [str(one) for one in wanted]
    return " AND ".join(parts), tuple(parameters)


def _conditions(which: DeliveryFilter) -> Condition:
    parts: list[str] = ["1 = 1"]
    parameters: list[Cell] = []
    wishes: tuple[tuple[str, tuple[str, ...] | None], ...] = (
        ("state", which.states),
        ("channel", None if which.channel is None else (which.channel,)),
        ("message_id", None if which.message_id is None else (which.message_id,)),
        ("message_id", which.message_ids),
        ("room_id", which.room_ids),
    )
    for column, wanted in wishes:
        if wanted is not None:
            parts.append(f"{column} IN ({', '.join('?' * len(wanted))})" if wanted else "1 = 0")
            parameters += [str(one) for one in wanted]  # a state is sent as its word
    return " AND ".join(parts), tuple(parameters)
