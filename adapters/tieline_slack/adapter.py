"""The Slack adapter: its lifecycle, and where each of its abilities is.

Rule: making it does no I/O; :meth:`SlackAdapter.connect` signs in and opens the transport, after which the socket keeps
itself open and tells the session; :meth:`SlackAdapter.disconnect` leaves nothing behind. Everything that happens on
Slack reaches the session through :class:`_Door`, one conversation in order.
Not promised in HTTP mode: to notice that Slack stopped sending; it has no connection to lose.
Next stops: :mod:`tieline_slack.wire` (in), :mod:`tieline_slack.outbound` (out), :mod:`tieline_slack.history`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from tieline.errors import AdapterError, DeliveryError, Misconfigured, NotDispatched
from tieline.model.attachments import FileSource
from tieline.model.capabilities import Capabilities
from tieline.model.delivery import Endpoint
from tieline.ports.abilities import Finding, Resync, Route
from tieline.ports.adapter import AdapterContext, Outgoing, PartRef, Sent, Session
from tieline.ports.clock import Clock
from tieline.ports.rendering import Dialect
from tieline.render import commonmark
from tieline_slack import config, direct, health, inbound, places, wire
from tieline_slack.abilities import capabilities
from tieline_slack.app_manifest import manifest_yaml
from tieline_slack.checks import Checks, scopes
from tieline_slack.config import Mode, Settings
from tieline_slack.connection import Connection
from tieline_slack.desk import Desk
from tieline_slack.dialect import SlackDialect
from tieline_slack.downloads import Downloads
from tieline_slack.errors import lifecycle, translate
from tieline_slack.history import History
from tieline_slack.inbound import Me
from tieline_slack.names import Names
from tieline_slack.order import Turns
from tieline_slack.outbound import Outbound
from tieline_slack.shapes import mapping, text

__all__ = ["SlackAdapter", "create", "manifest_yaml"]

_CALL_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=10)
_NAMES: Final = "chat:write.customize"
_FILES: Final = "files:write"
_PATHS: Final = ("events", "interactions")


def create(context: AdapterContext) -> SlackAdapter:
    """The manifest's factory. Raises Misconfigured where :func:`tieline_slack.config.check` finds faults."""
    problems = config.check(context.settings)
    if problems:
        raise Misconfigured(f"{context.channel}: {problems[0].message}", fix=problems[0].fix)
    return SlackAdapter(context, config.load(context.settings))


