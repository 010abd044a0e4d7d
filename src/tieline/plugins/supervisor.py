"""The supervisor: one runner per configured channel; what lanes and the API ask about channels, it answers.

Implements :class:`tieline.ports.channels.Channels`. Rule: a channel that cannot be made or connected is shown, and
costs only itself. Reload starts, stops and restarts what differs, and leaves the rest alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import msgspec
from aiohttp import web

from tieline.errors import Misconfigured
from tieline.model.channels import ChannelHealth, ChannelRecord
from tieline.model.delivery import UNRESOLVED, Delivery, Fault
from tieline.model.rooms import Link
from tieline.plugins.discovery import load_factory
from tieline.plugins.runner import ConfiguredChannel, Inside, Runner
from tieline.ports.abilities import HttpRoutes, Route
from tieline.ports.adapter import AdapterContext, ChannelAdapter, Manifest
from tieline.ports.channels import ChannelListener, OnDoubt
from tieline.ports.hub import Bus, Committed

ALL_STOP: Final = 8.0
"""Seconds within which all channels are stopped."""


class Supervisor:
    """Keeps the channels."""

    def __init__(self, inside: Inside, bus: Bus, manifests: Mapping[str, Manifest]) -> None:
        self._inside = inside
        self._bus = bus
        self._manifests = manifests
        self._runners: dict[str, Runner] = {}
        self._paused: dict[str, bool] = {}
        self._listeners: tuple[ChannelListener, ...] = ()
        self._leave: Callable[[], None] = lambda: None
        self._running = False

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def prepare(self, channels: Iterable[ConfiguredChannel]) -> None:
        """Make the adapters without any I/O, so that their routes can be mounted and previews work."""
        for channel in channels:
            self._runners[channel.name] = self._runner(channel)

    async def start(self) -> None:
        """Connect everything that was prepared; returns at once."""
        self._running = True
        self._leave = self._bus.subscribe(self._heard)
        for runner in self._runners.values():
            runner.start()

    async def stop(self) -> None:
        """Disconnect everything within a bound."""
        self._running = False
        self._leave()
        stops = [asyncio.ensure_future(runner.stop()) for runner in self._runners.values()]
        if stops:
            _, late = await asyncio.wait(stops, timeout=ALL_STOP)
            for stop in late:
                stop.cancel()

    async def apply(self, channels: Iterable[ConfiguredChannel]) -> tuple[str, ...]:
        """Make the channels as a new configuration wants them; answers a line for everything that was changed."""
        wanted = {channel.name: channel for channel in channels}
        lines: list[str] = []
        for name in [name for name in self._runners if name not in wanted]:
            await self._runners.pop(name).stop()
            lines.append(f"channel {name} stopped")
            self._tell(name)
        for name, channel in wanted.items():
            old = self._runners.get(name)
            if old is not None and old.channel == _described(channel, self._manifests.get(channel.adapter)):
                continue
            if old is not None:
                await old.stop()
            self._runners[name] = self._runner(channel)
            if self._running:
                self._runners[name].start()
            lines.append(f"channel {name} {'started' if old is None else 'restarted with its new settings'}")
            self._tell(name)
        return tuple(lines)

    def _runner(self, channel: ConfiguredChannel) -> Runner:
        manifest = self._manifests.get(channel.adapter)

        def make(context: AdapterContext) -> ChannelAdapter:
            if manifest is None:
                known = ", ".join(sorted(self._manifests)) or "none"
                raise Misconfigured(f"there is no adapter '{channel.adapter}'", fix=f"use one of: {known}")
            return load_factory(manifest)(context)

        services = self._inside.services if manifest is not None and manifest.inside else None
        inside = replace(self._inside, services=services)
        channel = _described(channel, manifest)
        return Runner(channel, make, inside, lambda: self._tell(channel.name))

    # ── ports.Channels ───────────────────────────────────────────────────────────────────────────────────────────

    def adapter(self, channel: str) -> ChannelAdapter | None:
        """The adapter to send through; see the port."""
        runner = self._runners.get(channel)
        return runner.adapter if runner is not None and runner.sends else None

    def known(self, channel: str) -> ChannelAdapter | None:
        """The adapter, connected or not; see the port."""
        runner = self._runners.get(channel)
        return runner.adapter if runner is not None else None

    def on_doubt(self, channel: str) -> OnDoubt:
        """What to do with a send in doubt; see the port."""
        runner = self._runners.get(channel)
        return runner.channel.on_doubt if runner is not None else OnDoubt.RESEND

    def health(self) -> Sequence[ChannelHealth]:
        """Health of every channel, by name."""
        return [self._runners[name].health() for name in sorted(self._runners)]

    def report(self, channel: str, fault: Fault | None, *, stops: bool = False, retry_at: int | None = None) -> None:
        """A lane tells what it met; see the port."""
        runner = self._runners.get(channel)
        if runner is not None:
            runner.report(fault, stops=stops, retry_at=retry_at)

    def subscribe(self, listener: ChannelListener) -> Callable[[], None]:
        """Add a listener; the answer removes it."""
        self._listeners = (*self._listeners, listener)

        def remove() -> None:
            self._listeners = tuple(other for other in self._listeners if other is not listener)

        return remove

    # ── for the API ──────────────────────────────────────────────────────────────────────────────────────────────

    def mounts(self) -> Mapping[str, Sequence[Route]]:
        """Routes that adapters bring, by channel, bound late: a restarted channel answers by its new self."""
        return {
            name: tuple(self._late(name, route) for route in _routes(runner.adapter))
            for name, runner in self._runners.items()
        }

    def again(self, channel: str) -> None:
        """A person says a stopped channel is mended: try it now."""
        if (runner := self._runners.get(channel)) is not None:
            runner.again()

    def _late(self, channel: str, mounted: Route) -> Route:
        async def handle(request: web.Request) -> web.StreamResponse:
            runner = self._runners.get(channel)
            for route in _routes(runner.adapter if runner is not None else None):
                if (route.method, route.path) == (mounted.method, mounted.path):
                    return await route.handler(request)
            raise web.HTTPServiceUnavailable(text="the channel is not there now", headers={"Retry-After": "5"})

        return Route(method=mounted.method, path=mounted.path, handler=handle)

    # ── bus ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _heard(self, committed: Committed) -> None:
        for value in committed.changed:
            if isinstance(value, ChannelRecord):
                self._record_changed(value)
            elif isinstance(value, Delivery):
                self._direct_wanted(value)
            elif isinstance(value, Link) and (runner := self._runners.get(value.channel)) is not None:
                runner.link_changed(value)

    def _direct_wanted(self, delivery: Delivery) -> None:
        if delivery.conversation.startswith(UNRESOLVED) and delivery.state.is_open:
            runner = self._runners.get(delivery.channel)
            if runner is not None:
                runner.direct_wanted(delivery.conversation.removeprefix(UNRESOLVED))

    def _record_changed(self, record: ChannelRecord) -> None:
        before, self._paused[record.name] = self._paused.get(record.name, False), record.paused
        if before and not record.paused:
            self.again(record.name)
        self._tell(record.name)

    def _tell(self, channel: str) -> None:
        for listener in self._listeners:
            listener(channel)


def _routes(adapter: object) -> Sequence[Route]:
    return adapter.routes() if isinstance(adapter, HttpRoutes) else ()


def _described(channel: ConfiguredChannel, manifest: Manifest | None) -> ConfiguredChannel:
    """The channel with what its adapter's manifest says of it."""
    if manifest is None:
        return channel
    own = channel.settings.get(manifest.own) if manifest.own else None
    return msgspec.structs.replace(channel, traits=manifest.traits, own=str(own).lower() if own else None)
