"""Emoji on Discord: Unicode as it is, custom ones by name and id. Pure.

Rule: a custom emoji is ``:name:`` in the hub, since its id means nothing elsewhere; back on Discord it is one again
only where its server has the name. Not promised: that Discord takes every Unicode emoji as a reaction; it answers 400
(code 10014) to those it does not know. Next stop: :mod:`tieline_discord.inbound` and the adapter's reactions.

Source: Discord, "Emoji resource", "Message: Create Reaction", "API Reference: CDN Endpoints".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tieline_discord.shapes import text

_NAMED: Final = re.compile(r":([^\s:]{1,100}):")


def from_discord(emoji: Mapping[str, object]) -> str | None:
    """A reaction's emoji object as the hub writes it; None where Discord does not say its name (it was deleted)."""
    name = text(emoji, "name")
    if not name:
        return None
    return f":{name}:" if text(emoji, "id") else name


def to_rest(emoji: str, known: Mapping[str, str]) -> str | None:
    """What stands in the address of a reaction, not yet percent-encoded; None where there is none.

    ``known``: names (without colons) to ids of the server's custom emoji.
    """
    named = _NAMED.fullmatch(emoji)
    if named is None:
        return emoji if emoji and not emoji.isascii() else None
    found = known.get(named.group(1))
    return f"{named.group(1)}:{found}" if found else None


def address(emoji_id: str, *, animated: bool = False) -> str:
    """Where the picture of a custom emoji is."""
    return f"https://cdn.discordapp.com/emojis/{emoji_id}.{'gif' if animated else 'png'}"
