"""How each action is done where it begins: by people in Slack and in Discord, by an agent at the hub's own API.

Rule: a method per action, in the platform's own way; where a platform has no such thing there is no method, and the
row says *not possible*. Next stop: `eyes.py` looks at what became of it.
"""

from __future__ import annotations

from typing import Any

from tests.e2e.matrix import words as w
from tests.services.bridge import BEA, CLEO, CUSTOM, EMOJI, NOWHERE, ROOM, SLACK_ONLY, Bridge
from tests.services.scripted_discord.wire import GENERAL as DISCORD
from tieline.client import Client
from tieline.model.shapes import PostBody

Json = dict[str, Any]


class SlackHands:
    """Alice in Slack: her client sends rich text as blocks."""

    author = "Alice"
    language = ""
    """Slack's code blocks have none."""
    unknown = f":{SLACK_ONLY}:"

    def __init__(self, bridge: Bridge, client: Client) -> None:
        self._slack = bridge.slack

    async def short(self) -> str:
        return await self._slack.says(w.ROOT)

    async def long_one(self) -> str:
        return await self._slack.says(w.long("slack"))

    async def post(self, root: str) -> None:
        await self._slack.says(w.POST)

    async def thread(self, root: str) -> None:
        await self._slack.says(w.THREAD, thread=root)

    async def edit(self, root: str) -> None:
        await self._slack.edits(root, w.EDITED)

    async def edit_parts(self, root: str) -> None:
        await self._slack.edits(root, w.long_edited("slack"))

    async def edit_longer(self, root: str) -> None:
        await self._slack.edits(root, w.long("slack"))

    edit_shorter = edit

    async def delete(self, root: str) -> None:
        await self._slack.deletes(root)

    delete_parts = delete

    async def react(self, root: str) -> None:
        await self._slack.reacts(root, "+1")

    async def react_custom(self, root: str) -> None:
        await self._slack.reacts(root, CUSTOM)

    async def react_unknown(self, root: str) -> None:
        await self._slack.reacts(root, SLACK_ONLY)

    async def attach(self, root: str) -> None:
        await self._slack.shares(*w.FILE, w.CAPTION)

    async def mention(self, root: str) -> None:
        await self._rich(
            f"<@{CLEO['team']}> {w.MENTION}", _section(_of("user", user_id=CLEO["team"]), _text(f" {w.MENTION}"))
        )

    async def long(self, root: str) -> None:
        await self._slack.says(w.long("slack"))

    async def very_long(self, root: str) -> None:
        await self._slack.says(w.VERY_LONG)

    async def code(self, root: str) -> None:
        block = {"type": "rich_text_preformatted", "elements": [_text(w.CODE)], "border": 0}
        await self._rich(f"```{w.CODE}```", block)

    async def bullets(self, root: str) -> None:
        lists = [_list("bullet", 0, "heron"), _list("bullet", 1, "grey", "white"), _list("ordered", 0, "look", "count")]
        await self._rich("• heron\n    ◦ grey\n    ◦ white\n1. look\n2. count", *lists)

    async def table(self, root: str) -> None:
        rows = [[{"type": "raw_text", "text": cell} for cell in row] for row in w.TABLE]
        await self._slack.says("a table", blocks=[{"type": "table", "block_id": "t", "rows": rows}])

    async def link(self, root: str) -> None:
        await self._rich(f"<{w.URL}|{w.LABEL}>", _section(_of("link", url=w.URL, text=w.LABEL)))

    async def emoji(self, root: str) -> None:
        await self._rich(":tada:", _section(_of("emoji", name="tada", unicode="1f389")))

    async def custom_emoji(self, root: str) -> None:
        await self._rich(f":{CUSTOM}:", _section(_of("emoji", name=CUSTOM)))

    async def _rich(self, text: str, *elements: Json) -> None:
        await self._slack.says(text, blocks=[{"type": "rich_text", "block_id": "b", "elements": list(elements)}])


def _of(kind: str, **more: Any) -> Json:
    return {"type": kind, **more}


def _text(text: str) -> Json:
    return _of("text", text=text)


def _section(*elements: Json) -> Json:
    return _of("rich_text_section", elements=list(elements))


def _list(style: str, indent: int, *items: str) -> Json:
    return _of("rich_text_list", style=style, indent=indent, elements=[_section(_text(item)) for item in items])


