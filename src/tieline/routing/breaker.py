"""A breaker per channel: after some failures in a row one probe at a time finds out whether it works again.

Rule: a channel that was never heard from is on probation, so that a wrong credential costs one call and not one per
lane (10,000 refused calls in ten minutes are a ban on Discord). Pure but for its own state; the clock is an argument,
in monotonic seconds. Not promised: that a probe succeeds. Next stop: :mod:`tieline.routing.outbox_traffic`.
"""

from __future__ import annotations

from typing import Final

NEVER: Final = float("inf")
"""A wait that ends when somebody wakes the waiter."""


class Breaker:
    """Closed: everybody may call. Open: nobody until a time. Half open: one at a time."""

    def __init__(self, *, threshold: int = 5, base: float = 2.0, cap: float = 60.0) -> None:
        self._threshold = threshold
        self._base = base
        self._cap = cap
        self._failures = 0
        self._opened = 0
        self._until = 0.0
        self._proven = False
        self._probing = False

    @property
    def is_open(self) -> bool:
        """True from the last failure of a row until a call succeeds."""
        return self._opened > 0

    def delay(self, now: float) -> float:
        """Seconds until a call may be made; 0: now; :data:`NEVER`: when the probe has ended."""
        if self._proven:
            return 0.0
        if now < self._until:
            return self._until - now
        return NEVER if self._probing else 0.0

    def enter(self) -> bool:
        """A call begins (:meth:`delay` was 0); True if it is the probe, which must end by :meth:`leave`."""
        if self._proven:
            return False
        self._probing = True
        return True

    def leave(self) -> None:
        """The probe ended, however."""
        self._probing = False

    def success(self) -> bool:
        """The channel answered; True if that closed the breaker."""
        closed = not self._proven
        self._failures = self._opened = 0
        self._proven = True
        return closed

    def failure(self, now: float) -> bool:
        """The channel did not answer as it should; True if that opened the breaker (again)."""
        self._failures += 1
        if self._failures < self._threshold and not self.is_open:
            return False
        self._proven = False
        self._until = now + min(self._cap, self._base * 2.0 ** min(self._opened, 30))
        self._opened += 1
        return True

    def doubt(self) -> None:
        """Something changed (new connection, new credential): back on probation, without a wait."""
        self._failures = self._opened = 0
        self._until = 0.0
        self._proven = False
