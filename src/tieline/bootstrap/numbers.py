"""Numbers of the hub for Prometheus: events, deliveries by outcome, what waits, which channels are up.

Counted once per commit from what the bus tells, so that nothing on the way of a message is measured twice; what waits
is read from the database every few seconds. Names follow Prometheus's conventions. Next stop: ``/metrics``.
"""

from __future__ import annotations

from collections import Counter as Count
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from tieline.errors import StoreError
from tieline.model.channels import ChannelState
from tieline.model.delivery import Delivery
from tieline.ports.channels import Channels
from tieline.ports.clock import Clock
from tieline.ports.hub import Bus, Committed
from tieline.ports.reading import Reader

LOOK_EVERY: Final = 5.0
"""Seconds between looks at what waits."""
_log = structlog.get_logger(__name__)


class Numbers:
    """Counts for one hub."""

    def __init__(self, registry: CollectorRegistry, reader: Reader, channels: Channels, clock: Clock) -> None:
        self._reader, self._channels, self._clock = reader, channels, clock
        self._events = Counter("tieline_events", "Events committed to streams.", ["kind"], registry=registry)
        self._commits = Counter("tieline_commits", "Transactions that changed something.", registry=registry)
        self._deliveries = Counter(
            "tieline_deliveries", "Times a delivery came into a state.", ["channel", "state"], registry=registry
        )
        self._waiting = Gauge(
            "tieline_lane_deliveries", "Open and failed deliveries now.", ["channel", "state"], registry=registry
        )
        self._oldest = Gauge(
            "tieline_lane_oldest_seconds", "Age of the oldest open delivery.", ["channel"], registry=registry
        )
        self._up = Gauge("tieline_channel_up", "1 while a channel is connected.", ["channel"], registry=registry)

    def listen(self, bus: Bus) -> None:
        """Count what is committed from now on."""
        bus.subscribe(self._heard)

    async def watch(self) -> None:
        """Look at what waits until cancelled."""
        while True:
            try:
                await self._look()
            except StoreError as error:
                _log.warning("numbers_unread", error=str(error))
            await self._clock.sleep(LOOK_EVERY)

    def _heard(self, committed: Committed) -> None:
        self._commits.inc()
        for kind, count in Count(event.kind for event in committed.events).items():
            self._events.labels(kind.value).inc(count)
        for value in committed.changed:
            if isinstance(value, Delivery):
                self._deliveries.labels(value.channel, value.state.value).inc()

    async def _look(self) -> None:
        depths = await self._reader.lane_depths()
        self._waiting.clear()
        self._oldest.clear()
        now, oldest = self._clock.now(), dict[str, int]()
        for channel, state, count, since in depths:
            self._waiting.labels(channel, state.value).set(count)
            if state.is_open:
                oldest[channel] = min(since, oldest.get(channel, since))
        for channel, since in oldest.items():
            self._oldest.labels(channel).set(max(0, now - since) / 1000)
        for health in self._channels.health():
            self._up.labels(health.name).set(health.state in (ChannelState.UP, ChannelState.CATCHING_UP))
