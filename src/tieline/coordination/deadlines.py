"""Wakes climbs when their deadlines come: those that came while the hub was away at once, each once.

Rule: nothing is remembered here; the rows are the queue, and a wake is a command that names its rung. Next stop:
:mod:`tieline.coordination.ladder`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from tieline.errors import HubBusy, StoreError
from tieline.model.alerts import Climb
from tieline.model.commands import ClimbOn
from tieline.ports.clock import Clock
from tieline.ports.hub import Bus, Committed, Hub
from tieline.ports.reading import Reader
from tieline.ports.waiting import rest

LOOK: Final = 300.0
"""Seconds after which the rows are looked at again, whatever was heard: a jump of the machine's clock."""
PAGE: Final = 200
_log = structlog.get_logger(__name__)


class Deadlines:
    """The one timer of the hub's ladders."""

    def __init__(self, hub: Hub, reader: Reader, bus: Bus, clock: Clock) -> None:
        self._hub = hub
        self._reader = reader
        self._bus = bus
        self._clock = clock
        self._woken = asyncio.Event()
        self._leave: Callable[[], None] = lambda: None

    async def run(self) -> None:
        """Wake what is due until cancelled."""
        self._leave = self._bus.subscribe(self._heard)
        try:
            while True:
                self._woken.clear()
                await rest(self._clock, await self._round(), self._woken)
        finally:
            self._leave()

    def _heard(self, committed: Committed) -> None:
        if any(isinstance(value, Climb) for value in committed.changed):
            self._woken.set()

    async def _round(self) -> float:
        """Wake what is due; seconds until the next look."""
        try:
            climbs = await self._reader.climbs(PAGE)
            now = self._clock.now()
            due = [climb for climb in climbs if climb.due_at <= now]
            for climb in due:
                await self._hub.execute(ClimbOn(climb_id=climb.id, rung=climb.rung))
        except StoreError as error:
            _log.warning("deadlines_wait", error=str(error))
            return error.retry_after if isinstance(error, HubBusy) else 1.0
        if due:
            return 0.001
        return max(0.001, min(LOOK, (climbs[0].due_at - now) / 1000)) if climbs else LOOK
