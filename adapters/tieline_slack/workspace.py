"""What lives between connect and disconnect: the HTTP session, the calls, the socket, the desk.

Rule: made without I/O; :meth:`Workspace.sign_in` learns who we are, :meth:`Workspace.listen` opens the socket,
:meth:`Workspace.close` leaves nothing behind. No client of it ever repeats a call by itself (law 2).
Next stop: :mod:`tieline_slack.adapter` keeps one while it is connected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from tieline.model.delivery import Part
from tieline.ports.abilities import NativeState
from tieline.ports.adapter import AdapterContext, Session
from tieline.ports.clock import Clock
from tieline_slack import wire
from tieline_slack.checks import scopes
from tieline_slack.config import Settings
from tieline_slack.connection import Connection, Watch
from tieline_slack.desk import Desk
from tieline_slack.downloads import Downloads
from tieline_slack.errors import translate
from tieline_slack.history import History
from tieline_slack.inbound import Me
from tieline_slack.names import Names
from tieline_slack.outbound import Outbound
from tieline_slack.shapes import mapping, text
from tieline_slack.survey import survey

_CALL_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=10)


class Workspace:
    """One sign-in and what it opened."""

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

    async def listen(self, handler: wire.SocketHandler, watch: Watch) -> None:
        """Open the socket. Raises DeliveryError."""
        connection = Connection(self._settings.app_token or "", self.client(token=None), self._clock, watch)
        self._connection = connection
        handler.listen(connection)
        await connection.open()

    async def survey(self, conversation: str, parts: Sequence[Part]) -> Sequence[NativeState]:
        """How these messages are now. Raises DeliveryError."""
        return await survey(self.calls.read, self.names, self.me, conversation, parts)

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


async def _came_up(session: Session) -> None:
    try:
        await session.came_up()
    except Exception:  # noqa: BLE001 - it is logged, and the next reconnection tries again
        # The session's own fault: the supervisor sees the channel down until the next attempt.
        wire.log.exception("catching up failed")
