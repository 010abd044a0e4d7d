"""The one listener that hears of commits for all connections.

What a commit brought is grouped by stream, written as bytes once, and put down at every subscriber; all that gathered
for a connection in one turn of the loop (events, acknowledgements) goes out in one write. No queue, no task and no
future per subscriber. Rule: who may no longer see a room hears nothing more of it, before what the same commit brought.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from tieline.model.base import Value
from tieline.model.delivery import Delivery
from tieline.model.events import Event
from tieline.model.members import Member, Token
from tieline.model.rooms import Room
from tieline.ports.adapter import Services
from tieline.ports.hub import Committed
from tieline_websocket import wire
from tieline_websocket.connection import Connection
from tieline_websocket.streams import Sees, Stream, Subscription


class Fanout:
    """Streams, connections, and what is to be written at the end of this turn."""

    def __init__(self, services: Services) -> None:
        self.connections: dict[Connection, None] = {}
        self._services = services
        self._streams: dict[str, Stream] = {}
        self._unwritten: list[Connection] = []

    # ── who hears what ───────────────────────────────────────────────────────────────────────────────────────────────

    def subscribe(self, connection: Connection, stream_id: str, label: str, sees: Sees | None) -> Subscription:
        """A connection's subscription of a stream; the one it has, if it has one."""
        stream = self._streams.get(stream_id)
        if stream is None:
            stream = self._streams[stream_id] = Stream(stream_id, label)
        found = stream.subscriptions.get(connection)
        if found is None:
            found = stream.subscriptions[connection] = Subscription(connection, stream, sees)
            connection.subscriptions[stream_id] = found
        return found

    def unsubscribe(self, connection: Connection, stream_id: str) -> Subscription | None:
        """End a subscription; a stream without any is forgotten."""
        found = connection.subscriptions.pop(stream_id, None)
        if found is not None:
            found.stream.subscriptions.pop(connection, None)
            if not found.stream.subscriptions:
                self._streams.pop(stream_id, None)
        return found

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        for stream_id in list(connection.subscriptions):
            self.unsubscribe(connection, stream_id)
        self.connections.pop(connection, None)

    # ── what a commit brings ─────────────────────────────────────────────────────────────────────────────────────────

    def hear(self, committed: Committed) -> None:
        """Take a commit."""
        if committed.changed:
            self._changed(committed.changed)
        streams = self._streams
        grouped: dict[str, list[Event]] = {}
        for event in committed.events:
            if event.stream in streams:
                grouped.setdefault(event.stream, []).append(event)
        for stream_id, events in grouped.items():
            streams[stream_id].publish(events)

    def _changed(self, changed: Sequence[Value]) -> None:
        for value in changed:
            match value:
                case Delivery():
                    self._delivery(value)
                case Token():
                    self._reauthenticate(value.member_id)
                case Member():
                    self._reauthenticate(value.id)
                case Room():
                    self._room(value)
                case _:
                    pass

    def _delivery(self, delivery: Delivery) -> None:
        stream = self._streams.get(delivery.room_id)
        if stream is None:
            return
        frame: bytes | None = None
        for connection in stream.subscriptions:
            if connection.wants_deliveries and not connection.lagging:
                frame = frame or wire.delivery(delivery, stream.label)
                connection.push(frame)

    def _reauthenticate(self, member_id: str) -> None:
        for connection in [c for c in self.connections if c.member_id == member_id]:
            connection.reauthenticate()

    def _room(self, room: Room) -> None:
        """A room was made or changed: it may have become visible, or invisible."""
        for connection in self._concerned(room):
            connection.room_changed(room)

    def _concerned(self, room: Room) -> Iterable[Connection]:
        stream = self._streams.get(room.id)
        heard = set(stream.subscriptions) if stream else set()
        return [c for c in self.connections if c.all_rooms is not None or c in heard]

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def mark(self, connection: Connection) -> None:
        """A connection has something to write at the end of this turn."""
        self._unwritten.append(connection)
        if len(self._unwritten) == 1:
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write what has gathered, once per connection."""
        unwritten, self._unwritten = self._unwritten, []
        for connection in unwritten:
            connection.flush()
