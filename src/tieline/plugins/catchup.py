"""Catch-up: what was written in a conversation while we were away, page by page, before anything newer.

Rule (law 9): each event is a command like a live one, so that repeats drop out, and the cursor is durable with it. A
platform that cannot answer now is asked again for as long as it takes; one that will never answer is a visible fault.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Final, TypeVar

import structlog

from tieline.errors import DeliveryError, HubBusy, Misconfigured, StoreError, Throttled
from tieline.model.commands import Command, ReceiveEvent, SaveCursor
from tieline.model.delivery import Fault
from tieline.model.inbound import InboundEvent
from tieline.model.outcome import Outcome
from tieline.plugins.patience import must_wait
from tieline.ports.abilities import History, Resync
from tieline.ports.clock import Clock
from tieline.ports.hub import Hub
from tieline.ports.reading import Reader

BASE: Final = 1.0
CAP: Final = 60.0

_T = TypeVar("_T")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Catches up with conversations of one channel. ``told`` hears of faults, and of None when they are over."""

    channel: str
    history: History
    hub: Hub
    reader: Reader
    clock: Clock
    random: Random
    told: Callable[[Fault | None], None]
    patient: Callable[[InboundEvent], Awaitable[Outcome]]
    """Execute an event once what it may speak of is sent."""

    async def run(self, conversation: str) -> int:
        """Read everything that was missed; answers how many events came. Raises only CancelledError."""
        known = await self._patiently(lambda: self.reader.cursor(self.channel, conversation))
        cursor = known.cursor if known else None
        count = 0
        while True:
            page = await self._page(conversation, cursor)
            if page is None:
                return count
            for event in page.events:
                outcome = await self._execute(ReceiveEvent(channel=self.channel, event=event))
                if must_wait(outcome):
                    await self._patiently(lambda event=event: self.patient(event))  # type: ignore[misc]
            count += len(page.events)
            stuck = page.cursor == cursor
            if page.cursor is not None and not stuck:
                cursor = page.cursor
                await self._execute(SaveCursor(channel=self.channel, conversation=conversation, cursor=cursor))
            if not page.more or stuck:
                return count

    async def _page(self, conversation: str, cursor: str | None) -> Resync | None:
        """The next page; None if there will never be one."""
        attempt = 0
        while True:
            attempt += 1
            try:
                page = await self.history.resync(conversation, cursor)
            except Misconfigured as error:
                self._given_up(conversation, str(error), error.fix)
                return None
            except Throttled as error:
                await self._wait(conversation, error, max(0.001, min(error.retry_after, 3600.0)))
            except DeliveryError as error:
                if not error.retryable:
                    self._given_up(conversation, str(error), error.fix)
                    return None
                await self._wait(conversation, error, self._backoff(attempt))
            except Exception as error:  # noqa: BLE001 - an adapter may raise anything; it is shown and tried again
                await self._wait(conversation, error, self._backoff(attempt))
            else:
                self.told(None)
                return page

    def _given_up(self, conversation: str, reason: str, fix: str) -> None:
        detail = f"What was written in {conversation} during an outage cannot be read: {reason}"
        self.told(Fault(code="catch_up_failed", detail=detail, fix=fix))
        _log.error("catch_up_failed", channel=self.channel, conversation=conversation, reason=reason)

    async def _wait(self, conversation: str, error: Exception, seconds: float) -> None:
        detail = f"The history of {conversation} does not answer: {error}"
        self.told(Fault(code="catch_up_waits", detail=detail))
        _log.warning("catch_up_waits", channel=self.channel, conversation=conversation, error=str(error))
        await self.clock.sleep(seconds)

    def _backoff(self, attempt: int) -> float:
        return self.random.uniform(BASE / 2, min(CAP, BASE * 2.0 ** min(attempt, 30)))

    async def _execute(self, command: Command) -> Outcome:
        return await self._patiently(lambda: self.hub.execute(command))

    async def _patiently(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        while True:
            try:
                return await ask()
            except StoreError as error:
                await self.clock.sleep(error.retry_after if isinstance(error, HubBusy) else BASE)
