"""Issue 3, Shows: two hundred messages between Slack and Discord, the hub killed ten times, and both sides are equal."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from tests.e2e.bridge.conversation import Conversation, Figures
from tests.services.bridge import bridged


async def talk(directory: Path, *, messages: int, kills: int, seed: int) -> Figures:
    """A conversation in bursts of eight, as many of them with a kill as wanted; both sides are equal at the end."""
    began = time.monotonic()
    async with bridged(directory) as bridge:
        people = Conversation(bridge, seed)
        bursts = messages // 8
        deadly = set(people.chance.sample(range(bursts), kills))
        for number in range(bursts):
            await people.burst(8, kill=number in deadly)
        figures = people.figures
        assert (figures.messages, figures.kills) == (messages, kills)
        assert people.differences() == []
        async with bridge.client() as client:
            left = {channel.name: (channel.open, channel.failed) for channel in (await client.channels()).items}
        assert left["team"] == left["guild"] == (0, 0)
        assert bridge.discord.violations == []
        assert bridge.discord.pings == []
        seconds, calls = time.monotonic() - began, (len(bridge.slack.calls), len(bridge.discord.requests))
    print(
        f"{figures.messages} messages, {figures.edits} edits, {figures.deletions} deletions, {figures.reactions} reactions,"
        f" {kills} kills (equal again after {statistics.median(figures.catching_up):.1f} s, median),"
        f" {seconds:.0f} s, {calls[0]} calls of Slack, {calls[1]} of Discord"
    )
    return figures


@pytest.mark.timeout(120)
async def test_forty_messages_and_two_kills_leave_both_sides_equal(tmp_path: Path) -> None:
    figures = await talk(tmp_path, messages=40, kills=2, seed=5)
    assert figures.edits > 5


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [3, 17])
async def test_two_hundred_messages_and_ten_kills_leave_both_sides_equal(tmp_path: Path, seed: int) -> None:
    figures = await talk(tmp_path, messages=200, kills=10, seed=seed)
    assert min(figures.edits, figures.deletions, figures.reactions) > 5
