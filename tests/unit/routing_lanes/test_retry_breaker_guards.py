"""The pure parts of the outbox: verdicts, backoff, breaker, pace, loop guards."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.errors import DeliveryError, Expired, NotDispatched, OptedOut, Permanent, Throttled, Uncertain
from tieline.model.capabilities import RateLimit
from tieline.model.delivery import DeliveryState
from tieline.ports.throttling import retry_after_seconds
from tieline.routing.breaker import NEVER, Breaker
from tieline.routing.guards import Budget, Guarded, LoopGuard
from tieline.routing.outbox_traffic import Pace
from tieline.routing.retry import YEAR, Backoff, judge, sane

BACKOFF = Backoff()


def verdict_of(error: DeliveryError, attempt: int = 1) -> tuple[DeliveryState, bool]:
    verdict = judge(error, attempt, BACKOFF, Random(1))
    return verdict.state, verdict.counts


@pytest.mark.parametrize(
    ("error", "state", "counts"),
    [
        (NotDispatched("x"), DeliveryState.QUEUED, True),
        (Uncertain("x"), DeliveryState.UNCERTAIN, True),
        (Throttled("x", retry_after=1), DeliveryState.QUEUED, False),
        (Permanent("x"), DeliveryState.FAILED, True),
        (Permanent("x", stops_channel=True), DeliveryState.QUEUED, False),
        (Permanent("x", stops_lane=True), DeliveryState.QUEUED, True),
        (OptedOut("x"), DeliveryState.FAILED, True),
        (Expired("x"), DeliveryState.EXPIRED, True),
    ],
    ids=lambda value: repr(value) if isinstance(value, DeliveryError) else "",
)
def test_each_class_of_error_has_its_verdict(error: DeliveryError, state: DeliveryState, counts: bool) -> None:
    assert verdict_of(error) == (state, counts)


@pytest.mark.parametrize("error", [NotDispatched("x"), Uncertain("x"), Permanent("x", stops_lane=True)], ids=repr)
def test_the_twelfth_attempt_is_the_last(error: DeliveryError) -> None:
    assert verdict_of(error, 11)[0].is_open
    assert verdict_of(error, 12)[0] is DeliveryState.FAILED


@given(attempt=st.integers(1, 10_000), seed=st.integers())
def test_a_wait_is_never_negative_nor_above_its_step_nor_above_the_cap(attempt: int, seed: int) -> None:
    delay = BACKOFF.delay(attempt, Random(seed))
    assert 0 <= delay <= BACKOFF.step(attempt) <= BACKOFF.cap


def test_waits_are_spread_over_the_whole_step() -> None:
    random = Random(5)
    delays = [BACKOFF.delay(6, random) for _ in range(1000)]
    assert min(delays) < 2
    assert max(delays) > 30
    assert 14 < sum(delays) / 1000 < 18


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_whatever_a_platform_says_the_wait_is_a_time_that_can_be_kept(seconds: float) -> None:
    assert 0 < sane(seconds) <= YEAR


@given(st.one_of(st.none(), st.text(), st.floats(allow_nan=True, allow_infinity=True)))
def test_whatever_stands_in_retry_after_it_is_read_as_seconds(header: str | float | None) -> None:
    assert retry_after_seconds(header, 1_790_000_000_000) > 0


# ── breaker ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def proven() -> Breaker:
    breaker = Breaker(threshold=3, base=2, cap=8)
    breaker.success()
    return breaker


def test_a_channel_never_heard_from_gets_one_call_at_a_time() -> None:
    breaker = Breaker()
    assert breaker.delay(0) == 0
    assert breaker.enter()
    assert breaker.delay(0) == NEVER
    breaker.leave()
    assert breaker.delay(0) == 0


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not_let_them_add_up() -> None:
    breaker = proven()
    for _ in range(5):
        assert not breaker.failure(0)
        assert not breaker.failure(0)
        breaker.success()
    assert breaker.delay(0) == 0
    assert [breaker.failure(0) for _ in range(3)] == [False, False, True]
    assert breaker.delay(0) == 2


def test_each_failed_probe_doubles_the_wait_up_to_the_cap_and_a_good_one_closes_it() -> None:
    breaker = proven()
    for _ in range(3):
        breaker.failure(0)
    waits, now = [], 0.0
    for _ in range(4):
        wait = breaker.delay(now)
        waits.append(wait)
        now += wait
        assert breaker.enter()
        breaker.failure(now)
        breaker.leave()
    assert waits == [2, 4, 8, 8]
    assert breaker.success()
    assert breaker.delay(now) == 0
    assert not breaker.enter(), "closed: no probes"


# ── pace ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 20), st.integers(1, 10), st.lists(st.floats(0, 5), max_size=60))
def test_no_window_sees_more_calls_than_the_pace_allows(per_second: int, burst: int, gaps: list[float]) -> None:
    pace = Pace(RateLimit(per_second=per_second, burst=burst), 0.0)
    now, calls = 0.0, []
    for gap in gaps:
        now += gap
        now += pace.delay(now)
        pace.take(now)
        calls.append(now)
    for start, first in enumerate(calls):
        for count, last in enumerate(calls[start:], 1):
            assert count <= burst + (last - first) * per_second + 1e-6


# ── loop guards ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fast_loop_is_stopped_and_let_on_when_the_window_has_passed() -> None:
    guard = LoopGuard(fast=Budget(count=3, seconds=10), long=Budget(count=100, seconds=3600))
    assert [guard.check("a", "b", now) for now in (0, 1000, 2000)] == [Guarded.PASS] * 3
    assert guard.check("b", "a", 3000) is Guarded.FAST, "both ways are one pair"
    assert guard.check("a", "c", 3000) is Guarded.PASS, "another pair"
    assert guard.check("a", "b", 10_001) is Guarded.PASS


def test_a_slow_loop_below_the_fast_guard_meets_the_long_budget() -> None:
    guard = LoopGuard(fast=Budget(count=3, seconds=10), long=Budget(count=50, seconds=3600))
    answers = [guard.check("a", "b", number * 20_000) for number in range(60)]
    assert answers[:50] == [Guarded.PASS] * 50
    assert set(answers[50:]) == {Guarded.LONG}
    assert guard.check("a", "b", 3600_001) is Guarded.PASS


def test_the_guards_memory_is_bounded() -> None:
    guard = LoopGuard(pairs=100)
    for number in range(1000):
        guard.check("a", f"b{number}", number)
    assert len(guard._seen) == 100
