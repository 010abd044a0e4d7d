"""Issue 3, Shows: whatever is typed, on Slack, on Discord or over HTTP, pings nobody whom nobody mentioned.

The corpus is that of `tests/properties/test_no_pings.py`; here every spelling goes through the running hub, and two
judges look at what arrived: the scripted Discord counts pings as Discord does, and of Slack every call is searched for
what Slack would turn into a broadcast or a group.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.bridge.quiet import quiet
from tests.properties.test_no_pings import SPELLINGS
from tests.services.bridge import BEA, ROOM, Bridge, bridged
from tests.services.scripted_discord.wire import GENERAL
from tests.services.stories import until
from tieline.model.shapes import PostBody

pytestmark = pytest.mark.timeout(120)
LIVE = re.compile(r"<!|<@&|<@[UW]|<subteam")
SAYS = ("chat.postMessage", "chat.update", "chat.postEphemeral")


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridged(tmp_path) as made:
        yield made


async def type_on_slack(bridge: Bridge) -> None:
    """As Slack escapes what people type, and raw, as another app could write it."""
    for number, spelling in enumerate(SPELLINGS):
        await bridge.slack.says(f"{number} {html.escape(spelling, quote=False)}")
        await bridge.slack.says(f"{number} raw {spelling}")


async def type_on_discord(bridge: Bridge) -> None:
    for number, spelling in enumerate(SPELLINGS):
        bridge.discord.say(GENERAL, BEA, f"{number} {spelling}")


async def type_over_http(bridge: Bridge) -> None:
    texts = [f"{number} {spelling}".replace("\x00", "") for number, spelling in enumerate(SPELLINGS)]
    async with bridge.client() as agent:
        for start in range(0, len(texts), 50):
            await agent.post_batch(ROOM, [PostBody(text=text) for text in texts[start : start + 50]])


TYPING = {"slack": type_on_slack, "discord": type_on_discord, "http": type_over_http}
COUNT = {"slack": 2 * len(SPELLINGS), "discord": len(SPELLINGS), "http": len(SPELLINGS)}


@pytest.mark.parametrize("origin", TYPING)
async def test_nothing_typed_pings_anybody(bridge: Bridge, origin: str) -> None:
    await TYPING[origin](bridge)

    async def stored() -> int:
        async with bridge.client() as client:
            return max((message.seq for message in (await client.messages(ROOM, before=10**6)).messages), default=0)

    await until(stored, lambda count: count >= COUNT[origin], 20)
    await quiet(bridge)
    shown = {"slack": len(bridge.slack.shown()), "discord": len(bridge.discord.shown(GENERAL))}
    assert min(shown.values()) >= COUNT[origin], shown
    assert bridge.discord.pings == []
    assert bridge.discord.violations == []
    sent = [call for method in SAYS for call in bridge.slack.called(method)]
    assert len(sent) >= (COUNT[origin] if origin != "slack" else 0)
    for call in sent:
        assert not LIVE.search(json.dumps(call, ensure_ascii=False)), call
        assert (call.get("parse"), str(call.get("link_names")).lower()) == ("none", "false"), call
