"""Members, rooms and links as the configuration would write them, whoever owns them; no secrets stand in them."""

from __future__ import annotations

from tieline.model.members import Member
from tieline.model.rooms import AUTO, Link, Room
from tieline.ports.directory import Directory

Tree = dict[str, object]


def export(directory: Directory) -> Tree:
    """``members`` and ``rooms`` of ``config.yaml``; what has its default is left out."""
    return {
        "members": {member.handle: _member(member, directory) for member in directory.members()},
        "rooms": {room.name: _room(room, directory) for room in directory.rooms()},
    }


def _set(pairs: dict[str, object]) -> Tree:
    return {name: value for name, value in pairs.items() if value not in (None, "", [], {})}


def _member(member: Member, directory: Directory) -> Tree:
    return _set(
        {
            "kind": member.kind.value,
            "level": f"L{int(member.level)}",
            "display": member.display,
            "ai": member.ai,
            "machine": member.machine,
            "specialities": list(member.specialities),
            "accounts": {account.channel: account.native_id for account in directory.accounts_of(member.id)},
        }
    )


def _room(room: Room, directory: Directory) -> Tree:
    return _set(
        {
            "project": room.project,
            "title": room.title,
            "access": room.access.value,
            "members": [m.handle for i in room.members if (m := directory.member_by_id(i)) is not None],
            "guests": room.guests.value,
            "packets": room.packets.value,
            "links": [_link(link, directory) for link in directory.links_of(room.id)],
        }
    )


def _link(link: Link, directory: Directory) -> Tree:
    member = directory.member_by_id(link.member_id) if link.member_id else None
    return _set(
        {
            "channel": link.channel,
            "conversation": None if member else link.conversation or link.label,
            "member": member.handle if member else None,
            "direction": link.direction.value,
            "carry": [kind.value for kind in link.carry] if link.carry is not None else None,
            "min_severity": link.min_severity.value if link.min_severity else None,
            "as": link.via if link.via != AUTO else None,
            "backlog": link.backlog.value,
        }
    )
