"""A hub on loopback: the real store, directory, deciders, API and web socket; only platforms and previews are small."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry

from tieline.api.app import create_app
from tieline.api.auth import Authenticator
from tieline.api.inside import Inside
from tieline.api.services import ApiServices, ApiSettings
from tieline.api.transfers import TRANSFERS
from tieline.coordination.deciders import ACTS
from tieline.coordination.deciders import deciders as coordination_deciders
from tieline.directory.deciders import deciders as directory_deciders
from tieline.directory.memory import MemoryDirectory
from tieline.directory.tokens import authenticate, digest, new_secret
from tieline.files.local import LocalFiles
from tieline.model.channels import ChannelHealth, ChannelState
from tieline.model.commands import Command, CreateMember, CreateRoom, CreateToken, RegisterChannel
from tieline.model.delivery import Fault
from tieline.model.inbound import InboundEvent, Receipt
from tieline.model.members import Actor, Level, MemberKind
from tieline.model.outcome import Accepted, Refusal
from tieline.model.rooms import Access, MessageType, PacketMode, Room
from tieline.model.shapes import PacketReport, PreviewFrame, PreviewItem, PreviewUnits
from tieline.packets import judge
from tieline.ports.adapter import AdapterContext, ChannelAdapter
from tieline.ports.channels import OnDoubt
from tieline.ports.clock import SystemClock
from tieline.ports.local_bus import LocalBus
from tieline.routing.deciders import deciders as routing_deciders
from tieline.store import Store
from tieline.store.migrating import migrate
from tieline.testing.session import Bystander
from tieline_websocket.adapter import WebSocketAdapter, create

PEOPLE = {"ada": Level.L4, "lin": Level.L3, "bob": Level.L2, "eve": Level.L1}


class SmallChannels:
    """One channel, ``slack``, that is down: nothing is ever sent."""

    def adapter(self, channel: str) -> ChannelAdapter | None:
        return None

    def known(self, channel: str) -> ChannelAdapter | None:
        return None

    def on_doubt(self, channel: str) -> OnDoubt:
        return OnDoubt.RESEND

    def health(self) -> Sequence[ChannelHealth]:
        fault = Fault(code="invalid_auth", detail="the token is wrong", fix="set SLACK_BOT_TOKEN")
        return [ChannelHealth(name="slack", adapter="slack", state=ChannelState.DOWN, since=1_000, fault=fault)]

    def report(self, channel: str, fault: Fault | None, *, stops: bool = False, retry_at: int | None = None) -> None:
        raise AssertionError("no lane runs here")

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        return lambda: None


class NoPlatform(Bystander):
    """The session of an adapter whose platform is the hub itself."""

    async def receive(self, event: InboundEvent) -> Receipt:
        raise AssertionError("the web socket reports no platform events")

    def went_down(self, reason: str, *, fix: str = "") -> None:
        raise AssertionError(reason)

    async def came_up(self) -> None:
        raise AssertionError


async def small_preview(actor: Actor, room: Room, text: str, kind: MessageType) -> Sequence[PreviewItem]:
    return [
        PreviewItem(
            channel="slack",
            conversation="C1",
            frames=(PreviewFrame(text=text, index=0, total=1),),
            units=PreviewUnits(kind="characters", count=len(text), limit=4000),
        )
    ]


def check_packet(text: str) -> PacketReport:
    verdict = judge(text, PacketMode.DETECT, None)
    return PacketReport(
        packet=verdict.packet,
        violations=verdict.violations,
        corrected=verdict.corrected,
        template=verdict.template,
    )


@dataclass
class House:
    """A running hub and the tokens of its people."""

    url: str
    store: Store
    directory: MemoryDirectory
    bus: LocalBus
    clock: SystemClock
    adapter: WebSocketAdapter
    services: ApiServices
    http: aiohttp.ClientSession
    app: web.Application
    tokens: dict[str, str] = field(default_factory=dict)

    async def run(self, command: Command) -> object:
        outcome = await self.store.hub.execute(command)
        assert isinstance(outcome, Accepted), outcome
        return outcome.value

    async def member(self, handle: str, level: Level, kind: MemberKind = MemberKind.HUMAN) -> str:
        """Make a member and a token; answers the token."""
        await self.run(CreateMember(handle=handle, kind=kind, level=level))
        self.tokens[handle] = await self.token(handle, level)
        return self.tokens[handle]

    async def hook(self, room: str = "studio", handle: str = "alertmanager") -> str:
        """Make a hook of a room as `tieline hook create` does; answers its key."""
        if self.directory.member(handle) is None:
            await self.run(CreateMember(handle=handle, kind=MemberKind.SERVICE, level=Level.L2))
        return await self.token(handle, Level.L2, (room,))

    async def token(self, handle: str, level: Level, rooms: tuple[str, ...] | None = None) -> str:
        secret = new_secret()
        await self.run(CreateToken(handle=handle, digest=digest(secret), level=level, rooms=rooms))
        return secret

    def auth(self, handle: str | None) -> dict[str, str]:
        return {} if handle is None else {"Authorization": f"Bearer {self.tokens[handle]}"}

    def call(
        self, method: str, path: str, handle: str | None = "ada", **options: object
    ) -> aiohttp.client._RequestContextManager:
        headers = {**self.auth(handle), **options.pop("headers", {})}  # type: ignore[dict-item]
        url = self.url + (path if path.startswith("//") else "/api/v1" + path)
        return self.http.request(method, url.replace("//", "/").replace(":/", "://"), headers=headers, **options)  # type: ignore[arg-type]

    async def json(self, method: str, path: str, handle: str | None = "ada", **options: object) -> tuple[int, dict]:  # type: ignore[type-arg]
        async with self.call(method, path, handle, **options) as answer:
            raw = await answer.read()
            return answer.status, msgspec.json.decode(raw) if answer.content_type.endswith("json") else {}

    def transfers(self) -> int:
        """Uploads and downloads under way."""
        return self.app[TRANSFERS].total()

    async def upload(self, data: object, name: str = "a.bin", handle: str = "bob", **options: object) -> dict:  # type: ignore[type-arg]
        status, made = await self.json("POST", "/attachments", handle, data=data, params={"name": name}, **options)
        assert status == 201, made
        return made

    async def post(self, text: str, handle: str = "bob", room: str = "studio", **fields: object) -> dict:  # type: ignore[type-arg]
        status, message = await self.json("POST", f"/rooms/{room}/messages", handle, json={"text": text, **fields})
        assert status in (200, 201), message
        return message

    @asynccontextmanager
    async def socket(
        self, handle: str | None = "bob", headers: dict[str, str] | None = None
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A connection; with a handle, past its ``ready``."""
        async with self.http.ws_connect(self.url + "/ws", headers={**self.auth(handle), **(headers or {})}) as socket:
            if handle is not None:
                first = await socket.receive_json(timeout=5)
                assert first["type"] == "ready", first
            yield socket


