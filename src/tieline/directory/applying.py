"""``ApplyConfig``: make the config-owned members, rooms and links as the file says, and write only the difference.

What is in both (made by the API under the same name) is refused as a whole reload; what left the file is archived,
never deleted; what came back is taken up again with its history.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tieline.directory.rooms import removed
from tieline.model.base import ManagedBy, Value
from tieline.model.commands import ApplyConfig, LinkSpec, MemberSpec, RoomSpec
from tieline.model.members import Account, Member
from tieline.model.outcome import Refusal
from tieline.model.packet import Violation
from tieline.model.rooms import Link, Place, Room
from tieline.ports.deciding import Decision, View


class _Changes:
    """What is to be written, and the lines that say so."""

    def __init__(self, command: ApplyConfig, view: View) -> None:
        self.command = command
        self.view = view
        self.puts: list[Value] = []
        self.drops: list[Value] = []
        self.lines: list[str] = []
        self.ids: dict[str, str] = {}
        """Member ids by handle, new ones too."""

    def put(self, value: Value, line: str) -> None:
        self.puts.append(value)
        self.lines.append(line)

    def place(self, line: int) -> Place:
        return Place(file=self.command.file, line=line)


def apply_config(command: ApplyConfig, view: View) -> Decision | Refusal:
    """Decide the difference; a name that the API owns refuses the whole."""
    if clashes := _clashes(command, view):
        return Refusal(
            status=409,
            code="owned_by_api",
            detail="Names in the file belong to the API already: " + ", ".join(c.field or "" for c in clashes),
            violations=tuple(clashes),
        )
    changes = _Changes(command, view)
    _members(changes)
    _rooms(changes)
    if command.policies != view.directory.policies():
        changes.put(command.policies, "policies changed")
    return Decision(value=tuple(changes.lines), puts=tuple(changes.puts), drops=tuple(changes.drops))


def _clashes(command: ApplyConfig, view: View) -> list[Violation]:
    found: list[Violation] = []
    for spec in command.rooms:
        room = view.directory.room(spec.name)
        if room is not None and room.managed_by is ManagedBy.API:
            found.append(_clash(f"room {spec.name}", spec.line))
    for member_spec in command.members:
        member = view.directory.member(member_spec.handle)
        if member is not None and member.managed_by is ManagedBy.API:
            found.append(_clash(f"member @{member_spec.handle}", None))
    return found


def _clash(what: str, line: int | None) -> Violation:
    return Violation(
        code="owned_by_api",
        field=what,
        line=line,
        message=f"{what} was made by the API",
        fix="rename it in the file, or archive the other by the API first",
    )


# ── members ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _members(changes: _Changes) -> None:
    directory = changes.view.directory
    wanted = {spec.handle: spec for spec in changes.command.members}
    for member in directory.members():
        changes.ids[member.handle] = member.id
        if member.managed_by is ManagedBy.CONFIG and member.handle not in wanted:
            archived = msgspec.structs.replace(member, archived_at=changes.view.now)
            changes.put(archived, f"member @{member.handle} archived")
            changes.drops += directory.accounts_of(member.id)
    for spec in wanted.values():
        _member(spec, changes)


def _member(spec: MemberSpec, changes: _Changes) -> None:
    old = changes.view.directory.member(spec.handle)
    wanted = Member(
        id=old.id if old else changes.view.new_id("mem"),
        handle=spec.handle,
        kind=spec.kind,
        level=spec.level,
        display=spec.display,
        ai=spec.ai,
        machine=spec.machine,
        specialities=spec.specialities,
        managed_by=ManagedBy.CONFIG,
        created_at=old.created_at if old else changes.view.now,
    )
    changes.ids[spec.handle] = wanted.id
    if wanted != old:
        changes.put(wanted, f"member @{spec.handle} {'changed' if old else 'added'}")
    _accounts(wanted, spec.accounts, changes)


def _accounts(member: Member, wanted: dict[str, str], changes: _Changes) -> None:
    have = {
        (a.channel, a.native_id): a
        for a in changes.view.directory.accounts_of(member.id)
        if a.managed_by is ManagedBy.CONFIG
    }
    for key, account in have.items():
        if key not in wanted.items():
            changes.drops.append(account)
            changes.lines.append(f"account {account.channel} of @{member.handle} removed")
    for channel, native_id in wanted.items():
        if (channel, native_id) not in have:
            account = Account(
                channel=channel,
                native_id=native_id,
                member_id=member.id,
                managed_by=ManagedBy.CONFIG,
                joined_at=changes.view.now,
            )
            changes.put(account, f"account {channel} of @{member.handle} added")


# ── rooms and links ──────────────────────────────────────────────────────────────────────────────────────────────────


def _rooms(changes: _Changes) -> None:
    directory = changes.view.directory
    wanted = {spec.name: spec for spec in changes.command.rooms}
    for room in directory.rooms():
        if room.managed_by is ManagedBy.CONFIG and room.name not in wanted:
            changes.put(msgspec.structs.replace(room, archived_at=changes.view.now), f"room {room.name} archived")
            _remove(directory.links_of(room.id), changes)
    for spec in wanted.values():
        _room(spec, changes)


def _room(spec: RoomSpec, changes: _Changes) -> None:
    old = changes.view.directory.room(spec.name)
    wanted = Room(
        id=old.id if old else changes.view.new_id("room"),
        name=spec.name,
        project=spec.project,
        title=spec.title,
        access=spec.access,
        members=tuple(changes.ids[handle] for handle in spec.members if handle in changes.ids),
        guests=spec.guests,
        packets=spec.packets,
        managed_by=ManagedBy.CONFIG,
        place=changes.place(spec.line),
        created_at=old.created_at if old else changes.view.now,
    )
    if wanted != old:
        moved = old is not None and msgspec.structs.replace(old, place=wanted.place) == wanted
        changes.put(wanted, f"room {spec.name} {('moved in the file' if moved else 'changed') if old else 'added'}")
    _links(wanted, spec.links, changes)


def _links(room: Room, specs: Sequence[LinkSpec], changes: _Changes) -> None:
    have = [link for link in changes.view.directory.links_of(room.id) if link.managed_by is ManagedBy.CONFIG]
    kept: set[str] = set()
    for spec in specs:
        old = next((link for link in have if link.id not in kept and _same(link, spec, changes)), None)
        wanted = _link(room, spec, old, changes)
        kept.add(wanted.id)
        if wanted != old:
            changes.put(wanted, f"link {room.name} → {spec.channel} {wanted.label} {'changed' if old else 'added'}")
    _remove([link for link in have if link.id not in kept], changes)


def _same(link: Link, spec: LinkSpec, changes: _Changes) -> bool:
    member = changes.ids.get(spec.member) if spec.member else None
    names = (link.label, link.conversation)
    return (link.channel, link.member_id, link.via) == (spec.channel, member, spec.via) and (
        member is not None or spec.label in names or spec.conversation in names
    )


def _link(room: Room, spec: LinkSpec, old: Link | None, changes: _Changes) -> Link:
    return Link(
        id=old.id if old else changes.view.new_id("link"),
        room_id=room.id,
        channel=spec.channel,
        conversation=old.conversation if old else spec.conversation,
        label=old.label if old else spec.label,
        member_id=changes.ids.get(spec.member) if spec.member else None,
        direction=spec.direction,
        carry=spec.carry,
        min_severity=spec.min_severity,
        via=spec.via,
        backlog=spec.backlog,
        managed_by=ManagedBy.CONFIG,
        place=changes.place(spec.line),
        created_at=old.created_at if old else changes.view.now,
    )


def _remove(links: Sequence[Link], changes: _Changes) -> None:
    for link in links:
        changes.puts += removed(link, changes.view)
        changes.lines.append(f"link {link.channel} {link.label} removed")
