"""One IMAP connection: aioimaplib, made to end when the connection does.

Rule: whatever is awaited here ends: with an answer, with a :class:`~tieline.errors.DeliveryError`, or with the
connection. aioimaplib 2.0.3 by itself waits for ever where the server throws a client out of IDLE (one ``BYE``, no
answer), where it refuses XOAUTH2 (a challenge that nobody answers) and where the line breaks; it has no STARTTLS, does
not quote names, and its logging shows passwords: all of that is mended here, and nowhere else.
Not promised: several commands at a time; who shares a connection takes turns.

It keeps each answer whole in memory, so what is asked for is asked for in pieces (:mod:`tieline_email.mailbox`).
Sources: RFC 3501, RFC 2177 (IDLE), RFC 3501 6.2.1 (STARTTLS). Next stop: :mod:`tieline_email.mailbox`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import re
import socket
import ssl
from collections.abc import Awaitable, Coroutine
from typing import Any, Final, TypeVar

import aioimaplib
from aioimaplib.aioimaplib import CONNECTED, Command, IdleCommand, IMAP4ClientProtocol, quoted

from tieline.errors import NotDispatched, Permanent
from tieline.model.base import Value
from tieline_email.config import Server, Tls
from tieline_email.errors import imap_refused, translate_imap
from tieline_email.oauth import Tokens
from tieline_email.starttls import Upgrade

T = TypeVar("T")

ANSWER_LIMIT: Final = 60.0
"""Seconds for one answer."""
CONNECT_LIMIT: Final = 20.0
_PLAIN: Final = re.compile(r"[\x20-\x7e]*")

logging.getLogger("aioimaplib").setLevel(logging.WARNING)


class Answer(Value, kw_only=True, frozen=True):
    """A command's answer: ``OK``, ``NO`` or ``BAD``, and its lines; literals stand between them as bytearrays."""

    result: str
    lines: tuple[bytes | bytearray, ...]

    @property
    def text(self) -> str:
        """What the server says at last."""
        last = self.lines[-1] if self.lines else b""
        return bytes(last).decode("utf-8", "replace")[:500]


