"""The web socket as an adapter: it owns ``/ws`` and is the implicit channel ``web``.

It has no deliveries: commit is delivery, ``after`` is redelivery, so ``send`` is never called and no link may name it.
Next stop: :mod:`.connection` for one client, :mod:`.fanout` for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from aiohttp import WSMsgType, web

from tieline.errors import Misconfigured, Permanent
from tieline.model.capabilities import (
    AttachmentSupport,
    Capabilities,
    IdentitySupport,
    MentionSupport,
    ReactionSupport,
    Receipts,
    Support,
    TextLimit,
    Timed,
)
from tieline.model.delivery import Endpoint
from tieline.model.members import Actor
from tieline.model.outcome import Refusal
from tieline.model.shapes import MAX_TEXT
from tieline.ports.abilities import Present, Route
from tieline.ports.adapter import AdapterContext, Outgoing, Sent, Services, Session
from tieline.ports.rendering import Dialect
from tieline.render.commonmark_writer import CommonMark
from tieline.render.outs import problem_body
from tieline_websocket.config import Settings, read
from tieline_websocket.connection import UNAUTHORIZED, Connection, Who
from tieline_websocket.fanout import Fanout
from tieline_websocket.inbound import AuthFrame, parse

_GOING_AWAY: Final = 1001
_SWEEP_EVERY: Final = 20.0
_SWEEP_SLICE: Final = 500
_CLOSE_WITHIN: Final = 5.0
_NOT_UPGRADED: Final = Refusal(
    status=426,
    code="upgrade_required",
    detail="This address speaks the WebSocket protocol: connect with ws:// or wss://.",
)
_STOPPED: Final = Refusal(status=503, code="not_ready", detail="The web socket is not open.", retry_after=1)
_CROWDED: Final = Refusal(
    status=503, code="crowded", detail="Too many connections have not authenticated yet.", retry_after=5
)
_FULL: Final = Capabilities(
    text=TextLimit(max=MAX_TEXT),
    dialect="commonmark",
    rich_text=Support.FULL,
    code_block=Support.FULL,
    table=Support.FULL,
    link=Support.FULL,
    thread=Support.FULL,
    reply=Support.FULL,
    edit=Timed(level=Support.FULL, own_only=False),
    delete=Timed(level=Support.FULL, own_only=False),
    reaction=ReactionSupport(level=Support.FULL, as_bot=False),
    attachment=AttachmentSupport(level=Support.FULL, with_text=True, per_message=20),
    identity=IdentitySupport(level=Support.FULL),
    mention=MentionSupport(by_id=Support.FULL),
    receipts=Receipts(),
    history=True,
    idempotent_send=True,
)


class WebSocketAdapter:
    """Implements ``ChannelAdapter``, ``HttpRoutes`` and ``Presents``."""

    def __init__(self, context: AdapterContext, services: Services) -> None:
        self._services = services
        self._clock = context.clock
        self._settings: Settings = read(context.settings)
        self._fanout: Fanout | None = None
        self._unhear = _nothing
        self._sweeping: asyncio.Task[None] | None = None
        self._unauthenticated = 0

    # ── ChannelAdapter ───────────────────────────────────────────────────────────────────────────────────────────────

    def dialect(self, endpoint: Endpoint) -> Dialect:  # noqa: ARG002 - the same everywhere
        """CommonMark, as it was written."""
        return CommonMark()

    def capabilities(self, endpoint: Endpoint) -> Capabilities:  # noqa: ARG002 - the same everywhere
        """Everything a room has."""
        return _FULL

    async def connect(self, session: Session) -> None:  # noqa: ARG002 - what comes in is commands, not platform events
        """Begin to hear of commits and to take connections."""
        self._fanout = Fanout(self._services)
        self._unhear = self._services.bus.subscribe(self._fanout.hear)
        self._sweeping = asyncio.get_running_loop().create_task(self._sweep(self._fanout))

    async def disconnect(self) -> None:
        """Close all connections (1001) and take no more."""
        fanout, self._fanout = self._fanout, None
        self._unhear()
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
            self._sweeping = None
        if fanout is not None:
            closing = [connection for connection in fanout.connections if not connection.closed]
            for connection in closing:
                connection.close(_GOING_AWAY, "the hub is going away")
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_WITHIN):
                    await asyncio.gather(*(connection.ended() for connection in closing))

    def is_connected(self) -> bool:
        """True between ``connect`` and ``disconnect``."""
        return self._fanout is not None

    async def send(self, outgoing: Outgoing) -> Sent:
        """Never called: commit is delivery."""
        raise Permanent("web_has_no_deliveries", outgoing.delivery_id, fix="remove the link to the web socket")

    # ── HttpRoutes, Presents ─────────────────────────────────────────────────────────────────────────────────────────

    def routes(self) -> Sequence[Route]:
        """``GET /ws``."""
        return (Route(method="GET", path="/ws", handler=self.handle),)

    def present(self) -> Sequence[Present]:
        """Everybody who is connected."""
        found: dict[str, list[int]] = {}
        for connection in self._fanout.connections if self._fanout else ():
            found.setdefault(connection.member_id, []).append(connection.since)
        return [Present(member_id=m, connections=len(since), since=min(since)) for m, since in found.items()]

    async def _sweep(self, fanout: Fanout) -> None:
        """Tokens expire without a commit: look now and then, a few at a time."""
        while True:
            await self._clock.sleep(_SWEEP_EVERY)
            connections = list(fanout.connections)
            for start in range(0, len(connections), _SWEEP_SLICE):
                for connection in connections[start : start + _SWEEP_SLICE]:
                    connection.reauthenticate()
                await asyncio.sleep(0)

    # ── one client ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take a connection: credential, upgrade, frames until it ends."""
        actor = self._services.authenticate_request(request)
        refusal = self._refusal(request, actor)
        if refusal is not None:
            return _problem(refusal)
        socket = self._socket()
        await socket.prepare(request)
        socket.headers.clear()  # they are sent, and would stay for as long as the connection
        who: Who | None = lambda: self._services.authenticate_request(request)  # noqa: E731 - one of two ways to ask
        if actor is None:
            actor, who = await self._first_frame(socket)
        if isinstance(actor, Actor) and who is not None:
            await self._serve(request, socket, actor, who)
        return socket

    def _refusal(self, request: web.Request, actor: Actor | Refusal | None) -> Refusal | None:
        if isinstance(actor, Refusal):
            return actor
        if self._fanout is None:
            return _STOPPED
        if not self._socket().can_prepare(request):
            return _NOT_UPGRADED
        return _CROWDED if actor is None and self._unauthenticated >= self._settings.max_unauthenticated else None

    def _socket(self) -> web.WebSocketResponse:
        return web.WebSocketResponse(
            compress=False,  # frames are shared between clients, so each is written as it is
            decode_text=False,  # bytes go straight to the JSON decoder, which also checks the UTF-8
            heartbeat=self._settings.heartbeat,
            max_msg_size=self._settings.max_frame,
            timeout=_CLOSE_WITHIN,
        )

    async def _first_frame(self, socket: web.WebSocketResponse) -> tuple[Actor | None, Who | None]:
        self._unauthenticated += 1
        try:
            async with asyncio.timeout(self._settings.auth_within):
                message = await socket.receive()
        except TimeoutError:
            message = None
        finally:
            self._unauthenticated -= 1
        frame = parse(message.data) if message is not None and message.type is WSMsgType.TEXT else None
        if isinstance(frame, AuthFrame):
            secret = frame.token
            actor = self._services.authenticate(secret)
            if isinstance(actor, Actor):
                return actor, lambda: self._services.authenticate(secret)
        await socket.close(code=UNAUTHORIZED, message=b"send {type: auth, token: ...} first")
        return None, None

    async def _serve(self, request: web.Request, socket: web.WebSocketResponse, actor: Actor, who: Who) -> None:
        fanout, transport, member = self._fanout, request.transport, actor.member
        if fanout is None or transport is None or member is None:
            await socket.close(code=UNAUTHORIZED if member is None else _GOING_AWAY)
            return
        connection = Connection(
            socket=socket,
            transport=transport,
            who=who,
            member=member,
            actor=actor,
            fanout=fanout,
            services=self._services,
            settings=self._settings,
            clock=self._clock,
        )
        fanout.connections[connection] = None
        try:
            await connection.read()
        finally:
            await connection.ended()


def create(context: AdapterContext) -> WebSocketAdapter:
    """The manifest's factory."""
    if context.services is None:
        raise Misconfigured("the web socket needs the inside of the hub")
    return WebSocketAdapter(context, context.services)


def _nothing() -> None:
    """Nothing to undo."""


def _problem(refusal: Refusal) -> web.Response:
    return web.Response(status=refusal.status, body=problem_body(refusal), content_type="application/problem+json")
