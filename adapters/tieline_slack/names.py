"""Who people are: display names and pictures from ``users.info``, remembered for a while.

Rule: a name is never worth an event. What cannot be had within a moment is left out, and the id is shown instead.
Not promised: fresh names; a change shows within an hour. Next stop: :mod:`tieline_slack.inbound` uses the profiles.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar, cast

import msgspec
from slack_sdk.web.async_client import AsyncWebClient

from tieline.model.base import Value
from tieline.model.content import (
    Block,
    Document,
    Emphasis,
    Heading,
    Hyperlink,
    Inline,
    ListBlock,
    ListItem,
    Mention,
    Paragraph,
    Quote,
    Strike,
    Strong,
    Table,
)
from tieline.ports.clock import Clock
from tieline_slack.shapes import flag, mapping, text

_TTL: Final = 3600.0
_TTL_UNKNOWN: Final = 60.0
_MOST_AT_ONCE: Final = 20
_PATIENCE: Final = 1.5
"""Seconds: the event must be acknowledged within three."""


class Profile(Value, kw_only=True, frozen=True):
    """What is known of a person."""

    display: str
    avatar: str | None = None
    is_bot: bool = False


People = Mapping[str, Profile]
"""Profiles by user id."""


class Names:
    """A bounded cache in front of ``users.info``."""

    def __init__(self, web: AsyncWebClient, clock: Clock, *, size: int = 5000) -> None:
        self._web = web
        self._clock = clock
        self._size = size
        self._known: OrderedDict[str, tuple[float, Profile | None]] = OrderedDict()

    async def look_up(self, ids: Iterable[str]) -> People:
        """Profiles of those ids that can be had now; at most twenty new ones are asked for. Never raises."""
        wanted = tuple(dict.fromkeys(ids))
        missing = [user for user in wanted if not self._is_fresh(user)][:_MOST_AT_ONCE]
        if missing:
            await asyncio.gather(*(self._ask(user) for user in missing))
        return {user: profile for user in wanted if (profile := self._profile(user)) is not None}

    def _is_fresh(self, user: str) -> bool:
        return user in self._known and self._known[user][0] > self._clock.monotonic()

    def _profile(self, user: str) -> Profile | None:
        return self._known[user][1] if user in self._known else None

    async def _ask(self, user: str) -> None:
        try:
            answer = await asyncio.wait_for(self._web.users_info(user=user), _PATIENCE)
            profile = profile_of(mapping(answer.get("user")))
        except Exception:  # noqa: BLE001 - whatever failed, the event goes on with the id as the name
            profile = None
        ttl = _TTL_UNKNOWN if profile is None else _TTL
        self._known[user] = (self._clock.monotonic() + ttl, profile)
        self._known.move_to_end(user)
        while len(self._known) > self._size:
            self._known.popitem(last=False)


def profile_of(user: Mapping[str, object]) -> Profile | None:
    """A ``user`` object of Slack's as a profile: the display name, else the real one, else the login."""
    profile = mapping(user.get("profile"))
    names = (text(profile, "display_name"), text(profile, "real_name"), text(user, "real_name"), text(user, "name"))
    display = next((name for name in names if name.strip()), "")
    if not display:
        return None
    avatar = text(profile, "image_72") or text(profile, "image_48")
    return Profile(display=display, avatar=avatar or None, is_bot=flag(user, "is_bot"))


def name_mentions(document: Document, people: People) -> Document:
    """The document with the names of those mentioned, where they are known. Pure."""
    if not people:
        return document
    return msgspec.structs.replace(document, blocks=_all(document.blocks, people))


_Node = TypeVar("_Node", bound=Block | Inline | ListItem)


def _all(nodes: tuple[_Node, ...], people: People) -> tuple[_Node, ...]:
    return tuple(_named(node, people) for node in nodes)


def _named(node: _Node, people: People) -> _Node:
    changed: Block | Inline | ListItem = node
    match node:
        case Mention(native_id=str(user)) if user in people:
            changed = msgspec.structs.replace(node, display=people[user].display)
        case Paragraph() | Heading() | Strong() | Emphasis() | Strike() | Hyperlink():
            changed = msgspec.structs.replace(node, children=_all(node.children, people))
        case Quote() | ListItem():
            changed = msgspec.structs.replace(node, children=_all(node.children, people))
        case ListBlock():
            changed = msgspec.structs.replace(node, items=_all(node.items, people))
        case Table():
            header = tuple(_all(cell, people) for cell in node.header)
            rows = tuple(tuple(_all(cell, people) for cell in row) for row in node.rows)
            changed = msgspec.structs.replace(node, header=header, rows=rows)
        case _:
            pass
    return cast("_Node", changed)
