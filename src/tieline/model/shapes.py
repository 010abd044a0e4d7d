"""The JSON shapes of the outside: what callers send and what they are answered, over HTTP and the web socket.

One definition for the API, its OpenAPI document, the web socket and the Python client. Requests refuse unknown fields
(422); answers may grow, and clients ignore what they don't know. Times are RFC 3339 strings here, milliseconds inside.
Not here: how an answer is written (:mod:`tieline.render.wire`), and what a request means (the deciders).
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from tieline.model.actions import Action
from tieline.model.attachments import Attached
from tieline.model.base import NAME_PATTERN, Value
from tieline.model.capabilities import Support
from tieline.model.commands import AttachmentUse, PostMessage
from tieline.model.members import Actor, MemberKind
from tieline.model.message import Author, Format, Mention, Origin, Reaction
from tieline.model.outcome import Refusal
from tieline.model.packet import Packet, Violation
from tieline.model.rooms import AUTO, Access, Backlog, Direction, Guests, MessageType, PacketMode, Severity

MAX_TEXT: Final = 400_000
"""Longest text of a message, in code points."""
MAX_METADATA: Final = 16_384
"""Largest metadata of a message, in bytes of JSON."""
MAX_BATCH: Final = 500
MAX_SEQ: Final = 2**53 - 1
"""Largest number JSON readers agree on."""

_NO_NUL: Final = r"^[^\x00]*$"
"""PostgreSQL's text takes no NUL."""
Name = Annotated[str, Meta(pattern=f"^{NAME_PATTERN}$", description="Room name or handle.")]
Handle = Annotated[str, Meta(min_length=1, max_length=64, pattern=_NO_NUL)]
Short = Annotated[str, Meta(max_length=200, pattern=_NO_NUL)]
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=_NO_NUL)]
Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
Key = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=r"^[\x20-\x7e]+$",
        description="Printable ASCII. Repeat it, and the first answer is given again.",
    ),
]
Native = Annotated[str, Meta(min_length=1, max_length=400, pattern=_NO_NUL)]
Seq = Annotated[int, Meta(ge=0, le=MAX_SEQ)]
LevelName = Literal["L1", "L2", "L3", "L4"]
Handles = Annotated[tuple[Handle, ...], Meta(max_length=500)]


