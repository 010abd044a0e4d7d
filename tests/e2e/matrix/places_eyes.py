"""How each destination's messages are read into rows, and what is native there.

Rule: only what the place itself keeps is looked at: Slack's text, blocks, threads, files and reactions; Discord's
content, references, threads, attachments and reactions; the web's messages as another member's client gets them.
Next stop: `stage.py` brings hands and eyes together.
"""

from __future__ import annotations

import html
import re
from typing import Any, Final

from tests.e2e.matrix import words as w
from tests.e2e.matrix.eyes import Eyes, Row, Scene, found, squeezed
from tests.e2e.matrix.words import Level
from tests.services.bridge import CLEO, CUSTOM, EMOJI, Bridge
from tests.services.scripted_discord.wire import GENERAL as DISCORD
from tieline.client import Client
from tieline.model.shapes import MessageOut

Json = dict[str, Any]

_SLACK_NAMES: Final = {"+1": w.REACTION}
_DISCORD_SAID: Final = {0, 19}
"""Types of messages in which somebody says something."""
_FENCED: Final = re.compile(r"```(\w*)\n(.*?)\n```", re.DOTALL)


def _code(raw: str) -> dict[str, str]:
    """Code blocks: their language by their text."""
    return {code: language for language, code in _FENCED.findall(raw)}


def _aligned(raw: str) -> bool:
    """True where a code block shows the table in columns."""
    lines = [line for code in _code(raw) for line in code.split("\n")]
    return all(any(all(cell in line.split() for cell in row) for line in lines) for row in w.TABLE)


class SlackEyes(Eyes):
    """In Slack."""

    cleo = CLEO["team"]

    async def look(self, bridge: Bridge, reader: Client) -> list[Row]:
        self._own_emoji = bridge.slack.own_emoji
        people = {user: one["profile"]["display_name"] for user, one in bridge.slack.users.items()}
        return [self._row(seen, people) for seen in bridge.slack.shown()]

    def _row(self, seen: Json, people: dict[str, str]) -> Row:
        raw = seen["text"]
        return Row(
            id=seen["ts"],
            author=seen["author"],
            text=html.unescape(raw).replace("\u200b", ""),
            raw=raw,
            thread=seen["thread"],
            files=tuple(seen["files"]),
            reactions={
                _SLACK_NAMES.get(name, f":{name}:"): tuple(people.get(user, user) for user in who)
                for name, who in seen["reactions"].items()
            },
            mentions=tuple(re.findall(r"<@(\w+)>", raw)),
            blocks=tuple(_kinds(seen["blocks"])),
        )

    def code(self, scene: Scene) -> Level:
        row = scene.saying(w.CODE)
        fenced = row is not None and w.CODE in _code(row.raw)
        return found(full=fenced and not scene.language, partial=fenced, fallback=row is not None)

    def bullets(self, scene: Scene) -> Level:
        row = scene.saying("grey")
        if row is None:
            return Level.NOT_POSSIBLE
        drawn = "• heron\n    ◦ grey\n    ◦ white" in row.text and "1. look\n2. count" in row.text
        return found(full="rich_text_list" in row.blocks, partial=drawn, fallback=True)

    def table(self, scene: Scene) -> Level:
        row = scene.saying("heron")
        return found(full=row is not None and "table" in row.blocks, fallback=row is not None and _aligned(row.raw))

    def link(self, scene: Scene) -> Level:
        row = scene.saying(w.URL)
        return found(full=row is not None and f"<{w.URL}|{w.LABEL}>" in row.text, fallback=row is not None)

    def custom_emoji(self, scene: Scene) -> Level:
        row = scene.saying(f":{CUSTOM}:")
        return found(full=row is not None and CUSTOM in self._own_emoji, fallback=row is not None)


def _kinds(blocks: Any) -> list[str]:
    """Types of blocks and of what is in them."""
    out: list[str] = []
    for block in blocks:
        out += [block.get("type", ""), *_kinds(block.get("elements", []))]
    return out


