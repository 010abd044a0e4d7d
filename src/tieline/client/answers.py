"""Pages and lists that the API answers, as the client reads them."""

from __future__ import annotations

import msgspec

from tieline.client.stream import Numbered
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
