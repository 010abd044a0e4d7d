"""The Slack adapter: its lifecycle, and where each of its abilities is.

Rule: making it does no I/O; :meth:`SlackAdapter.connect` signs in and opens the transport, after which the socket keeps
itself open and tells the session; :meth:`SlackAdapter.disconnect` leaves nothing behind. Everything that happens on
Slack reaches the session through :class:`~tieline_slack.door.Door`, one conversation in order.
Not promised in HTTP mode: to notice that Slack stopped sending; it has no connection to lose.
Next stops: :mod:`tieline_slack.workspace` (what is open), :mod:`tieline_slack.wire` (in),
:mod:`tieline_slack.outbound` (out), :mod:`tieline_slack.history`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

import aiohttp

from tieline.errors import AdapterError, DeliveryError, Misconfigured, NotDispatched
from tieline.model.attachments import FileSource
from tieline.model.capabilities import Capabilities
from tieline.model.delivery import Endpoint, Part
from tieline.ports.abilities import Finding, NativeState, Resync, Route
from tieline.ports.adapter import AdapterContext, Outgoing, PartRef, Sent, Session
from tieline.ports.rendering import Dialect
from tieline_slack import config, direct, health, places, wire
from tieline_slack.abilities import capabilities
from tieline_slack.app_manifest import manifest_yaml
from tieline_slack.checks import Checks
from tieline_slack.config import Mode, Settings
from tieline_slack.dialect import SlackDialect
from tieline_slack.door import Door
from tieline_slack.errors import lifecycle
from tieline_slack.order import Turns
from tieline_slack.outbound import Outbound
from tieline_slack.workspace import Workspace

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
        self._open: Workspace | None = None
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
        workspace = Workspace(self._context, self._settings)
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
            door = Door(workspace, session)
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

    async def survey(self, conversation: str, parts: Sequence[Part]) -> Sequence[NativeState]:
        """Which messages are still there, and who has reacted to them."""
        return await self._workspace.survey(conversation, parts)

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
        workspace = Workspace(self._context, self._settings)
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
    def _workspace(self) -> Workspace:
        if self._open is None:
            raise NotDispatched("not_connected", "Slack is not connected")
        return self._open

    @property
    def _calls(self) -> Outbound:
        return self._workspace.calls


def _may(granted: frozenset[str] | None, scope: str) -> bool:
    return granted is None or scope in granted
