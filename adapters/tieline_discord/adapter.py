"""The Discord adapter: its lifecycle, and where each of its abilities is.

Rule: making it does no I/O; :meth:`DiscordAdapter.connect` signs in and opens the gateway, which then keeps itself open
and tells the session; :meth:`DiscordAdapter.disconnect` leaves nothing behind.
Next stops: :mod:`tieline_discord.connection` and :mod:`tieline_discord.wire` (in), :mod:`tieline_discord.outbound`
(out), :mod:`tieline_discord.history`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

from tieline.errors import AdapterError, DeliveryError, Misconfigured, NotDispatched
from tieline.model.attachments import FileSource
from tieline.model.capabilities import Capabilities
from tieline.model.delivery import Endpoint, Part
from tieline.ports.abilities import Finding, NativeState, Resync
from tieline.ports.adapter import AdapterContext, Outgoing, PartRef, Sent, Session
from tieline.ports.fetching import Fetcher
from tieline.ports.rendering import Dialect
from tieline_discord import config, fetching, permissions, places
from tieline_discord.abilities import Via, capabilities
from tieline_discord.bot import Bot
from tieline_discord.checks import Checks
from tieline_discord.config import Settings
from tieline_discord.dialect import DiscordDialect
from tieline_discord.errors import lifecycle
from tieline_discord.shapes import mapping, text

__all__ = ["DiscordAdapter", "create"]


def create(context: AdapterContext) -> DiscordAdapter:
    """The manifest's factory. Raises Misconfigured where :func:`tieline_discord.config.check` finds faults."""
    problems = config.check(context.settings)
    if problems:
        raise Misconfigured(f"{context.channel}: {problems[0].message}", fix=problems[0].fix)
    return DiscordAdapter(context, config.load(context.settings))


class DiscordAdapter:
    """One bot's connection."""

    def __init__(self, context: AdapterContext, settings: Settings) -> None:
        self._context = context
        self._settings = settings
        self._dialect = DiscordDialect()
        self._fetcher = Fetcher(loopback=settings.is_local, clock=context.clock)
        self._bot: Bot | None = None
        self._can: dict[Via, Capabilities] = {
            via: capabilities(endpoint=via, file_limit=settings.file_limit, pace=settings.pace)
            for via in ("auto", "webhook", "bot")
        }

    def dialect(self, endpoint: Endpoint) -> Dialect:
        """Discord's Markdown, everywhere."""
        del endpoint
        return self._dialect

    def capabilities(self, endpoint: Endpoint) -> Capabilities:
        """What the bot can do there, or a webhook; where there can be none, ``auto`` is the bot."""
        if endpoint.via in {"webhook", "bot"}:
            return self._can["webhook" if endpoint.via == "webhook" else "bot"]
        named = self._bot is None or self._bot.out.has_webhook(endpoint.conversation)
        return self._can["auto" if named else "bot"]

    async def connect(self, session: Session) -> None:
        """Sign in and begin to receive."""
        bot = self._bot = Bot(self._settings, self._context.clock)
        try:
            await bot.open(session)
        except DeliveryError as error:
            raise lifecycle(error) from error

    async def disconnect(self) -> None:
        """Stop receiving and free everything. Idempotent."""
        bot, self._bot = self._bot, None
        if bot is not None:
            await bot.close()
        await self._fetcher.close()

    def is_connected(self) -> bool:
        """True while the gateway is open."""
        return self._bot is not None and self._bot.is_up

    async def send(self, outgoing: Outgoing) -> Sent:
        """Make one message, by webhook or bot."""
        return await self._here.out.send(outgoing)

    async def edit(self, ref: PartRef, outgoing: Outgoing) -> None:
        """Replace the text of an own message."""
        await self._here.out.edit(ref, outgoing)

    async def delete(self, ref: PartRef) -> None:
        """Remove an own message."""
        await self._here.out.delete(ref)

    async def react(self, ref: PartRef, emoji: str, *, on: bool) -> None:
        """Set or take back a reaction of the bot's."""
        await self._here.out.react(ref, emoji, on=on)

    async def typing(self, conversation: str, name: str) -> None:
        """Show that the bot writes, for ten seconds; Discord shows no other name."""
        del name
        await self._here.calls.call("POST", f"/channels/{conversation}/typing", needs=permissions.SEND)

    async def look_up(self, outgoing: Outgoing, since: int) -> Sent | None:
        """Find an uncertain send by who wrote what."""
        return await self._here.lookup.look_up(outgoing, since)

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        """What was written after ``cursor``."""
        return await self._here.history.resync(conversation, cursor)

    async def survey(self, conversation: str, parts: Sequence[Part]) -> Sequence[NativeState]:
        """How these messages are now."""
        return await self._here.survey.survey(conversation, parts)

    async def follow(self, conversation: str) -> None:
        """Take notice of a linked conversation: what is wrong with it is told from now on."""
        await self._here.follow(conversation)

    def fetch(self, source: FileSource) -> AsyncIterator[bytes]:
        """A file that somebody attached."""
        return fetching.fetch(self._fetcher, self._here.calls, source)

    async def direct(self, native_id: str) -> str:
        """The direct conversation with a person."""
        answer = mapping(await self._here.calls.call("POST", "/users/@me/channels", json={"recipient_id": native_id}))
        conversation = text(answer, "id")
        if not conversation:
            raise NotDispatched("bad_answer", "Discord answered without the conversation's id")
        self._here.state.add_direct(conversation)
        return conversation

    async def resolve(self, written: str) -> tuple[str, str]:
        """A channel's id by its name."""
        if self._bot is None:
            raise AdapterError("Discord is not connected", fix="wait until the channel is up")
        return await places.resolve(self._bot.calls, self._bot.state, written)

    async def check(self, conversations: Sequence[str]) -> Sequence[Finding]:
        """Try everything; works with the channel connected or not."""
        bot = Bot(self._settings, self._context.clock)
        try:
            return await Checks(bot).run(conversations)
        finally:
            with contextlib.suppress(DeliveryError):
                await bot.close()

    @property
    def _here(self) -> Bot:
        if self._bot is None or not self._bot.signed_in:
            raise NotDispatched("not_connected", "Discord is not connected")
        return self._bot
