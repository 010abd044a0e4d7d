"""Every write is a command. These are the values; deciders give them meaning.

A command says who issues it (``actor``, from the credential) and may carry an idempotency key. Fields are the
caller's words: rooms by name, members by handle; the decider resolves and refuses.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from tieline.model.alerts import AlertState
from tieline.model.attachments import FileState
from tieline.model.base import Value
from tieline.model.channels import Trait
from tieline.model.delivery import Degradation, DeliveryState, Fault, Frame
from tieline.model.inbound import InboundEvent
from tieline.model.keeping import KeptState
from tieline.model.members import HUB, Actor, Level, Member, MemberKind, Token
from tieline.model.message import Format
from tieline.model.policies import PolicySet
from tieline.model.rooms import AUTO, Access, Backlog, Direction, Guests, MessageType, PacketMode, Severity


class Identity(Value, kw_only=True, frozen=True):
    """What makes a repeat harmless: ``key`` is unique in the database for at least seven days.

    The same key with another ``fingerprint`` is a conflict (409 ``idempotency_mismatch``).
    """

    key: str
    fingerprint: str = ""


class Command(Value, kw_only=True, frozen=True):
    """Base of all commands."""

    actor: Actor = HUB

    def identity(self) -> Identity | None:
        """Key under which a repeat is recognised; None: every call counts."""
        return None


class KeyedCommand(Command, kw_only=True, frozen=True):
    """A command of the API that a caller may repeat with ``client_id`` (``Idempotency-Key``)."""

    client_id: str | None = None

    def identity(self) -> Identity | None:
        """Scope the caller's key to member and operation."""
        if self.client_id is None:
            return None
        who = self.actor.member.id if self.actor.member else "hub"
        body = msgspec.json.encode(msgspec.structs.replace(self, actor=HUB, client_id=None))
        return Identity(
            key=f"{type(self).__name__}:{who}:{self.client_id}",
            fingerprint=hashlib.blake2b(body, digest_size=12).hexdigest(),
        )


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class AttachmentUse(Value, omit_defaults=True, kw_only=True, frozen=True):
    """An uploaded attachment that a post carries, and what it shows to those who cannot see it."""

    id: str
    alt: str = ""


class PostMessage(KeyedCommand, kw_only=True, frozen=True):
    """Post to a room. Answers the :class:`~tieline.model.message.Message`."""

    room: str
    text: str
    type: MessageType = MessageType.CHAT
    format: Format = Format.MARKDOWN
    thread: str | None = None
    reply_to: str | None = None
    mentions: tuple[str, ...] = ()
    """Handles to mention beside those named in the text."""
    severity: Severity | None = None
    project: str | None = None
    metadata: dict[str, object] = {}  # noqa: RUF012 - msgspec copies an empty default per value
    attachments: tuple[AttachmentUse, ...] = ()
    streaming: bool = False
    """The text grows by edits until one says that it does not."""


class PostDirect(PostMessage, kw_only=True, frozen=True):
    """Post to a member: to the private room of the two, which is made if need be. ``room`` is not looked at."""

    room: str = ""
    to: str
    """Handle."""


class EditMessage(KeyedCommand, kw_only=True, frozen=True):
    """Change a message's text: its author, or L3. Answers the Message."""

    message_id: str
    text: str
    streaming: bool = False
    """More will come."""


class DeleteMessage(KeyedCommand, kw_only=True, frozen=True):
    """Make a message a tombstone: its author, or L3. Answers the Message. Repeating it changes nothing."""

    message_id: str


class React(Command, kw_only=True, frozen=True):
    """Set (``on``) or take back a reaction. Idempotent. Answers the Message."""

    message_id: str
    emoji: str
    on: bool = True


NOT_YET: Final = "not_yet"
"""Code of the refusal of an event that may be understood a moment later."""


class ReceiveEvent(Command, kw_only=True, frozen=True):
    """What an adapter reports. Answers a :class:`~tieline.model.inbound.Receipt`.

    An event that names an unknown native message is refused with :data:`NOT_YET`, unless it is ``final``: it may be one
    that is being sent.
    """

    channel: str
    event: InboundEvent
    final: bool = False


class SaveCursor(Command, kw_only=True, frozen=True):
    """Remember how far a channel's conversation was read (the supervisor's catch-up). Answers the Cursor."""

    channel: str
    conversation: str
    cursor: str


class SetInboxCursor(Command, kw_only=True, frozen=True):
    """Remember how far the actor has read the inbox."""

    after: int


# ── attachments ──────────────────────────────────────────────────────────────────────────────────────────────────────


class CreateAttachment(Command, kw_only=True, frozen=True):
    """Begin an upload. L2. Answers the :class:`~tieline.model.attachments.Attachment`, ``receiving``.

    ``keep`` is how long nobody may use it, milliseconds.
    """

    name: str
    mime: str
    keep: int


class FinishAttachment(Command, kw_only=True, frozen=True):
    """The bytes are in the file store (``ready``), or will not come (``failed``). Answers the Attachment."""

    attachment_id: str
    state: FileState
    size: int | None = None
    sha256: str | None = None
    mime: str | None = None
    """What it really is, where that was found out."""
    detail: str = ""


