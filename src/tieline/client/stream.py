"""The web socket from the client's side: events as values, one connection at a time, and the tail that never ends.

Rule of :class:`Tail`: each event of each room once, in order, across any number of lost connections: it reconnects with
the last seq it gave out. Where the hub says that the history is gone (``resync``), so does the tail, and goes on.
Not promised: delivery frames of the time in which no connection stood.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec

from tieline.client.problem import ClientError
from tieline.model.actions import Action
from tieline.model.attachments import Attached
from tieline.model.message import Author, Format, Mention, Origin
from tieline.model.packet import Packet
from tieline.model.rooms import MessageType, Severity
from tieline.model.shapes import DeliveryOut, Problem, ReactionOut

ME: Final = "@me"
_UNAUTHORIZED: Final = 4401
_HOPELESS: Final = frozenset({401, 403, 404, 426})
"""Answers to the upgrade that will not change by themselves."""
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 15.0


class MessageEvent(msgspec.Struct, tag="message", kw_only=True, frozen=True):
    """A message was posted."""

    room: str
    seq: int
    message_type: MessageType
    id: str
    text: str
    format: Format
    html: str
    author: Author
    created_at: str
    origin: Origin
    thread: str | None = None
    reply_to: str | None = None
    mentions: tuple[Mention, ...] = ()
    attachments: tuple[Attached, ...] = ()
    actions: tuple[Action, ...] = ()
    streaming: bool = False
    reactions: tuple[ReactionOut, ...] = ()
    severity: Severity | None = None
    project: str | None = None
    metadata: dict[str, object] = {}
    packet: Packet | None = None
    violations: tuple[str, ...] = ()
    edited_at: str | None = None
    deleted_at: str | None = None


class EditEvent(msgspec.Struct, tag="edit", kw_only=True, frozen=True):
    """A message's text was changed."""

    room: str
    seq: int
    message: str
    text: str
    html: str
    edited_at: str
    by: Author
    mentions: tuple[Mention, ...] = ()
    packet: Packet | None = None
    violations: tuple[str, ...] = ()
    streaming: bool = False


class DeleteEvent(msgspec.Struct, tag="delete", kw_only=True, frozen=True):
    """A message became a tombstone."""

    room: str
    seq: int
    message: str
    deleted_at: str
    by: Author


class ReactionEvent(msgspec.Struct, tag="reaction", kw_only=True, frozen=True):
    """A reaction was set or taken back; ``reactions`` is the state after it."""

    room: str
    seq: int
    message: str
    emoji: str
    on: bool
    by: Author
    reactions: tuple[ReactionOut, ...]


class AttachmentEvent(msgspec.Struct, tag="attachment", kw_only=True, frozen=True):
    """The bytes of a message's file arrived, or will not come; ``attachments`` is the state after it."""

    room: str
    seq: int
    message: str
    attachments: tuple[Attached, ...]


Change = EditEvent | DeleteEvent | ReactionEvent | AttachmentEvent


class InboxEvent(msgspec.Struct, tag="inbox", kw_only=True, frozen=True):
    """Something concerns me; ``seq`` is the inbox's."""

    stream: str
    seq: int
    reason: str
    room: str
    message: dict[str, object]


class StateEvent(msgspec.Struct, tag="state_update", kw_only=True, frozen=True):
    """An entity changed."""

    stream: str
    seq: int
    domain: str = ""
    operation: str = ""
    entity: dict[str, object] = {}


class DeliveryEvent(msgspec.Struct, tag="delivery", kw_only=True, frozen=True):
    """How a delivery fares."""

    message: str
    delivery: DeliveryOut


class Resynced(msgspec.Struct, tag="resync", kw_only=True, frozen=True):
    """Events before ``oldest`` are not to be had: read the state anew."""

    stream: str
    oldest: int


class Ready(msgspec.Struct, tag="ready", kw_only=True, frozen=True):
    """The first frame."""

    v: int
    member: dict[str, object]


class Subscribed(msgspec.Struct, tag="subscribed", kw_only=True, frozen=True):
    """What is heard of, and the last seq of each."""

    rooms: dict[str, int]


