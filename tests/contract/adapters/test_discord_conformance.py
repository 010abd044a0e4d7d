"""The Discord adapter fulfils the contract, through webhooks and as the bot."""

from __future__ import annotations

import msgspec

from tests.contract.adapters.discord_contract import DiscordContract, PeopledDiscord
from tieline.model.capabilities import Capabilities
from tieline.model.delivery import Endpoint
from tieline.ports.adapter import AdapterContext, ChannelAdapter, Outgoing, PartRef, Sent
from tieline.testing.contract import Platform
from tieline_discord import config
from tieline_discord.adapter import DiscordAdapter


class TestDiscord(DiscordContract):
    """Through webhooks, on a scripted Discord."""


class _AsBot(DiscordAdapter):
    """Every endpoint is one of a link that says `as: bot`."""

    def capabilities(self, endpoint: Endpoint) -> Capabilities:
        return super().capabilities(_bot(endpoint))

    async def send(self, outgoing: Outgoing) -> Sent:
        return await super().send(_outgoing(outgoing))

    async def look_up(self, outgoing: Outgoing, since: int) -> Sent | None:
        return await super().look_up(_outgoing(outgoing), since)

    async def edit(self, ref: PartRef, outgoing: Outgoing) -> None:
        await super().edit(_ref(ref), _outgoing(outgoing))

    async def delete(self, ref: PartRef) -> None:
        await super().delete(_ref(ref))


def _bot(endpoint: Endpoint) -> Endpoint:
    return msgspec.structs.replace(endpoint, via="bot")


def _outgoing(outgoing: Outgoing) -> Outgoing:
    return msgspec.structs.replace(outgoing, endpoint=_bot(outgoing.endpoint))


def _ref(ref: PartRef) -> PartRef:
    return msgspec.structs.replace(ref, endpoint=_bot(ref.endpoint))


class TestDiscordAsBot(DiscordContract):
    """As the bot, which replies natively and sends once under one key."""

    def make_adapter(self, platform: Platform) -> ChannelAdapter:
        assert isinstance(platform, PeopledDiscord)
        settings = self.settings(platform)
        context = AdapterContext(channel="test", settings=settings, clock=self.clock)
        return _AsBot(context, config.load(settings))
