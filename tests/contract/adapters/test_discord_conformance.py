"""The Discord adapter fulfils the contract."""

from __future__ import annotations

from tests.contract.adapters.discord_contract import DiscordContract


class TestDiscord(DiscordContract):
    """Through webhooks, on a scripted Discord."""
