"""What ``tieline check --live`` finds out about a Discord channel.

Rule: everything that sending and receiving need is tried, nothing on the platform is changed, and every fault comes
with its mend. Next stop: a person reads it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from tieline.errors import DeliveryError
from tieline.ports.abilities import Finding
from tieline_discord import permissions, places
from tieline_discord.bot import CONTENT, Bot, missing
from tieline_discord.errors import INTENT_MEND
from tieline_discord.shapes import mapping, number, sequence, text

_WEBHOOKS_MAX: Final = 15
_INVITE: Final = "invite the bot (tieline invite discord), and let it see the channel"


class Checks:
    """Tries the credentials of one channel."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._guilds: set[str] = set()

    async def run(self, conversations: Sequence[str]) -> Sequence[Finding]:
        """All findings; with a bad bot token only that one."""
        try:
            await self._bot.sign_in()
        except DeliveryError as error:
            return [_failed("bot_token", error)]
        found = [Finding(level="ok", message=f"signed in as {text(self._bot.user, 'username')}"), self._intent()]
        if text(self._bot.application, "interactions_endpoint_url"):
            message = "Discord posts commands and presses to an address of its own: they do not reach Tieline"
            fix = "empty 'Interactions Endpoint URL' on the application's page 'General Information'"
            found.append(Finding(level="warning", message=message, fix=fix))
        for conversation in conversations:
            found += [finding async for finding in self._conversation(conversation)]
        return found

    def _intent(self) -> Finding:
        flags = self._bot.application.get("flags")
        if not isinstance(flags, int):
            return Finding(level="warning", message="Discord does not say which intents are on", fix=INTENT_MEND)
        if not number(self._bot.application, "flags") & CONTENT:
            return Finding(level="error", message="Message Content intent is off", fix=INTENT_MEND)
        return Finding(level="ok", message="Message Content intent is on")

    async def _conversation(self, conversation: str) -> AsyncIterator[Finding]:
        bot = self._bot
        try:
            if not await places.learn(bot.calls, bot.state, conversation):
                yield Finding(level="error", message=f"the bot sees no channel {conversation}", fix=_INVITE)
                return
            guild = bot.state.guild_of(conversation)
            if guild is not None and guild not in self._guilds:
                await self._learn(guild, conversation)
        except DeliveryError as error:
            yield _failed(conversation, error)
            return
        if bot.state.is_direct(conversation):
            yield Finding(level="ok", message=f"{conversation} is a direct conversation")
            return
        async for finding in self._permissions(conversation):
            yield finding

    async def _permissions(self, conversation: str) -> AsyncIterator[Finding]:
        label = self._bot.state.label(conversation)
        lacking = missing(self._bot.state, conversation)
        for bit in lacking:
            name, purpose = permissions.NEEDED[bit]
            level = "error" if bit in {permissions.VIEW, permissions.SEND, permissions.HISTORY} else "warning"
            message = f"the bot lacks '{name}' in {label}: it is needed to {purpose}"
            yield Finding(level=level, message=message, fix=permissions.mend(bit))
        if not lacking:
            yield Finding(level="ok", message=f"the bot has all it needs in {label}")
        if permissions.WEBHOOKS not in lacking:
            async for finding in self._webhooks(conversation, label):
                yield finding

    async def _webhooks(self, conversation: str, label: str) -> AsyncIterator[Finding]:
        try:
            count = await self._bot.webhooks.count(conversation)
            ours = await self._bot.webhooks.there(conversation)
        except DeliveryError as error:
            yield _failed(label, error)
            return
        if ours is None and count >= _WEBHOOKS_MAX:
            fix = "remove one under the channel's settings, 'Integrations'"
            yield Finding(level="warning", message=f"{label} has {count} webhooks: Discord allows no more", fix=fix)

    async def _learn(self, guild: str, conversation: str) -> None:
        """The server's roles and ours, as the gateway would tell them."""
        bot = self._bot
        self._guilds.add(guild)
        facts = mapping(await bot.calls.read(f"/guilds/{guild}"))
        member = mapping(await bot.calls.read(f"/guilds/{guild}/members/{text(bot.user, 'id')}"))
        own = {"user": bot.user, "roles": sequence(member.get("roles"))}
        bot.state.observe("GUILD_CREATE", {**facts, "members": [own], "unavailable": False})
        await places.learn(bot.calls, bot.state, conversation)


def _failed(what: str, error: DeliveryError) -> Finding:
    return Finding(level="error", message=f"{what}: {error}", fix=error.fix)
