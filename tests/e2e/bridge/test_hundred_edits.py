"""Issue 3, Shows: a message that its author edits a hundred times ends with the last text, after few calls.

The bound is the channel's own pace: a burst, then so many calls a second, and one for the last text. What waits
meanwhile collapses to the newest edit.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.e2e.bridge.quiet import quiet, repaced
from tests.services.bridge import ROOM, Bridge, bridged
from tests.services.scripted_discord.wire import GENERAL
from tests.services.stories import until

pytestmark = pytest.mark.timeout(90)
EDITS, PACE, BURST = 100, 2, 5
LAST = f"version {EDITS}"


def changes(bridge: Bridge) -> dict[str, int]:
    """Calls that changed a message, by platform."""
    discord = [one for one in bridge.discord.requests if one["method"] == "PATCH"]
    return {"slack": len(bridge.slack.called("chat.update")), "discord": len(discord)}


async def known_to_the_hub(bridge: Bridge) -> None:
    async with bridge.client() as client:

        async def texts() -> list[str]:
            return [message.text for message in (await client.messages(ROOM)).messages]

        await until(texts, lambda found: found == [LAST])


async def test_a_hundred_edits_from_slack_end_with_the_last_text(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        await repaced(bridge, team=PACE, guild=PACE)
        ts = await bridge.slack.says("version 0")
        await bridge.on_discord(lambda rows: len(rows) == 1)
        began = time.monotonic()
        for number in range(1, EDITS + 1):
            await bridge.slack.edits(ts, f"version {number}")
        await known_to_the_hub(bridge)
        await bridge.on_discord(lambda rows: [row["content"] for row in rows] == [LAST])
        await quiet(bridge)
        seconds, calls = time.monotonic() - began, changes(bridge)
        print(f"{EDITS} edits on Slack in {seconds:.1f} s: {calls} calls that change a message")
        assert calls["slack"] == 0
        assert calls["discord"] <= BURST + PACE * seconds + 1 < EDITS / 2


async def test_a_hundred_edits_by_an_agent_end_with_the_last_text_everywhere(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        await repaced(bridge, team=PACE, guild=PACE)
        async with bridge.client() as agent:
            message = await agent.post(ROOM, "version 0")
            await quiet(bridge)
            began = time.monotonic()
            for number in range(1, EDITS + 1):
                await agent.edit(message.id, f"version {number}")
        await known_to_the_hub(bridge)
        await quiet(bridge)
        seconds, calls = time.monotonic() - began, changes(bridge)
        print(f"{EDITS} edits over HTTP in {seconds:.1f} s: {calls} calls that change a message")
        (on_slack,), (on_discord,) = bridge.slack.shown(), bridge.discord.shown(GENERAL)
        assert on_slack["text"].endswith(LAST)
        assert on_discord["content"].endswith(LAST)
        assert 1 <= max(calls.values()) <= BURST + PACE * seconds + 1 < EDITS / 2
        assert bridge.discord.violations == []
