"""Events: what happens, in gapless numbered streams.

A stream is a room (named by its id), a member's inbox (``@`` and the member id) or, later, a project. An event is
immutable; its ``body`` is the JSON that readers get, encoded once: an object without ``type``, ``room``/``stream`` and
``seq``, which the reader's frame puts in front. The only change ever made to a stored body is the removal of the text
of a message that was deleted.
"""

from __future__ import annotations

from enum import StrEnum

from tieline.model.base import Value


class EventKind(StrEnum):
    """Kind of an event, and ``type`` of the frame that carries it."""

    MESSAGE = "message"
    EDIT = "edit"
    DELETE = "delete"
    REACTION = "reaction"
    ATTACHMENT = "attachment"
    STATE_UPDATE = "state_update"
    INBOX = "inbox"


class Event(Value, kw_only=True, frozen=True):
    """One event of a stream; ``seq`` starts at 1 and has no gap."""

    stream: str
    seq: int
    kind: EventKind
    at: int
    message_id: str | None
    body: bytes


def inbox_stream(member_id: str) -> str:
    """Name of a member's inbox stream."""
    return f"@{member_id}"
