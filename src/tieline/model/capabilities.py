"""What an endpoint can show and do, as levels with limits.

A :class:`Capabilities` value belongs to an *endpoint* (a Discord webhook is not the bot), is read synchronously from
the adapter's cache, and every declared level is proved by the conformance kit (:mod:`tieline.testing`).
"""

from __future__ import annotations

import hashlib
from enum import IntEnum, StrEnum

import msgspec

from tieline.model.base import Value


class Support(IntEnum):
    """How well a feature is shown: from refused to whole."""

    REJECTED = 0
    DROPPED = 1
    FALLBACK = 2
    PARTIAL = 3
    FULL = 4


class TextUnit(StrEnum):
    """What a limit of text counts."""

    CHARACTERS = "characters"
    UTF16 = "utf16"
    BYTES = "bytes"
    SEGMENTS = "segments"


class Overflow(StrEnum):
    """What becomes of a text that is over the limit."""

    SPLIT = "split"
    ATTACH = "attach"
    TRUNCATE = "truncate"


class TextLimit(Value, kw_only=True, frozen=True):
    """Limit of one part's text, measured after rendering."""

    max: int
    unit: TextUnit = TextUnit.CHARACTERS
    overflow: Overflow = Overflow.SPLIT
    max_parts: int = 20
    """More parts than this and the rest is cut, and says so."""


class Timed(Value, kw_only=True, frozen=True):
    """A feature that may be limited to own messages and to an age in seconds."""

    level: Support = Support.REJECTED
    own_only: bool = True
    max_age: int | None = None


class ReactionSupport(Value, kw_only=True, frozen=True):
    """Reactions; ``as_bot``: all people's reactions are shown as one of the bot's."""

    level: Support = Support.REJECTED
    as_bot: bool = True


class AttachmentSupport(Value, kw_only=True, frozen=True):
    """Attachments; ``max_size`` in bytes; ``by_mime`` limits types, None: any."""

    level: Support = Support.REJECTED
    by_mime: tuple[str, ...] | None = None
    max_size: int | None = None
    needs_public_url: bool = False
    with_text: bool = False
    """Files stand in the same native message as text; else in one of their own behind it."""
    per_message: int = 1
    """How many files one native message holds."""


class IdentitySupport(Value, kw_only=True, frozen=True):
    """The author's own name (and picture) on a part; FALLBACK: the name stands in the text."""

    level: Support = Support.FALLBACK
    name_max: int | None = None
    avatar: bool = False


class MentionSupport(Value, kw_only=True, frozen=True):
    """Mentions by the platform's id; ``broadcast`` stays REJECTED: no text pings everyone (law 6)."""

    by_id: Support = Support.REJECTED
    broadcast: Support = Support.REJECTED


class RateLimit(Value, kw_only=True, frozen=True):
    """How many calls a conversation takes: ``per_second`` on the long run, ``burst`` at once. The lane paces itself."""

    per_second: float
    burst: int = 1


class Budget(Value, kw_only=True, frozen=True):
    """How many units may go out in a UTC day, in all and to one receiver; None: no bound."""

    per_day: int | None = None
    per_receiver: int | None = None


class Bundle(Value, kw_only=True, frozen=True):
    """From ``fewest`` messages that wait for one receiver on, they are gathered for ``within`` seconds into one."""

    fewest: int = 4
    within: float = 30.0
    whole: bool = False
    """A line for each, and alerts, handoffs and mentions by themselves; else one short line for all."""


class Receipts(Value, kw_only=True, frozen=True):
    """Which receipts the platform gives."""

    accepted: bool = True
    delivered: bool = False
    read: bool = False


class Capabilities(Value, kw_only=True, frozen=True):
    """Capabilities of one endpoint."""

    text: TextLimit
    dialect: str = "plain"
    """Name of the dialect its text is written in: ``commonmark``, ``slack``, ``plain``, or an adapter's own."""
    rich_text: Support = Support.FALLBACK
    code_block: Support = Support.FALLBACK
    table: Support = Support.FALLBACK
    link: Support = Support.FALLBACK
    thread: Support = Support.REJECTED
    reply: Support = Support.FALLBACK
    references: bool = False
    """What is sent names all that it follows (e-mail)."""
    edit: Timed = Timed()
    delete: Timed = Timed()
    reaction: ReactionSupport = ReactionSupport()
    attachment: AttachmentSupport = AttachmentSupport()
    identity: IdentitySupport = IdentitySupport()
    mention: MentionSupport = MentionSupport()
    typing: Support = Support.REJECTED
    receipts: Receipts = Receipts()
    inbound_edit: bool = False
    inbound_delete: bool = False
    inbound_reaction: bool = False
    history: bool = False
    idempotent_send: bool = False
    lookup: bool = False
    """An uncertain send can be looked up (class B of the delivery promises)."""
    inbound_attachment: bool = False
    buttons: Support = Support.REJECTED
    streaming: Support = Support.REJECTED
    """A text that grows is shown growing; elsewhere each change is an edit."""
    direct: Support = Support.REJECTED
    """Members can be written to by themselves."""
    cost_unit: str | None = None
    budget: Budget | None = None
    bundle: Bundle | None = None
    price: float | None = None
    """Of one unit, in ``currency``."""
    currency: str = ""
    rate: RateLimit | None = None
    """Pace of one conversation; None: as fast as the platform answers."""

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change when any level or limit does."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:12]

    @property
    def supports_threads(self) -> bool:
        """The seeds' boolean."""
        return self.thread >= Support.PARTIAL

    @property
    def supports_reactions(self) -> bool:
        """The seeds' boolean."""
        return self.reaction.level >= Support.PARTIAL

    @property
    def supports_attachments(self) -> bool:
        """The seeds' boolean."""
        return self.attachment.level >= Support.PARTIAL

    @property
    def supports_rich_text(self) -> bool:
        """The seeds' boolean."""
        return self.rich_text >= Support.PARTIAL

    @property
    def max_message_length(self) -> int:
        """The seeds' number."""
        return self.text.max