class _Protocol(IMAP4ClientProtocol):  # type: ignore[misc]
    """aioimaplib's, with ears: what the server says unasked is noticed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.news = asyncio.Event()
        """Something happened in the mailbox, or the connection ended."""
        self.lost: asyncio.Future[str] = loop.create_future()
        """Why the connection ended, once it has."""
        self.gone = asyncio.Event()
        """Nothing is left of the connection."""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.gone.set()
        self.end(str(exc) if exc else "the server closed the connection")

    def end(self, why: str) -> None:
        """The connection is over."""
        if not self.lost.done():
            self.lost.set_result(why)
        self.news.set()
        if self.transport is not None:
            self.transport.abort()  # closing TLS politely would wait for a server that may be gone

    def _handle_line(self, line: bytes, current_cmd: Command) -> Any:  # noqa: ANN401 - aioimaplib's
        if self.state == CONNECTED and line and not line.upper().startswith((b"* OK", b"* PREAUTH")):
            self.end(line[:200].decode("utf-8", "replace").removeprefix("* BYE "))
            return None
        return super()._handle_line(line, current_cmd)

    def _untagged_response(self, line: bytes) -> Any:  # noqa: ANN401 - aioimaplib's
        upper = line[:80].upper()
        if upper.startswith(b"* BYE"):
            self.end(line[6:].decode("utf-8", "replace")[:200] or "the server said goodbye")
        elif upper.endswith((b" EXISTS", b" EXPUNGE")):
            self.news.set()
        return super()._untagged_response(line)

    def _continuation(self, line: bytes) -> None:
        pending = self.pending_sync_command
        if pending is not None and pending.name == "AUTHENTICATE":
            self.transport.write(b"\r\n")  # an answer to the error it holds; NO follows
            return
        super()._continuation(line)


class Imap:
    """A connection, signed in. :meth:`close` it."""

    def __init__(self, protocol: _Protocol) -> None:
        self._protocol = protocol
        self._idling: asyncio.Future[Any] = protocol.loop.create_future()

    @classmethod
    async def open(cls, server: Server, tls: ssl.SSLContext | None, tokens: Tokens | None) -> Imap:
        """Connect and sign in. Raises DeliveryError: a refused credential is Permanent and stops the channel."""
        try:
            async with asyncio.timeout(CONNECT_LIMIT):
                protocol = await _dial(server, tls)
                made = cls(protocol)
                try:
                    await made._greeting()
                    await made._sign_in(server, tokens)
                except BaseException:
                    made.abort()
                    raise
        except Exception as error:
            raise translate_imap(error) from error
        return made

    @property
    def is_open(self) -> bool:
        """True while commands have a chance."""
        return not self._protocol.lost.done()

    @property
    def why_closed(self) -> str:
        """Why the connection ended; empty: it has not."""
        lost = self._protocol.lost
        return lost.result() if lost.done() else ""

    @property
    def can_idle(self) -> bool:
        """True where the server tells of news by itself."""
        return "IDLE" in self._protocol.capabilities

    async def run(self, name: str, *arguments: str, prefix: str = "") -> Answer:
        """One command. Raises DeliveryError where it has no answer; ``NO`` and ``BAD`` are answers."""
        if name == "FETCH":
            command = self._protocol.fetch(*arguments, by_uid=prefix == "UID", timeout=ANSWER_LIMIT)
        else:
            made = Command(name, self._protocol.new_tag(), *arguments, prefix=prefix or None, timeout=ANSWER_LIMIT)
            command = self._protocol.execute(made)
        try:
            found = await self._or_lost(command)
        except Exception as error:
            self.abort()
            raise translate_imap(error) from error
        return Answer(result=found.result, lines=tuple(found.lines))

    async def select(self, folder: str, *, marks: bool = False) -> Answer:
        """Open a folder to read, and to set marks in. Raises DeliveryError."""
        answer = await self.run("SELECT" if marks else "EXAMINE", folder_name(folder))
        if answer.result != "OK":
            raise Permanent("no_folder", answer.text, stops_lane=True, fix=f"check imap.folder: {folder!r}")
        self._protocol.state = aioimaplib.SELECTED
        return answer

    @property
    def news(self) -> asyncio.Event:
        """Set when something happened in the mailbox, or the connection ended; who looks clears it before."""
        return self._protocol.news

    async def idle(self) -> None:
        """Begin to be told of news; returns once the server listens. Raises DeliveryError."""
        protocol = self._protocol
        protocol._idle_event.clear()  # noqa: SLF001 - aioimaplib keeps it to itself
        idling = IdleCommand(protocol.new_tag(), protocol.idle_queue)
        self._idling = asyncio.ensure_future(protocol.execute(idling))
        self._idling.add_done_callback(_seen)
        try:
            async with asyncio.timeout(ANSWER_LIMIT):
                await self._or_lost(_either(protocol.wait_for_idle_response(), self._idling))
        except Exception as error:
            self.abort()
            raise translate_imap(error) from error

    async def done(self, limit: float = 15.0) -> None:
        """End being told of news. Raises DeliveryError where the server does not answer in ``limit`` seconds."""
        protocol = self._protocol
        try:
            if not self._idling.done():
                protocol.idle_done()
            async with asyncio.timeout(limit):
                await self._or_lost(self._idling)
            while not protocol.idle_queue.empty():
                protocol.idle_queue.get_nowait()
        except Exception as error:
            self.abort()
            raise translate_imap(error) from error

    async def close(self) -> None:
        """Say goodbye, for a moment. Does not raise."""
        if self.is_open and not self._protocol.has_pending_idle_command():
            with contextlib.suppress(Exception):
                async with asyncio.timeout(1.0):
                    await self._or_lost(self._protocol.logout())
        self.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._protocol.gone.wait()

    def abort(self) -> None:
        """Break the connection off."""
        self._protocol.end("closed here")
        for command in (self._protocol.pending_sync_command, *self._protocol.pending_async_commands.values()):
            if command is not None:
                command._timer.cancel()  # noqa: SLF001 - else it would ring when nobody listens

    async def _greeting(self) -> None:
        protocol = self._protocol
        await self._or_lost(protocol.wait("AUTH|NONAUTH"))
        for task in tuple(protocol.tasks):
            await task

    async def _sign_in(self, server: Server, tokens: Tokens | None) -> None:
        protocol = self._protocol
        if protocol.state == aioimaplib.AUTH:
            return
        if tokens is not None:
            token = await tokens.current()
            answer = await self._or_lost(protocol.xoauth2(server.username, token))
            if answer.result != "OK":
                tokens.refused()
        elif "LOGINDISABLED" in protocol.capabilities:
            raise Permanent("login_disabled", "the server takes no password on an open line", stops_channel=True)
        else:
            answer = await self._or_lost(protocol.login(quoted(server.username), server.password))
        if answer.result != "OK":
            raise imap_refused(Answer(result=answer.result, lines=tuple(answer.lines)).text)
        await self._or_lost(protocol.capability())  # a server may tell more to who is signed in

    async def _or_lost(self, call: Awaitable[T]) -> T:
        """What ``call`` answers; NotDispatched as soon as the connection is over."""
        work = asyncio.ensure_future(call)
        lost = self._protocol.lost
        both: set[asyncio.Future[Any]] = {work, lost}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            raise NotDispatched("connection_lost", lost.result())
        finally:
            if not work.done():
                work.cancel()


def folder_name(name: str) -> str:
    """A folder's name as IMAP writes it: quoted, and in its own UTF-7 (RFC 3501 5.1.3)."""
    pieces = re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", name)
    return str(quoted("".join(one.replace("&", "&-") if _PLAIN.fullmatch(one) else _utf7(one) for one in pieces)))