class SlackAdapter:
    """One workspace's connection."""

    def __init__(self, context: AdapterContext, settings: Settings) -> None:
        self._context = context
        self._settings = settings
        self._turns = Turns()
        self._capabilities = capabilities(
            names=False, edit_window=settings.edit_window, pace=settings.pace, streaming=settings.streaming
        )
        self._http = (
            wire.SignedEvents(settings.signing_secret or "", context.clock, self._turns)
            if settings.mode is Mode.HTTP
            else None
        )
        self._open: _Workspace | None = None
        self._session: Session | None = None

    def dialect(self, endpoint: Endpoint) -> Dialect:
        """Slack's mrkdwn, everywhere."""
        del endpoint
        return SlackDialect()

    def capabilities(self, endpoint: Endpoint) -> Capabilities:
        """The same for every conversation of a workspace."""
        del endpoint
        return self._capabilities

    async def connect(self, session: Session) -> None:
        """Sign in and begin to receive."""
        workspace = _Workspace(self._context, self._settings)
        self._open, self._session = workspace, session
        try:
            granted = await workspace.sign_in()
            self._capabilities = capabilities(
                names=_may(granted, _NAMES),
                files=_may(granted, _FILES),
                edit_window=self._settings.edit_window,
                pace=self._settings.pace,
                streaming=self._settings.streaming,
            )
            door = _Door(workspace, session)
            api = workspace.client(token=None)
            app = wire.bolt_app(api, self._settings.bot_token, workspace.me, door, self._context.clock)
            if self._http is not None:
                self._http.app = app
            else:
                await workspace.listen(wire.SocketHandler(app, self._turns), door)
        except DeliveryError as error:
            raise lifecycle(error) from error

    async def disconnect(self) -> None:
        """Stop receiving and free everything. Idempotent."""
        if self._http is not None:
            self._http.app = None
        workspace, self._open = self._open, None
        if workspace is not None:
            await workspace.close()

    def is_connected(self) -> bool:
        """True while sends have a chance: signed in, and in Socket Mode with the socket open."""
        return self._open is not None and self._open.is_up

    async def send(self, outgoing: Outgoing) -> Sent:
        """Post one message."""
        return await self._calls.send(outgoing)

    async def edit(self, ref: PartRef, outgoing: Outgoing) -> None:
        """Replace the text of an own message."""
        await self._calls.edit(ref, outgoing)

    async def delete(self, ref: PartRef) -> None:
        """Remove an own message."""
        await self._calls.delete(ref)

    async def react(self, ref: PartRef, emoji: str, *, on: bool) -> None:
        """Set or take back a reaction of the bot's."""
        await self._calls.react(ref, emoji, on=on)

    async def look_up(self, outgoing: Outgoing, since: int) -> Sent | None:
        """Find an uncertain send by its metadata."""
        return await self._calls.look_up(outgoing, since)

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        """What was written after ``cursor``; and how the conversation is, told to the session."""
        workspace = self._workspace
        page = await workspace.history.resync(conversation, cursor)
        if self._session is not None:
            await health.look(workspace.calls.read, conversation, self._session)
        return page

    async def fetch(self, source: FileSource) -> AsyncGenerator[bytes, None]:
        """The bytes of a file that somebody shared."""
        async with aclosing(self._workspace.downloads.fetch(source)) as pieces:
            async for piece in pieces:
                yield piece

    async def resolve(self, written: str) -> tuple[str, str]:
        """A channel's id by its name."""
        if self._open is None:
            raise AdapterError("Slack is not connected", fix="wait until the channel is up")
        return await places.resolve(self._open.calls, written)

    async def direct(self, native_id: str) -> str:
        """The direct conversation with a person."""
        return await direct.opened(self._calls.call, native_id)

    async def check(self, conversations: Sequence[str]) -> Sequence[Finding]:
        """Try everything; works with the channel connected or not."""
        workspace = _Workspace(self._context, self._settings)
        try:
            api = workspace.web
            return await Checks(api, workspace.calls, self._settings, self._context.public_url).run(conversations)
        finally:
            await workspace.close()

    def routes(self) -> Sequence[Route]:
        """The addresses for Slack's signed requests, in HTTP mode; each takes all of them."""
        http = self._http
        return () if http is None else tuple(Route(method="POST", path=path, handler=http.handle) for path in _PATHS)

    @property
    def _workspace(self) -> _Workspace:
        if self._open is None:
            raise NotDispatched("not_connected", "Slack is not connected")
        return self._open

    @property
    def _calls(self) -> Outbound:
        return self._workspace.calls