def migrated(file: Path) -> str:
    url = f"sqlite:///{file}"
    migrate(url)
    return url


@asynccontextmanager
async def open_house(
    url: str, *, settings: ApiSettings | None = None, websocket: dict[str, object] | None = None
) -> AsyncIterator[House]:
    clock, bus, directory = SystemClock(), LocalBus(), MemoryDirectory()
    deciders = {**directory_deciders(), **routing_deciders(ACTS), **coordination_deciders()}
    store = Store(url, directory=directory, deciders=deciders, bus=bus, clock=clock)
    await store.start()
    settings = settings or ApiSettings(hub_name="studio", version="0.test")
    files = TemporaryDirectory()

    def who(secret: str) -> Actor | Refusal:
        return authenticate(directory, secret, clock.now())

    authenticator = Authenticator(who, settings)
    inside = Inside(hub=store.hub, bus=bus, reader=store.reader, directory=directory, authenticator=authenticator)
    adapter = create(AdapterContext(channel="web", settings=websocket or {}, clock=clock, services=inside))
    await adapter.connect(NoPlatform())
    services = ApiServices(
        hub=store.hub,
        bus=bus,
        reader=store.reader,
        directory=directory,
        clock=clock,
        channels=SmallChannels(),
        authenticate=who,
        preview=small_preview,
        check_packet=check_packet,
        export_config=lambda: "hub: {name: studio}\n",
        ready=lambda: None,
        registry=CollectorRegistry(),
        files=LocalFiles(Path(files.name)),
        settings=settings,
        mounts={"web": adapter.routes()},
        presence=(adapter,),
    )
    app = create_app(services, authenticator)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            house = House(f"http://127.0.0.1:{port}", store, directory, bus, clock, adapter, services, http, app)
            yield house
    finally:
        await adapter.disconnect()
        await runner.cleanup()
        await store.close()
        files.cleanup()


async def furnish(house: House) -> None:
    """Ada (L4), Lin (L3), Bob (L2), Eve (L1) and an agent; an open room and one of members."""
    for handle, level in PEOPLE.items():
        await house.member(handle, level)
    await house.member("rowan", Level.L2, MemberKind.AI)
    await house.run(RegisterChannel(name="slack", adapter="slack"))
    await house.run(CreateRoom(name="studio", project="dj-waste"))
    await house.run(CreateRoom(name="vault", access=Access.MEMBERS, members=("lin",)))


def with_settings(house: House, **changes: object) -> ApiServices:
    return replace(house.services, **changes)  # type: ignore[arg-type]
