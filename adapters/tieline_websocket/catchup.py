"""Closing the distance between a subscriber and its stream, from the store.

Used by a subscription with ``after`` and by a client that reads too slowly, one task per connection while it lasts. A
stream becomes live in the same step of the loop in which nothing newer than what was read is known: no gap, no repeat.
What waits for the client is bounded by one chunk. Source: "Back-pressure by the transport's buffer size".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tieline.ports.clock import Clock
from tieline.ports.reading import Reader
from tieline_websocket import wire
from tieline_websocket.streams import Phase, Subscription

if TYPE_CHECKING:
    from tieline_websocket.connection import Connection

_PAGE: Final = 100
_CHUNK: Final = 64 * 1024
_LOW: Final = 64 * 1024
"""Go on once so little waits in the transport."""
_LOOK_EVERY: Final = 0.05


class TooSlow(Exception):  # a signal between two functions of this module
    """The client took nothing for too long."""


async def catch_up(connection: Connection, reader: Reader, clock: Clock, stall: float) -> None:
    """Read until every subscription of the connection is live; raises :class:`TooSlow`."""
    while not connection.closed:
        await drain(connection, clock, stall)
        behind = next((s for s in connection.subscriptions.values() if s.phase is Phase.BEHIND), None)
        if behind is None:
            return
        await _next_page(connection, behind, reader, clock, stall)


async def _next_page(connection: Connection, behind: Subscription, reader: Reader, clock: Clock, stall: float) -> None:
    stream = behind.stream
    events = await reader.events(stream.id, behind.seq, _PAGE)
    if events and events[0].seq > behind.seq + 1:
        connection.write(wire.resync(stream.label, events[0].seq))
    chunk: list[bytes] = []
    size = 0
    for event in events:
        for frame in behind.frames([event]):
            chunk.append(frame)
            size += len(frame)
        behind.seq = event.seq
        if size >= _CHUNK:
            connection.write(b"".join(chunk))
            chunk, size = [], 0
            await drain(connection, clock, stall)
            if behind.phase is not Phase.BEHIND or connection.closed:
                return
    connection.write(b"".join(chunk))
    if len(events) < _PAGE and stream.raise_head(behind.seq) <= behind.seq and behind.phase is Phase.BEHIND:
        behind.phase = Phase.LIVE


async def drain(connection: Connection, clock: Clock, stall: float) -> None:
    """Wait until the client has taken nearly everything; raises :class:`TooSlow` if it takes nothing for ``stall``."""
    least = connection.unsent()
    since = clock.monotonic()
    while not connection.closed and (unsent := connection.unsent()) > _LOW:
        now = clock.monotonic()
        if unsent < least:
            least, since = unsent, now
        if now - since >= stall:
            raise TooSlow
        await clock.sleep(_LOOK_EVERY)
