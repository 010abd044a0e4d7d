"""What Discord said about how often it may be asked: kept, and heeded before the next call.

Rule: a bucket that is used up answers :class:`Throttled` here, before anything is sent; nobody sleeps. Refused calls
(401, 403, 429) are counted, because Discord bans an address that makes ten thousand of them in ten minutes: long before
that the channel stops. Not promised: buckets are kept by route, not by Discord's hash; two routes that share one meet
a 429 instead. Next stop: :mod:`tieline_discord.calls` asks before and tells after each call.

Source: docs.discord.com, "Rate Limits".
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from tieline.errors import DeliveryError, Permanent, Throttled
from tieline.ports.clock import Clock
from tieline_discord.errors import TOO_MANY_INVALID

WINDOW: Final = 600.0
"""Seconds that Discord counts refused calls over."""
MOST_INVALID: Final = 500
"""Refused calls in a window until the channel stops; Discord's own limit is 10,000."""
_MOST_BUCKETS: Final = 2000
_INVALID: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_ID: Final = re.compile(r"/\d{2,20}(?=/|$)")
_REACTION: Final = re.compile(r"/reactions/.*")


def route(method: str, path: str) -> str:
    """The bucket of a call: its method and path, where only the first two segments keep their ids."""
    head, tail = path, ""
    pieces = path.split("/")
    major = 4 if pieces[1:2] == ["webhooks"] else 3  # a webhook's token belongs to its bucket
    if len(pieces) > major:
        head, tail = "/".join(pieces[:major]), "/" + "/".join(pieces[major:])
    return f"{method} {head}{_REACTION.sub('/reactions', _ID.sub('/:id', tail))}"


class Limits:
    """The limits of one token."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free_at: OrderedDict[str, float] = OrderedDict()
        self._all_free_at = 0.0
        self._invalid: deque[float] = deque()

    def refuse(self, key: str) -> DeliveryError | None:
        """Why a call must not be made now; None: it may."""
        now = self._clock.monotonic()
        if self._counted(now) >= MOST_INVALID:
            return Permanent(
                TOO_MANY_INVALID,
                f"Discord refused {MOST_INVALID} calls within ten minutes, and bans those who go on",
                stops_channel=True,
                fix="mend what the log names (permissions, the token), then: tieline channels resume",
            )
        if now < self._all_free_at:
            return _wait(self._all_free_at - now, everywhere=True)
        if now < (until := self._free_at.get(key, 0.0)):
            return _wait(until - now)
        return None

    def learn(self, key: str, status: int, headers: Mapping[str, str], throttled: Throttled | None) -> None:
        """Keep what an answer says."""
        now = self._clock.monotonic()
        shared = headers.get("X-RateLimit-Scope") == "shared"  # Discord does not count these
        if status in _INVALID and not shared:
            self._invalid.append(now)
        if throttled is not None:
            if throttled.account_wide:
                self._all_free_at = now + throttled.retry_after
            else:
                self._close(key, now + throttled.retry_after)
        elif headers.get("X-RateLimit-Remaining") == "0":
            self._close(key, now + _seconds(headers.get("X-RateLimit-Reset-After")))

    def _close(self, key: str, until: float) -> None:
        self._free_at[key] = until
        self._free_at.move_to_end(key)
        while len(self._free_at) > _MOST_BUCKETS:
            self._free_at.popitem(last=False)

    def _counted(self, now: float) -> int:
        while self._invalid and self._invalid[0] < now - WINDOW:
            self._invalid.popleft()
        return len(self._invalid)


def _wait(seconds: float, *, everywhere: bool = False) -> Throttled:
    detail = f"Discord's limit is used up for {seconds:.1f} s"
    return Throttled("rate_limited", detail, retry_after=seconds, account_wide=everywhere)


def _seconds(text: str | None) -> float:
    try:
        seconds = float(text or 0)
    except ValueError:
        return 0.0
    return seconds if 0 < seconds <= WINDOW else 0.0
