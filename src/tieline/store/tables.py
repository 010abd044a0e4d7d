"""The tables, declared with SQLModel. They define the schema and feed the migrations; no hot row passes through them.

Rule: a table that keeps a kind of value has that value's fields as columns, in the same order (a test compares), so
that :mod:`tieline.store.mapping` needs no list of its own. Times are milliseconds since 1970 in BIGINT. What has
structure (frames, degradations, mentions …) is JSON text; truth is 0 or 1, on both databases. Not promised: foreign
keys; the deciders keep references whole. Next stop: :mod:`tieline.store.mapping`.
"""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, Text, text
from sqlmodel import Field, Index, SQLModel, UniqueConstraint

OPEN = "state IN ('queued', 'sending', 'uncertain', 'held')"
"""Deliveries that still stand in their lane. Indexes and queries spell it alike, or the index is not used."""

_COUNTER = BigInteger().with_variant(Integer(), "sqlite")


class Row(SQLModel):
    """Base: all tables share one metadata, with names for constraints so that migrations can name them."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


def _key() -> str:
    column: str = Field(primary_key=True, sa_type=Text)
    return column


def _text() -> str:
    column: str = Field(sa_type=Text)
    return column


def _maybe() -> str | None:
    column: str | None = Field(default=None, sa_type=Text)
    return column


def _number() -> int:
    column: int = Field(sa_type=BigInteger)
    return column


def _when() -> int | None:
    column: int | None = Field(default=None, sa_type=BigInteger)
    return column


def _later(default: str) -> str:
    """A column that a later release added: rows of an older one need a value."""
    column: str = Field(sa_type=Text, sa_column_kwargs={"server_default": default})
    return column


def _index(*columns: str, where: str | None = None, unique: bool = False) -> Index:
    condition = None if where is None else text(where)
    return Index(None, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


# ── streams and messages ─────────────────────────────────────────────────────────────────────────────────────────────


class StreamRow(Row, table=True):
    """The last number given in a stream; the stream ``deliveries`` counts their positions."""

    __tablename__ = "streams"
    name: str = _key()
    last_seq: int = _number()


class EventRow(Row, table=True):
    """An event; ``body`` is the JSON that readers get."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("stream", "seq"), _index("message_id", where="message_id IS NOT NULL"))
    id: int | None = Field(default=None, primary_key=True, sa_type=_COUNTER)
    stream: str = _text()
    seq: int = _number()
    kind: str = _text()
    at: int = _number()
    message_id: str | None = _maybe()
    body: bytes = Field(sa_type=LargeBinary)


class MessageRow(Row, table=True):
    """What a message is now."""

    __tablename__ = "messages"
    __table_args__ = (_index("room_id", "seq", unique=True), _index("thread", where="thread IS NOT NULL"))
    id: str = _key()
    room_id: str = _text()
    seq: int = _number()
    type: str = _text()
    text: str = _text()
    format: str = _text()
    author: str = _text()
    author_id: str | None = _maybe()
    origin: str = _text()
    created_at: int = _number()
    thread: str | None = _maybe()
    reply_to: str | None = _maybe()
    mentions: str = _text()
    reactions: str = _text()
    severity: str | None = _maybe()
    project: str | None = _maybe()
    metadata_: str = Field(sa_type=Text, sa_column_kwargs={"name": "metadata"})
    packet: str | None = _maybe()
    violations: str = _text()
    attachments: str = _later("[]")
    actions: str = _later("[]")
    hops: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    streaming: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    edited_at: int | None = _when()
    deleted_at: int | None = _when()


class AttachmentRow(Row, table=True):
    """A file: its bytes are in the file store under its id."""

    __tablename__ = "attachments"
    __table_args__ = (
        _index("message_id", where="message_id IS NOT NULL"),
        _index("state", where="state = 'receiving'"),
        _index("expires_at", where="expires_at IS NOT NULL"),
    )
    id: str = _key()
    name: str = _text()
    mime: str = _text()
    state: str = _text()
    size: int | None = _when()
    sha256: str | None = _maybe()
    detail: str = _text()
    owner_id: str | None = _maybe()
    message_id: str | None = _maybe()
    source: str | None = _maybe()
    created_at: int = _number()
    expires_at: int | None = _when()