class DiscordEyes(Eyes):
    """In Discord."""

    cleo = CLEO["guild"]

    async def look(self, bridge: Bridge, reader: Client) -> list[Row]:
        discord = bridge.discord
        threads = [str(thread["id"]) for thread in discord.threads(DISCORD)]
        return [
            self._row(bridge, seen, place)
            for place in (DISCORD, *threads)
            for seen in discord.shown(place)
            if seen["type"] in _DISCORD_SAID
        ]

    def _row(self, bridge: Bridge, seen: Json, place: str) -> Row:
        raw = seen["content"]
        return Row(
            id=seen["id"],
            author=seen["author"],
            text=re.sub(r"\\(?=[^\w\s])", "", raw).replace("\u200b", ""),
            raw=raw,
            thread=None if place == DISCORD else place,
            reply_to=seen["reply_to"],
            files=tuple((file["name"], file["size"]) for file in seen["attachments"]),
            reactions={
                f":{key.partition(':')[0]}:" if ":" in key else key: tuple(map(bridge.discord.shown_name, who))
                for key, who in seen["reactions"].items()
            },
            mentions=tuple(re.findall(r"<@(\d+)>", raw)),
        )

    def code(self, scene: Scene) -> Level:
        row = scene.saying(w.CODE)
        languages = _code(row.raw) if row else {}
        fenced = w.CODE in languages
        return found(full=languages.get(w.CODE) == scene.language, partial=fenced, fallback=row is not None)

    def bullets(self, scene: Scene) -> Level:
        row = scene.saying("grey")
        if row is None:
            return Level.NOT_POSSIBLE
        return found(full="- heron\n  - grey\n  - white" in row.raw and "1. look\n2. count" in row.raw, fallback=True)

    def table(self, scene: Scene) -> Level:
        row = scene.saying("heron")
        return found(fallback=row is not None and _aligned(row.raw))

    def link(self, scene: Scene) -> Level:
        row = scene.saying(w.URL)
        native = row is not None and re.search(rf"\[{re.escape(w.LABEL)}\]\(<?{re.escape(w.URL)}>?\)", row.raw)
        return found(full=bool(native), fallback=row is not None)

    def custom_emoji(self, scene: Scene) -> Level:
        row = scene.saying(f":{CUSTOM}:")
        return found(full=row is not None and f"<:{CUSTOM}:{EMOJI[CUSTOM]}>" in row.raw, fallback=row is not None)


class WebEyes(Eyes):
    """At the hub's API, as another member; a deleted message is a tombstone without text, and is left out."""

    cleo = "cleo"

    async def look(self, bridge: Bridge, reader: Client) -> list[Row]:
        page = await reader.messages("studio", limit=500)
        return [self._row(message) for message in page.messages if message.deleted_at is None]

    def _row(self, message: MessageOut) -> Row:
        tagless = re.sub(r"<[^>]*>", " ", message.html)
        return Row(
            id=message.id,
            author=message.author.display,
            text=html.unescape(tagless),
            raw=message.html,
            thread=message.thread,
            reply_to=message.reply_to,
            files=tuple((file.name, file.size or 0) for file in message.attachments if file.state == "ready"),
            reactions={one.emoji: tuple(who.capitalize() for who in one.by) for one in message.reactions},
            mentions=tuple(mention.handle for mention in message.mentions),
        )

    def code(self, scene: Scene) -> Level:
        row = scene.saying(w.CODE)
        if row is None:
            return Level.NOT_POSSIBLE
        marked = f'<code class="language-{scene.language}">' if scene.language else "<pre><code>"
        return found(full=marked in row.raw, partial="<pre>" in row.raw, fallback=True)

    def bullets(self, scene: Scene) -> Level:
        row = scene.saying("grey")
        if row is None:
            return Level.NOT_POSSIBLE
        shape = "<ul><li>heron<ul><li>grey</li><li>white</li></ul></li></ul><ol><li>look</li><li>count</li></ol>"
        return found(full=squeezed(shape) in squeezed(re.sub(r"</?p>", "", row.raw)), fallback=True)

    def table(self, scene: Scene) -> Level:
        row = scene.saying("heron")
        return found(full=row is not None and "<table>" in row.raw, fallback=row is not None)

    def link(self, scene: Scene) -> Level:
        row = scene.saying(w.LABEL)
        native = row is not None and re.search(rf'<a href="{re.escape(w.URL)}"[^>]*>(.*?)</a>', row.raw)
        return found(
            full=bool(native) and html.unescape(native[1]) == w.LABEL if native else False, fallback=row is not None
        )

    def custom_emoji(self, scene: Scene) -> Level:
        row = scene.saying(f":{CUSTOM}:")
        return found(full=row is not None and "<img" in row.raw, fallback=row is not None)


EYES: Final[dict[str, SlackEyes | DiscordEyes | WebEyes]] = {
    "slack": SlackEyes(),
    "discord": DiscordEyes(),
    "web": WebEyes(),
}
