"""Socket Mode: the web socket that we open and Slack sends envelopes through.

Rule: whoever listens is told at once when it is lost and when it is back; every attempt asks for a fresh address, since
Slack's are for one use. It differs from slack_sdk's client, which it is, in exactly that: the SDK notices a cut at its
next ping (ten seconds) and tries a used address again for ever. Handing out and acknowledging envelopes stays its.
Not promised: that nothing is written while the socket is away; history is read for that (:mod:`tieline_slack.history`).
Next stop: :mod:`tieline_slack.wire` handles an envelope.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Coroutine
from typing import Final, Protocol

import aiohttp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from tieline.errors import DeliveryError, NotDispatched, Permanent, Throttled
from tieline.ports.clock import Clock
from tieline_slack.errors import translate
from tieline_slack.shapes import mapping, text

_HEARTBEAT: Final = 10.0
_HELLO_WITHIN: Final = 10.0
_LONGEST: Final = 30.0
_LONGEST_REFUSED: Final = 300.0
"""A refused token is asked about every five minutes, no more: a person has to mend it."""


class Watch(Protocol):
    """Is told of the connection."""

    def lost(self, reason: str, fix: str) -> None:
        """It is gone, or an attempt to open it failed. Must not block."""
        ...

    def back(self) -> None:
        """It is open again after having been lost. Must not block."""
        ...


class Connection(SocketModeClient):
    """One app's Socket Mode connection, kept open until :meth:`close`."""

    def __init__(self, app_token: str, web: AsyncWebClient, clock: Clock, watch: Watch) -> None:
        super().__init__(app_token=app_token, web_client=web, proxy=web.proxy, logger=web.logger)
        self.proxy = web.proxy  # the SDK would look into the environment again
        self._clock = clock
        self._watch = watch
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """True while envelopes can come."""
        return not self.closed and self.current_session is not None and not self.current_session.closed

    async def open(self) -> None:
        """Connect once. Raises DeliveryError; afterwards the connection keeps itself open."""
        await self._leave()
        try:
            answer = await self.web_client.apps_connections_open(app_token=self.app_token)
            session = await self.aiohttp_client_session.ws_connect(
                text(mapping(answer.data), "url"),
                heartbeat=_HEARTBEAT,
                proxy=self.proxy,
                ssl=self.web_client.ssl if self.web_client.ssl is not None else True,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            )
            await self._greeted(session)
        except Exception as error:
            raise translate(error, now=self._clock.now() / 1000) from error
        self.current_session = session
        self.message_receiver = self._start(self._receive(session))

    async def connect(self) -> None:
        """Open, trying again with growing pauses until it is open or closed for good."""
        attempt = 0
        while not self.closed:
            try:
                await self.open()
            except DeliveryError as error:
                self._watch.lost(str(error), error.fix)
                await self._clock.sleep(_pause(error, attempt))
                attempt += 1
            else:
                return

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 - the SDK's signature
        """Replace the connection; the SDK calls this (``force``) when Slack says that it will close it."""
        async with self.connect_operation_lock:
            if self.closed or (self.is_open and not force):
                return
            self._watch.lost("Slack closes the connection" if force else "the connection to Slack broke", "")
            await self.connect()
            if not self.closed:
                self._watch.back()

    async def is_connected(self) -> bool:
        """The SDK's question."""
        return self.is_open

    async def process_message(self) -> None:
        """Start the handling of one envelope; the task is kept, so that it is not collected half done."""
        raw = await self.message_queue.get()
        envelope = mapping(json.loads(raw))
        self._start(self.run_message_listeners(dict(envelope), raw))

    async def close(self) -> None:
        """Close for good and stop what is under way; an envelope not acknowledged comes again from Slack."""
        self.closed = True
        await self._leave()
        tasks = {*self._tasks, self.message_processor}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.aiohttp_client_session.close()

    async def _receive(self, session: aiohttp.ClientWebSocketResponse) -> None:
        async for message in session:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self.enqueue_message(message.data)
        if session is self.current_session and not self.closed:
            self._start(self.connect_to_new_endpoint())

    async def _greeted(self, session: aiohttp.ClientWebSocketResponse) -> None:
        """Wait for Slack's ``hello``: only then events come."""
        try:
            first = mapping(await session.receive_json(timeout=_HELLO_WITHIN))
        except TypeError as error:  # the socket was closed instead
            raise NotDispatched("no_hello", "Slack closed the new connection") from error
        if text(first, "type") != "hello":
            await session.close()
            raise NotDispatched("no_hello", f"Slack began with '{text(first, 'reason') or text(first, 'type')}'")

    async def _leave(self) -> None:
        if self.current_session is not None:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                await self.current_session.close()

    def _start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _pause(error: DeliveryError, attempt: int) -> float:
    """Seconds until the next attempt: doubling, with jitter, so that hubs do not return all at once."""
    if isinstance(error, Throttled):
        return error.retry_after
    longest = _LONGEST_REFUSED if isinstance(error, Permanent) else _LONGEST
    return float(min(longest, 2.0 ** min(attempt, 10)) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