def _utf7(piece: str) -> str:
    coded = base64.b64encode(piece.encode("utf-16-be", "surrogatepass")).decode("ascii")
    return f"&{coded.rstrip('=').replace('/', ',')}-"


async def _dial(server: Server, tls: ssl.SSLContext | None) -> _Protocol:
    """A protocol on an open line, secret where it shall be; it has heard the server's greeting."""
    loop = asyncio.get_running_loop()
    protocol = _Protocol(loop)
    if server.tls is not Tls.STARTTLS:
        context = tls if server.tls is Tls.IMPLICIT else None
        transport, _ = await loop.create_connection(lambda: protocol, server.host, server.port, ssl=context)
        _keep_alive(transport)
        return protocol
    assert tls is not None  # noqa: S101 - STARTTLS has its context
    upgrade = Upgrade(loop)
    raw, _ = await loop.create_connection(lambda: upgrade, server.host, server.port)
    try:
        await upgrade.agreed
        secret = await loop.start_tls(raw, protocol, tls, server_hostname=server.host)
    except BaseException:
        raw.close()
        raise
    assert secret is not None  # noqa: S101 - start_tls raises instead
    _keep_alive(secret)
    protocol.connection_made(secret)
    protocol.data_received(b"* OK secret now\r\n")  # nothing that was said on the open line counts (RFC 3501 6.2.1)
    return protocol


async def _either(first: Coroutine[Any, Any, object], second: asyncio.Future[Any]) -> None:
    """Until one is done; where the second is, what it raises is raised."""
    one = asyncio.ensure_future(first)
    try:
        await asyncio.wait({one, second}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        one.cancel()
    if second.done():
        second.result()


def _seen(task: asyncio.Future[Any]) -> None:
    """Look at what a task became, so that nobody complains that nobody did."""
    if not task.cancelled():
        task.exception()


def _keep_alive(transport: asyncio.BaseTransport) -> None:
    found = transport.get_extra_info("socket")
    if found is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