class DiscordHands:
    """Bea in Discord: she writes Discord's markdown."""

    author = "Bea"
    language = w.LANGUAGE
    unknown = ":blobnod:"

    def __init__(self, bridge: Bridge, client: Client) -> None:
        self._discord = bridge.discord

    async def short(self) -> str:
        return self._say(w.ROOT)

    async def long_one(self) -> str:
        return self._say(w.long("discord"))

    async def post(self, root: str) -> None:
        self._say(w.POST)

    async def reply(self, root: str) -> None:
        self._say(w.REPLY, reply_to=root)

    async def thread(self, root: str) -> None:
        self._say(w.THREAD, thread=root)

    async def edit(self, root: str) -> None:
        self._discord.edit(DISCORD, root, w.EDITED)

    async def edit_parts(self, root: str) -> None:
        self._discord.edit(DISCORD, root, w.long_edited("discord"))

    async def edit_longer(self, root: str) -> None:
        self._discord.edit(DISCORD, root, w.long("discord"))

    edit_shorter = edit

    async def delete(self, root: str) -> None:
        self._discord.delete(DISCORD, root)

    delete_parts = delete

    async def react(self, root: str) -> None:
        self._discord.react(DISCORD, root, BEA, w.REACTION)

    async def react_custom(self, root: str) -> None:
        self._discord.react(DISCORD, root, BEA, f"{CUSTOM}:{EMOJI[CUSTOM]}")

    async def react_unknown(self, root: str) -> None:
        self._discord.react(DISCORD, root, BEA, f"blobnod:{EMOJI['blobnod']}")

    async def attach(self, root: str) -> None:
        name, data = w.FILE
        self._say(w.CAPTION, files={name: data})

    async def mention(self, root: str) -> None:
        self._say(f"<@{CLEO['guild']}> {w.MENTION}")

    async def long(self, root: str) -> None:
        self._say(w.long("discord"))

    async def code(self, root: str) -> None:
        self._say(f"```{w.LANGUAGE}\n{w.CODE}\n```")

    async def bullets(self, root: str) -> None:
        self._say("- heron\n  - grey\n  - white\n1. look\n2. count")

    async def link(self, root: str) -> None:
        self._say(f"[{w.LABEL}]({w.URL})")

    async def emoji(self, root: str) -> None:
        self._say(w.EMOJI)

    async def custom_emoji(self, root: str) -> None:
        self._say(f"<:{CUSTOM}:{EMOJI[CUSTOM]}>")

    def _say(self, text: str, **more: Any) -> str:
        return self._discord.say(DISCORD, BEA, text, **more)


class WebHands:
    """Marcus, an agent, through the Python client: CommonMark."""

    author = "Marcus"
    language = w.LANGUAGE
    unknown = f":{NOWHERE}:"

    def __init__(self, bridge: Bridge, client: Client) -> None:
        self._client = client

    async def short(self) -> str:
        return await self._say(w.ROOT)

    async def long_one(self) -> str:
        return await self._say(w.long("web"))

    async def post(self, root: str) -> None:
        await self._say(w.POST)

    async def reply(self, root: str) -> None:
        await self._say(w.REPLY, reply_to=root)

    async def thread(self, root: str) -> None:
        await self._say(w.THREAD, thread=root)

    async def edit(self, root: str) -> None:
        await self._client.edit(root, w.EDITED)

    async def edit_parts(self, root: str) -> None:
        await self._client.edit(root, w.long_edited("web"))

    async def edit_longer(self, root: str) -> None:
        await self._client.edit(root, w.long("web"))

    edit_shorter = edit

    async def delete(self, root: str) -> None:
        await self._client.delete(root)

    delete_parts = delete

    async def react(self, root: str) -> None:
        await self._client.react(root, w.REACTION)

    async def react_custom(self, root: str) -> None:
        await self._client.react(root, f":{CUSTOM}:")

    async def react_unknown(self, root: str) -> None:
        await self._client.react(root, self.unknown)

    async def attach(self, root: str) -> None:
        name, data = w.FILE
        file = await self._client.upload(data, name=name)
        await self._client.post(ROOM, w.CAPTION, attachments=[file.id])

    async def mention(self, root: str) -> None:
        await self._say(f"@cleo {w.MENTION}")

    async def long(self, root: str) -> None:
        await self._say(w.long("web"))

    async def very_long(self, root: str) -> None:
        await self._say(w.VERY_LONG)

    async def code(self, root: str) -> None:
        await self._say(f"```{w.LANGUAGE}\n{w.CODE}\n```")

    async def bullets(self, root: str) -> None:
        await self._say("- heron\n  - grey\n  - white\n\n1. look\n2. count")

    async def table(self, root: str) -> None:
        head, *rows = ("| " + " | ".join(row) + " |" for row in w.TABLE)
        await self._say("\n".join([head, "| --- | ---: |", *rows]))

    async def link(self, root: str) -> None:
        await self._say(f"[{w.LABEL}]({w.URL})")

    async def emoji(self, root: str) -> None:
        await self._say(w.EMOJI)

    async def custom_emoji(self, root: str) -> None:
        await self._say(f":{CUSTOM}:")

    async def _say(self, text: str, **more: Any) -> str:
        return (await self._client.post(ROOM, PostBody(text=text, **more))).id


Hands = SlackHands | DiscordHands | WebHands
HANDS: dict[str, type[SlackHands | DiscordHands | WebHands]] = {
    "slack": SlackHands,
    "discord": DiscordHands,
    "web": WebHands,
}
