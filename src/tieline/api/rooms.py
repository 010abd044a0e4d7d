"""Rooms, their links, and typing. Next stop: :mod:`tieline.directory` decides."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, UnsetType

from tieline.api.endpoint import AnyEndpoint, Call, Endpoint, NoQuery, json
from tieline.api.pages import ByName, by_name
from tieline.errors import TielineError
from tieline.model.commands import ArchiveRoom, Command, CreateLink, CreateRoom, RemoveLink, UpdateLink, UpdateRoom
from tieline.model.members import Level
from tieline.model.outcome import Accepted, Refusal
from tieline.model.rooms import Direction, Link, Room
from tieline.model.shapes import LinkBody, LinkOut, LinkPatch, RoomBody, RoomOut, RoomPatch
from tieline.ports.abilities import Types
from tieline.ports.directory import Directory
from tieline.render.wire import rfc3339, rfc3339_or_none

_TYPING_SECONDS: Final = 3


class RoomsQuery(ByName, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Only rooms of a project; the seeds call it ``projectId``."""

    project: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    project_id: Annotated[str, Meta(max_length=200)] | UnsetType = msgspec.field(default=UNSET, name="projectId")

    def takes(self, room: Room) -> bool:
        """Tell whether a room is of the project asked for."""
        wanted = self.project if self.project is not UNSET else self.project_id
        return wanted is UNSET or room.project == wanted


class Rooms(msgspec.Struct, kw_only=True, frozen=True):
    """A page of rooms, by name."""

    items: tuple[RoomOut, ...]
    next: str | None


class Links(msgspec.Struct, kw_only=True, frozen=True):
    """All links of a room, in order of making."""

    items: tuple[LinkOut, ...]
    next: None = None


def room_out(room: Room, directory: Directory) -> RoomOut:
    """A room as JSON readers get it."""
    members = (directory.member_by_id(member_id) for member_id in room.members)
    return RoomOut(
        id=room.id,
        name=room.name,
        project=room.project,
        title=room.title,
        access=room.access,
        members=tuple(member.handle for member in members if member),
        guests=room.guests,
        packets=room.packets,
        managed_by=room.managed_by.value,
        created_at=rfc3339(room.created_at),
        archived_at=rfc3339_or_none(room.archived_at),
    )


def link_out(link: Link, directory: Directory) -> LinkOut:
    """A link as JSON readers get it."""
    room = directory.room_by_id(link.room_id)
    member = directory.member_by_id(link.member_id) if link.member_id else None
    return LinkOut(
        id=link.id,
        room=room.name if room else "",
        channel=link.channel,
        conversation=link.conversation,
        label=link.label,
        member=member.handle if member else None,
        direction=link.direction,
        carry=link.carry,
        min_severity=link.min_severity,
        via=link.via,
        backlog=link.backlog,
        managed_by=link.managed_by.value,
        created_at=rfc3339(link.created_at),
    )


async def list_rooms(call: Call[None, RoomsQuery]) -> web.Response | Refusal:
    """The rooms one may see, by name."""
    directory = call.services.directory
    seen = {
        room.name: room
        for room in directory.rooms()
        if call.query.takes(room) and directory.authorize(call.actor, "read", room=room) is None
    }
    names, last = by_name(list(seen), call.query)
    return json(Rooms(items=tuple(room_out(seen[name], directory) for name in names), next=last))


async def create_room(call: Call[RoomBody, NoQuery]) -> web.Response | Refusal:
    """Create a room."""
    body = call.body
    key = call.client_id(body.client_id)
    if isinstance(key, Refusal):
        return key
    command = CreateRoom(
        actor=call.actor,
        client_id=key,
        name=body.name,
        project=body.project,
        title=body.title,
        access=body.access,
        members=body.members,
        guests=body.guests,
        packets=body.packets,
    )
    return _room_answer(call.services.directory, await call.execute(command), 201)


def _room_answer(directory: Directory, outcome: Accepted | Refusal, status: int = 200) -> web.Response | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    if not isinstance(outcome.value, Room):
        raise TypeError(outcome.value)
    return json(room_out(outcome.value, directory), 200 if outcome.repeat else status)


