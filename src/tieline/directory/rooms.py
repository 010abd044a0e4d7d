"""Commands on rooms and links."""

from __future__ import annotations

import msgspec

from tieline.directory.authorize import room_not_found
from tieline.directory.names import bad_name
from tieline.directory.owned import managed_elsewhere
from tieline.model.base import ManagedBy, Value
from tieline.model.commands import (
    ArchiveRoom,
    CreateLink,
    CreateRoom,
    RemoveLink,
    ResolveLink,
    UpdateLink,
    UpdateRoom,
)
from tieline.model.delivery import Delivery, DeliveryState, Endpoint, Fault
from tieline.model.outcome import Refusal
from tieline.model.rooms import Direction, Link, Room
from tieline.ports.deciding import Decision, View

REMOVED = Fault(code="link_removed", detail="The link was removed while this waited.")


def create_room(command: CreateRoom, view: View) -> Decision | Refusal:
    """Create a room."""
    if refusal := view.directory.authorize(command.actor, "manage_rooms"):
        return refusal
    if refusal := bad_name("room name", command.name):
        return refusal
    if view.directory.room(command.name):
        return Refusal(status=409, code="room_exists", detail=f"Room '{command.name}' exists already.")
    members = member_ids(command.members, view)
    if isinstance(members, Refusal):
        return members
    room = Room(
        id=view.new_id("room"),
        name=command.name,
        project=command.project,
        title=command.title,
        access=command.access,
        members=members,
        guests=command.guests,
        packets=command.packets,
        created_at=view.now,
    )
    return Decision(value=room, result=room.id, puts=(room,))


def recall_room(result: str, view: View) -> object:
    """The room a repeat is answered with."""
    return view.directory.room_by_id(result)


def member_ids(handles: tuple[str, ...], view: View) -> tuple[str, ...] | Refusal:
    """Handles to ids, refusing unknown ones."""
    ids: list[str] = []
    for handle in handles:
        member = view.directory.member(handle)
        if member is None:
            return Refusal(status=404, code="member_not_found", detail=f"There is no member '@{handle}'.")
        ids.append(member.id)
    return tuple(ids)


def _owned_room(name: str, command: UpdateRoom | ArchiveRoom | CreateLink, action: str, view: View) -> Room | Refusal:
    room = view.directory.room(name)
    if room is None:
        return view.directory.authorize(command.actor, action) or room_not_found(name)
    refusal = view.directory.authorize(command.actor, action, room=room)
    return refusal or room


def update_room(command: UpdateRoom, view: View) -> Decision | Refusal:
    """Change a room."""
    room = _owned_room(command.room, command, "manage_rooms", view)
    if isinstance(room, Refusal):
        return room
    if room.managed_by is ManagedBy.CONFIG:
        return managed_elsewhere(f"room '{room.name}'", room.place)
    changes: dict[str, object] = {
        name: value
        for name in ("project", "title", "access", "guests", "packets")
        if (value := getattr(command, name)) is not msgspec.UNSET
    }
    if command.members is not msgspec.UNSET:
        members = member_ids(command.members, view)
        if isinstance(members, Refusal):
            return members
        changes["members"] = members
    changed = msgspec.structs.replace(room, **changes)
    return Decision(value=changed, puts=(changed,))


def archive_room(command: ArchiveRoom, view: View) -> Decision | Refusal:
    """Archive a room and its links; its history stays."""
    room = _owned_room(command.room, command, "admin", view)
    if isinstance(room, Refusal):
        return room
    if room.managed_by is ManagedBy.CONFIG:
        return managed_elsewhere(f"room '{room.name}'", room.place)
    return archived(room, view)


def archived(room: Room, view: View) -> Decision:
    """The decision that archives a room with its links and ends what waits for them."""
    gone = msgspec.structs.replace(room, archived_at=view.now)
    puts: list[Value] = [gone]
    for link in view.directory.links_of(room.id):
        puts += removed(link, view)
    return Decision(value=gone, puts=tuple(puts))


def create_link(command: CreateLink, view: View) -> Decision | Refusal:
    """Link a room to a conversation or to a member."""
    room = _owned_room(command.room, command, "manage_links", view)
    if isinstance(room, Refusal):
        return room
    if view.directory.channel(command.channel) is None:
        return Refusal(status=404, code="channel_not_found", detail=f"There is no channel '{command.channel}'.")
    if (command.conversation is None) == (command.member is None):
        return Refusal(status=422, code="link_target", detail="Name either a conversation or a member, not both.")
    target = member_ids((command.member,) if command.member else (), view)
    if isinstance(target, Refusal):
        return target
    link = Link(
        id=view.new_id("link"),
        room_id=room.id,
        channel=command.channel,
        conversation=None if command.label else command.conversation,
        label=command.label or command.conversation or "",
        member_id=target[0] if target else None,
        direction=command.direction,
        carry=command.carry,
        min_severity=command.min_severity,
        via=command.via,
        backlog=command.backlog,
        created_at=view.now,
    )
    if clash := _same(link, view):
        return Refusal(status=409, code="link_exists", detail=f"The room is linked there already by '{clash.id}'.")
    if refusal := spoken_for(link, view):
        return refusal
    return Decision(value=link, result=link.id, puts=(link,))


