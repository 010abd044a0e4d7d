"""The Discord channel in a real hub process, with Slack on the other side: outages, doubt, lost permissions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.services.bridge import BEA, Bridge, bridged
from tests.services.scripted_discord import GENERAL

Rows = list[dict[str, Any]]


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridged(tmp_path) as made:
        yield made
        assert made.discord.violations == []
        assert made.discord.pings == []


def has(piece: str) -> Callable[[Rows], bool]:
    return lambda rows: any(piece in str(row.get("text", row.get("content"))) for row in rows)


def lacks(piece: str) -> Callable[[Rows], bool]:
    return lambda rows: not has(piece)(rows)


async def test_what_happened_while_the_hub_was_dead_is_told_afterwards(bridge: Bridge) -> None:
    discord = bridge.discord
    root = discord.say(GENERAL, BEA, "who takes the night bus?")
    gone = discord.say(GENERAL, BEA, "gone soon")
    old = discord.say(GENERAL, BEA, "frist")
    await bridge.on_slack(has("frist"))
    await bridge.hub.kill()
    discord.say(GENERAL, BEA, "one")
    discord.say(GENERAL, BEA, "in the thread", thread=root)
    discord.edit(GENERAL, old, "first")
    discord.delete(GENERAL, gone)
    discord.react(GENERAL, root, BEA, "👍")
    await bridge.hub.start()
    await bridge.up()

    for wanted in (
        has("one"),
        has("first"),
        lacks("gone soon"),
        lambda rows: any(row.get("reactions") for row in rows),
    ):
        await bridge.on_slack(wanted)
    assert len([row for row in discord.shown(GENERAL) if row["author"] != "Bea"]) == 0


async def test_a_lost_session_a_removed_webhook_and_a_doubt_lose_and_double_nothing(bridge: Bridge) -> None:
    slack, discord = bridge.slack, bridge.discord
    await slack.says("before")
    await bridge.on_discord(has("before"))
    discord.gateway.drop(forget=True)
    discord.say(GENERAL, BEA, "meanwhile")
    await bridge.on_slack(has("meanwhile"))
    for hook in list(discord.webhooks):
        discord.delete_webhook(hook)
    await slack.says("after the webhook")
    await bridge.on_discord(has("after the webhook"))
    discord.lose(operation="execute_webhook")
    await slack.says("in doubt")
    await bridge.on_discord(has("in doubt"))
    discord.deny("MANAGE_WEBHOOKS")
    await slack.says("without a name")
    await bridge.on_discord(has("without a name"))

    rows = discord.shown(GENERAL)
    assert [row["content"] for row in rows] == [
        "before",
        "meanwhile",
        "after the webhook",
        "in doubt",
        "**Alice**: without a name",
    ]
    async with bridge.client() as client:
        (guild,) = [one for one in (await client.channels()).items if one.name == "guild"]
    assert guild.error is not None
    assert "Manage Webhooks" in guild.error.fix
