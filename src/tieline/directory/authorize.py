"""The one place that authorizes: actor, action, object. Pure.

The table :data:`NEEDS` is the whole policy of levels; rooms add visibility: what one may not see is answered 404, like
what is absent (API1 of the OWASP list).
"""

from __future__ import annotations

from typing import Final

from tieline.model.members import Actor, Level, Via
from tieline.model.outcome import Refusal
from tieline.model.rooms import Access, Guests, Room

NEEDS: Final[dict[str, Level]] = {
    "read": Level.L1,
    "post": Level.L2,
    "upload": Level.L2,
    "react": Level.L2,
    "edit": Level.L2,
    "delete": Level.L2,
    "manage_deliveries": Level.L3,
    "manage_rooms": Level.L3,
    "manage_links": Level.L4,
    "manage_members": Level.L4,
    "manage_tokens": Level.L4,
    "manage_channels": Level.L4,
    "admin": Level.L4,
}
"""Lowest level for each action."""

_OWNED: Final = {"edit": Level.L3, "delete": Level.L3, "manage_tokens": Level.L4}
"""Lowest level where the object is somebody else's."""
_WRITES: Final = frozenset({"post", "react", "edit", "delete"})


def room_not_found(name: str) -> Refusal:
    """The answer for a room that is absent or not visible."""
    return Refusal(status=404, code="room_not_found", detail=f"There is no room '{name}', or you may not see it.")


def authorize(actor: Actor, action: str, *, room: Room | None = None, owner: str | None = None) -> Refusal | None:
    """None allows."""
    if room is not None and not sees(actor, room):
        return room_not_found(room.name)
    if room is not None and room.archived_at is not None and action in _WRITES:
        return Refusal(status=409, code="room_archived", detail=f"Room '{room.name}' is archived and takes no changes.")
    if _is_guest(actor):
        return _guest(action, room)
    needed = NEEDS[action] if owner is None or _owns(actor, owner) else _OWNED.get(action, NEEDS[action])
    if owner is not None and _owns(actor, owner) and action == "manage_tokens":
        needed = Level.L1
    return None if actor.level >= needed else _too_low(actor, action, needed)


def sees(actor: Actor, room: Room) -> bool:
    """Tell whether the room is visible to the actor."""
    if actor.via is Via.HUB:
        return True
    if actor.rooms is not None and room.id not in actor.rooms:
        return False
    if _is_guest(actor):
        return room.guests is not Guests.NONE
    return room.access is Access.OPEN or actor.level >= Level.L4 or _is_in(actor, room)


def _is_in(actor: Actor, room: Room) -> bool:
    return actor.member is not None and actor.member.id in room.members


def _is_guest(actor: Actor) -> bool:
    return actor.member is None and actor.via is not Via.HUB


def _owns(actor: Actor, owner: str) -> bool:
    return actor.member is not None and actor.member.id == owner


def _guest(action: str, room: Room | None) -> Refusal | None:
    if room is not None and action == "read":
        return None
    if room is not None and action in _WRITES and room.guests is Guests.POST:
        return None
    return Refusal(
        status=403,
        code="guest",
        detail="Guests may not do this here. Join your account to a member with: /tieline iam",
    )


def _too_low(actor: Actor, action: str, needed: Level) -> Refusal:
    return Refusal(
        status=403,
        code="level_too_low",
        detail=f"'{action}' needs level L{int(needed)}, yours is L{int(actor.level)}.",
    )