class AlertRow(Row, table=True):
    """An alert."""

    __tablename__ = "alerts"
    __table_args__ = (
        _index("message_id", unique=True),
        _index("dedup_key", where="dedup_key <> ''"),
        _index("state", "created_at"),
    )
    id: str = _key()
    room_id: str = _text()
    message_id: str = _text()
    summary: str = _text()
    severity: str = _text()
    details: str = _text()
    dedup_key: str = _text()
    source: str = _text()
    state: str = _text()
    count: int = _number()
    by: str | None = _maybe()
    via: str | None = _maybe()
    answered_at: int | None = _when()
    closed_at: int | None = _when()
    created_at: int = _number()
    updated_at: int = _number()


class ClimbRow(Row, table=True):
    """One member on the way up a ladder."""

    __tablename__ = "climbs"
    __table_args__ = (_index("subject"), _index("due_at", where="state = 'climbing'"))
    id: str = _key()
    subject: str = _text()
    message_id: str = _text()
    member_id: str = _text()
    rung: int = _number()
    due_at: int = _number()
    state: str = _text()
    reached: str = _text()
    turn: int = _number()
    created_at: int = _number()
    updated_at: int = _number()


class ReplyCodeRow(Row, table=True):
    """What a short code means to one receiver."""

    __tablename__ = "reply_codes"
    channel: str = _key()
    conversation: str = _key()
    code: str = _key()
    message_id: str = _text()
    given_at: int = _number()


class ConsentRow(Row, table=True):
    """Whether somebody wants to be written to."""

    __tablename__ = "consents"
    channel: str = _key()
    conversation: str = _key()
    wanted: int = _number()
    word: str = _text()
    at: int = _number()


class KeptRow(Row, table=True):
    """A message that was not believed, or not expected."""

    __tablename__ = "kept"
    __table_args__ = (_index("state", "at"),)
    id: str = _key()
    channel: str = _text()
    conversation: str = _text()
    native_id: str = _text()
    author: str = _text()
    author_native: str = _text()
    text: str = _text()
    reason: str = _text()
    room_id: str | None = _maybe()
    thread: str | None = _maybe()
    state: str = _text()
    at: int = _number()
    decided_by: str | None = _maybe()


class OriginalRow(Row, table=True):
    """A text as it came."""

    __tablename__ = "originals"
    message_id: str = _key()
    text: str = _text()


class UsageRow(Row, table=True):
    """What went to one receiver in one day."""

    __tablename__ = "usage"
    channel: str = _key()
    conversation: str = _key()
    day: str = _key()
    units: int = _number()
    messages: int = _number()


class PolicyRow(Row, table=True):
    """The one set of policies."""

    __tablename__ = "policies"
    id: str = _key()
    ladder: str = _text()
    on_call: str = _text()
    notify: str = _text()
    gates: str = _text()
    audit_after_hops: int = _number()
    accept_within: int = _number()


class IdentityRow(Row, table=True):
    """What makes a repeat harmless: the key of an accepted command, and what a repeat is answered with."""

    __tablename__ = "identities"
    __table_args__ = (_index("created_at"),)
    key: str = _key()
    fingerprint: str = _text()
    result: str = _text()
    created_at: int = _number()


class InboxCursorRow(Row, table=True):
    """How far a member has read the inbox."""

    __tablename__ = "inbox_cursors"
    member_id: str = _key()
    after: int = _number()
    updated_at: int = _number()


# ── directory ────────────────────────────────────────────────────────────────────────────────────────────────────────


class MemberRow(Row, table=True):
    """A member."""

    __tablename__ = "members"
    __table_args__ = (_index("handle", where="archived_at IS NULL", unique=True),)
    id: str = _key()
    handle: str = _text()
    kind: str = _text()
    level: int = _number()
    display: str = _text()
    ai: str | None = _maybe()
    machine: str | None = _maybe()
    specialities: str = _text()
    managed_by: str = _text()
    created_at: int = _number()
    archived_at: int | None = _when()


class AccountRow(Row, table=True):
    """A member's identity on a channel."""

    __tablename__ = "accounts"
    channel: str = _key()
    native_id: str = _key()
    member_id: str = _text()
    managed_by: str = _text()
    joined_at: int = _number()
    direct: str | None = _maybe()


