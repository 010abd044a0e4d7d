"""STARTTLS on an open IMAP line, before anything else is said there; aioimaplib has none.

Rule: all or nothing. Nothing that was heard on the open line counts afterwards, and what a stranger slips in behind the
server's answer ends the connection (CVE-2011-0411). Next stop: :mod:`tieline_email.wire` goes on over TLS.

Source: RFC 3501 6.2.1.
"""

from __future__ import annotations

import asyncio
from typing import Final

from tieline.errors import NotDispatched, Permanent

_GREETING_MAX: Final = 8192


class Upgrade(asyncio.Protocol):
    """Asks for STARTTLS; ``agreed`` is done when the server is ready for TLS, or raises DeliveryError."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.agreed: asyncio.Future[None] = loop.create_future()
        self._heard = b""
        self._transport: asyncio.Transport | None = None
        self._asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is open."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP's is
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Something was said on the open line."""
        self._heard += data
        while not self.agreed.done() and b"\r\n" in self._heard:
            line, _, self._heard = self._heard.partition(b"\r\n")
            self._line(line)
        if len(self._heard) > _GREETING_MAX:
            self._refuse("the server's greeting has no end")

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone."""
        self._refuse(str(exc) if exc else "the server closed the connection")

    def _line(self, line: bytes) -> None:
        if not self._asked and line.upper().startswith(b"* OK"):
            self._asked = True
            assert self._transport is not None  # noqa: S101 - lines come over it
            self._transport.write(b"s STARTTLS\r\n")
        elif line.upper().startswith(b"S OK"):
            if self._heard:
                self._refuse("something stood behind the answer to STARTTLS")
            else:
                self.agreed.set_result(None)
        elif line.startswith((b"s ", b"* BYE", b"* PREAUTH")):
            told = line.decode("utf-8", "replace")[:200]
            if not self.agreed.done():
                fix = "write tls: implicit, or mend the server; a password must not go over an open line"
                self.agreed.set_exception(Permanent("no_starttls", told, stops_channel=True, fix=fix))

    def _refuse(self, why: str) -> None:
        if not self.agreed.done():
            self.agreed.set_exception(NotDispatched("connection_lost", why))
