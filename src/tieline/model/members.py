"""Members, their accounts on channels, and their tokens; and the actor, which is who speaks (law 7)."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from tieline.model.base import ManagedBy, Value


class Level(IntEnum):
    """What a member may do: L1 reads; L2 posts and edits its own; L3 edits and retries others'; L4 administers."""

    L1 = 1
    L2 = 2
    L3 = 3
    L4 = 4


class MemberKind(StrEnum):
    """What a member is; ``ai`` and ``service`` texts are refused for being bad packets (law 8)."""

    HUMAN = "human"
    AI = "ai"
    SERVICE = "service"


class Member(Value, kw_only=True, frozen=True):
    """A person or an agent with a handle."""

    id: str
    handle: str
    kind: MemberKind
    level: Level = Level.L2
    display: str = ""
    ai: str | None = None
    machine: str | None = None
    specialities: tuple[str, ...] = ()
    managed_by: ManagedBy = ManagedBy.API
    created_at: int = 0
    archived_at: int | None = None


class Account(Value, kw_only=True, frozen=True):
    """A member's identity on a channel: ``native_id`` is the platform's (``U012AB3CD``, a number, an address)."""

    channel: str
    native_id: str
    member_id: str
    managed_by: ManagedBy = ManagedBy.API
    joined_at: int = 0
    direct: str | None = None
    """The direct conversation with the bot, once it is known."""


class Token(Value, kw_only=True, frozen=True):
    """A credential, kept as its SHA-256; ``level`` caps the member's; ``rooms`` (ids) limits it, None: all."""

    id: str
    member_id: str
    digest: str
    level: Level
    rooms: tuple[str, ...] | None = None
    label: str = ""
    created_at: int = 0
    expires_at: int | None = None
    revoked_at: int | None = None


class JoinCode(Value, kw_only=True, frozen=True):
    """A single-use code from ``/tieline iam``: sent from another channel it joins both accounts to one member."""

    code: str
    channel: str
    native_id: str
    display: str
    expires_at: int


class Via(StrEnum):
    """How a command came in."""

    HTTP = "http"
    WEBSOCKET = "websocket"
    CHANNEL = "channel"
    CLI = "cli"
    HUB = "hub"


class Actor(Value, kw_only=True, frozen=True):
    """Who issues a command, as the credential says (law 7). ``member`` is None for a guest or for the hub itself."""

    member: Member | None
    level: Level
    via: Via
    rooms: tuple[str, ...] | None = None
    """Rooms (ids) the credential is limited to; None: no limit."""


HUB = Actor(member=None, level=Level.L4, via=Via.HUB)
"""The hub itself: timers, lanes, reload."""