def _same(link: Link, view: View) -> Link | None:
    for other in view.directory.links_of(link.room_id):
        if (other.channel, other.label, other.member_id, other.via) == (
            link.channel,
            link.label,
            link.member_id,
            link.via,
        ):
            return other
    return None


def spoken_for(link: Link, view: View) -> Refusal | None:
    """Refuse a second inward link of one conversation: a native message is one message (decision 0004)."""
    if link.direction is Direction.OUT or link.member_id is not None:
        return None
    names = {link.conversation, link.label} - {None, ""}
    for other in view.directory.links_on(link.channel):
        inward = other.direction is not Direction.OUT and other.member_id is None and other.room_id != link.room_id
        if inward and names & {other.conversation, other.label}:
            room = view.directory.room_by_id(other.room_id)
            return Refusal(
                status=409,
                code="conversation_linked",
                detail=f"'{link.label or link.conversation}' speaks into room '{room.name if room else other.room_id}' "
                "already. Link this one with direction 'out'.",
            )
    return None


def recall_link(result: str, view: View) -> object:
    """The link a repeat is answered with."""
    return view.directory.link(result)


def _owned_link(command: UpdateLink | RemoveLink, view: View) -> Link | Refusal:
    link = view.directory.link(command.link_id)
    room = view.directory.room_by_id(link.room_id) if link else None
    if refusal := view.directory.authorize(command.actor, "manage_links", room=room):
        return refusal
    if link is None or link.archived_at is not None:
        return Refusal(status=404, code="link_not_found", detail=f"There is no link '{command.link_id}'.")
    if link.managed_by is ManagedBy.CONFIG:
        return managed_elsewhere(f"link '{link.id}'", link.place)
    return link


def update_link(command: UpdateLink, view: View) -> Decision | Refusal:
    """Change a link."""
    link = _owned_link(command, view)
    if isinstance(link, Refusal):
        return link
    changes: dict[str, object] = {
        name: value
        for name in ("direction", "carry", "min_severity", "backlog")
        if (value := getattr(command, name)) is not msgspec.UNSET
    }
    changed = msgspec.structs.replace(link, **changes)
    return Decision(value=changed, puts=(changed,))


def remove_link(command: RemoveLink, view: View) -> Decision | Refusal:
    """Remove a link: nothing goes out through it any more."""
    link = _owned_link(command, view)
    if isinstance(link, Refusal):
        return link
    puts = removed(link, view)
    return Decision(value=puts[0], puts=tuple(puts), lanes=tuple({p.lane for p in puts if isinstance(p, Delivery)}))


def removed(link: Link, view: View) -> list[Value]:
    """The link as archived, and what waited for it as expired."""
    waiting = view.find(Delivery, link_id=link.id)
    expired = [
        msgspec.structs.replace(d, state=DeliveryState.EXPIRED, fault=REMOVED, updated_at=view.now)
        for d in waiting
        if d.state.is_open
    ]
    return [msgspec.structs.replace(link, archived_at=view.now), *expired]


def resolve_link(command: ResolveLink, view: View) -> Decision | Refusal:
    """The conversation's id is known now: what waits moves to its lane."""
    link = view.directory.link(command.link_id)
    if link is None or link.archived_at is not None:
        return Refusal(status=404, code="link_not_found", detail=f"There is no link '{command.link_id}'.")
    changed = msgspec.structs.replace(link, conversation=command.conversation, label=command.label or link.label)
    if link.conversation == command.conversation:
        return Decision(value=changed, puts=() if changed == link else (changed,))
    if refusal := spoken_for(changed, view):
        return refusal
    endpoint = Endpoint(channel=link.channel, conversation=command.conversation, via=link.via)
    moved = tuple(
        msgspec.structs.replace(d, conversation=command.conversation, lane=endpoint.lane, updated_at=view.now)
        for d in view.find(Delivery, link_id=link.id)
        if d.state.is_open
    )
    return Decision(value=changed, puts=(changed, *moved), lanes=(endpoint.lane,) if moved else ())