class ForgetAttachments(Command, kw_only=True, frozen=True):
    """Drop attachments whose bytes are gone. Answers how many."""

    attachment_ids: tuple[str, ...]


# ── alerts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class RaiseAlert(KeyedCommand, kw_only=True, frozen=True):
    """Raise an alert in a room, or to a member. Answers the :class:`~tieline.model.alerts.Alert`.

    While one with the same ``dedup`` is open there, it only counts one more.
    """

    room: str = ""
    to: str = ""
    """Handle, where there is no room."""
    summary: str
    details: str = ""
    severity: Severity = Severity.WARNING
    dedup: str = ""
    source: str = ""


class AnswerAlert(Command, kw_only=True, frozen=True):
    """Acknowledge or close an alert, by id or by room and ``dedup``. Answers the Alert; a repeat changes nothing."""

    alert_id: str = ""
    room: str = ""
    dedup: str = ""
    state: AlertState


class ClimbOn(Command, kw_only=True, frozen=True):
    """A climb's deadline has come: the next rung. A late or repeated one changes nothing."""

    climb_id: str
    rung: int


class DecideKept(Command, kw_only=True, frozen=True):
    """Release a message that was kept aside into a room, or discard it. L3. Answers the Kept."""

    kept_id: str
    state: KeptState
    room: str | None = None
    """Where to, if that was not known."""


# ── directory ────────────────────────────────────────────────────────────────────────────────────────────────────────


class CreateMember(KeyedCommand, kw_only=True, frozen=True):
    """Create a member. L4. Answers the Member."""

    handle: str
    kind: MemberKind
    level: Level = Level.L2
    display: str = ""
    ai: str | None = None
    machine: str | None = None
    specialities: tuple[str, ...] = ()
    accounts: dict[str, str] = {}  # noqa: RUF012 - msgspec copies an empty default per value


class UpdateMember(Command, kw_only=True, frozen=True):
    """Change a member. L4. UNSET fields stay; ``accounts`` with an empty id removes that one."""

    handle: str
    kind: MemberKind | msgspec.UnsetType = msgspec.UNSET
    level: Level | msgspec.UnsetType = msgspec.UNSET
    display: str | msgspec.UnsetType = msgspec.UNSET
    ai: str | msgspec.UnsetType | None = msgspec.UNSET
    machine: str | msgspec.UnsetType | None = msgspec.UNSET
    specialities: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    accounts: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


class ArchiveMember(Command, kw_only=True, frozen=True):
    """Archive a member: tokens stop working, history stays. L4."""

    handle: str


class CreateToken(KeyedCommand, kw_only=True, frozen=True):
    """Store a token by its digest; the secret itself never enters a command. L4, or for oneself below one's level."""

    handle: str
    digest: str
    level: Level
    rooms: tuple[str, ...] | None = None
    """Room names."""
    label: str = ""
    expires_at: int | None = None


class RevokeToken(Command, kw_only=True, frozen=True):
    """Revoke a token; its connections close within a second. L4, or one's own."""

    token_id: str


TAKEN_IN: Final = ("", "tieline:taken-in")
"""Channel and conversation of the cursor with the last mark that was taken in; no channel has an empty name."""


class TakeInBeside(Command, kw_only=True, frozen=True):
    """Take in members and tokens that were written beside the hub (``tieline token``). Answers how many were new.

    ``mark`` is put into the cursor :data:`TAKEN_IN`, so that who wrote them knows.
    """

    mark: str
    members: tuple[Member, ...] = ()
    tokens: tuple[Token, ...] = ()


class CreateRoom(KeyedCommand, kw_only=True, frozen=True):
    """Create a room. L3. Answers the Room."""

    name: str
    project: str | None = None
    title: str = ""
    access: Access = Access.OPEN
    members: tuple[str, ...] = ()
    """Handles."""
    guests: Guests = Guests.POST
    packets: PacketMode = PacketMode.DETECT


class UpdateRoom(Command, kw_only=True, frozen=True):
    """Change a room. L3. UNSET fields stay."""

    room: str
    project: str | msgspec.UnsetType | None = msgspec.UNSET
    title: str | msgspec.UnsetType = msgspec.UNSET
    access: Access | msgspec.UnsetType = msgspec.UNSET
    members: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    guests: Guests | msgspec.UnsetType = msgspec.UNSET
    packets: PacketMode | msgspec.UnsetType = msgspec.UNSET


class ArchiveRoom(Command, kw_only=True, frozen=True):
    """Archive a room: it takes no more posts, its links stop, history stays. L4."""

    room: str


class CreateLink(KeyedCommand, kw_only=True, frozen=True):
    """Link a room to a conversation or a member. L4. Answers the Link."""

    room: str
    channel: str
    conversation: str | None = None
    label: str = ""
    member: str | None = None
    """Handle."""
    direction: Direction = Direction.BOTH
    carry: tuple[MessageType, ...] | None = None
    min_severity: Severity | None = None
    via: str = AUTO
    backlog: Backlog = Backlog.EACH


