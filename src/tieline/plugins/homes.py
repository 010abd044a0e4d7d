"""What the hub has for one person of a platform: who they are, where they may post, what is open in their inbox.

Reads only. Rule: a person sees the rooms that they may post to as the member they are there, a guest those that let
guests post. Next stop: an adapter's own page for a person (Slack's App Home), its choice of rooms.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tieline.model.events import Event, inbox_stream
from tieline.model.members import Actor, Level, Member, Via
from tieline.ports.adapter import Home, OpenItem, RoomChoice
from tieline.ports.directory import Directory
from tieline.ports.reading import Reader

MOST: Final = 20
SHORT: Final = 200
"""Characters of an item's text."""


class _Author(msgspec.Struct, frozen=True):
    display: str = ""


class _Origin(msgspec.Struct, frozen=True):
    url: str | None = None


class _Told(msgspec.Struct, frozen=True):
    text: str = ""
    author: _Author = _Author()
    origin: _Origin = _Origin()


class _Item(msgspec.Struct, frozen=True):
    """What an inbox event's body says."""

    reason: str = ""
    room: str = ""
    message: _Told = _Told()


_decoder: Final = msgspec.json.Decoder(_Item)


async def home_of(channel: str, native_id: str, directory: Directory, reader: Reader) -> Home:
    """Everything for one person. Raises StoreError."""
    account = directory.account(channel, native_id)
    found = directory.member_by_id(account.member_id) if account else None
    member = found if found is not None and found.archived_at is None else None
    actor = Actor(member=member, level=member.level if member else Level.L2, via=Via.CHANNEL)
    rooms = tuple(
        RoomChoice(name=room.name, title=room.title)
        for room in directory.rooms()
        if not room.is_direct and directory.authorize(actor, "post", room=room) is None
    )
    return Home(
        handle=member.handle if member else None,
        rooms=rooms,
        items=await _open_items(member, reader) if member else (),
    )


async def _open_items(member: Member, reader: Reader) -> tuple[OpenItem, ...]:
    stream = inbox_stream(member.id)
    seen = await reader.inbox_cursor(member.id)
    last = await reader.last_seq(stream)
    events = await reader.events(stream, max(seen, last - MOST), MOST)
    return tuple(_item(event) for event in reversed(events))


def _item(event: Event) -> OpenItem:
    told = _decoder.decode(event.body)
    return OpenItem(
        reason=told.reason,
        room=told.room,
        author=told.message.author.display,
        text=" ".join(told.message.text.split())[:SHORT],
        at=event.at,
        url=told.message.origin.url,
    )