class Request(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Base of what callers send: unknown fields are refused."""


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class AttachmentRef(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An uploaded file, and what is shown to those who cannot see it."""

    id: Id
    alt: Short | None = None


class PostFields(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a post says over HTTP and over the web socket alike. Who speaks is decided by the credential (law 7)."""

    text: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    """May be empty only where there are attachments."""
    format: Format = Format.MARKDOWN
    thread: Id | None = None
    reply_to: Id | None = None
    mentions: Annotated[tuple[Handle, ...], Meta(max_length=100)] = ()
    severity: Severity | None = None
    project: Short | None = None
    metadata: dict[str, object] = {}
    attachments: Annotated[tuple[AttachmentRef, ...], Meta(max_length=20)] = ()
    streaming: bool = False
    """The text grows by edits; ``PATCH`` with ``streaming: false`` ends it."""
    client_id: Key | None = None

    def asked(self, actor: Actor, room: str, kind: MessageType) -> PostMessage | Refusal:
        """The command it asks for; refuses what this hub cannot keep."""
        if self.metadata and (refusal := metadata_refusal(self.metadata)) is not None:
            return refusal
        return PostMessage(
            actor=actor,
            client_id=self.client_id,
            room=room,
            text=self.text,
            type=kind,
            format=self.format,
            thread=self.thread,
            reply_to=self.reply_to,
            mentions=self.mentions,
            severity=self.severity,
            project=self.project,
            metadata=self.metadata,
            attachments=tuple(AttachmentUse(id=ref.id, alt=ref.alt or "") for ref in self.attachments),
            streaming=self.streaming,
        )


class PostBody(PostFields, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A message to post."""

    type: MessageType = MessageType.CHAT

    def command(self, actor: Actor, room: str) -> PostMessage | Refusal:
        """The command it asks for."""
        return self.asked(actor, room, self.type)


class PostFrame(PostFields, tag="post", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A message to post over the web socket, where ``type`` says what a frame is; ``ref`` comes back in the answer."""

    room: Handle
    message_type: MessageType = MessageType.CHAT
    ref: Annotated[str, Meta(max_length=200)] | int | None = None

    def command(self, actor: Actor) -> PostMessage | Refusal:
        """The command it asks for."""
        return self.asked(actor, self.room, self.message_type)


def nul_refusal(raw: bytes) -> Refusal | None:
    """Refuse text with a NUL character, which PostgreSQL cannot keep. ``raw`` is valid JSON."""
    if b"\\u0000" in raw and _has_nul(msgspec.json.decode(raw)):
        return Refusal(status=422, code="invalid_body", detail="$: texts hold no NUL character (\\u0000).")
    return None


def _has_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(_has_nul(item) for item in value)
        case dict():
            return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
        case _:
            return False


def metadata_refusal(metadata: dict[str, object]) -> Refusal | None:
    """Refuse metadata that is too large, or holds numbers that JSON readers don't agree on."""
    try:
        size = len(msgspec.json.encode(metadata))
    except (OverflowError, RecursionError, ValueError):
        return _bad_metadata("holds a number of more than 64 bits, or is nested too deeply; send it as a string")
    return _bad_metadata(f"is {size} bytes of JSON, at most {MAX_METADATA} are kept") if size > MAX_METADATA else None


def _bad_metadata(why: str) -> Refusal:
    return Refusal(status=422, code="invalid_body", detail=f"$.metadata: {why}.")


class BatchBody(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Several messages for one room; each is decided by itself, in order."""

    messages: Annotated[
        tuple[msgspec.Raw, ...],
        Meta(
            min_length=1,
            max_length=MAX_BATCH,
            extra_json_schema={"items": {"$ref": "#/components/schemas/PostBody"}},
        ),
    ]


class EditRequest(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The new text of a message."""

    text: Annotated[str, Meta(max_length=MAX_TEXT)]
    streaming: bool = False
    """More will come."""
    client_id: Key | None = None


class RoomBody(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A room to create."""

    name: Name
    project: Short | None = None
    title: Short = ""
    access: Access = Access.OPEN
    members: Handles = ()
    guests: Guests = Guests.POST
    packets: PacketMode = PacketMode.DETECT
    client_id: Key | None = None


class RoomPatch(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to change of a room; what is not named stays."""

    project: Short | UnsetType | None = UNSET
    title: Short | UnsetType = UNSET
    access: Access | UnsetType = UNSET
    members: Handles | UnsetType = UNSET
    guests: Guests | UnsetType = UNSET
    packets: PacketMode | UnsetType = UNSET


class LinkBody(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A link to make: to a ``conversation`` of the channel, or to a ``member`` through its account there."""

    channel: Name
    conversation: Native | None = None
    member: Handle | None = None
    label: Short = ""
    direction: Direction = Direction.BOTH
    carry: tuple[MessageType, ...] | None = None
    min_severity: Severity | None = None
    via: Annotated[str, Meta(min_length=1, max_length=64, pattern=_NO_NUL)] = msgspec.field(default=AUTO, name="as")
    backlog: Backlog = Backlog.EACH
    client_id: Key | None = None


class LinkPatch(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to change of a link; what is not named stays."""

    direction: Direction | UnsetType = UNSET
    carry: tuple[MessageType, ...] | UnsetType | None = UNSET
    min_severity: Severity | UnsetType | None = UNSET
    backlog: Backlog | UnsetType = UNSET


Accounts = dict[Handle, Annotated[str, Meta(max_length=400, pattern=_NO_NUL)]]


class MemberBody(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A member to create; ``accounts`` maps channels to the platform's ids."""

    handle: Name
    kind: MemberKind
    level: LevelName = "L2"
    display: Short = ""
    ai: Short | None = None
    machine: Short | None = None
    specialities: Annotated[tuple[Short, ...], Meta(max_length=100)] = ()
    accounts: Accounts = {}
    client_id: Key | None = None


class MemberPatch(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to change of a member; an account with an empty id is taken away."""

    kind: MemberKind | UnsetType = UNSET
    level: LevelName | UnsetType = UNSET
    display: Short | UnsetType = UNSET
    ai: Short | UnsetType | None = UNSET
    machine: Short | UnsetType | None = UNSET
    specialities: Annotated[tuple[Short, ...], Meta(max_length=100)] | UnsetType = UNSET
    accounts: Accounts | UnsetType = UNSET


class TokenBody(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A token to make: for ``handle`` (else for oneself), at most of one's own level; ``expires_in`` in seconds."""

    handle: Handle | None = None
    level: LevelName | None = None
    rooms: Annotated[tuple[Handle, ...], Meta(max_length=500)] | None = None
    label: Short = ""
    expires_in: Annotated[int, Meta(ge=1, le=10 * 366 * 86_400)] | None = None


class CursorBody(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How far the inbox was read."""

    after: Seq


class PreviewBody(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A message to show as every channel would, without sending it."""

    room: Handle
    text: Text
    type: MessageType = MessageType.CHAT


class PacketCheckBody(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A text to judge as a packet; it may be empty, or no packet at all."""

    text: Annotated[str, Meta(max_length=MAX_TEXT)]


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Problem(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """RFC 9457. ``code`` is stable; ``detail`` names the place and the mend."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    violations: tuple[Violation, ...] = ()


class DeliveryBrief(Value, kw_only=True, frozen=True):
    """A delivery as a message lists it."""

    id: str
    channel: str
    conversation: str
    state: str


class ReactionOut(Value, kw_only=True, frozen=True):
    """One emoji on a message, and who set it."""

    emoji: str
    by: tuple[str, ...]

    @classmethod
    def of(cls, reaction: Reaction) -> ReactionOut:
        """What readers get of a reaction: not where it was set."""
        return cls(emoji=reaction.emoji, by=reaction.by)


class MessageOut(Value, kw_only=True, frozen=True):
    """A message as it is now."""

    id: str
    room: str
    seq: int
    type: MessageType
    text: str
    format: Format
    html: str
    author: Author
    thread: str | None
    reply_to: str | None
    mentions: tuple[Mention, ...]
    attachments: tuple[Attached, ...]
    actions: tuple[Action, ...]
    streaming: bool
    reactions: tuple[ReactionOut, ...]
    severity: Severity | None
    project: str | None
    metadata: dict[str, object]
    origin: Origin
    created_at: str
    edited_at: str | None
    deleted_at: str | None
    packet: Packet | None
    violations: tuple[str, ...]
    deliveries: tuple[DeliveryBrief, ...] = ()


class Messages(Value, kw_only=True, frozen=True):
    """A page of messages; ``next`` is the ``after`` (or ``before``) of the next page, null at the end."""

    messages: tuple[MessageOut, ...]
    next: int | None


class BatchResults(Value, kw_only=True, frozen=True):
    """One result per message of the batch, in its order."""

    results: Annotated[
        tuple[msgspec.Raw, ...],
        Meta(
            extra_json_schema={
                "items": {
                    "anyOf": [{"$ref": "#/components/schemas/MessageOut"}, {"$ref": "#/components/schemas/Problem"}]
                }
            }
        ),
    ]


class RoomOut(Value, kw_only=True, frozen=True):
    """A room; ``members`` are handles."""

    id: str
    name: str
    project: str | None
    title: str
    access: Access
    members: tuple[str, ...]
    guests: Guests
    packets: PacketMode
    managed_by: str
    created_at: str
    archived_at: str | None


class LinkOut(Value, kw_only=True, frozen=True):
    """A link."""

    id: str
    room: str
    channel: str
    conversation: str | None
    label: str
    member: str | None
    direction: Direction
    carry: tuple[MessageType, ...] | None
    min_severity: Severity | None
    via: str = msgspec.field(name="as")
    backlog: Backlog
    managed_by: str
    created_at: str


class MemberOut(Value, kw_only=True, frozen=True):
    """A member; ``accounts`` are shown to administrators and to oneself, else null."""

    id: str
    handle: str
    kind: MemberKind
    level: LevelName
    display: str
    ai: str | None
    machine: str | None
    specialities: tuple[str, ...]
    accounts: dict[str, str] | None
    managed_by: str
    created_at: str


class MeOut(Value, kw_only=True, frozen=True):
    """Who one is, and what this credential may do: its level, and its rooms (null: all that the member sees)."""

    member: MemberOut
    level: LevelName
    rooms: tuple[str, ...] | None


class TokenOut(Value, kw_only=True, frozen=True):
    """A token without its secret."""

    id: str
    handle: str
    level: LevelName
    rooms: tuple[str, ...] | None
    label: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class NewToken(Value, kw_only=True, frozen=True):
    """A token just made, with its secret: shown once, kept as a digest only."""

    id: str
    handle: str
    level: LevelName
    rooms: tuple[str, ...] | None
    label: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    token: str


class FaultOut(Value, kw_only=True, frozen=True):
    """Why something waits or ended badly, and what a person can do."""

    code: str
    detail: str
    fix: str


class DegradationOut(Value, kw_only=True, frozen=True):
    """What an endpoint could not show, and what was shown instead."""

    feature: str
    level: str
    detail: str


class DeliveryOut(Value, kw_only=True, frozen=True):
    """A delivery; ``next_at`` where it waits for a time."""

    id: str
    operation: str
    room: str
    message: str
    seq: int
    channel: str
    conversation: str
    via: str = msgspec.field(name="as")
    state: str
    attempts: int
    next_at: str | None
    error: FaultOut | None
    degradations: tuple[DegradationOut, ...]
    position: int
    late: bool
    created_at: str
    updated_at: str


class ChannelOut(Value, kw_only=True, frozen=True):
    """A channel's health and what waits in its lanes: open, and failed (dead letters)."""

    name: str
    adapter: str
    state: str
    since: str
    retry_at: str | None
    error: FaultOut | None
    paused: bool
    open: int
    failed: int
    oldest_open_at: str | None


class FindingOut(Value, kw_only=True, frozen=True):
    """One line of a channel's test: ``level`` is ``ok``, ``warning`` or ``error``."""

    level: str
    message: str
    fix: str


class PresenceOut(Value, kw_only=True, frozen=True):
    """Somebody who is connected."""

    handle: str
    kind: MemberKind
    connections: int
    since: str


class PreviewFrame(Value, kw_only=True, frozen=True):
    """One part as it would be sent."""

    text: str
    index: int
    total: int


class PreviewUnits(Value, kw_only=True, frozen=True):
    """How much of the endpoint's limit the longest part takes, in the endpoint's unit."""

    kind: str
    count: int
    limit: int


class PreviewCost(Value, kw_only=True, frozen=True):
    """What sending takes of what the platform counts; ``price`` in ``currency``, where it is known."""

    unit: str
    count: int
    price: float | None = None
    currency: str | None = None


class PreviewItem(Value, kw_only=True, frozen=True):
    """What one endpoint would show."""

    channel: str
    conversation: str
    frames: tuple[PreviewFrame, ...]
    units: PreviewUnits
    cost: PreviewCost | None = None
    degradations: tuple[DegradationOut, ...] = ()


class PacketReport(Value, kw_only=True, frozen=True):
    """What the parser makes of a text: a packet, or violations with a way out, or neither."""

    packet: Packet | None
    violations: tuple[Violation, ...]
    corrected: str | None
    template: str | None


class InboxItem(Struct, kw_only=True, frozen=True):
    """What concerns me, and why; ``seq`` is the inbox's own, the message has its room's."""

    type: Literal["inbox"]
    stream: str
    seq: int
    reason: str
    room: str
    message: dict[str, object]


def support_name(level: Support) -> str:
    """``fallback`` and the like."""
    return level.name.lower()
