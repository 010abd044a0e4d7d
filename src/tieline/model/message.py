"""Messages: the current state that a room's events project to, and the pieces they are made of."""

from __future__ import annotations

from enum import StrEnum

from tieline.model.actions import Action
from tieline.model.attachments import Attached
from tieline.model.base import Value
from tieline.model.members import Member
from tieline.model.packet import Packet
from tieline.model.rooms import MessageType, Severity


class Format(StrEnum):
    """How ``text`` is to be read: CommonMark, or as it stands."""

    MARKDOWN = "markdown"
    PLAIN = "plain"


BOT = "bot"
"""Kind of an author who is another program on a platform, and no member."""


class Author(Value, omit_defaults=True, kw_only=True, frozen=True):
    """Who wrote, as it was when it was written. Who is no member has no handle, and kind ``guest`` or ``bot``."""

    handle: str | None
    kind: str
    display: str
    ai: str | None = None
    machine: str | None = None
    avatar: str | None = None

    @classmethod
    def of(cls, member: Member) -> Author:
        """The author value of a member."""
        return cls(
            handle=member.handle,
            kind=member.kind.value,
            display=member.display or member.handle,
            ai=member.ai,
            machine=member.machine,
        )


class Mention(Value, kw_only=True, frozen=True):
    """A member named in the text; offsets are code points, ``text[start:end].lower() == "@handle"``."""

    handle: str
    start: int
    end: int


class Reaction(Value, kw_only=True, frozen=True):
    """One emoji (a Unicode emoji, or ``:name:``) on a message and who set it: handles, or ``channel:native_id``."""

    emoji: str
    by: tuple[str, ...]
    at: tuple[str, ...] = ()
    """Where each of them set it: ``channel|conversation``, or empty for the hub's own ways in."""

    def from_elsewhere(self, place: str) -> bool:
        """Tell whether somebody set it anywhere but there."""
        return any(at != place for at in self.places)

    @property
    def places(self) -> tuple[str, ...]:
        """``at``, as long as ``by``."""
        return self.at + ("",) * (len(self.by) - len(self.at))


class Origin(Value, omit_defaults=True, kw_only=True, frozen=True):
    """Where a message was written; ``web`` is the channel of HTTP and the web socket."""

    channel: str
    conversation: str | None = None
    url: str | None = None


class Message(Value, kw_only=True, frozen=True):
    """A message of a room, as it is now."""

    id: str
    room_id: str
    seq: int
    type: MessageType
    text: str
    format: Format
    author: Author
    author_id: str | None
    """Member id of the author; None for a guest."""
    origin: Origin
    created_at: int
    thread: str | None = None
    reply_to: str | None = None
    mentions: tuple[Mention, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    severity: Severity | None = None
    project: str | None = None
    metadata: dict[str, object] = {}  # noqa: RUF012 - msgspec copies an empty default per value
    packet: Packet | None = None
    violations: tuple[str, ...] = ()
    """Codes of the violations of a text that was meant as a packet and is none (delivered all the same, law 8)."""
    attachments: tuple[Attached, ...] = ()
    actions: tuple[Action, ...] = ()
    hops: int = 0
    """Through how many hubs it has come, as its platform says."""
    streaming: bool = False
    """The text is growing still."""
    edited_at: int | None = None
    deleted_at: int | None = None
