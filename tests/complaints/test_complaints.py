"""What users of other bridges complained of, complaint by complaint, on a running bridge of Slack and Discord.

The list with its sources, and the other tests of each, is in `docs/complaints.md`. Gentle tests share one bridge; those
that kill, reload or fill something have their own.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.bridge.quiet import quiet
from tests.services.bridge import BEA, ROOM, Bridge, bridged
from tests.services.living_slack import ALICE
from tests.services.scripted_discord.wire import GENERAL as DISCORD
from tests.services.scripted_slack import GENERAL as SLACK
from tests.services.scripted_slack import ME, Lose
from tests.services.stories import channel_is_up, until
from tieline.client import Client, MessageEvent
from tieline.model.rooms import MessageType
from tieline.model.shapes import PostBody

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(90)]
FENCE = "```"
HOOK = "execute_webhook"
"""Discord's name of the call that shows what people said elsewhere."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """A bridge that gentle tests share: each looks at texts of its own."""
    async with bridged(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    """A bridge of one's own."""
    async with bridged(tmp_path) as made:
        yield made


def on_slack(bridge: Bridge, text: str) -> list[dict[str, Any]]:
    """Messages that Slack shows with this in them."""
    return [row for row in bridge.slack.shown() if text in row["text"]]


def on_discord(bridge: Bridge, text: str, channel: str = DISCORD) -> list[dict[str, Any]]:
    """Messages that Discord shows with this in them."""
    return [row for row in bridge.discord.shown(channel) if text in row["content"]]


async def on_both(bridge: Bridge, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Once each, when everything has gone out."""
    await bridge.on_slack(lambda _rows: bool(on_slack(bridge, text)))
    await bridge.on_discord(lambda _rows: bool(on_discord(bridge, text)))
    await quiet(bridge)
    (slack,), (discord,) = on_slack(bridge, text), on_discord(bridge, text)
    return slack, discord


async def test_complaint_01_edits_replies_and_deletions_work_after_a_restart(bridge: Bridge) -> None:
    mine = await bridge.slack.says("first from slack")
    theirs = bridge.discord.say(DISCORD, BEA, "first from discord")
    _, copy = await on_both(bridge, "first from slack")
    await on_both(bridge, "first from discord")
    await bridge.hub.stop()
    await bridge.hub.start()
    await bridge.up()
    await bridge.slack.edits(mine, "second from slack")
    bridge.discord.say(DISCORD, BEA, "an answer", reply_to=copy["id"])
    bridge.discord.delete(DISCORD, theirs)
    await bridge.on_discord(lambda _rows: bool(on_discord(bridge, "second from slack")))
    await bridge.on_slack(lambda _rows: bool(on_slack(bridge, "an answer")) and not on_slack(bridge, "first from disc"))
    assert on_discord(bridge, "second from slack")[0]["id"] == copy["id"]
    assert "Alice" in on_slack(bridge, "an answer")[0]["text"]


async def test_complaint_02_what_was_said_during_an_outage_arrives_once(bridge: Bridge) -> None:
    await bridge.hub.kill()
    await bridge.slack.says("one on slack")
    bridge.discord.say(DISCORD, BEA, "two on discord", files={"two.txt": b"12345"})
    await bridge.slack.says("three on slack")
    await bridge.hub.start()
    await bridge.up()
    for text in ("one on slack", "two on discord", "three on slack"):
        await on_both(bridge, text)
    assert [file for row in bridge.slack.shown() for file in row["files"]] == [("two.txt", 5)]


async def test_complaint_03_a_lost_answer_shows_nothing_twice_and_a_refusal_is_final(bridge: Bridge) -> None:
    bridge.discord.lose(operation=HOOK)
    await bridge.slack.says("to discord, unanswered")
    await on_both(bridge, "to discord, unanswered")
    bridge.slack.script("chat.postMessage", Lose())
    bridge.discord.say(DISCORD, BEA, "to slack, unanswered")
    await on_both(bridge, "to slack, unanswered")
    bridge.discord.refuse(1, 400, 50035, operation=HOOK)
    before = len(bridge.discord.called(HOOK))
    await bridge.slack.says("refused for good")
    async with bridge.client() as client:
        failed = await until(lambda: client.deliveries(state="failed"), lambda page: bool(page.items))
    await quiet(bridge)
    assert [row.attempts for row in failed.items] == [1]
    assert len(bridge.discord.called(HOOK)) == before + 1


async def test_complaint_04_neither_our_own_words_nor_two_bots_make_a_loop(bridge: Bridge) -> None:
    bridge.discord.say(DISCORD, BEA, "told back")
    shown, _ = await on_both(bridge, "told back")
    row = bridge.slack.row(shown["ts"])
    await bridge.slack.tell({**row, "channel": SLACK, "event_ts": row["ts"], "channel_type": "channel"})
    bridge.discord.person("300000000000000007", "Tieline")
    bridge.discord.say(DISCORD, "300000000000000007", "a person who is called as we are")
    await on_both(bridge, "a person who is called as we are")
    await on_both(bridge, "told back")
    bot = bridge.discord.person("300000000000000008", "Pong", bot=True)
    rounds = 0
    while rounds < 60:
        rounds += 1
        bridge.discord.say(DISCORD, bot, f"pong number {rounds}")
        text = f"ping number {rounds}"
        await bridge.slack.says(text, user="U0OTHER", bot_id="B0OTHER", subtype="bot_message", username="Ping")
        if not await _crosses(bridge, text):
            break
    print(f"two bots that answer each other were held after {rounds} rounds")
    assert 1 < rounds <= 21
    assert ME["bot_id"] != "B0OTHER"


async def _crosses(bridge: Bridge, text: str) -> bool:
    async with bridge.client() as client:

        async def known() -> str:
            if on_discord(bridge, text):
                return "shown"
            return "held" if (await client.deliveries(state="held")).items else ""

        return await until(known, bool) == "shown"


async def test_complaint_06_threads_and_replies_keep_author_and_context(house: Bridge) -> None:
    root = await house.slack.says("06 the root")
    _, copy = await on_both(house, "06 the root")
    await house.slack.says("06 in the thread", thread=root)
    await house.discord.until(lambda _d: bool(on_discord(house, "06 in the thread", copy["id"])))
    house.discord.say(DISCORD, BEA, "06 there, too", thread=copy["id"])
    await house.on_slack(lambda _rows: bool(on_slack(house, "06 there, too")))
    house.discord.say(DISCORD, BEA, "06 a reply", reply_to=copy["id"])
    await house.on_slack(lambda _rows: bool(on_slack(house, "06 a reply")))
    answer, reply = on_slack(house, "06 there, too")[0], on_slack(house, "06 a reply")[0]
    assert (answer["author"], answer["thread"]) == ("Bea", root)
    assert reply["author"] == "Bea"
    assert re.match(r"> Alice: 06 the root\n", reply["text"])


async def test_complaint_07_only_who_is_mentioned_is_pinged(house: Bridge) -> None:
    before = len(house.discord.pings)
    await house.slack.says("07 <!channel> <!here> @everyone and the rest")
    await house.on_discord(lambda _rows: bool(on_discord(house, "and the rest")))
    house.discord.say(DISCORD, BEA, f"07 @everyone <!channel> <@{ALICE}> from the other side")
    await house.on_slack(lambda _rows: bool(on_slack(house, "from the other side")))
    assert not re.search(r"<[!@]", on_slack(house, "from the other side")[0]["text"])
    async with house.client() as agent:
        await agent.post(ROOM, "07 @bea, please look, and nobody else @here")
    await house.on_discord(lambda _rows: bool(on_discord(house, "please look")))
    await quiet(house)
    assert [one["target"] for one in house.discord.pings[before:]] == [BEA]


async def test_complaint_08_previews_and_strangers_edit_nothing(house: Bridge) -> None:
    mine = await house.slack.says("08 alice's own words")
    theirs = house.discord.say(DISCORD, BEA, "08 see https://example.org/08")
    await on_both(house, "08 alice's own words")
    await on_both(house, "example.org/08")
    edits = len(house.slack.called("chat.update"))
    house.discord.unfurl(DISCORD, theirs, [{"type": "link", "title": "An example", "url": "https://example.org/08"}])
    row = house.slack.row(mine)
    forged = {**row, "user": "U0EVIL", "text": "08 somebody else's words", "edited": {"user": "U0EVIL", "ts": "9.9"}}
    told = {"type": "message", "subtype": "message_changed", "channel": SLACK, "previous_message": row}
    await house.slack.tell({**told, "message": forged, "ts": row["ts"], "event_ts": row["ts"]})
    house.discord.say(DISCORD, BEA, "08 later on discord")
    await house.slack.says("08 later on slack")
    await on_both(house, "08 later on discord")
    await on_both(house, "08 later on slack")
    assert len(house.slack.called("chat.update")) == edits
    assert len(on_discord(house, "08 alice's own words")) == 1


async def test_complaint_09_long_code_is_cut_between_lines_with_every_fence_closed(house: Bridge) -> None:
    code = [f"09 line {number:03} of the code" for number in range(240)]
    await house.slack.says(f"{FENCE}\n" + "\n".join(code) + f"\n{FENCE}")
    await house.on_discord(lambda _rows: bool(on_discord(house, code[-1])))
    parts = [row["content"] for row in on_discord(house, "of the code")]
    assert len(parts) > 2
    assert all(part.count(FENCE) == 2 and len(part) <= 2000 for part in parts)
    assert [line for part in parts for line in part.splitlines() if line.startswith("09")] == code


async def test_complaint_10_an_alert_of_any_length_keeps_slacks_limits(house: Bridge) -> None:
    before = len(house.slack.called("chat.postMessage"))
    async with house.client() as agent:
        for size in (2_990, 3_010, 9_000, 14_000):
            text = f"10 alert of {size} " + "& <word> " * (size // 9)
            await agent.post(ROOM, PostBody(text=text, type=MessageType.ALERT))
        await quiet(house)
        assert (await agent.deliveries(state="failed")).items == ()
    calls = house.slack.called("chat.postMessage")[before:]
    assert len(calls) >= 4
    for call in calls:
        blocks = call.get("blocks") or []
        assert len(call["text"]) <= 4_000
        assert len(blocks) <= 50
        sections = [len(block["text"]["text"]) for block in blocks if block["type"] == "section"]
        assert max(sections, default=0) <= 3_000 and sum(sections) <= 9_000


async def test_complaint_11_files_are_copied_and_one_that_cannot_go_is_named(house: Bridge) -> None:
    house.discord.say(DISCORD, BEA, "11 a map", files={"map.bin": b"m" * 70_000})
    await house.on_slack(lambda rows: any(("map.bin", 70_000) in row["files"] for row in rows))
    house.discord.expire_links()
    (held,) = [file for file in house.slack.files.values() if file.name == "map.bin"]
    assert held.data == b"m" * 70_000
    await house.slack.shares("film.bin", bytes(house.discord.file_limit + 1), "11 a film")
    await house.on_discord(lambda _rows: bool(on_discord(house, "11 a film")))
    (shown,) = on_discord(house, "11 a film")
    assert shown["attachments"] == []
    assert "film.bin" in shown["content"]


async def test_complaint_12_a_slow_channel_is_shown_and_stalls_nobody(house: Bridge) -> None:
    await quiet(house)
    house.discord.latency = 1.0
    try:
        async with house.client() as agent:
            began = time.monotonic()
            for number in range(8):
                await agent.post(ROOM, f"12 number {number}")
            await house.on_slack(lambda _rows: len(on_slack(house, "12 number")) == 8)
            seconds = time.monotonic() - began
            (guild,) = [one for one in (await agent.channels()).items if one.name == "guild"]
    finally:
        house.discord.latency = 0.0
    assert guild.open > 0 and guild.oldest_open_at is not None
    assert seconds < 4, "Slack waited for Discord"
    await quiet(house)
    assert [row["content"][-1] for row in on_discord(house, "12 number")] == [str(number) for number in range(8)]


async def test_complaint_13_a_channel_that_was_cut_off_comes_back_by_itself(bridge: Bridge) -> None:
    bridge.discord.gateway.drop(None, forget=True)
    await bridge.slack.sockets[-1].close()
    bridge.discord.say(DISCORD, BEA, "13 while both were cut off")
    await bridge.slack.says("13 on slack as well")
    await on_both(bridge, "13 while both were cut off")
    await on_both(bridge, "13 on slack as well")
    bridge.discord.refuse(200, 401)
    await bridge.slack.says("13 to a discord that knows us no more")
    async with bridge.client() as client:

        async def states() -> dict[str, str]:
            return {one.name: one.state for one in (await client.channels()).items if one.name != "web"}

        await until(states, lambda found: found == {"team": "up", "guild": "misconfigured"})
        (guild,) = [one for one in (await client.channels()).items if one.name == "guild"]
        assert guild.error is not None and guild.error.fix


async def test_complaint_14_a_removed_route_stops_at_once_and_without_a_restart(bridge: Bridge) -> None:
    await bridge.slack.says("14 before")
    await on_both(bridge, "14 before")
    process = bridge.hub.process
    rooms: dict[str, Any] = bridge.hub.config["rooms"]  # type: ignore[assignment]
    rooms[ROOM]["links"].pop()
    bridge.hub.write()
    async with bridge.client() as client:
        await until(lambda: client.links(ROOM), lambda found: [link.channel for link in found.items] == ["team"])
        await bridge.slack.says("14 after")
        texts = await until(lambda: client.messages(ROOM), lambda page: len(page.messages) == 2)
        await channel_is_up(client, "team")
    assert texts.messages[-1].deliveries == ()
    bridge.discord.say(DISCORD, BEA, "14 nobody hears this")
    await bridge.slack.says("14 last")
    async with bridge.client() as client:
        page = await until(lambda: client.messages(ROOM), lambda page: len(page.messages) >= 3)
    assert [message.text for message in page.messages] == ["14 before", "14 after", "14 last"]
    assert on_discord(bridge, "14 after") == []
    assert bridge.hub.process is process


async def test_complaint_15_each_caller_is_who_the_token_says_and_hears_everything(house: Bridge) -> None:
    token = await house.hub.token("alice")
    async with house.client() as marcus, Client(house.hub.url, token) as alice:
        start = (await alice.post(ROOM, "15 from alice's own program")).seq
        await marcus.post(ROOM, "15 from marcus")
        body = {"text": "15 forged", "author": "bea"}
        headers = {"Authorization": f"Bearer {house.token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{house.hub.url}/api/v1/rooms/{ROOM}/messages", json=body) as answer,
        ):
            assert answer.status in {400, 422}, await answer.text()
        heard: list[tuple[str, str | None]] = []
        async with asyncio.timeout(20):
            async for event in alice.tail(ROOM, after=start - 1):
                if isinstance(event, MessageEvent):
                    heard.append((event.text, event.author.handle))
                if len(heard) == 2:
                    break
    assert heard == [("15 from alice's own program", "alice"), ("15 from marcus", "marcus")]
    shown, _ = await on_both(house, "15 from alice's own program")
    assert shown["author"] == "Alice"


async def test_complaint_18_an_acknowledgement_is_one_everywhere_and_is_counted(house: Bridge) -> None:
    async with house.client() as agent:
        alert = await agent.post(ROOM, PostBody(text="18 disk full", type=MessageType.ALERT))
        shown, copy = await on_both(house, "18 disk full")
        (button,) = [one for row in copy["components"] for one in row["components"] if "ack" in one["custom_id"]]
        for _ in range(2):
            house.discord.press(DISCORD, copy["id"], button["custom_id"], BEA)
        message = await until(lambda: agent.message(alert.id), lambda found: bool(found.reactions))
    assert [tuple(reaction.by) for reaction in message.reactions] == [("bea",)]
    await house.on_slack(lambda _rows: bool(house.slack.row(shown["ts"]).get("reactions")))
    await quiet(house)
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {house.token}"}) as session,
        session.get(f"{house.hub.url}/metrics") as answer,
    ):
        assert "tieline_" in await answer.text()
