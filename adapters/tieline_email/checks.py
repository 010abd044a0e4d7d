"""What ``tieline check --live`` finds out about a mailbox.

Rule: everything that reading and sending need is tried, nothing is changed and no mail is sent (the submission ends
before DATA), and every fault comes with its mend. Next stop: a person reads it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from tieline.errors import DeliveryError
from tieline.ports.abilities import Finding
from tieline_email.addresses import is_own, normal
from tieline_email.config import Settings, Tls
from tieline_email.mailbox import Mailbox
from tieline_email.smtp import Smtp


class Checks:
    """Tries one channel."""

    def __init__(self, mailbox: Mailbox, smtp: Smtp, settings: Settings, public_url: str | None) -> None:
        self._mailbox = mailbox
        self._smtp = smtp
        self._settings = settings
        self._public_url = public_url

    async def run(self, conversations: Sequence[str]) -> Sequence[Finding]:
        """All findings."""
        findings = [one async for one in self._reading()]
        findings += [one async for one in self._sending()]
        findings += list(self._settings_findings())
        return [*findings, *(one for place in conversations for one in self._conversation(place))]

    async def _reading(self) -> AsyncIterator[Finding]:
        server = self._settings.imap
        try:
            async with self._mailbox.reading() as folder:
                how = "in the clear, on this machine" if server.tls is Tls.NONE else "over TLS"
                told = (
                    f"IMAP: signed in to {server.host} as {server.username}, {how}; '{self._settings.folder}' is open"
                )
                yield Finding(level="ok", message=told)
                if not folder.imap.can_idle:
                    told = f"IMAP: the server has no IDLE; the mailbox is looked at every {self._settings.poll:g} s"
                    yield Finding(level="warning", message=told, fix="lower poll if that is too slow")
        except DeliveryError as error:
            yield Finding(level="error", message=f"IMAP: {error}", fix=error.fix)

    async def _sending(self) -> AsyncIterator[Finding]:
        server = self._settings.smtp
        try:
            await self._smtp.try_out()
        except DeliveryError as error:
            yield Finding(level="error", message=f"SMTP: {error}", fix=error.fix)
        else:
            who = f"as {server.username}" if server.username else "without signing in"
            told = f"SMTP: {server.host} takes mail from {self._settings.address} {who}"
            yield Finding(level="ok", message=told)

    def _settings_findings(self) -> list[Finding]:
        found: list[Finding] = []
        if not self._settings.authserv_ids and self._settings.hold_unverified:
            told = "no mail server is believed about senders: only answers to the hub's own mails are posted at once"
            fix = "set authserv_ids to the name that your mail server writes into Authentication-Results"
            found.append(Finding(level="warning", message=told, fix=fix))
        if not (self._public_url or "").startswith("https://"):
            told = "without an https public_url mails have no link to end them"
            found.append(Finding(level="warning", message=told, fix="set hub.public_url"))
        return found

    def _conversation(self, written: str) -> list[Finding]:
        if not normal(written):
            fix = "write the mailbox's own address, or a person's"
            return [Finding(level="error", message=f"{written!r} is no address", fix=fix)]
        if is_own(written, self._settings.address) and not self._settings.to:
            told = f"{written}: what answers no mail goes to nobody"
            return [Finding(level="warning", message=told, fix="set 'to' of the channel if somebody shall get it")]
        return [Finding(level="ok", message=f"{written}: may be written to")]
