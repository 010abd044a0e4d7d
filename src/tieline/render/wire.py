"""The JSON of messages and events: encoded once per message, written to many.

``message_body`` is what an event stores and every reader gets: an object without ``type``, ``room`` and ``seq``, which
:func:`framed` puts in front. HTTP answers are the same object with ``room``, ``seq`` and ``deliveries``. So a message
reads the same wherever it is read, but for one word: in a frame ``type`` is the event's, so the message's own type
stands there as ``message_type`` (and is sent so over the web socket); in HTTP it is ``type``.
Next stop: ``tieline_websocket`` and ``tieline.api`` write these bytes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from tieline.model.actions import Action
from tieline.model.attachments import Attached
from tieline.model.base import Value
from tieline.model.delivery import Delivery
from tieline.model.events import Event, EventKind
from tieline.model.message import Author, Format, Mention, Message, Origin
from tieline.model.packet import Packet
from tieline.model.rooms import MessageType, Severity
from tieline.model.shapes import DeliveryBrief, ReactionOut
from tieline.render.html import to_html

_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=256)  # the messages of a batch share their time
def rfc3339(ms: int) -> str:
    """Milliseconds since 1970 as RFC 3339 in UTC with milliseconds: ``2026-02-05T16:30:00.000Z``."""
    return f"{_second(ms // 1000)}.{ms % 1000:03d}Z"


def rfc3339_or_none(ms: int | None) -> str | None:
    """Like :func:`rfc3339`, None for None."""
    return None if ms is None else rfc3339(ms)


class MessageBody(Value, kw_only=True, frozen=True):
    """A message as readers get it, apart from its place in the room; field order as in contract.md."""

    message_type: MessageType
    """First, so that :func:`message_out` can rename it to ``type`` by slicing."""
    id: str
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


class EditBody(Value, kw_only=True, frozen=True):
    """Body of an edit event; ``previous`` is the text it replaced."""

    message: str
    text: str
    html: str
    mentions: tuple[Mention, ...]
    previous: str
    packet: Packet | None
    violations: tuple[str, ...]
    streaming: bool
    edited_at: str
    by: Author


class DeleteBody(Value, kw_only=True, frozen=True):
    """Body of a delete event."""

    message: str
    deleted_at: str
    by: Author


class ReactionBody(Value, kw_only=True, frozen=True):
    """Body of a reaction event; ``reactions`` is the whole state after it."""

    message: str
    emoji: str
    on: bool
    by: Author
    reactions: tuple[ReactionOut, ...]


LONG: Final = 40_000
"""Characters from which a text is shown as it stands: whoever writes more sends a document, and parsing it would hold
up everybody's messages."""


def _html(message: Message) -> str:
    return to_html(message.text, Format.PLAIN if len(message.text) > LONG else message.format)


class AttachmentBody(Value, kw_only=True, frozen=True):
    """Body of an attachment event: bytes arrived, or will not; ``attachments`` is the whole state after it."""

    message: str
    attachments: tuple[Attached, ...]


def attachment_body(message: Message) -> bytes:
    """Encode the body of an attachment event; ``message`` is the message after it."""
    return _encode(AttachmentBody(message=message.id, attachments=message.attachments))


def _reactions(message: Message) -> tuple[ReactionOut, ...]:
    return tuple(ReactionOut.of(reaction) for reaction in message.reactions) if message.reactions else ()


def message_body(message: Message) -> bytes:
    """Encode a message without its place in the room (about 2 microseconds for ordinary text)."""
    return _encode(_body(message))


def _body(message: Message) -> MessageBody:
    return MessageBody(
        message_type=message.type,
        id=message.id,
        text=message.text,
        format=message.format,
        html=_html(message),
        author=message.author,
        thread=message.thread,
        reply_to=message.reply_to,
        mentions=message.mentions,
        attachments=message.attachments,
        actions=message.actions,
        streaming=message.streaming,
        reactions=_reactions(message),
        severity=message.severity,
        project=message.project,
        metadata=message.metadata,
        origin=message.origin,
        created_at=rfc3339(message.created_at),
        edited_at=rfc3339_or_none(message.edited_at),
        deleted_at=rfc3339_or_none(message.deleted_at),
        packet=message.packet,
        violations=message.violations,
    )


def message_out(message: Message, room_name: str, deliveries: Sequence[Delivery] = ()) -> bytes:
    """Encode a message as HTTP answers it: with ``room``, ``seq`` and ``deliveries``."""
    briefs = [
        DeliveryBrief(id=d.id, channel=d.channel, conversation=d.conversation, state=d.state.value) for d in deliveries
    ]
    return b'{"room":%b,"seq":%d,%b,"deliveries":%b}' % (
        _encode(room_name),
        message.seq,
        _typed(message)[:-1],
        _encode(briefs),
    )


_RENAMED = len(b'{"message_type"')


def _typed(message: Message) -> bytes:
    """The members of a message with its own ``type``, and the closing brace."""
    return b'"type"' + message_body(message)[_RENAMED:]


def edit_body(message: Message, previous: str, by: Author) -> bytes:
    """Encode the body of an edit event; ``message`` is the message after it."""
    return _encode(
        EditBody(
            message=message.id,
            text=message.text,
            html=_html(message),
            mentions=message.mentions,
            previous=previous,
            packet=message.packet,
            violations=message.violations,
            streaming=message.streaming,
            edited_at=rfc3339(message.edited_at or 0),
            by=by,
        )
    )


def delete_body(message: Message, by: Author) -> bytes:
    """Encode the body of a delete event; ``message`` is the tombstone."""
    return _encode(DeleteBody(message=message.id, deleted_at=rfc3339(message.deleted_at or 0), by=by))


def reaction_body(message: Message, emoji: str, by: Author, *, on: bool) -> bytes:
    """Encode the body of a reaction event; ``message`` is the message after it."""
    return _encode(ReactionBody(message=message.id, emoji=emoji, on=on, by=by, reactions=_reactions(message)))


def inbox_body(reason: str, room_name: str, message: Message) -> bytes:
    """Encode the body of an inbox event: why it concerns the member, and the message."""
    return b'{"reason":%b,"room":%b,"message":{"seq":%d,%b}' % (
        _encode(reason),
        _encode(room_name),
        message.seq,
        _typed(message),
    )


def framed(event: Event, stream_name: str) -> bytes:
    """An event with its place in front: ``room`` for a room's, ``stream`` for any other."""
    head = _head(event.kind, stream_name)
    if len(event.body) > len(b"{}"):
        return b"%b%d,%b" % (head, event.seq, event.body[1:])
    return b"%b%d}" % (head, event.seq)


@lru_cache(maxsize=4096)
def _head(kind: EventKind, stream_name: str) -> bytes:
    key = b"stream" if kind in (EventKind.INBOX, EventKind.STATE_UPDATE) else b"room"
    return b'{"type":"%b","%b":%b,"seq":' % (kind.value.encode(), key, _encode(stream_name))