async def get_room(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """One room."""
    room = call.room()
    return room if isinstance(room, Refusal) else json(room_out(room, call.services.directory))


async def update_room(call: Call[RoomPatch, NoQuery]) -> web.Response | Refusal:
    """Change a room."""
    room = call.room()
    if isinstance(room, Refusal):
        return room
    body = call.body
    command = UpdateRoom(
        actor=call.actor,
        room=room.name,
        project=body.project,
        title=body.title,
        access=body.access,
        members=body.members,
        guests=body.guests,
        packets=body.packets,
    )
    return _room_answer(call.services.directory, await call.execute(command))


async def archive_room(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Archive a room: it takes no more posts, its links stop, its history stays."""
    room = call.room()
    if isinstance(room, Refusal):
        return room
    return await _emptied(call, ArchiveRoom(actor=call.actor, room=room.name))


async def _emptied(call: Call[None, NoQuery], command: Command) -> web.Response | Refusal:
    outcome = await call.execute(command)
    return outcome if isinstance(outcome, Refusal) else web.Response(status=204)


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def list_links(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """A room's links."""
    room = call.room()
    if isinstance(room, Refusal):
        return room
    directory = call.services.directory
    return json(Links(items=tuple(link_out(link, directory) for link in directory.links_of(room.id))))


async def create_link(call: Call[LinkBody, NoQuery]) -> web.Response | Refusal:
    """Link a room to a conversation or a member."""
    body = call.body
    key = call.client_id(body.client_id)
    if isinstance(key, Refusal):
        return key
    room = call.room()
    if isinstance(room, Refusal):
        return room
    command = CreateLink(
        actor=call.actor,
        client_id=key,
        room=room.name,
        channel=body.channel,
        conversation=body.conversation,
        label=body.label,
        member=body.member,
        direction=body.direction,
        carry=body.carry,
        min_severity=body.min_severity,
        via=body.via,
        backlog=body.backlog,
    )
    return _link_answer(call.services.directory, await call.execute(command), 201)


def _link_answer(directory: Directory, outcome: Accepted | Refusal, status: int = 200) -> web.Response | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    if not isinstance(outcome.value, Link):
        raise TypeError(outcome.value)
    return json(link_out(outcome.value, directory), 200 if outcome.repeat else status)


def _link(call: Call[None, NoQuery] | Call[LinkPatch, NoQuery]) -> Link | Refusal:
    """An active link, if the actor may see its room."""
    directory = call.services.directory
    name = call.path("id")
    link = directory.link(name)
    room = directory.room_by_id(link.room_id) if link and link.archived_at is None else None
    if link is None or room is None or directory.authorize(call.actor, "read", room=room):
        return Refusal(status=404, code="link_not_found", detail=f"There is no link '{name}', or you may not see it.")
    return link


async def update_link(call: Call[LinkPatch, NoQuery]) -> web.Response | Refusal:
    """Change a link."""
    link = _link(call)
    if isinstance(link, Refusal):
        return link
    body = call.body
    command = UpdateLink(
        actor=call.actor,
        link_id=link.id,
        direction=body.direction,
        carry=body.carry,
        min_severity=body.min_severity,
        backlog=body.backlog,
    )
    return _link_answer(call.services.directory, await call.execute(command))


async def remove_link(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Remove a link; what waits in its lane ends visibly."""
    link = _link(call)
    if isinstance(link, Refusal):
        return link
    return await _emptied(call, RemoveLink(actor=call.actor, link_id=link.id))


# ── typing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def show_typing(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Show on the room's channels that one writes, where they can; best effort, for some seconds."""
    room = call.room("post")
    if isinstance(room, Refusal):
        return room
    member = call.actor.member
    name = (member.display or member.handle) if member else ""
    links = call.services.directory.links_of(room.id)
    await asyncio.gather(*(_type_on(call, link, name) for link in links if link.direction is not Direction.IN))
    return web.Response(status=204)


async def _type_on(call: Call[None, NoQuery], link: Link, name: str) -> None:
    adapter = call.services.channels.adapter(link.channel)
    if link.conversation is None or not isinstance(adapter, Types):
        return
    with suppress(TielineError, TimeoutError):
        async with asyncio.timeout(_TYPING_SECONDS):
            await adapter.typing(link.conversation, name)


_ROOMS: Final = "Rooms"
_LINKS: Final = "Links"
ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path="/rooms",
        handler=list_rooms,
        summary="The rooms one may see, by name",
        tag=_ROOMS,
        query=RoomsQuery,
        answers={200: Rooms},
    ),
    Endpoint(
        method="POST",
        path="/rooms",
        handler=create_room,
        summary="Create a room",
        tag=_ROOMS,
        body=RoomBody,
        answers={201: RoomOut, 200: RoomOut},
        level=Level.L3,
        errors=(404, 409, 422),
        keyed=True,
    ),
    Endpoint(
        method="GET",
        path="/rooms/{room}",
        handler=get_room,
        summary="One room",
        tag=_ROOMS,
        answers={200: RoomOut},
        errors=(404,),
    ),
    Endpoint(
        method="PATCH",
        path="/rooms/{room}",
        handler=update_room,
        summary="Change a room",
        tag=_ROOMS,
        body=RoomPatch,
        answers={200: RoomOut},
        level=Level.L3,
        errors=(404, 409, 422),
    ),
    Endpoint(
        method="DELETE",
        path="/rooms/{room}",
        handler=archive_room,
        summary="Archive a room; its history stays",
        tag=_ROOMS,
        answers={204: None},
        level=Level.L4,
        errors=(404, 409),
    ),
    Endpoint(
        method="POST",
        path="/rooms/{room}/typing",
        handler=show_typing,
        summary="Show on the room's channels that one writes",
        tag=_ROOMS,
        answers={204: None},
        level=Level.L2,
        errors=(404,),
    ),
    Endpoint(
        method="GET",
        path="/rooms/{room}/links",
        handler=list_links,
        summary="A room's links",
        tag=_LINKS,
        answers={200: Links},
        errors=(404,),
    ),
    Endpoint(
        method="POST",
        path="/rooms/{room}/links",
        handler=create_link,
        summary="Link a room to a conversation or a member",
        tag=_LINKS,
        body=LinkBody,
        answers={201: LinkOut, 200: LinkOut},
        level=Level.L4,
        errors=(404, 409, 422),
        keyed=True,
    ),
    Endpoint(
        method="PATCH",
        path="/links/{id}",
        handler=update_link,
        summary="Change a link",
        tag=_LINKS,
        body=LinkPatch,
        answers={200: LinkOut},
        level=Level.L4,
        errors=(404, 409, 422),
    ),
    Endpoint(
        method="DELETE",
        path="/links/{id}",
        handler=remove_link,
        summary="Remove a link; what waits in its lane ends visibly",
        tag=_LINKS,
        answers={204: None},
        level=Level.L4,
        errors=(404, 409),
    ),
)
