"""Rooms and links."""

from __future__ import annotations

from enum import StrEnum

from tieline.model.base import ManagedBy, Value

AUTO = "auto"
"""The endpoint of a conversation that leaves the choice to the adapter."""


class Access(StrEnum):
    """Who may see a room."""

    OPEN = "open"
    MEMBERS = "members"


class Guests(StrEnum):
    """What an author without a member may do in a room."""

    POST = "post"
    READ = "read"
    NONE = "none"


class PacketMode(StrEnum):
    """What a room asks of packets."""

    NONE = "none"
    DETECT = "detect"
    REQUIRE_FROM_AGENTS = "require-from-agents"
    REQUIRE = "require"


class Direction(StrEnum):
    """Which way a link carries."""

    BOTH = "both"
    IN = "in"
    OUT = "out"


class Backlog(StrEnum):
    """How what waited during an outage is sent after it."""

    EACH = "each"
    DIGEST = "digest"


class MessageType(StrEnum):
    """Type of a message (seed 000)."""

    CHAT = "chat"
    SYNC = "sync"
    ALERT = "alert"
    HANDOFF = "handoff"
    QUESTION = "question"
    DECISION = "decision"


class Severity(StrEnum):
    """Severity of an alert, rising."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info, 2 for critical."""
        return tuple(Severity).index(self)


class Place(Value, kw_only=True, frozen=True):
    """Where in the configuration something is written."""

    file: str
    line: int


DIRECT_PREFIX = "dm_"
"""What the ids of private rooms of two begin with; the rest is made of the two members' ids."""


class Room(Value, kw_only=True, frozen=True):
    """The hub's own chatroom; its id is also the name of its event stream."""

    id: str
    name: str
    project: str | None = None
    title: str = ""
    access: Access = Access.OPEN
    members: tuple[str, ...] = ()
    """Member ids, where ``access`` is ``members``."""
    guests: Guests = Guests.POST
    packets: PacketMode = PacketMode.DETECT
    managed_by: ManagedBy = ManagedBy.API
    place: Place | None = None
    created_at: int = 0
    archived_at: int | None = None

    @property
    def is_direct(self) -> bool:
        """True for the private room of two members."""
        return self.id.startswith(DIRECT_PREFIX)


class Link(Value, kw_only=True, frozen=True):
    """Joins a room to a conversation of a channel, or to a member who is resolved through accounts on that channel."""

    id: str
    room_id: str
    channel: str
    conversation: str | None = None
    """The platform's own id of the conversation, opaque to the hub; None where ``member_id`` stands."""
    label: str = ""
    """What the person wrote: ``#dj-waste``."""
    member_id: str | None = None
    direction: Direction = Direction.BOTH
    carry: tuple[MessageType, ...] | None = None
    """Types it carries outwards; None: all."""
    min_severity: Severity | None = None
    via: str = AUTO
    """Which endpoint of the conversation (``as:`` in the configuration): ``auto``, or what the adapter offers."""
    backlog: Backlog = Backlog.EACH
    managed_by: ManagedBy = ManagedBy.API
    place: Place | None = None
    created_at: int = 0
    archived_at: int | None = None
