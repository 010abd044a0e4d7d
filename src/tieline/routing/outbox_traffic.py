"""What the lanes of one channel share, and the pace of one lane: when the next call may be made.

Rule (law 3): a throttle pauses its lane, or its channel where the platform says so, and nobody else. All times are
monotonic seconds: a jump of the machine's clock neither hastens nor holds a call.
Next stop: :mod:`tieline.routing.lane` asks before every call.
"""

from __future__ import annotations

from collections.abc import Callable

from tieline.model.capabilities import RateLimit
from tieline.routing.breaker import Breaker


class Pace:
    """A token bucket: ``per_second`` calls on the long run, ``burst`` at once."""

    def __init__(self, limit: RateLimit, now: float) -> None:
        self.limit = limit
        self._tokens = float(max(1, limit.burst))
        self._at = now

    def delay(self, now: float) -> float:
        """Seconds until the next call."""
        self._refill(now)
        missing = 1.0 - self._tokens
        return missing / self.limit.per_second if missing > _ROUNDING else 0.0

    def take(self, now: float) -> None:
        """A call is made."""
        self._refill(now)
        self._tokens -= 1.0

    def is_full(self, now: float) -> bool:
        """True if forgetting it would change nothing."""
        self._refill(now)
        return self._tokens >= max(1, self.limit.burst)

    def _refill(self, now: float) -> None:
        full = float(max(1, self.limit.burst))
        self._tokens = min(full, self._tokens + (now - self._at) * self.limit.per_second)
        self._at = now


_ROUNDING = 1e-9


class Traffic:
    """One channel's breaker, its account's pause, and the paces of its lanes.

    ``changed`` is called when waiting lanes should look again.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.breaker = Breaker()
        self._changed = changed
        self._paused_until = 0.0
        self._paces: dict[str, Pace] = {}

    def delay(self, lane: str, rate: RateLimit | None, now: float) -> float:
        """Seconds until ``lane`` may make a call; :data:`~tieline.routing.breaker.NEVER`: until it is woken."""
        return max(self._paused_until - now, self.breaker.delay(now), self._pace_delay(lane, rate, now), 0.0)

    def enter(self) -> bool:
        """A delivery has its turn (:meth:`delay` was 0); True if its first call is the breaker's probe."""
        return self.breaker.enter()

    def leave(self, *, probe: bool) -> None:
        """Its turn is over, however."""
        if probe:
            self.breaker.leave()
            self._changed()

    def spend(self, lane: str, rate: RateLimit | None, now: float) -> None:
        """A call is made."""
        if rate is not None:
            self._pace(lane, rate, now).take(now)

    def pause(self, seconds: float, now: float) -> None:
        """The platform asked the whole account to wait."""
        self._paused_until = max(self._paused_until, now + seconds)

    def forget(self, now: float) -> None:
        """Drop paces that a fresh one would equal."""
        self._paces = {lane: pace for lane, pace in self._paces.items() if not pace.is_full(now)}

    def _pace_delay(self, lane: str, rate: RateLimit | None, now: float) -> float:
        return 0.0 if rate is None else self._pace(lane, rate, now).delay(now)

    def _pace(self, lane: str, rate: RateLimit, now: float) -> Pace:
        pace = self._paces.get(lane)
        if pace is None or pace.limit != rate:
            pace = self._paces[lane] = Pace(rate, now)
        return pace
