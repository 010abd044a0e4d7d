"""The e-mail adapter: its lifecycle, and where each of its abilities is.

Rule: making it does no I/O; :meth:`EmailAdapter.connect` opens the mailbox, after which the listener keeps itself
connected and tells the session; :meth:`EmailAdapter.disconnect` leaves nothing behind.
Conversations are the mailbox's own address (everybody writes there, and a message goes to the people of its thread) and
people's addresses, which are only written to.
Not promised: that the server for sending works when the one for reading does; the first mail tells, or ``check``.
Next stops: :mod:`tieline_email.idle` (in), :mod:`tieline_email.outbound` (out), :mod:`tieline_email.history`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from tieline.errors import DeliveryError, Misconfigured, NotDispatched
from tieline.model.attachments import FileSource
from tieline.model.capabilities import Capabilities
from tieline.model.delivery import Endpoint
from tieline.ports.abilities import Finding, Resync, Route
from tieline.ports.adapter import AdapterContext, Outgoing, Sent, Session
from tieline.ports.clock import Clock
from tieline.ports.rendering import Dialect
from tieline_email import addresses, config
from tieline_email.abilities import capabilities
from tieline_email.checks import Checks
from tieline_email.config import Server, Settings, Tls
from tieline_email.correspondents import Correspondents
from tieline_email.dialect import EmailDialect
from tieline_email.errors import lifecycle
from tieline_email.files import Files
from tieline_email.history import History, event_of
from tieline_email.idle import Listener
from tieline_email.mailbox import Fetched, Mailbox
from tieline_email.me import Me
from tieline_email.oauth import Tokens
from tieline_email.outbound import Outbound
from tieline_email.smtp import Smtp
from tieline_email.unsubscribe import Unsubscribe

__all__ = ["EmailAdapter", "create"]


def create(context: AdapterContext) -> EmailAdapter:
    """The manifest's factory. Raises Misconfigured where :func:`tieline_email.config.check` finds faults."""
    problems = config.check(context.settings)
    if problems:
        raise Misconfigured(f"{context.channel}: {problems[0].message}", fix=problems[0].fix)
    return EmailAdapter(context, config.load(context.settings))


class EmailAdapter:
    """One mailbox."""

    def __init__(self, context: AdapterContext, settings: Settings) -> None:
        self._context = context
        self._settings = settings
        self._me = Me(
            address=settings.address,
            secret=settings.secret,
            name=settings.display,
            authserv_ids=frozenset(settings.authserv_ids),
            hold_unverified=settings.hold_unverified,
            allow=settings.allow,
            public_url=context.public_url,
        )
        self._unsubscribe = Unsubscribe(self._me, context.clock)
        self._open: _Post | None = None
        self._session: Session | None = None
        self._listener: Listener | None = None

    def dialect(self, endpoint: Endpoint) -> Dialect:
        """That of mails, everywhere."""
        del endpoint
        return EmailDialect()

    def capabilities(self, endpoint: Endpoint) -> Capabilities:
        """The same for every address."""
        del endpoint
        return capabilities()

    async def connect(self, session: Session) -> None:
        """Open the mailbox and begin to listen."""
        post = await self._post()
        clock = self._context.clock

        async def hand(mail: Fetched, uidvalidity: int) -> None:
            event = event_of(mail, self._me, uidvalidity)
            if event is not None:
                post.who.heard(event, mail.raw)
                await session.receive(event)

        listener = Listener(post.mailbox, self._settings, clock, session, hand)
        try:
            await listener.start()
        except DeliveryError as error:
            raise lifecycle(error) from error
        self._open, self._listener, self._session = post, listener, session
        self._unsubscribe.session = session

    async def disconnect(self) -> None:
        """Stop listening and free everything. Idempotent."""
        self._unsubscribe.session = None
        listener, self._listener = self._listener, None
        self._open = None
        if listener is not None:
            await listener.stop()

    def is_connected(self) -> bool:
        """True while the mailbox is open."""
        return self._listener is not None and self._listener.is_up

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hand one mail to the server, for each reader."""
        return await self._there.outbound.send(outgoing, self._session)

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        """What came after ``cursor``."""
        return await self._there.history.resync(conversation, cursor)

    async def fetch(self, source: FileSource) -> AsyncGenerator[bytes, None]:
        """The bytes of a file that somebody attached."""
        async with aclosing(self._there.files.fetch(source)) as pieces:
            async for piece in pieces:
                yield piece

    async def resolve(self, written: str) -> tuple[str, str]:
        """An address in the form it is kept in."""
        address = addresses.normal(written.removeprefix("mailto:"))
        if not address:
            raise Misconfigured(f"{written!r} is no mail address", fix="write one: client@example.org")
        return address, address

    async def direct(self, native_id: str) -> str:
        """The direct conversation with a person is their address."""
        return addresses.normal(native_id) or native_id

    async def check(self, conversations: Sequence[str]) -> Sequence[Finding]:
        """Try everything; works with the channel connected or not."""
        try:
            post = await self._post()
        except Misconfigured as error:
            return (Finding(level="error", message=str(error), fix=error.fix),)
        return await Checks(post.mailbox, post.smtp, self._settings, self._context.public_url).run(conversations)

    def routes(self) -> Sequence[Route]:
        """The page where one ends the mails."""
        return self._unsubscribe.routes()

    async def _post(self) -> _Post:
        try:
            imap, smtp = await asyncio.to_thread(_contexts, self._settings)
        except (OSError, ValueError) as error:
            raise Misconfigured(f"ca_file: {error}", fix="write the path of a PEM file with certificates") from error
        return _Post(self._settings, self._me, self._context.clock, imap, smtp)

    @property
    def _there(self) -> _Post:
        if self._open is None:
            raise NotDispatched("not_connected", "the mailbox is not open")
        return self._open


class _Post:
    """What works on one account."""

    def __init__(
        self, settings: Settings, me: Me, clock: Clock, imap: ssl.SSLContext | None, smtp: ssl.SSLContext | None
    ) -> None:
        tokens = _tokens(settings, clock)
        self.mailbox = Mailbox(settings, imap, tokens[0])
        self.smtp = Smtp(settings.smtp, settings.address, smtp, tokens[1])
        self.who = Correspondents(self.mailbox, me, settings.to)
        self.outbound = Outbound(self.smtp, self.who, me, settings, clock)
        self.history = History(self.mailbox, me, clock)
        self.files = Files(self.mailbox)


def _tokens(settings: Settings, clock: Clock) -> tuple[Tokens | None, Tokens | None]:
    """One keeper of tokens for both servers where the account is the same."""
    imap, smtp = settings.imap.oauth, settings.smtp.oauth
    first = Tokens(imap, clock) if imap is not None else None
    if smtp is None:
        return first, None
    return first, first if smtp == imap else Tokens(smtp, clock)


def _contexts(settings: Settings) -> tuple[ssl.SSLContext | None, ssl.SSLContext | None]:
    return _context(settings.imap), _context(settings.smtp)


def _context(server: Server) -> ssl.SSLContext | None:
    """Certificates are verified, always; None: the line stays open, on this machine."""
    if server.tls is Tls.NONE:
        return None
    made = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    if server.ca_file is not None:
        made.load_verify_locations(cafile=server.ca_file)
    return made
