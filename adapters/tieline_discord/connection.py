"""The gateway: the web socket that we open, and that Discord dispatches through.

Rule: discord.py's socket does the talking (heartbeats, RESUME, compression); its object model is switched off, so that
every dispatch is handed on as it came, in order, and no odd payload can end the connection. Whoever listens is told at
once when it is lost and when it is back: after RESUMED as after READY, since only the hub's cursor knows what it has.
Discord allows a thousand IDENTIFYs a day: the pauses between attempts grow, also where each succeeds for a moment.
Not promised: that nothing is written while it is away and the session is lost; history is read for that.
Next stop: :mod:`tieline_discord.wire` takes the dispatches.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any, Final, Protocol

import aiohttp
import discord
from discord.errors import ConnectionClosed
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from tieline.errors import AdapterError, Misconfigured
from tieline.ports.clock import Clock
from tieline_discord.calls import Calls, log
from tieline_discord.config import GATEWAY
from tieline_discord.errors import closed, what
from tieline_discord.shapes import mapping, sequence, text

# What they would print are whole payloads: people's words, and tokens of interactions.
logging.getLogger("discord").setLevel(logging.WARNING)
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

_READY_WITHIN: Final = 20.0
_GUILDS_WITHIN: Final = 3.0
"""Seconds that the servers may take to tell of themselves, before the channel goes on without them."""
_STEADY: Final = 60.0
"""Seconds after which a connection counts as a good one, and the pauses begin anew."""
_LONGEST: Final = 120.0
_LONGEST_REFUSED: Final = 300.0
_RESUMES: Final = 5
"""Attempts that may fail before a session counts as lost, while the network is away."""
_SOCKET_FAULTS: Final = (OSError, aiohttp.ClientError, TimeoutError, discord.DiscordException)


class Watch(Protocol):
    """Is told of the connection. Nothing here may block or raise."""

    def dispatched(self, event_type: str, data: object) -> None:
        """Something happened on Discord."""
        ...

    def lost(self, reason: str, fix: str) -> None:
        """The connection is gone, or an attempt to open it failed."""
        ...

    def back(self) -> None:
        """It is open again after having been lost."""
        ...


class _Parsers(dict[str, Callable[[Any], None]]):
    """Stands where discord.py keeps its parsers: every dispatch, known to it or not, goes to one listener."""

    def __init__(self, listener: Callable[[str, object], None]) -> None:
        super().__init__()
        self._listener = listener

    def __missing__(self, event_type: str) -> Callable[[Any], None]:
        return lambda data: self._listener(event_type, data)


def intents() -> discord.Intents:
    """What is asked for; ``message_content`` is privileged."""
    return discord.Intents(
        guilds=True,
        guild_messages=True,
        message_content=True,
        guild_reactions=True,
        dm_messages=True,
        dm_reactions=True,
    )


class Connection:
    """One bot's gateway connection, kept open until :meth:`close`."""

    def __init__(self, calls: Calls, gateway_url: str | None, clock: Clock, watch: Watch) -> None:
        self._clock = clock
        self._watch = watch
        self._client = discord.Client(
            intents=intents(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
        )
        self._client.http = calls
        self._client.loop = asyncio.get_running_loop()
        self._client._connection.parsers = _Parsers(self._dispatched)  # noqa: SLF001 - see the module's rule
        self._socket_class = _socket_class(gateway_url or GATEWAY, self._opened)
        self._socket: DiscordWebSocket | None = None
        self._resume: dict[str, Any] = {}
        self._resumes = 0
        self._ready = asyncio.Event()
        self._waited: set[str] = set()
        self._told: set[str] = set()
        self._complete = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.is_open = False
        """True while dispatches can come."""

    async def open(self) -> None:
        """Connect once, until Discord says READY. Raises AdapterError; afterwards it keeps itself open."""
        began = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(began), name="discord gateway")
        await began
        try:
            async with asyncio.timeout(_GUILDS_WITHIN):
                await self._complete.wait()
        except TimeoutError:
            log.info("some servers are not available")

    async def close(self) -> None:
        """Close for good. Idempotent."""
        self.is_open = False
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._hang_up(1000)

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _live(self, began: asyncio.Future[None]) -> None:
        try:
            await self._connect()
        except AdapterError as error:
            await self._hang_up()
            began.set_exception(error)
            return
        began.set_result(None)
        attempt = 0
        while True:
            since = self._clock.monotonic()
            reason = await self._listen()
            self.is_open = False
            attempt = 0 if self._clock.monotonic() - since > _STEADY else attempt + 1
            self._watch.lost(str(reason), reason.fix)
            await self._hang_up()
            await self._again(reason, attempt)
            self._watch.back()

    async def _again(self, reason: AdapterError, attempt: int) -> None:
        """Try until it is open."""
        while True:
            await self._clock.sleep(_pause(reason, attempt))
            attempt += 1
            try:
                await self._connect()
            except AdapterError as failed:
                reason = failed
                await self._hang_up()
                self._watch.lost(str(reason), reason.fix)
            else:
                return

    async def _connect(self) -> None:
        """Open a socket and go on to READY or RESUMED. Raises AdapterError."""
        self._ready.clear()
        resume, self._resume = self._resume, {}
        try:
            async with asyncio.timeout(_READY_WITHIN):
                socket = await self._socket_class.from_client(self._client, initial=True, **resume)
                while not self._ready.is_set():
                    await socket.poll_event()
        except Exception as error:
            if self._socket is None and self._resumes < _RESUMES:
                self._resume, self._resumes = resume, self._resumes + 1
            raise self._lost(error) from error
        self._resumes = 0
        self.is_open = True

    async def _listen(self) -> AdapterError:
        """Take dispatches until the connection is lost; why it was."""
        assert self._socket is not None  # noqa: S101 - opened before
        try:
            while True:
                await self._socket.poll_event()
        except Exception as error:  # noqa: BLE001 - all of it is told; a payload that the SDK cannot read, too
            return self._lost(error)

    def _lost(self, error: Exception) -> AdapterError:
        """What became of the connection, in our words; keeps what a RESUME needs where one may work."""
        socket = self._socket
        goes_on = not isinstance(error, ReconnectWebSocket) or error.resume
        if isinstance(error, ConnectionClosed):
            goes_on = False
        if goes_on and socket is not None and socket.session_id is not None:
            self._resume = {
                "gateway": socket.gateway,
                "session": socket.session_id,
                "sequence": socket.sequence,
                "resume": True,
            }
        match error:
            case ConnectionClosed():
                return closed(error.code)
            case ReconnectWebSocket():
                return AdapterError("the connection to Discord broke")
            case TimeoutError():
                return AdapterError("Discord does not answer")
            case _ if isinstance(error, _SOCKET_FAULTS):
                return AdapterError(f"Discord could not be reached: {what(error)}", fix="check the network")
            case _:
                log.warning("Discord sent what cannot be read: %s", what(error))
                return AdapterError(f"Discord sent what cannot be read: {what(error)}")

    async def _hang_up(self, code: int = 4000) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            try:
                await socket.close(code)
            except Exception:  # noqa: BLE001 - it is gone either way
                log.debug("closing failed", exc_info=True)

    # ── what the SDK tells ───────────────────────────────────────────────────────────────────────────────────────

    def _opened(self, socket: DiscordWebSocket) -> None:
        self._socket = socket

    def _dispatched(self, event_type: str, data: object) -> None:
        if event_type in {"READY", "RESUMED"}:
            self._note_ready(event_type, data)
        self._watch.dispatched(event_type, data)
        if event_type in {"GUILD_CREATE", "GUILD_DELETE"}:
            self._told.add(text(mapping(data), "id"))
            self._judge()

    def _note_ready(self, event_type: str, data: object) -> None:
        if event_type == "READY":
            self._told.clear()
            self._waited = {text(mapping(guild), "id") for guild in sequence(mapping(data).get("guilds"))}
        self._ready.set()
        self._judge()

    def _judge(self) -> None:
        if self._ready.is_set() and self._waited <= self._told:
            self._complete.set()


def _socket_class(gateway: str, opened: Callable[[DiscordWebSocket], None]) -> type[DiscordWebSocket]:
    """The SDK's socket with an address of its own, known to us from its first moment on."""

    class Socket(DiscordWebSocket):
        DEFAULT_GATEWAY = type(DiscordWebSocket.DEFAULT_GATEWAY)(gateway)

        def __init__(self, socket: aiohttp.ClientWebSocketResponse, *, loop: asyncio.AbstractEventLoop) -> None:
            super().__init__(socket, loop=loop)
            opened(self)

    return Socket


def _pause(error: AdapterError, attempt: int) -> float:
    """Seconds until the next attempt: the first at once, then doubling, with jitter."""
    if isinstance(error, Misconfigured):
        return _LONGEST_REFUSED
    if attempt == 0:
        return 0.0
    return float(min(_LONGEST, 2.0 ** min(attempt - 1, 10)) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