class UpdateLink(Command, kw_only=True, frozen=True):
    """Change a link. L4. UNSET fields stay."""

    link_id: str
    direction: Direction | msgspec.UnsetType = msgspec.UNSET
    carry: tuple[MessageType, ...] | msgspec.UnsetType | None = msgspec.UNSET
    min_severity: Severity | msgspec.UnsetType | None = msgspec.UNSET
    backlog: Backlog | msgspec.UnsetType = msgspec.UNSET


class RemoveLink(Command, kw_only=True, frozen=True):
    """Remove a link: it stops at once; what waits in its lane expires, visibly. L4."""

    link_id: str


class MemberSpec(Value, kw_only=True, frozen=True):
    """A member as the configuration wants it."""

    handle: str
    kind: MemberKind
    level: Level
    display: str = ""
    ai: str | None = None
    machine: str | None = None
    specialities: tuple[str, ...] = ()
    accounts: dict[str, str] = {}  # noqa: RUF012 - msgspec copies an empty default per value


class LinkSpec(Value, kw_only=True, frozen=True):
    """A link as the configuration wants it; ``conversation`` is already the platform's id."""

    channel: str
    line: int
    conversation: str | None = None
    label: str = ""
    member: str | None = None
    direction: Direction = Direction.BOTH
    carry: tuple[MessageType, ...] | None = None
    min_severity: Severity | None = None
    via: str = AUTO
    backlog: Backlog = Backlog.EACH


class RoomSpec(Value, kw_only=True, frozen=True):
    """A room as the configuration wants it."""

    name: str
    line: int
    project: str | None = None
    title: str = ""
    access: Access = Access.OPEN
    members: tuple[str, ...] = ()
    guests: Guests = Guests.POST
    packets: PacketMode = PacketMode.DETECT
    links: tuple[LinkSpec, ...] = ()


class ApplyConfig(Command, kw_only=True, frozen=True):
    """Make the config-owned members, rooms and links as the file says; only the difference is written.

    Answers a tuple of lines that say what was changed. Removal archives, never deletes.
    """

    file: str
    members: tuple[MemberSpec, ...] = ()
    rooms: tuple[RoomSpec, ...] = ()
    policies: PolicySet = PolicySet()


# ── deliveries, by lanes and by people ───────────────────────────────────────────────────────────────────────────────


class StartDelivery(Command, kw_only=True, frozen=True):
    """A lane is about to send: state ``sending`` and the rendered frames, durable before the effect."""

    delivery_id: str
    frames: tuple[Frame, ...]
    fingerprint: str
    degradations: tuple[Degradation, ...] = ()
    epoch: int = 0
    """Of the channel's record when the lane began; another one now: 409 ``stale_epoch``."""


class SentPart(Value, kw_only=True, frozen=True):
    """A native message that a send made."""

    native_id: str
    index: int = 0
    thread_native: str | None = None
    url: str | None = None


class FinishDelivery(Command, kw_only=True, frozen=True):
    """A lane reports what became of an attempt.

    ``state`` is ``sent``, ``queued`` (again, at ``next_at``), ``uncertain``, ``held``, ``failed`` or ``expired``; or
    ``sending``: the ``parts`` are out and more follow, so that a crash resumes behind them.
    """

    delivery_id: str
    state: DeliveryState
    parts: tuple[SentPart, ...] = ()
    next_at: int = 0
    fault: Fault | None = None
    counts_attempt: bool = True
    degradations: tuple[Degradation, ...] = ()
    epoch: int = 0


class DigestLane(Command, kw_only=True, frozen=True):
    """Send one digest of what waited in a lane. Answers how many messages are in it; 0: nothing was changed."""

    lane: str
    bundle: bool = False
    """Everything that waits, however short it waited."""
    whole: bool = False
    """A bundle with a line for each; what wants somebody goes by itself."""
    epoch: int = 0


class RetryDelivery(Command, kw_only=True, frozen=True):
    """Try a dead letter or a held one again, late and marked. L3."""

    delivery_id: str


class DiscardDelivery(Command, kw_only=True, frozen=True):
    """Give a waiting or failed delivery up: it ends as ``expired`` with reason ``discarded``. L3."""

    delivery_id: str


class PauseChannel(Command, kw_only=True, frozen=True):
    """Stop sending on a channel until resumed; what waits is shown. L4."""

    channel: str
    paused: bool = True


class ForgetIdentities(Command, kw_only=True, frozen=True):
    """Drop idempotency keys that are older than ``before`` (milliseconds; at least seven days ago)."""

    before: int


class ResolveLink(Command, kw_only=True, frozen=True):
    """The platform told a link's conversation id: what waits for it moves to the right lane."""

    link_id: str
    conversation: str
    label: str = ""


class RegisterChannel(Command, kw_only=True, frozen=True):
    """A configured channel starts: its durable record exists; ``bump`` begins a new epoch (once per start of a hub)."""

    name: str
    adapter: str
    traits: tuple[Trait, ...] = ()
    own: str | None = None
    bump: bool = False


class LearnDirect(Command, kw_only=True, frozen=True):
    """The platform told which conversation is the direct one with an account: what waits for it moves there."""

    channel: str
    native_id: str
    conversation: str
