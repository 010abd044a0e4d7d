"""Slack and Discord through a hub process: what is done on one side is so on the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.bridge import BEA, Bridge, bridged
from tests.services.scripted_discord.wire import GENERAL as DISCORD

Rows = list[dict[str, Any]]


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridged(tmp_path) as made:
        yield made
        assert made.discord.violations == []
        assert made.discord.pings == []


def has(text: str, **more: Any) -> Any:
    """A message with this text (`text` on Slack, `content` on Discord) is shown."""
    return lambda rows: any(
        (row.get("text", row.get("content")) == text) and all(row[key] == value for key, value in more.items())
        for row in rows
    )


async def test_a_thread_with_everything_in_it(bridge: Bridge) -> None:
    slack, discord = bridge.slack, bridge.discord
    root = await slack.says("who takes the night bus?")
    await bridge.on_discord(has("who takes the night bus?", author="Alice"))
    shown = discord.shown(DISCORD)[-1]["id"]
    mine = discord.say(DISCORD, BEA, "I do", reply_to=shown)
    await bridge.on_slack(lambda rows: any("I do" in row["text"] and row["author"] == "Bea" for row in rows))
    discord.react(DISCORD, shown, BEA, "👍")
    await bridge.on_slack(lambda rows: "+1" in rows[0]["reactions"])
    await slack.says("thanks", thread=root)
    await discord.until(lambda d: any(d.shown(c["id"]) for c in d.threads()))
    discord.edit(DISCORD, mine, "I do, from ten")
    await bridge.on_slack(lambda rows: any("from ten" in row["text"] for row in rows))
    await slack.edits(root, "who takes the night bus today?")
    await bridge.on_discord(has("who takes the night bus today?"))
    await slack.shares("plan.txt", b"10 pm: go", "the plan")
    await bridge.on_discord(lambda rows: any(f["name"] == "plan.txt" for row in rows for f in row["attachments"]))
    discord.say(DISCORD, BEA, "and mine", files={"map.png": b"\x89PNG not really"})
    await bridge.on_slack(lambda rows: any(("map.png", 15) in row["files"] for row in rows))
    gone = discord.say(DISCORD, BEA, "oops")
    await bridge.on_slack(has("oops"))
    discord.delete(DISCORD, gone)
    await bridge.on_slack(lambda rows: not has("oops")(rows))
