"""All lanes of the hub: each a task, born when there is work and gone when there is none.

Rule (law 3): lanes never wait for one another; what they share is per channel (:class:`~.outbox_traffic.Traffic`).
Rebuilt lazily from the database after a restart. Next stop: :class:`tieline.routing.lane.Lane`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tieline.model.channels import ChannelRecord
from tieline.model.rooms import Link
from tieline.ports.hub import Bus, Committed
from tieline.routing.lane import Lane
from tieline.routing.outbox import Outbox
from tieline.routing.outbox_traffic import Traffic


class Lanes:
    """Starts lanes when commits or channels wake them."""

    def __init__(self, outbox: Outbox, bus: Bus) -> None:
        self._outbox = outbox
        self._bus = bus
        self._lanes: dict[str, tuple[Lane, asyncio.Task[None]]] = {}
        self._traffic: dict[str, Traffic] = {}
        self._leave: list[Callable[[], None]] = []
        self._open = False

    @property
    def working(self) -> frozenset[str]:
        """Names of the lanes that have a task now."""
        return frozenset(self._lanes)

    async def start(self) -> None:
        """Listen, and take up what the database has open. Raises StoreError."""
        self._open = True
        self._leave = [self._bus.subscribe(self._heard), self._outbox.channels.subscribe(self.wake_channel)]
        for lane in await self._outbox.reader.open_lanes():
            self.wake(lane)

    async def stop(self, grace: float = 5.0) -> None:
        """Begin no further delivery; calls in flight have ``grace`` seconds, then they are left in doubt."""
        self._open = False
        for leave in self._leave:
            leave()
        tasks = [task for _, task in self._lanes.values()]
        for lane, _ in list(self._lanes.values()):
            lane.stop()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def wake(self, name: str) -> None:
        """A lane has new work, or its head changed."""
        if not self._open:
            return
        if name in self._lanes:
            self._lanes[name][0].wake()
            return
        lane = Lane(name, self._outbox, self._traffic_of(name.partition("|")[0]))
        task = asyncio.get_running_loop().create_task(lane.run(), name=f"lane {name}")
        self._lanes[name] = (lane, task)
        task.add_done_callback(lambda _: self._retire(name))

    def wake_channel(self, channel: str) -> None:
        """A channel changed: it may send again, or no longer."""
        for lane, _ in list(self._lanes.values()):
            if lane.channel == channel:
                lane.wake()

    def _heard(self, committed: Committed) -> None:
        for name in committed.lanes:
            self.wake(name)
        for value in committed.changed:
            if isinstance(value, ChannelRecord):
                self.wake_channel(value.name)
            elif isinstance(value, Link):
                self.wake_channel(value.channel)

    def _traffic_of(self, channel: str) -> Traffic:
        if channel not in self._traffic:
            self._traffic[channel] = Traffic(lambda: self.wake_channel(channel))
        return self._traffic[channel]

    def _retire(self, name: str) -> None:
        lane, _ = self._lanes.pop(name)
        self._traffic_of(lane.channel).forget(self._outbox.clock.monotonic())
        if lane.is_woken:  # work came between its last look and its end
            self.wake(name)
