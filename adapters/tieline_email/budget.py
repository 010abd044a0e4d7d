"""How many mails one thread and one address may get. Pure but for the clock it is given.

Rule: a storm is stopped here whatever its cause: two hubs that answer each other, a program that writes in a circle, a
room that talks all day to somebody who reads mail. What is over the budget waits in its lane, visibly, with the reason;
nothing is dropped. A budget fills up evenly over the hour. It is kept in memory: a restart of the hub fills it.
Next stop: :mod:`tieline_email.outbound` asks before each mail.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from tieline.errors import Throttled
from tieline.ports.clock import Clock

HOUR: Final = 3600.0
_MOST: Final = 10_000
"""Threads and addresses that are remembered; those that were quiet longest are forgotten first."""


class Budget:
    """Tokens of one kind: ``per_hour`` for each name."""

    def __init__(self, per_hour: int, clock: Clock, what: str) -> None:
        self._most = float(per_hour)
        self._clock = clock
        self._what = what
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, name: str) -> None:
        """Raises Throttled until the name may have another mail."""
        left = self._now(name)
        if left < 1.0:
            detail = f"{self._what} {name} has had {self._most:g} mails within an hour"
            fix = "wait, or raise per_thread or per_contact of the channel if that is meant"
            raise Throttled("mail_budget", detail, retry_after=(1.0 - left) * HOUR / self._most, fix=fix)

    def take(self, name: str) -> None:
        """One mail was handed over."""
        self._left[name] = (max(self._now(name) - 1.0, 0.0), self._clock.monotonic())
        self._left.move_to_end(name)
        while len(self._left) > _MOST:
            self._left.popitem(last=False)

    def _now(self, name: str) -> float:
        left, since = self._left.get(name, (self._most, 0.0))
        return min(self._most, left + (self._clock.monotonic() - since) * self._most / HOUR)
