"""Rate limits: one token bucket per credential, told in ``RateLimit`` and ``RateLimit-Policy`` (IETF httpapi draft 10).

Buckets refill evenly and live in memory: a restart forgives. Full ones are forgotten, so memory is bounded by the
credentials that are busy now. Not promised: fairness between the tokens of one member.
"""

from __future__ import annotations

import math

from aiohttp import web

from tieline.api.services import RateLimit
from tieline.model.outcome import Refusal
from tieline.ports.clock import Clock

_SWEEP_AT = 10_000


class Limiter:
    """Takes from buckets; see the module."""

    def __init__(self, rate: RateLimit, clock: Clock) -> None:
        self._quota = float(rate.quota)
        self._window = rate.window
        self._refill = rate.quota / rate.window
        self._clock = clock
        self._buckets: dict[int, tuple[float, float]] = {}
        self.policy = f'"default";q={rate.quota};w={rate.window}'

    def take(self, key: int, cost: int = 1) -> float | Refusal:
        """Take ``cost`` from the bucket ``key``: what is left, or a 429 that says when to come again."""
        if not self._quota:
            return math.inf
        now = self._clock.monotonic()
        level, at = self._buckets.get(key, (self._quota, now))
        level = min(self._quota, level + (now - at) * self._refill)
        if level < cost:
            self._buckets[key] = (level, now)
            return self._refusal(level, cost)
        if len(self._buckets) >= _SWEEP_AT:
            self._sweep(now)
        self._buckets[key] = (level - cost, now)
        return level - cost

    def _refusal(self, level: float, cost: int) -> Refusal:
        wait = (min(float(cost), self._quota) - level) / self._refill
        return Refusal(
            status=429,
            code="rate_limited",
            detail=f"More than {self._quota:.0f} in {self._window} s with this token. Come again in {wait:.1f} s.",
            retry_after=wait,
        )

    def _sweep(self, now: float) -> None:
        full = self._quota
        self._buckets = {k: b for k, b in self._buckets.items() if b[0] + (now - b[1]) * self._refill < full}

    def tell(self, answer: web.StreamResponse, left: float) -> None:
        """Write the headers: what is left, and seconds until the bucket is full again."""
        if not self._quota:
            return
        wait = math.ceil((self._quota - left) / self._refill)
        answer.headers["RateLimit-Policy"] = self.policy
        answer.headers["RateLimit"] = f'"default";r={int(left)};t={wait}'
