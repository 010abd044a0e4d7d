"""Issue 3, Shows: a long answer of an agent arrives whole on Slack and on Discord, as parts or as a file."""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path

import pytest

from tests.e2e.bridge.quiet import quiet
from tests.services.bridge import Bridge, bridged
from tests.services.scripted_discord.wire import GENERAL
from tieline.model.shapes import MessageOut

pytestmark = pytest.mark.timeout(90)
FENCE = "```"


def answer(size: int) -> str:
    """Markdown of about ``size`` characters: headings, prose, lists, a table, code in fences; every line is numbered."""
    blocks, number = ["# The night depot\n", "| line | stop |\n|------|------|\n| n1 | north |\n| n2 | harbour |\n"], 0
    while sum(map(len, blocks)) < size:
        number += 1
        blocks.append(f"## Step {number}\n")
        blocks.append(" ".join(f"word{number}x{place}" for place in range(60)) + ".\n")
        blocks.append("\n".join(f"- point {number} {place} of the list" for place in range(6)) + "\n")
        code = [f"def step_{number}() -> None:", *(f"    call({number}, {line})  # indented" for line in range(25))]
        blocks.append(f"{FENCE}python\n" + "\n".join(code) + f"\n{FENCE}\n")
    return "\n".join(blocks)


def code_of(text: str) -> list[str]:
    """The lines inside of fences, in order. Raises AssertionError where a fence is open at the end."""
    inside, found = False, []
    for line in text.splitlines():
        if line.startswith(FENCE):
            inside = not inside
        elif inside:
            found.append(line)
    assert not inside, f"an open fence: {text[-200:]!r}"
    return found


def words_of(text: str) -> list[str]:
    """Every word in order, in fences or not; not the languages of fences, nor the parts' own numbers."""
    own = re.sub(r"(?m)\s\(\d+/\d+\)$", "", text)
    return re.findall(r"\w+", re.sub(rf"(?m)^{FENCE}\w*$", "", own))


async def texts_on(bridge: Bridge) -> dict[str, list[str]]:
    """What both platforms show."""
    return {
        "slack": [html.unescape(row["text"]) for row in bridge.slack.shown()],
        "discord": [row["content"] for row in bridge.discord.shown(GENERAL)],
    }


async def posted(bridge: Bridge, text: str) -> MessageOut:
    """An agent says it; everything that goes out has gone out."""
    async with bridge.client() as agent:
        message = await agent.post("studio", text)
        await quiet(bridge)
        return message


async def test_twelve_thousand_characters_arrive_whole_in_order_and_with_whole_fences(tmp_path: Path) -> None:
    text = answer(12_000)
    async with bridged(tmp_path) as bridge:
        await posted(bridge, text)
        for name, parts in (await texts_on(bridge)).items():
            print(f"{name}: {len(parts)} parts, the longest of {max(map(len, parts))} characters")
            assert len(parts) > 1
            assert max(map(len, parts)) <= (2_000 if name == "discord" else 4_000)
            lines = [line for part in parts for line in code_of(part)]
            assert [line for line in lines if not line.startswith(("line", "n1", "n2", "-"))] == code_of(text)
            assert words_of("\n".join(parts)) == words_of(text)
        assert bridge.discord.violations == []


async def test_three_hundred_thousand_characters_arrive_as_a_file_with_their_beginning(tmp_path: Path) -> None:
    text = answer(300_000)
    digest = hashlib.sha256(text.encode()).hexdigest()
    async with bridged(tmp_path) as bridge:
        await posted(bridge, text)
        (sent,) = [file for file in bridge.slack.files.values() if not file.is_deleted]
        assert (sent.sha256, sent.size) == (digest, len(text.encode()))
        (on_discord,) = [file for row in bridge.discord.shown(GENERAL) for file in row["attachments"]]
        assert (on_discord["sha256"], on_discord["size"]) == (digest, len(text.encode()))
        for name, parts in (await texts_on(bridge)).items():
            beginning = [part for part in parts if part]
            assert len(beginning) == 1, name
            assert words_of(beginning[0])[:60] == words_of(text)[:60], name
            code_of(beginning[0])
