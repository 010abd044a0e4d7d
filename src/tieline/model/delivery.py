"""Deliveries, their parts, and what was sent in them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tieline.model.actions import Action
from tieline.model.base import Value
from tieline.model.capabilities import Support
from tieline.model.rooms import AUTO


class Operation(StrEnum):
    """What a delivery does on its channel."""

    SEND = "send"
    EDIT = "edit"
    DELETE = "delete"
    REACT = "react"
    UNREACT = "unreact"
    NOTICE = "notice"
    """A line from the hub to one author, where it was written (a verdict, an answer); never a room event."""


class DeliveryState(StrEnum):
    """State of a delivery; ``failed`` is a dead letter, ``held`` waits for a person."""

    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    HELD = "held"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    EXPIRED = "expired"

    @property
    def is_open(self) -> bool:
        """True while it still wants work (it stands in its lane)."""
        return self in _OPEN

    @property
    def is_final(self) -> bool:
        """True where nothing more is done by itself."""
        return not self.is_open


_OPEN = frozenset({DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNCERTAIN, DeliveryState.HELD})


class Endpoint(Value, kw_only=True, frozen=True):
    """A conversation as used by a link: the same conversation through another ``via`` is another endpoint."""

    channel: str
    conversation: str
    via: str = AUTO

    @property
    def lane(self) -> str:
        """Name of the endpoint's lane."""
        return f"{self.channel}|{self.conversation}|{self.via}"


UNRESOLVED: Final = "direct:"
"""Begins the conversation of what waits until the platform has told which one is direct with a person."""


def unresolved_direct(native_id: str) -> str:
    """The conversation of what waits for a person's direct one to be known."""
    return f"{UNRESOLVED}{native_id}"


class Degradation(Value, kw_only=True, frozen=True):
    """Something an endpoint could not show, and what was shown instead."""

    feature: str
    level: Support
    detail: str


class FrameFile(Value, omit_defaults=True, kw_only=True, frozen=True):
    """A file that goes with a frame. ``size`` in bytes. ``id`` empty: the whole text of the message, as Markdown."""

    id: str
    name: str
    mime: str
    size: int
    alt: str = ""


class Frame(Value, omit_defaults=True, kw_only=True, frozen=True):
    """One part as planned: text in the endpoint's dialect, measured in the endpoint's unit.

    ``text`` is empty only where there are files.
    """

    text: str
    index: int
    total: int
    units: int
    files: tuple[FrameFile, ...] = ()
    actions: tuple[Action, ...] = ()
    """Buttons, where the endpoint has them."""


class Fault(Value, kw_only=True, frozen=True):
    """Why a delivery waits or ended badly: a stable code, what happened, what a person can do."""

    code: str
    detail: str = ""
    fix: str = ""


class Delivery(Value, kw_only=True, frozen=True):
    """One room event on its way to one link (or a notice on its way to one conversation)."""

    id: str
    position: int
    """Place in the hub-wide order of deliveries; a lane works in rising position."""
    operation: Operation
    room_id: str
    message_id: str
    seq: int
    """Sequence of the room event that caused it."""
    link_id: str | None
    channel: str
    conversation: str
    via: str
    lane: str
    state: DeliveryState = DeliveryState.QUEUED
    attempts: int = 0
    next_at: int = 0
    """Not before this time (milliseconds)."""
    fault: Fault | None = None
    frames: tuple[Frame, ...] | None = None
    """Rendered before the first attempt and kept; None until then."""
    fingerprint: str | None = None
    """Of the capabilities the frames were rendered for."""
    sent: int = 0
    """How many frames are sent; a retry resumes at the first unsent one."""
    degradations: tuple[Degradation, ...] = ()
    emoji: str | None = None
    text: str | None = None
    """Text of a notice, CommonMark."""
    notice_for: str | None = None
    """Native id of the person a notice is for."""
    code: str | None = None
    """What the receiver answers with, where answers are words."""
    late: bool = False
    """A retried dead letter: goes out marked as late."""
    epoch: int = 0
    """Epoch of the hub that works the lane; every write of a lane checks it."""
    created_at: int = 0
    updated_at: int = 0

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint it goes to."""
        return Endpoint(channel=self.channel, conversation=self.conversation, via=self.via)


class PartDirection(StrEnum):
    """Whether a native message was written by people on the platform, or sent by us."""

    IN = "in"
    OUT = "out"


class Part(Value, kw_only=True, frozen=True):
    """One native message on a platform, in the durable identity map."""

    channel: str
    conversation: str
    native_id: str
    message_id: str
    room_id: str
    direction: PartDirection
    via: str = AUTO
    delivery_id: str | None = None
    index: int = 0
    thread_native: str | None = None
    author_native: str | None = None
    """Who wrote it on the platform, where direction is ``in``: only they edit or delete it from there."""
    url: str | None = None
    created_at: int = 0


class Cursor(Value, kw_only=True, frozen=True):
    """How far a conversation's history was read."""

    channel: str
    conversation: str
    cursor: str
    updated_at: int = 0


class InboxCursor(Value, kw_only=True, frozen=True):
    """How far a member has read the inbox: the last number of the inbox stream that was seen."""

    member_id: str
    after: int
    updated_at: int = 0