class TokenRow(Row, table=True):
    """A credential, by its digest."""

    __tablename__ = "tokens"
    __table_args__ = (_index("digest", unique=True),)
    id: str = _key()
    member_id: str = _text()
    digest: str = _text()
    level: int = _number()
    rooms: str | None = _maybe()
    label: str = _text()
    created_at: int = _number()
    expires_at: int | None = _when()
    revoked_at: int | None = _when()


class JoinCodeRow(Row, table=True):
    """A single-use code that joins two accounts."""

    __tablename__ = "join_codes"
    code: str = _key()
    channel: str = _text()
    native_id: str = _text()
    display: str = _text()
    expires_at: int = _number()


class RoomRow(Row, table=True):
    """A room; its id is the name of its stream."""

    __tablename__ = "rooms"
    __table_args__ = (_index("name", where="archived_at IS NULL", unique=True),)
    id: str = _key()
    name: str = _text()
    project: str | None = _maybe()
    title: str = _text()
    access: str = _text()
    members: str = _text()
    guests: str = _text()
    packets: str = _text()
    managed_by: str = _text()
    place: str | None = _maybe()
    created_at: int = _number()
    archived_at: int | None = _when()


class LinkRow(Row, table=True):
    """A link."""

    __tablename__ = "links"
    id: str = _key()
    room_id: str = _text()
    channel: str = _text()
    conversation: str | None = _maybe()
    label: str = _text()
    member_id: str | None = _maybe()
    direction: str = _text()
    carry: str | None = _maybe()
    min_severity: str | None = _maybe()
    via: str = _text()
    backlog: str = _text()
    managed_by: str = _text()
    place: str | None = _maybe()
    created_at: int = _number()
    archived_at: int | None = _when()


class ChannelRow(Row, table=True):
    """What is kept of a channel across restarts."""

    __tablename__ = "channels"
    name: str = _key()
    adapter: str = _text()
    paused: int = _number()
    epoch: int = _number()
    traits: str = _later("[]")
    own: str | None = _maybe()


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────


class DeliveryRow(Row, table=True):
    """A delivery; the open ones are found by lane and by link."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("position"),
        _index("message_id"),
        _index("lane", "position", where=OPEN),
        _index("link_id", "position", where=OPEN),
        _index("state", "channel"),
    )
    id: str = _key()
    position: int = _number()
    operation: str = _text()
    room_id: str = _text()
    message_id: str = _text()
    seq: int = _number()
    link_id: str | None = _maybe()
    channel: str = _text()
    conversation: str = _text()
    via: str = _text()
    lane: str = _text()
    state: str = _text()
    attempts: int = _number()
    next_at: int = _number()
    fault: str | None = _maybe()
    frames: str | None = _maybe()
    fingerprint: str | None = _maybe()
    sent: int = _number()
    degradations: str = _text()
    emoji: str | None = _maybe()
    text: str | None = _maybe()
    notice_for: str | None = _maybe()
    code: str | None = _maybe()
    late: int = _number()
    epoch: int = _number()
    created_at: int = _number()
    updated_at: int = _number()


class PartRow(Row, table=True):
    """One native message: the durable map of identities."""

    __tablename__ = "parts"
    __table_args__ = (_index("message_id"),)
    channel: str = _key()
    conversation: str = _key()
    native_id: str = _key()
    message_id: str = _text()
    room_id: str = _text()
    direction: str = _text()
    via: str = _text()
    delivery_id: str | None = _maybe()
    index: int = _number()
    thread_native: str | None = _maybe()
    author_native: str | None = _maybe()
    url: str | None = _maybe()
    created_at: int = _number()


class CursorRow(Row, table=True):
    """How far a conversation's history was read."""

    __tablename__ = "cursors"
    channel: str = _key()
    conversation: str = _key()
    cursor: str = _text()
    updated_at: int = _number()


# ── the hub itself ───────────────────────────────────────────────────────────────────────────────────────────────────


class HubRow(Row, table=True):
    """One row: who works on this database (``epoch``), and the number of its last transaction (``batch``).

    Every transaction of the writer raises ``batch`` where ``epoch`` is still its own: a hub that was superseded is
    fenced off, and a commit whose answer was lost can be looked up.
    """

    __tablename__ = "hub_lock"
    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    epoch: int = _number()
    batch: int = _number()
    holder: str = _text()
    since: int = _number()