class Unsubscribed(msgspec.Struct, tag="unsubscribed", kw_only=True, frozen=True):
    """What is heard of no more."""

    rooms: tuple[str, ...]


class Acknowledged(msgspec.Struct, tag="ack", kw_only=True, frozen=True):
    """A post is committed."""

    ref: str | int | None
    id: str
    seq: int


class Refused(msgspec.Struct, tag="error", kw_only=True, frozen=True):
    """A frame was refused."""

    ref: str | int | None
    problem: Problem


class Lagging(msgspec.Struct, tag="lagging", kw_only=True, frozen=True):
    """We read too slowly; what we missed comes from the store."""


class Pong(msgspec.Struct, tag="pong", kw_only=True, frozen=True):
    """The answer to ``ping``."""

    ref: str | int | None = None


Numbered = MessageEvent | Change | InboxEvent | StateEvent
TailEvent = Numbered | DeliveryEvent | Resynced
HubFrame = TailEvent | Ready | Subscribed | Unsubscribed | Acknowledged | Refused | Lagging | Pong
decode: Final = msgspec.json.Decoder(HubFrame).decode
encode: Final = msgspec.json.Encoder().encode


def place(event: Numbered) -> str:
    """The stream an event belongs to: a room's name, or ``@me``."""
    return event.stream if isinstance(event, InboxEvent | StateEvent) else event.room


class Tail:
    """See the module. Used through :meth:`tieline.client.Client.tail`."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        *,
        headers: Mapping[str, str],
        rooms: Sequence[str],
        after: Mapping[str, int],
        deliveries: bool = False,
    ) -> None:
        self._http = http
        self._url = url
        self._headers = headers
        self._rooms = rooms
        self._deliveries = deliveries
        self.seen: dict[str, int] = dict(after)
        """Last seq given out, by stream: what one would pass as ``after`` to go on."""
        self._pause = _FIRST_PAUSE

    async def events(self) -> AsyncIterator[TailEvent]:
        """Events without end; raises :class:`ClientError` where trying again is of no use."""
        while True:
            try:
                async with self._http.ws_connect(self._url, headers=self._headers, heartbeat=25) as socket:
                    await socket.send_str(self._subscribe().decode())
                    async for event in self._connected(socket):
                        yield event
            except aiohttp.WSServerHandshakeError as error:
                if error.status in _HOPELESS:
                    raise ClientError.read(error.status, error.message.encode()) from error
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                pass
            await asyncio.sleep(self._pause * (0.5 + random.random() / 2))  # noqa: S311 - jitter
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _subscribe(self) -> bytes:
        wish: dict[str, Any] = {"type": "subscribe", "rooms": self._rooms, "after": self.seen}
        return encode({**wish, "deliveries": True} if self._deliveries else wish)

    async def _connected(self, socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[TailEvent]:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            self._pause = _FIRST_PAUSE
            event = self._take(message.data)
            if event is not None:
                yield event
        if socket.close_code == _UNAUTHORIZED:
            problem = Problem(
                type="about:blank",
                title="",
                status=401,
                code="invalid_token",
                detail="The token is revoked or expired.",
            )
            raise ClientError(problem)

    def _take(self, raw: str) -> TailEvent | None:
        try:
            frame = decode(raw)
        except msgspec.ValidationError:
            return None  # a frame of a newer hub
        match frame:
            case Refused():
                raise ClientError(frame.problem)
            case Subscribed():
                for room, head in frame.rooms.items():
                    self.seen.setdefault(room, head)
            case Resynced():
                self.seen[frame.stream] = frame.oldest - 1
                return frame
            case DeliveryEvent():
                return frame
            case (
                MessageEvent()
                | EditEvent()
                | DeleteEvent()
                | ReactionEvent()
                | AttachmentEvent()
                | InboxEvent()
                | StateEvent()
            ):
                return self._numbered(frame)
            case _:
                pass
        return None

    def _numbered(self, event: Numbered) -> Numbered | None:
        """What was given out already is not given out again, whatever a hub sends."""
        stream = place(event)
        if event.seq <= self.seen.get(stream, 0):
            return None
        self.seen[stream] = event.seq
        return event
