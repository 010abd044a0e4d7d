"""What a failed call means for its delivery: the one retry engine of the hub.

Rule (law 2): the verdict comes from what a :class:`~tieline.errors.DeliveryError` says of itself; SDK retries are off.
Pure: no clock, and randomness is an argument. Not promised: that a retry helps; after :attr:`Backoff.limit` attempts
the delivery is a dead letter. Next stop: :mod:`tieline.routing.lane` carries the verdict out.
"""

from __future__ import annotations

import math
from random import Random
from typing import Final

from tieline.errors import DeliveryError, Expired, Permanent, Throttled
from tieline.model.base import Value
from tieline.model.delivery import DeliveryState, Fault

YEAR: Final = 366 * 86_400.0
"""The longest wait that is kept, seconds; more would not fit a date."""

UNTOLD: Final = 1.0
"""Seconds to wait where a platform throttles without saying for how long, or says nonsense."""

LOOK_AFTER: Final = 1.0
"""Least seconds before an uncertain send is looked up: it may be on its way still."""

LANE_BASE: Final = 30.0
LANE_CAP: Final = 600.0
"""Seconds between tries of a conversation that refuses us, first and longest."""


class Backoff(Value, kw_only=True, frozen=True):
    """Exponential backoff with full jitter (the wait is anything between nothing and the step); seconds."""

    base: float = 1.0
    cap: float = 300.0
    limit: int = 12
    """Attempts before a delivery is a dead letter."""

    def step(self, attempt: int) -> float:
        """The longest wait after attempt number ``attempt`` (from 1)."""
        return min(self.cap, self.base * 2.0 ** min(attempt - 1, 60))

    def delay(self, attempt: int, random: Random) -> float:
        """A wait after attempt number ``attempt``."""
        return random.uniform(0.0, self.step(attempt))


class Verdict(Value, kw_only=True, frozen=True):
    """What becomes of the delivery: its state, after how many seconds it may be tried again, and why."""

    state: DeliveryState
    fault: Fault
    delay: float = 0.0
    counts: bool = True
    """False where the attempt was not the delivery's fault (throttled, a stopped channel)."""
    account_wide: bool = False
    """The wait is for the whole channel."""
    stops_channel: bool = False
    stops_lane: bool = False
    """A person must mend the conversation; until then it is tried ever more seldom."""
    blames_channel: bool = False
    """The channel did not answer as it should: the breaker counts it."""


def judge(error: DeliveryError, attempt: int, backoff: Backoff, random: Random) -> Verdict:
    """Judge a failed call, the delivery's attempt number ``attempt`` (from 1)."""
    fault = Fault(code=error.code, detail=error.detail, fix=error.fix)
    if isinstance(error, Throttled):
        return Verdict(
            state=DeliveryState.QUEUED,
            fault=fault,
            delay=sane(error.retry_after),
            counts=False,
            account_wide=error.account_wide,
        )
    if isinstance(error, Permanent) and error.stops_channel:
        return Verdict(state=DeliveryState.QUEUED, fault=fault, counts=False, stops_channel=True)
    if isinstance(error, Permanent) and error.stops_lane and attempt < backoff.limit:
        delay = min(LANE_CAP, LANE_BASE * 2.0 ** (attempt - 1))
        return Verdict(state=DeliveryState.QUEUED, fault=fault, delay=delay, stops_lane=True)
    if not error.retryable:
        state = DeliveryState.EXPIRED if isinstance(error, Expired) else DeliveryState.FAILED
        return Verdict(state=state, fault=fault)
    return _again(error, fault, attempt, backoff, random)


def _again(error: DeliveryError, fault: Fault, attempt: int, backoff: Backoff, random: Random) -> Verdict:
    uncertain = error.dispatched is None
    if attempt >= backoff.limit:
        return Verdict(state=DeliveryState.FAILED, fault=_exhausted(fault, attempt, uncertain), blames_channel=True)
    delay = backoff.delay(attempt, random)
    return Verdict(
        state=DeliveryState.UNCERTAIN if uncertain else DeliveryState.QUEUED,
        fault=fault,
        delay=max(LOOK_AFTER, delay) if uncertain else delay,
        blames_channel=True,
    )


def _exhausted(fault: Fault, attempt: int, uncertain: bool) -> Fault:  # noqa: FBT001 - one caller, above
    doubt = "; it may have been shown" if uncertain else ""
    return Fault(
        code=fault.code,
        detail=f"{fault.detail} (given up after {attempt} attempts{doubt})".strip(),
        fix=fault.fix or "mend the channel, then retry the delivery",
    )


def sane(retry_after: float) -> float:
    """A platform's ``Retry-After`` as seconds to wait: nonsense (NaN, zero, negative) becomes :data:`UNTOLD`."""
    if math.isnan(retry_after) or retry_after <= 0:
        return UNTOLD
    return min(retry_after, YEAR)
