"""Pages and lists that the API answers, as the client reads them."""

from __future__ import annotations

import msgspec

from tieline.client.stream import Numbered
from tieline.model.alerts import AlertState, ClimbState
from tieline.model.keeping import KeptState
from tieline.model.rooms import Severity
from tieline.model.shapes import (
    ChannelOut,
    DeliveryOut,
    FindingOut,
    LinkOut,
    MemberOut,
    PresenceOut,
    PreviewItem,
    RoomOut,
    TokenOut,
)


class EventPage(msgspec.Struct, kw_only=True, frozen=True):
    """Events of a room; ``next`` is the ``after`` of the next page."""

    items: tuple[Numbered, ...]
    next: int | None


class InboxPage(msgspec.Struct, kw_only=True, frozen=True):
    """What concerns me."""

    items: tuple[Numbered, ...]
    next: int | None


class Uploaded(msgspec.Struct, kw_only=True, frozen=True):
    """A file that was uploaded. ``size`` in bytes, ``sha256`` in hexadecimal; unused, it is forgotten at the end."""

    id: str
    name: str
    mime: str
    size: int
    sha256: str
    expires_at: str | None


class RoomPage(msgspec.Struct, kw_only=True, frozen=True):
    """Rooms by name."""

    items: tuple[RoomOut, ...]
    next: str | None


class LinkList(msgspec.Struct, kw_only=True, frozen=True):
    """A room's links."""

    items: tuple[LinkOut, ...]


class MemberPage(msgspec.Struct, kw_only=True, frozen=True):
    """Members by handle."""

    items: tuple[MemberOut, ...]
    next: str | None


class TokenPage(msgspec.Struct, kw_only=True, frozen=True):
    """Tokens by id."""

    items: tuple[TokenOut, ...]
    next: str | None


class ChannelList(msgspec.Struct, kw_only=True, frozen=True):
    """Channels by name."""

    items: tuple[ChannelOut, ...]


class FindingList(msgspec.Struct, kw_only=True, frozen=True):
    """What a channel's test found."""

    items: tuple[FindingOut, ...]


class DeliveryPage(msgspec.Struct, kw_only=True, frozen=True):
    """Deliveries by position."""

    items: tuple[DeliveryOut, ...]
    next: int | None


class PresenceList(msgspec.Struct, kw_only=True, frozen=True):
    """Who is connected."""

    items: tuple[PresenceOut, ...]


class PreviewList(msgspec.Struct, kw_only=True, frozen=True):
    """What every outward link would show."""

    items: tuple[PreviewItem, ...]


class ClimbAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """A member on the way up a ladder; ``reached`` says where they were written to, ``next_at`` when the next is."""

    member: str
    state: ClimbState
    reached: tuple[str, ...]
    next_at: str | None


class AlertAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """An alert. ``message`` shows it; ``by`` and ``via`` say who answered, and through which channel."""

    id: str
    room: str
    message: str
    summary: str
    details: str
    severity: Severity
    dedup: str
    source: str
    state: AlertState
    count: int
    by: str | None
    via: str | None
    answered_at: str | None
    closed_at: str | None
    created_at: str
    updated_at: str
    climbs: tuple[ClimbAnswer, ...] | msgspec.UnsetType = msgspec.UNSET
    """Only of one alert that was asked for by its id."""


class AlertPage(msgspec.Struct, kw_only=True, frozen=True):
    """Alerts by creation."""

    items: tuple[AlertAnswer, ...]
    next: int | None


class KeptAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """A message that was not posted, and why. ``author`` is the name it gave itself, ``room`` where it would go."""

    id: str
    channel: str
    conversation: str
    author: str
    author_native: str
    text: str
    reason: str
    room: str | None
    thread: str | None
    state: KeptState
    at: str
    decided_by: str | None


class KeptPage(msgspec.Struct, kw_only=True, frozen=True):
    """What is kept, by time."""

    items: tuple[KeptAnswer, ...]
    next: int | None


class OriginalAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """The text of a message as it came."""

    message: str
    text: str


class ReceiverAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """What went to one receiver."""

    conversation: str
    units: int
    messages: int


class UsageAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """What went out on a channel in one UTC day, in the channel's units, most first."""

    channel: str
    day: str
    units: int
    messages: int
    receivers: tuple[ReceiverAnswer, ...]
