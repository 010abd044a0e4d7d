"""E-mail's contract, on real Postfix and Dovecot; a relay before Postfix plays the faults that one cannot ask it for.

The mailbox is the conversation: people write to it, and what begins no thread goes to the channel's ``to``.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from email.message import EmailMessage, Message
from email.utils import parseaddr
from typing import ClassVar

from tests.conftest import fail_or_skip
from tests.services.mail_servers import PASSWORD, MailServers, mail_from, why_not
from tieline.ports.adapter import Manifest
from tieline.testing.contract import AdapterContract, Failure, NotApplicable, Platform, ShownMessage
from tieline_email.errors import LATER
from tieline_email.manifest import MANIFEST
from tieline_email.threads import MARKER

_REFUSALS = {
    Failure.THROTTLED: ("RCPT", b"450 4.2.1 come back later\r\n"),
    Failure.BAD_CREDENTIAL: ("AUTH", b"535 5.7.8 authentication failed\r\n"),
    Failure.UNKNOWN_CONVERSATION: ("RCPT", b"550 5.1.1 no such user here\r\n"),
}


class SmtpRelay:
    """Between the hub and Postfix on this machine: passes all on, counts mails, and fails when it is told to."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._fails: list[Failure] = []
        self._server: asyncio.Server | None = None
        self.port = 0
        self.submissions = 0

    def fail_next(self, failure: Failure) -> None:
        self._fails.append(failure)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**26)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, out = await asyncio.open_connection("127.0.0.1", self._upstream)
        failure = self._fails.pop(0) if self._fails else None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._talk(reader, writer, there, out, failure)
        writer.close()
        out.close()

    async def _talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        out: asyncio.StreamWriter,
        failure: Failure | None,
    ) -> None:
        verb, refusal = _REFUSALS.get(failure, ("", b"")) if failure else ("", b"")
        writer.write(await _answer(there))
        while line := await reader.readline():
            word = line[:4].decode("ascii", "replace").upper()
            if word == verb:
                writer.write(refusal)
                continue
            out.write(line)
            if word == "DATA":
                writer.write(await _answer(there))
                body = await reader.readuntil(b"\r\n.\r\n")
                self.submissions += 1
                if failure is Failure.BROKEN:
                    writer.write(b"<html>502 Bad Gateway</html>\r\n")
                    return
                out.write(body)
                told = await _answer(there)
                if failure is Failure.LOST_ANSWER:
                    return
                writer.write(told)
                continue
            writer.write(await _answer(there))


async def _answer(reader: asyncio.StreamReader) -> bytes:
    lines = b""
    while line := await reader.readline():
        lines += line
        if line[3:4] != b"-":
            break
    return lines


