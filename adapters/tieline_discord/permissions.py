"""Discord's permissions: what we ask for and why, and what a bot has in a channel. Pure.

Rule: what is not known counts as allowed: Discord's own refusal says it better. Never asked for: Mention Everyone.
Source: docs.discord.com, "Permissions", with the order of overwrites given there.
Next stop: :mod:`tieline_discord.places` keeps the facts, :mod:`tieline_discord.invite` prints the bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tieline_discord.shapes import mapping, text

ADMINISTRATOR: Final = 1 << 3
ADD_REACTIONS: Final = 1 << 6
VIEW: Final = 1 << 10
SEND: Final = 1 << 11
EMBED: Final = 1 << 14
ATTACH: Final = 1 << 15
HISTORY: Final = 1 << 16
MENTION_EVERYONE: Final = 1 << 17
WEBHOOKS: Final = 1 << 29
THREADS: Final = 1 << 35
SEND_IN_THREADS: Final = 1 << 38
EVERYTHING: Final = (1 << 60) - 1

NEEDED: Final[Mapping[int, tuple[str, str]]] = {
    VIEW: ("View Channel", "receive what is written there"),
    SEND: ("Send Messages", "post there"),
    HISTORY: ("Read Message History", "catch up after an outage"),
    SEND_IN_THREADS: ("Send Messages in Threads", "answer in threads"),
    THREADS: ("Create Public Threads", "begin a thread"),
    WEBHOOKS: ("Manage Webhooks", "show people's own names and pictures"),
    ATTACH: ("Attach Files", "pass files on"),
    EMBED: ("Embed Links", "show cards"),
    ADD_REACTIONS: ("Add Reactions", "pass reactions on"),
}
"""Each permission with its name in Discord's settings, and what it is for."""

INVITED: Final = sum(NEEDED)
"""The bits of the invitation."""


def name_of(bit: int) -> str:
    """What Discord's settings call it."""
    return NEEDED[bit][0] if bit in NEEDED else f"permission {bit}"


def mend(bit: int) -> str:
    """What a person can do about a missing one."""
    return f"give the bot '{name_of(bit)}' in the channel's settings, 'Permissions'"


def bits(value: object) -> int:
    """A set of permissions as Discord writes it: a number in a string."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 30:  # noqa: PLR2004
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def of_member(guild: str, roles: Mapping[str, int], own: Sequence[str]) -> int:
    """What a member may in the whole server, by its roles; ``@everyone`` is the role with the server's id."""
    found = roles.get(guild, 0)
    for role in own:
        found |= roles.get(role, 0)
    return EVERYTHING if found & ADMINISTRATOR else found


def in_channel(base: int, overwrites: Iterable[object], guild: str, own: Sequence[str], me: str) -> int:
    """What a member may in one channel: @everyone's overwrite, then the roles', then its own."""
    if base & ADMINISTRATOR:
        return EVERYTHING
    rules = {text(mapping(rule), "id"): mapping(rule) for rule in overwrites}
    for group in ((guild,), [role for role in own if role != guild], (me,)):
        denied = allowed = 0
        for one in group:
            denied |= bits(rules.get(one, {}).get("deny"))
            allowed |= bits(rules.get(one, {}).get("allow"))
        base = base & ~denied | allowed
    return base if base & VIEW else 0
