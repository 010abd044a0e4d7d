"""Frames to clients, as bytes ready for the socket. Pure.

Server frames are unmasked (RFC 6455 5.1), so a frame is the same for everybody: encoded once, framed once, and the
frames of a batch are joined and written as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tieline.model.delivery import Delivery
from tieline.model.events import Event
from tieline.model.members import Member
from tieline.model.message import Message
from tieline.model.outcome import Refusal
from tieline.render.outs import delivery_out, problem_body
from tieline.render.wire import framed

encode = msgspec.json.Encoder().encode
Ref = str | int | None
_SMALL: Final = 126
_MEDIUM: Final = 1 << 16


def text(payload: bytes) -> bytes:
    """A whole text frame (RFC 6455 5.2)."""
    size = len(payload)
    if size < _SMALL:
        return b"\x81%c%b" % (size, payload)
    if size < _MEDIUM:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


LAGGING: Final = text(b'{"type":"lagging"}')


def event(happened: Event, stream: str) -> bytes:
    """An event, with its place in front."""
    return text(framed(happened, stream))


def ready(member: Member) -> bytes:
    """The first frame."""
    shown = {
        "handle": member.handle,
        "kind": member.kind.value,
        "display": member.display or member.handle,
        "level": member.level.name,
    }
    return text(encode({"type": "ready", "v": 1, "member": shown}))


def subscribed(heads: Mapping[str, int], domains: Sequence[str], ref: Ref) -> bytes:
    """What is heard of now, and the last seq of each at this moment."""
    frame: dict[str, object] = {"type": "subscribed", "rooms": heads}
    if domains:
        frame["domains"] = domains
    return text(encode(frame if ref is None else {**frame, "ref": ref}))


def unsubscribed(rooms: Sequence[str], ref: Ref = None) -> bytes:
    """What is heard of no more: as asked, or because one may not see it any longer."""
    frame: dict[str, object] = {"type": "unsubscribed", "rooms": rooms}
    return text(encode(frame if ref is None else {**frame, "ref": ref}))


def ack(ref: Ref, message: Message) -> bytes:
    """Committed."""
    return text(b'{"type":"ack","ref":%b,"id":"%b","seq":%d}' % (encode(ref), message.id.encode(), message.seq))


def error(ref: Ref, refusal: Refusal) -> bytes:
    """Refused, or malformed."""
    return text(b'{"type":"error","ref":%b,"problem":%b}' % (encode(ref), problem_body(refusal)))


def pong(ref: Ref) -> bytes:
    """The answer to ``ping``."""
    return text(encode({"type": "pong", "ref": ref}))


def resync(stream: str, oldest: int) -> bytes:
    """The ``after`` asked for is too old (or of another history): read the state anew, events go on at ``oldest``."""
    return text(encode({"type": "resync", "stream": stream, "oldest": oldest}))


def delivery(now: Delivery, room: str) -> bytes:
    """How a delivery fares."""
    return text(encode({"type": "delivery", "message": now.message_id, "delivery": delivery_out(now, room)}))
