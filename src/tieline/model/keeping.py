"""What is kept of the outside world's doubts and wishes: consent, what was not believed, what was sent today."""

from __future__ import annotations

from enum import StrEnum

from tieline.model.base import Value


class Consent(Value, kw_only=True, frozen=True):
    """Whether somebody wants to be written to on a channel; without a value they may be."""

    channel: str
    conversation: str
    wanted: bool
    word: str = ""
    at: int = 0


class KeptState(StrEnum):
    """What became of something that was kept aside."""

    KEPT = "kept"
    RELEASED = "released"
    DISCARDED = "discarded"


class Kept(Value, kw_only=True, frozen=True):
    """A message that was not posted: a forged sender, an unknown number. People decide; it is never answered."""

    id: str
    channel: str
    conversation: str
    native_id: str
    author: str
    """The name it gave itself."""
    author_native: str
    text: str
    reason: str
    room_id: str | None = None
    """Where it would have gone, where that is known."""
    thread: str | None = None
    """Message that it would have answered."""
    state: KeptState = KeptState.KEPT
    at: int = 0
    decided_by: str | None = None


class Original(Value, kw_only=True, frozen=True):
    """The text of a message as it came, where quotations and signatures were left out of it."""

    message_id: str
    text: str


class Usage(Value, kw_only=True, frozen=True):
    """How much went to one receiver of a channel in one UTC day (``2026-11-20``); an empty receiver: to all."""

    channel: str
    conversation: str
    day: str
    units: int = 0
    messages: int = 0
