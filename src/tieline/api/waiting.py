"""Long poll: wait for an event of a stream, without polling the store.

One listener on the bus per waiting request, removed when it ends. The read comes after the listener stands, so an event
between the two is not missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from tieline.api.services import ApiServices
from tieline.model.events import Event
from tieline.ports.hub import Committed


async def wait_for_event(services: ApiServices, stream: str, after: int, limit: int, seconds: float) -> Sequence[Event]:
    """Events of a stream after a seq; if there is none, the first that come within ``seconds``, or none."""
    if seconds <= 0:
        return await services.reader.events(stream, after, limit)
    came = asyncio.Event()

    def hear(committed: Committed) -> None:
        if any(event.stream == stream and event.seq > after for event in committed.events):
            came.set()

    leave = services.bus.subscribe(hear)
    try:
        events = await services.reader.events(stream, after, limit)
        if not events:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await came.wait()
            events = await services.reader.events(stream, after, limit)
    finally:
        leave()
    return events
