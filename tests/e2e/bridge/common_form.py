"""What people see on Slack and on Discord, in one form that can be compared.

Every message of a scripted conversation carries a tag (`m017`), in its text or in the name of its file. Left out is what
the hub adds: the quotation above a native reply, and the line that says who sent a file. Not compared: times and
pictures. Next stop: `conversation.py`, whose memory is compared with both sides.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from tests.services.living_slack import LivingSlack
from tests.services.scripted_discord.running import ScriptedDiscord
from tests.services.scripted_discord.wire import GENERAL

EMOJI = {"+1": "👍", "tada": "🎉", "eyes": "👀", "white_check_mark": "✅", "rocket": "🚀"}
"""Slack's names."""
STARTER = 21
TOP = ""
_TAG = re.compile(r"m\d{3}")


@dataclass
class Seen:
    """One message: its author, last text, files by name and size, and the emoji that somebody set."""

    author: str
    text: str = ""
    files: tuple[tuple[str, int], ...] = ()
    reactions: frozenset[str] = frozenset()


@dataclass
class Side:
    """One platform: messages by tag, and per thread (by its root's tag, or TOP) what stands there in order."""

    messages: dict[str, Seen] = field(default_factory=dict)
    order: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    ids: dict[str, str] = field(default_factory=dict)
    """Native id of a message's first part, by tag."""

    def add(self, place: str, native_id: str, seen: Seen) -> None:
        """One native message, as it stands behind the others of its place."""
        tag = tag_of(seen.text or seen.files[0][0])
        if re.fullmatch(r"_?sent m\d{3}\S*?_?", seen.text):
            seen.text = ""
        self.ids.setdefault(tag, native_id)
        known = self.messages.setdefault(tag, Seen(author=seen.author))
        known.text += seen.text
        known.files += seen.files
        known.reactions |= seen.reactions
        self.order[place] += [tag] * bool(seen.text) + [f"{tag}/file"] * len(seen.files)

    def in_order(self) -> dict[str, list[str]]:
        """What stands in each place that is not empty."""
        return {place: tags for place, tags in self.order.items() if tags}


def tag_of(text: str) -> str:
    """The tag in a text or a file's name; all of it where there is none."""
    found = _TAG.search(text)
    return found.group() if found else text


def on_slack(slack: LivingSlack) -> Side:
    """Slack's #general with its threads."""
    side, roots = Side(), dict[str, str]()
    for row in slack.shown():
        text = _own_words(row["text"]) if row["by_us"] else row["text"]
        reactions = frozenset(EMOJI.get(name, name) for name in row["reactions"])
        place = roots.get(row["thread"], f"a thread on {row['thread']}") if row["thread"] else TOP
        seen = Seen(row["author"], text, tuple(row["files"]), reactions)
        roots[row["ts"]] = tag_of(text or str(row["files"]))
        side.add(place, row["ts"], seen)
    return side


def on_discord(discord: ScriptedDiscord) -> Side:
    """Discord's #general with its threads."""
    side, roots = Side(), dict[str, str]()
    threads = [channel["id"] for channel in discord.threads(GENERAL)]
    for channel in (GENERAL, *threads):
        for row in discord.shown(channel):
            if row["type"] == STARTER:
                continue
            files = tuple((file["name"], file["size"]) for file in row["attachments"])
            seen = Seen(row["author"], row["content"], files, frozenset(row["reactions"]))
            roots[row["id"]] = tag_of(row["content"] or str(files))
            side.add(TOP if channel == GENERAL else roots.get(channel, f"a thread on {channel}"), row["id"], seen)
    return side


def _own_words(text: str) -> str:
    """Without the quotation of what is answered."""
    return text.partition("\n\n")[2] if text.startswith("> ") else text
