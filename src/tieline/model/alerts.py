"""Alerts, and the climbs that bring them (and later handoffs) to people until somebody answers."""

from __future__ import annotations

from enum import StrEnum

from tieline.model.base import Value
from tieline.model.rooms import Severity


class AlertState(StrEnum):
    """State of an alert; it only moves to the right."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"

    @property
    def rank(self) -> int:
        """0 for open."""
        return tuple(AlertState).index(self)


class Alert(Value, kw_only=True, frozen=True):
    """Something that wants a person. Its message shows its state, on every channel."""

    id: str
    room_id: str
    message_id: str
    summary: str
    severity: Severity
    details: str = ""
    dedup_key: str = ""
    """Room and key of a source's own: while it stands here, another of it only counts. Empty once closed."""
    source: str = ""
    """What raised it: a handle, or the name of a hook."""
    state: AlertState = AlertState.OPEN
    count: int = 1
    by: str | None = None
    """Who acknowledged (or closed) it first: a handle, or ``channel:native_id``."""
    via: str | None = None
    """The channel of that answer."""
    answered_at: int | None = None
    closed_at: int | None = None
    created_at: int = 0
    updated_at: int = 0


class ClimbState(StrEnum):
    """State of a climb."""

    CLIMBING = "climbing"
    ANSWERED = "answered"
    EXHAUSTED = "exhausted"


class Climb(Value, kw_only=True, frozen=True):
    """One member on the way up a ladder, until somebody answers. Its deadline is in the database."""

    id: str
    subject: str
    """Id of the alert (or handoff) it is for."""
    message_id: str
    member_id: str
    rung: int = 0
    """The rung that is reached when ``due_at`` comes."""
    due_at: int = 0
    state: ClimbState = ClimbState.CLIMBING
    reached: tuple[str, ...] = ()
    """Where the member was written to, for people: ``phones``."""
    turn: int = 0
    """Place in the list of those on call; 0 for the first."""
    created_at: int = 0
    updated_at: int = 0


class ReplyCode(Value, kw_only=True, frozen=True):
    """A short code that means one thing to one receiver, where answers are words."""

    channel: str
    conversation: str
    code: str
    message_id: str
    given_at: int = 0
