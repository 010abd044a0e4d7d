"""Reactions to one message from both sides."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.bridge.common_form import on_discord, on_slack
from tests.services.bridge import BEA, Bridge, bridged
from tests.services.scripted_discord.wire import GENERAL
from tests.services.stories import until


async def _both_have(bridge: Bridge, tag: str) -> None:
    async def have() -> bool:
        return tag in on_slack(bridge.slack).ids and tag in on_discord(bridge.discord).ids

    await until(have, bool)


async def test_an_emoji_that_both_sides_set_stays_when_one_side_takes_it_back(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        carl = bridge.slack.person("U02CARL", "Carl")
        ts = await bridge.slack.says("m001 hello")
        await _both_have(bridge, "m001")
        await bridge.slack.reacts(ts, "tada", user=carl)
        await bridge.on_discord(lambda _: on_discord(bridge.discord).messages["m001"].reactions == {"🎉"})
        bridge.discord.react(GENERAL, on_discord(bridge.discord).ids["m001"], BEA, "🎉")
        bridge.discord.say(GENERAL, BEA, "m002 seen by the hub")
        await _both_have(bridge, "m002")
        await bridge.slack.reacts(ts, "tada", user=carl, on=False)
        await bridge.slack.says("m003 later")
        await _both_have(bridge, "m003")
        await bridge.on_slack(lambda _: on_slack(bridge.slack).messages["m001"].reactions == {"🎉"}, 5)