class _Workspace:
    """What lives between connect and disconnect: the HTTP session, the calls, the socket."""

    def __init__(self, context: AdapterContext, settings: Settings) -> None:
        self._settings = settings
        self._clock: Clock = context.clock
        self._session = aiohttp.ClientSession(timeout=_CALL_TIMEOUT)
        self._connection: Connection | None = None
        self._desk: Desk | None = None
        self._signed_in = False
        self._catching_up: set[asyncio.Task[None]] = set()
        self.web = self.client(token=settings.bot_token)
        self.names = Names(self.web, context.clock)
        self._know(Me(user_id="", bot_id=""))

    def client(self, token: str | None) -> AsyncWebClient:
        """A client of the Web API that never repeats a call by itself."""
        web = AsyncWebClient(
            token=token,
            base_url=self._settings.api_url or AsyncWebClient.BASE_URL,
            session=self._session,
            retry_handlers=[],
            logger=wire.log,
        )
        if self._settings.is_local:
            web.proxy = None
        return web

    async def sign_in(self) -> frozenset[str] | None:
        """Ask who we are. The scopes that were granted, where Slack says. Raises DeliveryError."""
        try:
            answer = await self.web.auth_test()
        except Exception as error:
            raise translate(error, now=self._clock.now() / 1000) from error
        body = mapping(answer.data)
        self._know(
            Me(
                user_id=text(body, "user_id"),
                bot_id=text(body, "bot_id"),
                team_id=text(body, "team_id"),
                url=text(body, "url"),
            )
        )
        self._signed_in = True
        return scopes(answer.headers)

    async def listen(self, handler: wire.SocketHandler, door: _Door) -> None:
        """Open the socket. Raises DeliveryError."""
        connection = Connection(self._settings.app_token or "", self.client(token=None), self._clock, door)
        self._connection = connection
        handler.listen(connection)
        await connection.open()

    def desk(self, session: Session) -> Desk:
        """Where people press and pick, with a session behind it."""
        self._desk = Desk(self.calls, self.names, session, self.me, self._session, local=self._settings.is_local)
        return self._desk

    async def close(self) -> None:
        """Free everything."""
        self._signed_in = False
        for task in tuple(self._catching_up):
            task.cancel()
        if self._connection is not None:
            await self._connection.close()
        if self._desk is not None:
            await self._desk.close()
        await self.downloads.close()
        await self._session.close()

    @property
    def is_up(self) -> bool:
        """Signed in, and the socket open if there is one."""
        return self._signed_in and (self._connection is None or self._connection.is_open)

    def catch_up(self, session: Session) -> None:
        """Tell the session that the connection is back, beside the socket's own work."""
        task = asyncio.create_task(_came_up(session))
        self._catching_up.add(task)
        task.add_done_callback(self._catching_up.discard)

    def _know(self, me: Me) -> None:
        self.me = me
        settings, local = self._settings, self._settings.is_local
        self.calls = Outbound(
            self.web, self._clock, me, previews=settings.previews, local=local, streaming=settings.streaming
        )
        self.downloads = Downloads(self.calls.read, self._settings.bot_token, local=local)
        self.history = History(self.calls, self.names, self._clock, me)


def _may(granted: frozenset[str] | None, scope: str) -> bool:
    return granted is None or scope in granted


async def _came_up(session: Session) -> None:
    try:
        await session.came_up()
    except Exception:  # noqa: BLE001 - it is logged, and the next reconnection tries again
        # The session's own fault: the supervisor sees the channel down until the next attempt.
        wire.log.exception("catching up failed")


class _Door:
    """The way from Slack to the hub's session: reads what came and hands it over."""

    def __init__(self, workspace: _Workspace, session: Session) -> None:
        self._workspace = workspace
        self._session = session
        self._desk = workspace.desk(session)

    async def event(self, event: Mapping[str, object]) -> None:
        """Read an event and hand it over; returns when it is durable."""
        if text(event, "type") == "app_home_opened":
            if text(event, "tab") == "home":
                self._desk.opened(text(event, "user"))
            return
        me = self._workspace.me
        news = health.read(event, me)
        if news is not None:
            health.tell(news, self._session)
            return
        people = await self._workspace.names.look_up(user for user in inbound.people_in(event) if user != me.user_id)
        read = inbound.read(event, me, people)
        if read is not None:
            self._workspace.calls.heard(read)
            await self._session.receive(read)

    async def command(self, payload: Mapping[str, object]) -> str | None:
        """Read a command and hand it over; the answer is the hub's, in Slack's dialect."""
        read = inbound.read_command(payload, self._workspace.me)
        if read is None:
            return None
        receipt = await self._session.receive(read)
        if receipt.answer is None:
            return None
        return SlackDialect().write(commonmark.parse(receipt.answer).blocks)

    def late(self, payload: Mapping[str, object], answer: str) -> None:
        """Show the answer to a command by itself."""
        self._desk.tell(payload, answer)

    async def interaction(self, payload: Mapping[str, object]) -> dict[str, object] | None:
        """Take a press, a shortcut or a filled modal."""
        return await self._desk.take(payload)

    def lost(self, reason: str, fix: str) -> None:
        """The socket is gone."""
        self._session.went_down(reason, fix=fix)

    def back(self) -> None:
        """The socket is open again."""
        self._workspace.catch_up(self._session)
