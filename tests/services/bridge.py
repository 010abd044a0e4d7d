"""A bridge as its users have it: a hub process, a Slack that lives and a Discord that lives, one room between them.

Both platforms are our scripted servers (the third parties' stand-ins lack webhooks, uploads, metadata and sending
again); the hub is `tieline serve` with the real adapters, and may be killed and started at will.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services.hub_process import HubProcess
from tests.services.living_slack import ALICE, LivingSlack
from tests.services.scripted_discord.running import ScriptedDiscord
from tests.services.scripted_discord.running import scripted as serve_discord
from tests.services.scripted_discord.wire import GENERAL as DISCORD_GENERAL
from tests.services.scripted_slack import GENERAL as SLACK_GENERAL
from tests.services.scripted_slack import scripted as serve_slack
from tests.services.stories import channel_is_up, until
from tieline.client import Client

ROOM = "studio"
BEA = "300000000000000001"
"""A person on Discord."""
CLEO = {"team": "U02CLEO", "guild": "300000000000000002"}
"""A member with accounts on both."""
CUSTOM = "blobwave"
"""An emoji that both the workspace and the guild have made; each has another of its own besides."""
EMOJI = {CUSTOM: "400000000000000001", "blobnod": "400000000000000002"}
"""The guild's own emoji: names and ids."""
SLACK_ONLY, NOWHERE = "partyparrot", "heronwave"


class Guild(ScriptedDiscord):
    """A Discord whose guild has emoji of its own."""

    def show_guild(self) -> dict[str, Any]:
        made = {"roles": [], "require_colons": True, "managed": False, "animated": False, "available": True}
        return {**super().show_guild(), "emojis": [{"id": key, "name": name, **made} for name, key in EMOJI.items()]}


@dataclass
class Bridge:
    """Everything of one bridge."""

    hub: HubProcess
    slack: LivingSlack
    discord: ScriptedDiscord
    token: str = ""

    def client(self) -> Client:
        """An agent's client (marcus)."""
        return Client(self.hub.url, self.token)

    async def up(self) -> None:
        """Wait until both channels are connected and caught up."""
        async with self.client() as client:
            await channel_is_up(client, "team")
            await channel_is_up(client, "guild")

    async def on_slack(self, good: Callable[[list[dict[str, Any]]], bool], within: float = 30.0) -> None:
        """Wait until Slack shows what is wanted."""
        await _until(lambda: good(self.slack.shown(SLACK_GENERAL)), lambda: self.slack.shown(SLACK_GENERAL), within)

    async def on_discord(self, good: Callable[[list[dict[str, Any]]], bool], within: float = 30.0) -> None:
        """Wait until Discord shows what is wanted."""
        await _until(
            lambda: good(self.discord.shown(DISCORD_GENERAL)), lambda: self.discord.shown(DISCORD_GENERAL), within
        )


async def _until(good: Callable[[], bool], look: Callable[[], object], within: float) -> None:
    async def ask() -> bool:
        return good()

    try:
        await until(ask, bool, within)
    except AssertionError:
        raise AssertionError(f"still {look()!r}") from None


@asynccontextmanager
async def bridged(directory: Path, **links: dict[str, object]) -> AsyncIterator[Bridge]:
    """A running bridge; `slack` and `discord` are more settings of the two links."""
    async with AsyncExitStack() as stack:
        slack = LivingSlack()
        slack.base = int(time.time())
        await stack.enter_async_context(serve_slack(slack))
        discord = await stack.enter_async_context(serve_discord(Guild()))
        discord.person(BEA, "Bea")
        discord.person(CLEO["guild"], "Cleo")
        slack.person(CLEO["team"], "Cleo")
        slack.own_emoji |= {CUSTOM, SLACK_ONLY}
        slack.no_emoji |= {*EMOJI, NOWHERE} - {CUSTOM}
        hub = HubProcess(directory, config_of(slack, discord, links))
        token = ""
        await hub.start()
        stack.push_async_callback(hub.stop)
        token = await hub.token("marcus")
        bridge = Bridge(hub, slack, discord, token)
        await bridge.up()
        yield bridge


def config_of(slack: LivingSlack, discord: ScriptedDiscord, links: dict[str, dict[str, object]]) -> dict[str, object]:
    """The hub's configuration."""
    return {
        "channels": {
            "team": {"adapter": "slack", "pace": 100, **slack.settings},
            "guild": {
                "adapter": "discord",
                "bot_token": discord.token,
                "api_url": discord.api_url,
                "gateway_url": discord.gateway_url,
                "pace": 100,
            },
        },
        "members": {
            "alice": {"kind": "human", "display": "Alice", "level": "L3", "accounts": {"team": ALICE}},
            "bea": {"kind": "human", "display": "Bea", "level": "L3", "accounts": {"guild": BEA}},
            "cleo": {"kind": "human", "display": "Cleo", "level": "L2", "accounts": CLEO},
            "marcus": {"kind": "ai", "ai": "claude", "display": "Marcus"},
        },
        "rooms": {
            ROOM: {
                "links": [
                    {"channel": "team", "conversation": SLACK_GENERAL, **links.get("slack", {})},
                    {"channel": "guild", "conversation": DISCORD_GENERAL, **links.get("discord", {})},
                ]
            }
        },
    }
