"""Issue 3, Shows: Slack refuses everything for a while; Discord flows as before; then Slack gets what waited.

In order, once each, no faster than the channel's pace. The long form (a thousand messages, ten minutes, and the link's
`backlog: digest`) runs in virtual time in `tests/unit/routing_lanes/test_lanes_files.py`; here are real processes and
real seconds.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from tests.e2e.bridge.quiet import quiet, repaced
from tests.services.bridge import ROOM, Bridge, bridged
from tests.services.scripted_discord.wire import GENERAL
from tests.services.scripted_slack import Reply
from tests.services.stories import until
from tieline.client import Client

pytestmark = pytest.mark.timeout(120)
POST = "chat.postMessage"
WAITING, BEFORE, PACE = 200, 30, 40
BURST = PACE
TELL_APART = 0.05
"""Seconds below which two latencies of a loaded machine are not told apart."""
REFUSALS = {
    "429": Reply(
        429, b'{"ok": false, "error": "ratelimited"}', {"Content-Type": "application/json", "Retry-After": "2"}
    ),
    "503": Reply(503, b"upstream connect error"),
}


async def latency(bridge: Bridge, agent: Client, text: str) -> float:
    """Seconds from an agent's post until Discord shows it."""
    began = time.monotonic()
    await agent.post(ROOM, text)
    await bridge.discord.until(lambda d: any(text in row["content"] for row in d.messages[GENERAL].values()))
    return time.monotonic() - began


async def seen_waiting(agent: Client) -> None:
    """What waits, since when and why is shown while it waits."""

    async def team() -> tuple[int, bool, bool]:
        (found,) = [one for one in (await agent.channels()).items if one.name == "team"]
        waiting = (await agent.deliveries(state="queued,sending,uncertain", channel="team")).items
        return found.open, found.oldest_open_at is not None, any(one.error is not None for one in waiting)

    await until(team, lambda found: found == (WAITING, True, True))


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_discord_flows_while_slack_refuses_and_slack_gets_everything_once_in_order(
    tmp_path: Path, refusal: str
) -> None:
    async with bridged(tmp_path) as bridge, bridge.client() as agent:
        await repaced(bridge, team=PACE)
        before = [await latency(bridge, agent, f"before {number:03}") for number in range(BEFORE)]
        await quiet(bridge)
        bridge.slack.script(POST, *[REFUSALS[refusal]] * 10_000)
        texts = [f"during {number:03}" for number in range(WAITING)]
        during = [await latency(bridge, agent, text) for text in texts]
        await seen_waiting(agent)
        refused = len(bridge.slack.called(POST)) - BEFORE
        bridge.slack._script[POST].clear()
        over = time.monotonic()
        await bridge.on_slack(lambda rows: len(rows) > BEFORE)
        began = time.monotonic()
        await quiet(bridge, within=60)
        drained = time.monotonic() - began
        shown = [row["text"][-len(texts[0]) :] for row in bridge.slack.shown()]
        assert shown[BEFORE:] == texts
        assert [row["content"][-len(texts[0]) :] for row in bridge.discord.shown(GENERAL)][BEFORE:] == texts
        usual, then = statistics.median(before), statistics.median(during)
        print(
            f"{refusal}: Discord's latency {usual * 1000:.0f} ms before, {then * 1000:.0f} ms during the outage"
            f" ({then / usual:.2f}); {refused} refused calls; Slack began again after {began - over:.1f} s,"
            f" {WAITING} messages in {drained:.1f} s"
        )
        assert then < 2 * usual + TELL_APART
        assert max(during) < 20 * usual + 1, "one message waited for the other channel"
        assert refused < WAITING / 4, "a platform that refuses is not hammered on"
        assert drained > (WAITING - BURST) / PACE * 0.9, "faster than the channel's pace"
