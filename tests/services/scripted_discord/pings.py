"""Whom a message pings, computed as Discord's documentation of "Allowed Mentions" says.

It errs on the side of the ping: every application may mention everybody here, all roles are mentionable, and a mention
inside a code block counts. Next stop: `posting.py`, which records it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from tests.services.scripted_discord.wire import Json, invalid

_BROADCAST = re.compile(r"@(everyone|here)")
_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")


@dataclass(frozen=True)
class Mentions:
    """The pinged: `everyone` and `here`, ids of roles, ids of users (the answered author among them)."""

    broadcast: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()

    def pings(self) -> list[tuple[str, str]]:
        """Kind and target of each."""
        everybody = [(kind, kind) for kind in self.broadcast]
        return everybody + [("role", one) for one in self.roles] + [("user", one) for one in self.users]


def mentions(
    content: str, allowed: Json | None, *, users: Collection[str], roles: Collection[str], answered: str | None = None
) -> Mentions:
    """Who is pinged by this content; `answered` wrote the message it replies to.

    Without `allowed_mentions` everything pings. With it, `parse` names the kinds that do, and `users` and `roles` name
    the only ones of their kind; the answered author is pinged when `replied_user` says so.
    """
    named_users = [one for one in dict.fromkeys(_USER.findall(content)) if one in users]
    named_roles = [one for one in dict.fromkeys(_ROLE.findall(content)) if one in roles]
    broadcast = tuple(dict.fromkeys(_BROADCAST.findall(content)))
    reply = [answered] if answered else []
    if allowed is None:
        return Mentions(broadcast, tuple(named_roles), tuple(dict.fromkeys(named_users + reply)))
    parse = allowed.get("parse") or []
    pinged = []
    for kind, named in (("roles", named_roles), ("users", named_users)):
        only = [str(one) for one in allowed.get(kind) or []]
        if only and kind in parse:
            path = ("allowed_mentions", "parse")
            raise invalid(
                path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", f"parse:[{kind!r}] and {kind}: exclude each other."
            )
        pinged.append([one for one in named if kind in parse or one in only])
    reply = reply if allowed.get("replied_user") else []
    return Mentions(broadcast if "everyone" in parse else (), tuple(pinged[0]), tuple(dict.fromkeys(pinged[1] + reply)))
