"""A running hub: everything wired, started in order, stopped in reverse.

Order of starting: database (migrated, locked, directory loaded), configuration applied, channels prepared, HTTP
listening, lanes, channels connected. So whoever connects finds a hub that can answer, and nothing is sent before the
directory says what the file says. Stopping turns it round and ends with the writer, which commits what was queued.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from ruamel.yaml import YAML

from tieline import __version__
from tieline.api.app import create_app, metrics_app
from tieline.api.auth import Authenticator
from tieline.api.services import ApiServices, ApiSettings
from tieline.bootstrap.audit import Audit
from tieline.bootstrap.chores import keep_house
from tieline.bootstrap.loading import WEB_CHANNEL, configured
from tieline.bootstrap.numbers import Numbers
from tieline.bootstrap.specs import apply_command
from tieline.config import AttachmentSettings, Config, ConfigError, Problem
from tieline.coordination.deadlines import Deadlines
from tieline.coordination.deciders import ACTS as COORDINATED
from tieline.coordination.deciders import deciders as coordination_deciders
from tieline.directory import MemoryDirectory, authenticate
from tieline.directory import deciders as directory_deciders
from tieline.directory.export import export
from tieline.errors import StoreError
from tieline.files.copying import Copying
from tieline.files.opening import open_files
from tieline.model.members import Actor
from tieline.model.outcome import Refusal
from tieline.model.shapes import PacketReport
from tieline.packets import parse
from tieline.plugins.discovery import discover
from tieline.plugins.runner import ConfiguredChannel, Inside
from tieline.plugins.supervisor import Supervisor
from tieline.ports.abilities import Presents, Route
from tieline.ports.adapter import Manifest
from tieline.ports.clock import Clock, SystemClock
from tieline.ports.files import Files, FilesError
from tieline.ports.hub import Bus, Hub
from tieline.ports.local_bus import LocalBus
from tieline.ports.reading import Reader
from tieline.routing.deciders import deciders as routing_deciders
from tieline.routing.lanes import Lanes
from tieline.routing.outbox import Outbox
from tieline.routing.preview import Preview
from tieline.store import Store
from tieline.store.migrating import migrate
from tieline.store.offline import follow

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Doors:
    """What an adapter that is a way into the hub is given. See :class:`tieline.ports.adapter.Services`."""

    hub: Hub
    bus: Bus
    reader: Reader
    directory: MemoryDirectory
    authenticator: Authenticator

    def authenticate(self, secret: str) -> Actor | Refusal:
        """Who a bearer token is."""
        return self.authenticator.bearer(secret)

    def authenticate_request(self, request: web.Request) -> Actor | Refusal | None:
        """Who a request is."""
        return self.authenticator.request(request)


class RunningHub:
    """One hub in this process."""

    def __init__(
        self, config: Config, *, clock: Clock | None = None, manifests: Mapping[str, Manifest] | None = None
    ) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.manifests = discover() if manifests is None else manifests
        self.directory = MemoryDirectory()
        self.bus = LocalBus()
        self.registry = CollectorRegistry()
        self.settings = ApiSettings(hub_name=config.hub.name, version=__version__, public_url=config.hub.public_url)
        self.authenticator = Authenticator(self.authenticate, self.settings)
        self.store = Store(
            config.hub.database,
            directory=self.directory,
            deciders={**directory_deciders(), **routing_deciders(COORDINATED), **coordination_deciders()},
            bus=self.bus,
            clock=self.clock,
        )
        self._files: Files | None = None
        self.app: web.Application | None = None
        self._runners: list[web.AppRunner] = []
        self._lanes: Lanes | None = None
        self._copying: Copying | None = None
        self._supervisor: Supervisor | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = False

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self, *, home: str = "/docs", pages: Sequence[Route] = ()) -> None:
        """Start everything but listening; :meth:`listen` comes next.

        Raises StoreError (with its mend) or ConfigError (what the file says clashes with what the API made).
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, migrate, self.config.hub.database)
        self._files = await loop.run_in_executor(None, _open_files, self.config.hub.attachments)
        await self.store.start()
        try:
            await self._wire(home, pages)
        except BaseException:
            await self.stop()
            raise

    async def _wire(self, home: str, pages: Sequence[Route]) -> None:
        await self.apply(self.config)
        doors = Doors(self.hub, self.bus, self.reader, self.directory, self.authenticator)
        inside = Inside(
            hub=self.hub,
            reader=self.reader,
            directory=self.directory,
            clock=self.clock,
            public_url=self.config.hub.public_url,
            services=doors,
        )
        channels = configured(self.config)
        self._supervisor = Supervisor(inside, self.bus, self.manifests)
        self._supervisor.prepare(channels)
        outbox = Outbox(
            hub=self.hub,
            reader=self.reader,
            directory=self.directory,
            channels=self._supervisor,
            clock=self.clock,
            files=self.files,
        )
        self._lanes = Lanes(outbox, self.bus)
        self._copying = Copying(
            hub=self.hub,
            reader=self.reader,
            files=self.files,
            channels=self._supervisor,
            bus=self.bus,
            clock=self.clock,
            max_size=self.config.hub.attachments.max_size,
        )
        self.app = create_app(self._services(channels, home), self.authenticator)
        for route in pages:
            self.app.router.add_route(route.method, route.path, route.handler)
        numbers = Numbers(self.registry, self.reader, self._supervisor, self.clock)
        numbers.listen(self.bus)
        Audit(self.directory).listen(self.bus)
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(follow(self.config.hub.database, self.hub, sleep=self.clock.sleep), name="beside"),
            loop.create_task(numbers.watch(), name="numbers"),
            loop.create_task(Deadlines(self.hub, self.reader, self.bus, self.clock).run(), name="deadlines"),
            loop.create_task(keep_house(self.hub, self.reader, self.files, self.clock), name="chores"),
        ]
        await self._lanes.start()
        await self._copying.start()
        await self._supervisor.start()

    def _services(self, channels: Sequence[ConfiguredChannel], home: str) -> ApiServices:
        known: list[object] = [self.supervisor.known(channel.name) for channel in channels]
        return ApiServices(
            hub=self.hub,
            bus=self.bus,
            reader=self.reader,
            directory=self.directory,
            clock=self.clock,
            channels=self.supervisor,
            authenticate=self.authenticate,
            preview=Preview(self.directory, self.supervisor),
            check_packet=self.check_packet,
            export_config=self.export_config,
            ready=self.why_not_ready,
            registry=self.registry,
            files=self.files,
            settings=ApiSettings(
                hub_name=self.settings.hub_name,
                version=self.settings.version,
                public_url=self.settings.public_url,
                home=home,
                max_upload=self.config.hub.attachments.max_size,
                keep_unused=round(self.config.hub.attachments.keep_unused.total_seconds() * 1000),
            ),
            mounts=self.supervisor.mounts(),
            presence=tuple(adapter for adapter in known if isinstance(adapter, Presents)),
        )

    async def listen(self, address: str) -> str:
        """Listen on ``host:port`` (port 0: any free one); answers the URL. Raises OSError where it is taken."""
        host, _, port = address.rpartition(":")
        url = await self._listen(self._made(), host.strip("[]"), int(port))
        if self.config.hub.metrics_listen:
            own, _, metrics_port = self.config.hub.metrics_listen.rpartition(":")
            services = self._services(configured(self.config), "/docs")
            await self._listen(metrics_app(services), own.strip("[]"), int(metrics_port))
        return url

    def _made(self) -> web.Application:
        if self.app is None:
            msg = "start the hub before it listens"
            raise RuntimeError(msg)
        return self.app

    async def _listen(self, app: web.Application, host: str, port: int) -> str:
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=5.0)
        await runner.setup()
        site = web.TCPSite(runner, host, port, backlog=2048)
        try:
            await site.start()
        except OSError:
            await runner.cleanup()
            raise
        self._runners.append(runner)
        real = runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        return f"http://{'127.0.0.1' if host in ('0.0.0.0', '') else shown}:{real}"  # noqa: S104 - only shown

    async def stop(self) -> None:
        """Stop in reverse; idempotent."""
        if self._stopped:
            return
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._copying is not None:
            await self._copying.stop()
        if self._lanes is not None:
            await self._lanes.stop()
        if self._supervisor is not None:
            await self._supervisor.stop()
        for runner in reversed(self._runners):
            await runner.cleanup()
        await self.store.close()
        if self._files is not None:
            await self._files.close()

    # ── reload ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def apply(self, config: Config) -> tuple[str, ...]:
        """Make members, rooms, links and channels as ``config`` says; answers what was changed.

        Raises ConfigError where a name belongs to the API already; then nothing was changed.
        """
        outcome = await self.hub.execute(apply_command(config))
        if isinstance(outcome, Refusal):
            raise ConfigError(
                [Problem(file=config.file, line=v.line or 0, message=v.message, fix=v.fix) for v in outcome.violations]
                or [Problem(file=config.file, message=outcome.detail)]
            )
        lines = outcome.value if isinstance(outcome.value, tuple) else ()
        if self._supervisor is not None:
            lines += await self._supervisor.apply(configured(config))
        self.config = config
        return lines

    # ── what the API asks ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def hub(self) -> Hub:
        """The one door."""
        return self.store.hub

    @property
    def reader(self) -> Reader:
        """Reads."""
        return self.store.reader

    @property
    def files(self) -> Files:
        """Where attachments are kept."""
        if self._files is None:
            msg = "the hub is not started"
            raise RuntimeError(msg)
        return self._files

    @property
    def supervisor(self) -> Supervisor:
        """The channels."""
        if self._supervisor is None:
            msg = "the hub is not started"
            raise RuntimeError(msg)
        return self._supervisor

    def authenticate(self, secret: str) -> Actor | Refusal:
        """Who a secret is."""
        return authenticate(self.directory, secret, self.clock.now())

    def why_not_ready(self) -> str | None:
        """None: it takes writes, and its web socket takes connections."""
        if self._stopped:
            return "the hub is stopping"
        web = self.supervisor.known(WEB_CHANNEL.name)
        return None if web is not None and web.is_connected() else "the web socket is not open yet"

    @staticmethod
    def check_packet(text: str) -> PacketReport:
        """Judge a text as a packet."""
        verdict = parse(text)
        return PacketReport(
            packet=verdict.packet,
            violations=verdict.violations,
            corrected=verdict.corrected,
            template=verdict.template,
        )

    def export_config(self) -> str:
        """Members, rooms and links as YAML."""
        out = StringIO()
        yaml = YAML()
        yaml.indent(mapping=2, sequence=4, offset=2)
        yaml.dump(export(self.directory), out)
        return out.getvalue()


def _open_files(settings: AttachmentSettings) -> Files:
    try:
        return open_files(settings.store, base=Path(), **(settings.s3.model_dump() if settings.s3 else {}))
    except FilesError as error:
        raise StoreError(str(error), fix=error.fix) from error
