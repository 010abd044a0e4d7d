"""A mail is handed to the server: one connection, one mail, one receiver, one try.

Rule: no retry inside (law 2), certificates are verified, and where STARTTLS is wanted nothing is said without it. One
way to sign in is tried once, so that a wrong password is one failure and not three. Which step failed decides what a
retry may do (:mod:`tieline_email.errors`).
Not promised: that a mail which the server took reaches its reader; a bounce tells, and comes in as a mail.

A connection for each mail costs some round trips and has no state that could be stale. Next stop: the lane.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Final

import aiosmtplib

from tieline.errors import Permanent
from tieline.model.base import Value
from tieline_email.addresses import domain_of, normal
from tieline_email.config import Server, Tls
from tieline_email.errors import Phase, translate_smtp
from tieline_email.oauth import Tokens

ANSWER_LIMIT: Final = 60.0
DATA_LIMIT: Final = 600.0
"""Seconds for the answer behind the final dot (RFC 5321 4.5.3.2.6): a server may look for viruses meanwhile."""
_SIZE: Final = "size"


class Accepted(Value, kw_only=True, frozen=True):
    """What the server said when it took the mail; a provider that replaces the Message-ID tells its own here."""

    words: str


class Smtp:
    """The way out of one account."""

    def __init__(self, server: Server, address: str, tls: ssl.SSLContext | None, tokens: Tokens | None) -> None:
        self._server = server
        self._address = address
        self._tls = tls
        self._tokens = tokens

    async def send(self, mail: bytes, to: str) -> Accepted:
        """Hand over one mail. Raises the DeliveryError that says what a retry may do."""
        client = self._client()
        phase = Phase.CONNECT
        try:
            await self._open(client)
            phase = Phase.SIGN_IN
            await self._sign_in(client)
            phase = Phase.SENDER
            options, encoding = _options(client, mail, self._address, to)
            await client.mail(self._address, options=options, encoding=encoding)
            phase = Phase.RECIPIENT
            await client.rcpt(to, encoding=encoding)
            phase = Phase.DATA
            answer = await client.data(mail, timeout=DATA_LIMIT)
            await _goodbye(client)
        except Exception as error:
            raise translate_smtp(error, phase) from error
        finally:
            await _end(client)
        return Accepted(words=answer.message)

    async def try_out(self) -> list[str]:
        """Connect, sign in, and ask whether the address may send; changes nothing. Answers the ways to sign in.

        Raises DeliveryError.
        """
        client = self._client()
        phase = Phase.CONNECT
        try:
            await self._open(client)
            phase = Phase.SIGN_IN
            await self._sign_in(client)
            phase = Phase.SENDER
            await client.mail(self._address)
            await client.rcpt(self._address)  # many servers look at the sender only now
            ways = list(client.server_auth_methods)
            await _goodbye(client)
        except Exception as error:
            raise translate_smtp(error, phase) from error
        finally:
            await _end(client)
        return ways

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=domain_of(normal(self._address)),
            timeout=ANSWER_LIMIT,
            use_tls=server.tls is Tls.IMPLICIT,
            start_tls=False,
            tls_context=self._tls,
        )

    async def _open(self, client: aiosmtplib.SMTP) -> None:
        await client.connect()
        await client.ehlo()
        if self._server.tls is Tls.STARTTLS:
            if not client.supports_extension("starttls"):
                fix = "write tls: implicit, or mend the server; a password must not go over an open line"
                raise Permanent("no_starttls", "the server has no STARTTLS", stops_channel=True, fix=fix)
            await client.starttls()
            await client.ehlo()

    async def _sign_in(self, client: aiosmtplib.SMTP) -> None:
        name, ways = self._server.username, client.server_auth_methods
        if not name:
            return
        if self._tokens is not None:
            try:
                await client.auth_xoauth2(name, await self._tokens.current())
            except aiosmtplib.SMTPAuthenticationError:
                self._tokens.refused()
                raise
        elif "plain" in ways:
            await client.auth_plain(name, self._server.password)
        elif "login" in ways:
            await client.auth_login(name, self._server.password)
        elif "cram-md5" in ways:
            await client.auth_crammd5(name, self._server.password)
        else:
            raise aiosmtplib.SMTPException("the server offers no way to sign in with a password")


def _options(client: aiosmtplib.SMTP, mail: bytes, sender: str, to: str) -> tuple[list[str], str]:
    """What MAIL FROM says beside the address, and how addresses are written."""
    options = [f"size={len(mail)}"] if client.supports_extension(_SIZE) else []
    if sender.isascii() and to.isascii():
        return options, "ascii"
    if not client.supports_extension("smtputf8"):
        raise Permanent("no_utf8_addresses", f"the server takes no address like {to}", fix="use another server")
    return [*options, "smtputf8"], "utf-8"


async def _goodbye(client: aiosmtplib.SMTP) -> None:
    """The mail is taken; how the connection ends is no matter."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(1.0):
            await client.quit()


async def _end(client: aiosmtplib.SMTP) -> None:
    """Leave nothing of the connection."""
    transport = client.transport
    client.close()
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()  # closing TLS politely would wait for a server that may be gone
        for _ in range(3):  # the loop closes TLS, then the line under it
            await asyncio.sleep(0)
