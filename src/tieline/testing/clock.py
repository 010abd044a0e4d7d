"""A clock that stands still until it is told to go on.

Sleepers wake in order of their time, each with the clock at exactly that time, and whatever they start may run before
the next wakes. Not promised: anything about real threads; :meth:`VirtualClock.run_until` yields to them in between.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import Final

EPOCH: Final = 1_790_000_000_000
"""Where virtual time begins, milliseconds since 1970."""

TURNS: Final = 200_000


class VirtualClock:
    """Implements :class:`tieline.ports.clock.Clock`.

    ``patience``: real milliseconds that :meth:`run_until` leaves to threads (a database's) before time goes on.
    """

    def __init__(self, *, now: int = EPOCH, patience: int = 1) -> None:
        self._start = now
        self._seconds = 0.0
        self._skew = 0
        self._patience = patience
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return self._start + self._skew + round(self._seconds * 1000)

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock forwards or back, as an administrator would; monotonic time does not notice."""
        self._skew += round(seconds * 1000)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was advanced by ``seconds``."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._seconds + seconds, next(self._order), future))
        await future

    @property
    def next_wake(self) -> float | None:
        """Monotonic second at which the next sleeper wakes; None: nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def settle(self) -> None:
        """Let everything run that needs no time, until nothing is ready to run (or for :data:`TURNS` turns)."""
        quiet = 0
        for _ in range(TURNS):
            await asyncio.sleep(0)
            quiet = quiet + 1 if _is_idle() else 0
            if quiet > _QUIET:
                return

    async def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        await self.advance_to(self._seconds + seconds)

    async def advance_to(self, target: float) -> None:
        """Let time pass until the monotonic second ``target``."""
        await self.settle()
        while (wake := self.next_wake) is not None and wake <= target:
            self._wake(wake)
            await self.settle()
        self._seconds = max(self._seconds, target)
        await self.settle()

    async def run_until(self, done: Callable[[], bool], *, limit: float = 86_400.0) -> None:
        """Let time pass until ``done()``; AssertionError if ``limit`` seconds do not bring it, or nobody sleeps."""
        end = self._seconds + limit
        idle = 0
        await self.settle()
        while not done():
            wake = self.next_wake
            if wake is not None and wake <= end and idle >= self._patience:
                self._wake(wake)
                idle = 0
            else:
                idle += 1
                if idle > _HOPELESS:
                    raise AssertionError(f"not done after {self._seconds:.3f} virtual seconds")
                await asyncio.sleep(0.001)
            await self.settle()

    def _wake(self, second: float) -> None:
        """Wake the sleepers of one instant."""
        self._seconds = max(self._seconds, second)
        while self._sleepers and self._sleepers[0][0] <= second:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)


def _is_idle() -> bool:
    """True if nobody but us is ready to run; another loop than asyncio's own does not tell, and counts as idle."""
    return not getattr(asyncio.get_running_loop(), "_ready", ())


_QUIET: Final = 3
_HOPELESS: Final = 2_000
