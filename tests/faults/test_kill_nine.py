"""F1: what was acknowledged is stored, and shown once and in order, however often the hub is killed."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.faults.kill_nine import run
from tests.services.scripted_slack import scripted


@pytest.mark.timeout(150)
async def test_nothing_acknowledged_is_lost_or_doubled_by_six_kills(tmp_path: Path) -> None:
    async with scripted() as slack:
        story = await run(slack, tmp_path, kills=6, writers=8, seed=7)
    assert story.kills == 6
    assert len(story.acknowledged) > 20


@pytest.mark.faults
@pytest.mark.timeout(1200)
async def test_nothing_acknowledged_is_lost_or_doubled_by_fifty_kills(tmp_path: Path) -> None:
    async with scripted() as slack:
        story = await run(slack, tmp_path, kills=50, writers=8, seed=11)
    assert story.kills == 50
    median = statistics.median(story.restarts)
    print(f"{len(story.acknowledged)} acknowledged, {story.kills} kills, restart median {median:.2f} s")