class PeopledMail:
    """A mailbox of the hub's, and people who write to it and read what it sends."""

    def __init__(self, servers: MailServers) -> None:
        self.servers = servers
        self.conversation = servers.user("hub")
        self.team = servers.user("team")
        self.people = {name: servers.user(name) for name in ("ana", "bo")}
        self.relay = SmtpRelay(servers.ports["smtp"])

    async def write(self, who: str, text: str, *, thread: str | None = None) -> str:
        headers = {"In_Reply_To": f"<{thread}>", "References": f"<{thread}>"} if thread else {"Subject": ""}
        mail = mail_from(f"{who} <{self.people[who]}>", self.conversation, text, **headers)
        count = len(self.servers.mails(self.conversation))
        await self.servers.post(mail, self.people[who], self.conversation)
        await self.servers.arrived(self.conversation, count + 1)  # the next one shall not overtake it
        return str(mail["Message-ID"]).strip("<>")

    async def edit(self, native_id: str, who: str, text: str) -> None:
        raise NotApplicable("a mail that is sent cannot be changed")

    async def delete(self, native_id: str, who: str) -> None:
        raise NotApplicable("a mail that is sent cannot be taken back")

    async def react(self, native_id: str, who: str, emoji: str) -> None:
        raise NotApplicable("mails take no reactions")

    async def shown(self) -> Sequence[ShownMessage]:
        """What the team got, and people in their threads; once Postfix has delivered all it took."""
        await self._delivered()
        answers = [mail for one in self.people.values() for mail in self.servers.mails(one) if mail["In-Reply-To"]]
        return [_shown(mail) for mail in (*self.servers.mails(self.team), *answers)]

    def person(self, who: str) -> str:
        return self.people[who]

    async def shown_to(self, who: str) -> Sequence[ShownMessage]:
        """What somebody got that answers nothing."""
        await self._delivered()
        return [_shown(mail) for mail in self.servers.mails(self.people[who]) if not mail["In-Reply-To"]]

    async def files_shown(self, native_id: str) -> Sequence[tuple[str, int]]:
        await self._delivered()
        mail = next(one for one in self.servers.mails(self.team) if native_id in str(one["Message-ID"]))
        return [(str(part.get_filename()), len(_bytes(part))) for part in mail.iter_attachments()]

    async def share(self, who: str, name: str, data: bytes) -> str:
        mail = mail_from(self.people[who], self.conversation, "see")
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
        await self.servers.post(mail, self.people[who], self.conversation)
        return str(mail["Message-ID"]).strip("<>")

    async def _delivered(self) -> None:
        places = (self.team, *self.people.values())
        async with asyncio.timeout(20):
            while sum(len(self.servers.mails(one)) for one in places) < self.taken:  # noqa: ASYNC110 - Postfix delivers
                await asyncio.sleep(0.02)

    @property
    def taken(self) -> int:
        return self.relay.submissions - self._lost

    _lost = 0

    async def fail_next(self, failure: Failure) -> None:
        if failure is Failure.NO_CONNECTION:
            await self.relay.close()
            return
        self._lost += failure is Failure.BROKEN
        self.relay.fail_next(failure)

    async def requests_to_send(self) -> int:
        return self.relay.submissions

    async def hang_up(self) -> None:
        await asyncio.to_thread(self.servers.kick, self.conversation)


def _bytes(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    assert isinstance(found, bytes)
    return found


def _shown(mail: EmailMessage) -> ShownMessage:
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace(MARKER, "")
    for part in mail.iter_attachments():
        if part.get_content_type() == "text/markdown":
            text += _bytes(part).decode()
    references = str(mail.get("References", "")).split()
    return ShownMessage(
        native_id=str(mail["Message-ID"]).strip("<>"),
        text=text,
        author=parseaddr(str(mail["From"]))[0],
        thread=references[0].strip("<>") if references else None,
        reply=str(mail["In-Reply-To"]).strip("<>") if mail["In-Reply-To"] else None,
    )


@functools.cache
def _servers() -> MailServers:
    """One pair for the process; each platform takes addresses of its own."""
    reason = why_not()
    if reason is not None:
        fail_or_skip(reason)
    servers = MailServers().__enter__()
    atexit.register(servers.__exit__)
    return servers


class EmailContract(AdapterContract):
    """IMAP over TLS, SMTP through the relay."""

    manifest: ClassVar[Manifest] = MANIFEST
    throttle_seconds: ClassVar[float] = LATER

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[Platform]:
        people = PeopledMail(await asyncio.to_thread(_servers))
        await people.relay.open()
        try:
            yield people
        finally:
            await people.relay.close()

    def settings(self, platform: Platform) -> Mapping[str, object]:
        assert isinstance(platform, PeopledMail)
        servers = platform.servers
        return {
            "address": platform.conversation,
            "to": [platform.team],
            "token_secret": "a secret that signs tokens",
            "hold_unverified": False,
            "imap": {
                "host": "localhost",
                "port": servers.ports["imaps"],
                "username": platform.conversation,
                "password": PASSWORD,
                "ca_file": servers.ca_file,
            },
            "smtp": {"host": "localhost", "port": platform.relay.port, "tls": "none"},
        }
