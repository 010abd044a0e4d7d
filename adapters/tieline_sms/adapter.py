"""The adapter for phones: its lifecycle, and where each of its abilities is.

Rule: making it does no I/O; :meth:`SmsAdapter.connect` tries the credential and, where Twilio cannot reach us, begins
to poll; :meth:`SmsAdapter.disconnect` leaves nothing behind. A conversation is the number of one phone; ``whatsapp:``
stands in front only where a Messaging Service serves both.
Not promised with webhooks: to notice that Twilio stopped posting; there is no connection to lose.
Next stops: :mod:`tieline_sms.wire` and :mod:`tieline_sms.polling` (in), :mod:`tieline_sms.outbound` (out).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from tieline.errors import DeliveryError, Misconfigured, NotDispatched
from tieline.model.attachments import FileSource
from tieline.model.capabilities import Capabilities
from tieline.model.delivery import Endpoint
from tieline.ports.abilities import Finding, Resync, Route
from tieline.ports.adapter import AdapterContext, Outgoing, Sent, Session
from tieline.ports.fetching import Fetcher
from tieline.ports.rendering import Dialect
from tieline.render.plain import Plain
from tieline_sms import abilities, config, fetching, numbers, render
from tieline_sms.checks import Checks
from tieline_sms.client import Api
from tieline_sms.config import Inbound, Settings
from tieline_sms.door import Door
from tieline_sms.errors import lifecycle
from tieline_sms.history import History
from tieline_sms.outbound import Outbound
from tieline_sms.polling import Polling
from tieline_sms.window import Window
from tieline_sms.wire import Webhooks

__all__ = ["SmsAdapter", "create"]


def create(context: AdapterContext) -> SmsAdapter:
    """The manifest's factory. Raises Misconfigured where settings and ``hub.public_url`` do not go together."""
    problems = config.check(context.settings)
    if problems:
        raise Misconfigured(f"{context.channel}: {problems[0].message}", fix=problems[0].fix)
    settings = config.load(context.settings)
    if settings.inbound is Inbound.WEBHOOK and not context.public_url:
        raise Misconfigured(
            f"{context.channel}: Twilio cannot post to a hub without a public address",
            fix="set hub.public_url, or inbound: poll",
        )
    return SmsAdapter(context, settings)


class _Open:
    """What there is between connect and disconnect."""

    def __init__(self, context: AdapterContext, settings: Settings, session: Session) -> None:
        self.api = Api(settings, context.clock)
        self.window = Window()
        self.out = Outbound(self.api, settings, context, self.window)
        self.history = History(self.api, settings.own, context.clock)
        self.door = Door(session, self.out, self.window, settings.own, context.clock)
        self.polling: Polling | None = None
        self.task: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        return self.polling is None or self.polling.is_up

    async def close(self) -> None:
        task, self.task = self.task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self.door.close()
        await self.api.close()


class SmsAdapter:
    """One sender's connection to Twilio."""

    def __init__(self, context: AdapterContext, settings: Settings) -> None:
        self._context = context
        self._settings = settings
        self._dialect = render.Texts()
        self._plain = Plain()
        self._can = {on: abilities.capabilities(settings.terms, whatsapp=on) for on in (False, True)}
        self._webhooks = Webhooks(settings.auth_token, context.public_url, settings.own, context.clock)
        self._fetcher = Fetcher(loopback=settings.api_url is not None, clock=context.clock)
        self._open: _Open | None = None

    # ── what it is ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def inbound(self) -> Inbound:
        """How texts reach us."""
        possible = bool(self._context.public_url and self._settings.auth_token)
        return self._settings.inbound or (Inbound.WEBHOOK if possible else Inbound.POLL)

    def dialect(self, endpoint: Endpoint) -> Dialect:
        """Plain text; for SMS in few segments."""
        return self._plain if self._settings.own.is_whatsapp(endpoint.conversation) else self._dialect

    def capabilities(self, endpoint: Endpoint) -> Capabilities:
        """The same for every phone, apart from WhatsApp."""
        return self._can[self._settings.own.is_whatsapp(endpoint.conversation)]

    def routes(self) -> Sequence[Route]:
        """Where Twilio posts what people write, and what became of what we sent."""
        return [
            Route(method="POST", path="inbound", handler=self._webhooks.inbound),
            Route(method="POST", path="status", handler=self._webhooks.status),
        ]

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def connect(self, session: Session) -> None:
        """Try the credential, and begin to receive."""
        opened = self._open = _Open(self._context, self._settings, session)
        try:
            if self.inbound is Inbound.POLL:
                clock, seconds = self._context.clock, self._settings.poll
                polling = Polling(opened.history, opened.door, session, clock, seconds)
                await polling.begin()
                opened.polling = polling
                opened.task = asyncio.create_task(polling.run())
            else:
                await opened.api.can_read()
        except DeliveryError as error:
            raise lifecycle(error) from error
        self._webhooks.door = opened.door

    async def disconnect(self) -> None:
        """Stop receiving and free everything. Idempotent."""
        self._webhooks.door = None
        opened, self._open = self._open, None
        if opened is not None:
            await opened.close()
        await self._fetcher.close()

    def is_connected(self) -> bool:
        """True while the credential was taken, and the list answers where it is polled."""
        return self._open is not None and self._open.is_up

    # ── what it does ─────────────────────────────────────────────────────────────────────────────────────────────

    async def send(self, outgoing: Outgoing) -> Sent:
        """Send one text."""
        here = self._here
        return await here.out.send(outgoing, here.door.refused)

    async def look_up(self, outgoing: Outgoing, since: int) -> Sent | None:
        """Find an uncertain send by receiver, time and text."""
        return await self._here.out.look_up(outgoing, since)

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        """What happened in one conversation after ``cursor``."""
        return await self._here.history.resync(conversation, cursor)

    def fetch(self, source: FileSource) -> AsyncIterator[bytes]:
        """A picture or file that somebody sent."""
        return fetching.fetch(self._fetcher, self._settings, source)

    async def direct(self, native_id: str) -> str:
        """The conversation with a person: their number."""
        found = self._address(native_id)
        if found is None:
            raise NotDispatched("invalid_number", f"{native_id!r} is no number with its country code")
        return found

    async def resolve(self, written: str) -> tuple[str, str]:
        """A number in one spelling."""
        found = self._address(written)
        if found is None:
            raise Misconfigured(
                f"'{written}' is no number with its country code", fix='write "+15005550006", in quotes'
            )
        if self._settings.own.is_own(self._settings.own.there(found)):
            raise Misconfigured(f"'{written}' is our own number", fix="link the number of the person to write to")
        return found, found

    async def check(self, conversations: Sequence[str]) -> Sequence[Finding]:
        """Try everything; works with the channel connected or not."""
        api = Api(self._settings, self._context.clock)
        try:
            return await Checks(api, self._settings, self._context, self.inbound).run(conversations)
        finally:
            await api.close()

    def _address(self, written: str) -> str | None:
        own = self._settings.own
        found = numbers.address(written, whatsapp=own.is_whatsapp(""))
        return None if found is None else own.here(found)

    @property
    def _here(self) -> _Open:
        if self._open is None:
            raise NotDispatched("not_connected", "the channel is not connected to Twilio")
        return self._open
