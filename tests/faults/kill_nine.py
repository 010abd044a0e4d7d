"""kill -9 of the hub at random moments, under writers, with a channel behind it. The parts that short and long runs share.

Writers post over HTTP with a key each and try again until they are answered, as any careful client does. The channel
is the real Slack adapter against a scripted Slack in the test's process, which survives the kills and counts.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.services.hub_process import HubProcess
from tests.services.scripted_slack import GENERAL, ScriptedSlack

DRAIN_WITHIN = 90.0


@dataclass
class Story:
    """What was promised, and how it went."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    """Text and seq of every acknowledged post."""
    kills: int = 0
    restarts: list[float] = field(default_factory=list)
    """Seconds from start to ready."""


def hub_for(slack: ScriptedSlack, directory: Path) -> HubProcess:
    """A hub with one room, linked to the scripted Slack."""
    config: dict[str, object] = {
        "channels": {"team": {"adapter": "slack", **slack.settings, "pace": 1000}},
        "members": {"bot": {"kind": "service", "level": "L2"}},
        "rooms": {"studio": {"packets": "none", "links": [{"channel": "team", "conversation": GENERAL}]}},
    }
    return HubProcess(directory, config)


async def run(slack: ScriptedSlack, directory: Path, *, kills: int, writers: int, seed: int) -> Story:
    """Kill ``kills`` times under ``writers``, then let everything drain and check it."""
    story, chance = Story(), random.Random(seed)
    slack.base = int(time.time())
    hub = hub_for(slack, directory)
    await hub.start()
    try:
        token = await hub.token("bot")
        stop = asyncio.Event()
        tasks = [asyncio.create_task(_write(hub, token, number, story, stop)) for number in range(writers)]
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.05, 0.6))
            await hub.kill()
            began = time.monotonic()
            await hub.start()
            story.restarts.append(time.monotonic() - began)
            story.kills += 1
        stop.set()
        await asyncio.gather(*tasks)
        await _check(hub, token, slack, story)
    finally:
        await hub.kill()
    return story


async def _write(hub: HubProcess, token: str, number: int, story: Story, stop: asyncio.Event) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    count = 0
    async with aiohttp.ClientSession(headers=headers) as session:
        while not stop.is_set():
            count += 1
            text = f"writer {number} message {count}"
            story.acknowledged[text] = await _until_acknowledged(session, hub.url, text)


async def _until_acknowledged(session: aiohttp.ClientSession, url: str, text: str) -> int:
    body = {"text": text, "client_id": text}
    async with asyncio.timeout(DRAIN_WITHIN):
        while True:
            try:
                async with session.post(f"{url}/api/v1/rooms/studio/messages", json=body) as answer:
                    assert answer.status in {200, 201, 503}, await answer.text()
                    if answer.status != 503:
                        return int((await answer.json())["seq"])
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)


async def _check(hub: HubProcess, token: str, slack: ScriptedSlack, story: Story) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(hub.url, headers=headers) as session:
        stored = await _stored(session)
        await _drained(session)
    numbers = [seq for seq, _ in stored]
    texts = [text for _, text in stored]
    assert numbers == list(range(1, len(numbers) + 1)), "L: a gap or a repeat in the room's sequence"
    assert len(set(texts)) == len(texts), "U: one post became two messages"
    missing = {text: seq for text, seq in story.acknowledged.items() if (seq, text) not in set(stored)}
    assert not missing, f"L: acknowledged and not stored: {missing}"
    shown = [_own_words(message["text"]) for message in slack.channels[GENERAL]]
    differences = _differences(shown, texts)
    assert not differences, f"U, L: shown too often, or (negative) not at all: {differences}"
    assert shown == texts, "O: Slack shows them in another order"


def _own_words(text: str) -> str:
    return text[text.index("writer") :]


async def _stored(session: aiohttp.ClientSession) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    after: int | None = 0
    while after is not None:
        async with session.get(f"/api/v1/rooms/studio/messages?after={after}&limit=500") as answer:
            page = await answer.json()
        found += [(message["seq"], message["text"]) for message in page["messages"]]
        after = page["next"]
    return found


async def _drained(session: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(DRAIN_WITHIN):
        while True:
            waiting = 0
            for state in ("queued", "sending", "uncertain", "held", "failed"):
                async with session.get(f"/api/v1/deliveries?state={state}&limit=500") as answer:
                    assert answer.status == 200, await answer.text()
                    items = (await answer.json())["items"]
                assert state not in {"held", "failed"} or not items, items[:2]
                waiting += len(items)
            if not waiting:
                return
            await asyncio.sleep(0.1)


def _differences(shown: list[str], texts: list[str]) -> dict[str, int]:
    """How often too much (or, negative, too little) each text is shown."""
    counts = Counter(shown)
    counts.subtract(texts)
    return {text: count for text, count in counts.items() if count}
