"""Token buckets, with a clock that stands still."""

from __future__ import annotations

import math

import pytest
from aiohttp import web

from tieline.api.limits import Limiter
from tieline.api.services import RateLimit
from tieline.model.outcome import Refusal
from tieline.ports.clock import SystemClock


class StillClock(SystemClock):
    """Moves only when told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


def test_a_bucket_empties_and_refills_evenly(clock: StillClock) -> None:
    limiter = Limiter(RateLimit(quota=10, window=10), clock)
    assert [limiter.take(1) for _ in range(10)] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    refusal = limiter.take(1)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.retry_after) == (429, 1.0)
    clock.seconds += 2.5
    assert limiter.take(1) == 1.5
    clock.seconds += 1000
    assert limiter.take(1) == 9


def test_a_refused_request_takes_nothing(clock: StillClock) -> None:
    limiter = Limiter(RateLimit(quota=10, window=10), clock)
    assert isinstance(limiter.take(1, 11), Refusal)
    assert limiter.take(1, 10) == 0


def test_credentials_do_not_share(clock: StillClock) -> None:
    limiter = Limiter(RateLimit(quota=1, window=1), clock)
    assert limiter.take(1) == 0
    assert limiter.take(2) == 0


def test_full_buckets_are_forgotten(clock: StillClock) -> None:
    limiter = Limiter(RateLimit(quota=2, window=1), clock)
    for key in range(10_000):
        limiter.take(key)
    clock.seconds += 1
    limiter.take(-1)
    assert len(limiter._buckets) == 1


def test_without_a_quota_nothing_is_counted_or_told(clock: StillClock) -> None:
    limiter = Limiter(RateLimit(quota=0), clock)
    assert limiter.take(1, 10**9) == math.inf
    answer = web.Response()
    limiter.tell(answer, math.inf)
    assert "RateLimit" not in answer.headers
