"""Turns: one at a time per conversation, in order of arrival.

Rule: a place in the queue is taken before anything is awaited, so the order of arrival is the order of handling, though
Socket Mode starts a task per envelope. A queue is born with its first waiter and dies with its last. Different
conversations never wait for each other (law 3). Next stop: :mod:`tieline_slack.wire`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class _Queue:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()  # fair: waiters are woken first come, first served
        self.waiting = 0


class Turns:
    """Queues by key."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    def __len__(self) -> int:
        """How many keys have somebody waiting or at work."""
        return len(self._queues)

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait until everybody who came before under this key is done."""
        queue = self._queues.setdefault(key, _Queue())
        queue.waiting += 1
        try:
            async with queue.lock:
                yield
        finally:
            queue.waiting -= 1
            if not queue.waiting:
                del self._queues[key]
