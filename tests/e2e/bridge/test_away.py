"""What people change while the hub is dead: each change alone, so that one that is missed has a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.bridge.common_form import on_discord, on_slack
from tests.services.bridge import BEA, Bridge, bridged
from tests.services.scripted_discord.wire import GENERAL
from tests.services.stories import until

pytestmark = pytest.mark.timeout(90)


async def quiet_thread(bridge: Bridge) -> tuple[str, str]:
    """A root by Alice (m001), an answer by Bea in its thread (m002), then news elsewhere (m003); both have all of it."""
    root = await bridge.slack.says("m001 the root")
    await _both_have(bridge, "m001")
    copy = on_discord(bridge.discord).ids["m001"]
    answer = bridge.discord.say(GENERAL, BEA, "m002 an answer", thread=copy)
    await _both_have(bridge, "m002")
    bridge.discord.say(GENERAL, BEA, "m003 elsewhere")
    await _both_have(bridge, "m003")
    assert on_slack(bridge.slack).ids["m001"] == root
    return copy, answer


async def _both_have(bridge: Bridge, tag: str) -> None:
    async def have() -> bool:
        return tag in on_slack(bridge.slack).ids and tag in on_discord(bridge.discord).ids

    await until(have, bool)


async def come_back(bridge: Bridge) -> None:
    await bridge.hub.start()
    await bridge.up()


async def test_an_edit_in_a_thread_of_discord_that_is_quiet_otherwise(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        thread, answer = await quiet_thread(bridge)
        await bridge.hub.kill()
        bridge.discord.edit(thread, answer, "m002 another answer")
        await come_back(bridge)
        await bridge.on_slack(lambda _: on_slack(bridge.slack).messages["m002"].text == "m002 another answer")


async def test_a_deletion_in_a_thread_of_discord_that_is_quiet_otherwise(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        thread, answer = await quiet_thread(bridge)
        await bridge.hub.kill()
        bridge.discord.delete(thread, answer)
        await come_back(bridge)
        await bridge.on_slack(lambda _: "m002" not in on_slack(bridge.slack).messages)


async def test_an_edit_in_a_thread_of_slack_that_is_quiet_otherwise(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        await quiet_thread(bridge)
        reply = await bridge.slack.says("m004 a reply", thread=on_slack(bridge.slack).ids["m001"])
        await _both_have(bridge, "m004")
        await bridge.hub.kill()
        await bridge.slack.edits(reply, "m004 another reply")
        bridge.slack.pending.clear()  # Slack gave up sending again: only the history knows
        await come_back(bridge)
        await bridge.on_discord(lambda _: on_discord(bridge.discord).messages["m004"].text == "m004 another reply")


async def test_a_deletion_and_a_reaction_in_a_thread_of_slack(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        await quiet_thread(bridge)
        gone = await bridge.slack.says("m004 soon gone", thread=on_slack(bridge.slack).ids["m001"])
        await _both_have(bridge, "m004")
        await bridge.hub.kill()
        await bridge.slack.deletes(gone)
        await bridge.slack.reacts(on_slack(bridge.slack).ids["m002"], "tada")
        bridge.slack.pending.clear()
        await come_back(bridge)
        await bridge.on_discord(lambda _: "m004" not in on_discord(bridge.discord).messages)
        await bridge.on_discord(lambda _: on_discord(bridge.discord).messages["m002"].reactions == {"🎉"})


async def test_a_guests_reaction_on_a_message_of_two_parts_outlives_an_outage(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        carl = bridge.slack.person("U02CARL", "Carl")
        bridge.discord.say(GENERAL, BEA, "m001 a text and a file: two messages on Slack", files={"m001.txt": b"x"})
        await bridge.on_slack(lambda rows: len(rows) == 2)
        await bridge.slack.reacts(on_slack(bridge.slack).ids["m001"], "tada", user=carl)
        await bridge.on_discord(lambda _: on_discord(bridge.discord).messages["m001"].reactions == {"🎉"})
        await bridge.hub.kill()
        await come_back(bridge)
        await bridge.slack.says("m002 later")
        await _both_have(bridge, "m002")
        assert on_discord(bridge.discord).messages["m001"].reactions == {"🎉"}
