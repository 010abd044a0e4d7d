"""Guards against loops that identity did not stop (law 5): two budgets per pair of conversations.

A fast guard stops ping-pong within a minute; a long budget stops the slow loop that stays below it (three hours of one
message every twenty seconds are on record for another bridge). Pure but for its own counts; the clock is an argument
in milliseconds, so the same calls give the same answers. Not promised: that a busy room of people is never taken for a
loop; only text that repeats itself, or that automated authors wrote, should be asked about.
Next stop: the decider of inbound messages asks before it makes deliveries.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from enum import StrEnum

from tieline.model.base import Value


class Budget(Value, kw_only=True, frozen=True):
    """At most ``count`` messages in ``seconds``."""

    count: int
    seconds: float


class Guarded(StrEnum):
    """Answer of the guard."""

    PASS = "pass"  # noqa: S105 - not a password
    FAST = "fast"
    """Too many in a short time."""
    LONG = "long"
    """Too many over hours."""


class LoopGuard:
    """Counts what goes from one conversation to another; the order of the two makes no difference.

    Memory is bounded: at most ``pairs`` pairs are remembered (those used last), each by at most ``long.count`` times.
    """

    def __init__(
        self,
        *,
        fast: Budget = Budget(count=20, seconds=10.0),  # noqa: B008 - frozen
        long: Budget = Budget(count=400, seconds=3 * 3600.0),  # noqa: B008 - frozen
        pairs: int = 10_000,
    ) -> None:
        self._budgets = ((fast, Guarded.FAST), (long, Guarded.LONG))
        self._keep = long
        self._pairs = pairs
        self._seen: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()

    def check(self, source: str, target: str, now: int) -> Guarded:
        """Count a message from ``source`` to ``target`` (names of lanes or conversations) and say whether it may go.

        A message that is stopped is not counted: the budget refills while a loop is held.
        """
        times = self._times(source, target)
        while times and times[0] <= now - self._keep.seconds * 1000:
            times.popleft()
        for budget, answer in self._budgets:
            since = now - budget.seconds * 1000
            if len(times) >= budget.count and times[-budget.count] > since:
                return answer
        times.append(now)
        return Guarded.PASS

    def _times(self, source: str, target: str) -> deque[int]:
        pair = (source, target) if source <= target else (target, source)
        times = self._seen.setdefault(pair, deque(maxlen=self._keep.count))
        self._seen.move_to_end(pair)
        if len(self._seen) > self._pairs:
            self._seen.popitem(last=False)
        return times
