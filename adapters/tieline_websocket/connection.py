"""One connected client: what it sends, what it hears of, and what waits for it.

Rule: nothing waits for a client but what its transport holds, and that is bounded: past the limit it is told that it
lags, hears nothing live, and catches up from the store. Posts go to the one door without a task or a future each.
Not promised: delivery frames while it lags; they tell of the present, which ``GET /deliveries`` does too.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import WSMsgType, web

from tieline.errors import HubBusy, StoreError
from tieline.model.events import Event, inbox_stream
from tieline.model.members import Actor, Member, Via
from tieline.model.message import Message
from tieline.model.outcome import Accepted, Outcome, Refusal
from tieline.model.rooms import Room
from tieline.model.shapes import PostFrame
from tieline.ports.adapter import Services
from tieline.ports.clock import Clock
from tieline_websocket import wire
from tieline_websocket.catchup import TooSlow, catch_up, drain
from tieline_websocket.config import Settings
from tieline_websocket.inbound import (
    ALL,
    ME,
    AuthFrame,
    Filters,
    Incoming,
    PingFrame,
    SubscribeFrame,
    UnsubscribeFrame,
    parse,
)
from tieline_websocket.streams import FROM_NOW, Phase, Subscription

if TYPE_CHECKING:
    from tieline_websocket.fanout import Fanout

UNAUTHORIZED: Final = 4401
SLOW: Final = 4408
TRY_LATER: Final = 1013
_ABORT_AFTER: Final = 2.0
Who = Callable[[], Actor | Refusal | None]


class _InRoom(msgspec.Struct):
    room: str


_room_of = msgspec.json.Decoder(_InRoom).decode


class Connection:
    """See the module. Made once the credential is known; ``who`` asks anew what it is worth."""

    __slots__ = (
        "_catching_up",
        "_clock",
        "_closing",
        "_fanout",
        "_in_flight",
        "_out",
        "_room_for_more",
        "_services",
        "_settings",
        "_socket",
        "_transport",
        "_who",
        "actor",
        "all_rooms",
        "closed",
        "lagging",
        "member_id",
        "since",
        "subscriptions",
        "wants_deliveries",
    )

    def __init__(  # noqa: PLR0913 - made in one place
        self,
        *,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport,
        who: Who,
        member: Member,
        actor: Actor,
        fanout: Fanout,
        services: Services,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._socket = socket
        self._transport = transport
        self._who = who
        self._fanout = fanout
        self._services = services
        self._settings = settings
        self._clock = clock
        self._out: list[bytes] = []
        self._in_flight = 0
        self._room_for_more: asyncio.Event | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self.actor = msgspec.structs.replace(actor, via=Via.WEBSOCKET)
        self.member_id = member.id
        self.since = clock.now()
        self.subscriptions: dict[str, Subscription] = {}
        self.all_rooms: Filters | None = None
        self.wants_deliveries = False
        self.lagging = False
        self.closed = False
        self.push(wire.ready(member))

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def push(self, frames: bytes) -> None:
        """Write at the end of this turn, with whatever else gathers."""
        out = self._out
        out.append(frames)
        if len(out) == 1:
            self._fanout.mark(self)

    def flush(self) -> None:
        """Write what has gathered."""
        out, self._out = self._out, []
        if out:
            self.write(out[0] if len(out) == 1 else b"".join(out))

    def write(self, frames: bytes) -> None:
        """Write now, behind what gathered before; a client that has too much unread lags from here on."""
        if self._out:
            self.flush()
        if self.closed or not frames:
            return
        self._transport.write(frames)
        if not self.lagging and self.unsent() > self._settings.max_unsent:
            self._lag()

    def unsent(self) -> int:
        """Bytes that wait for the client."""
        return self._transport.get_write_buffer_size()

    def _lag(self) -> None:
        self.lagging = True
        self._transport.write(wire.LAGGING)
        for subscription in self.subscriptions.values():
            if subscription.phase is Phase.LIVE and subscription.seq != FROM_NOW:
                subscription.phase = Phase.BEHIND
        self.catch_up()

    def catch_up(self) -> None:
        """Begin to close the distance, unless that is under way."""
        if self._catching_up is None and not self.closed:
            self._catching_up = asyncio.get_running_loop().create_task(self._catch_up())

    async def _catch_up(self) -> None:
        try:
            await catch_up(self, self._services.reader, self._clock, self._settings.stall)
        except TooSlow:
            self.close(SLOW, "too slow")
        except StoreError:
            self.close(TRY_LATER, "the hub cannot read now")
        finally:
            self._catching_up = None
            self.lagging = False

    def close(self, code: int, reason: str) -> None:
        """Hear nothing more, and close; a client that does not read is cut off soon."""
        if self.closed:
            return
        self.flush()
        self.closed = True
        self._fanout.leave(self)
        self._closing = asyncio.get_running_loop().create_task(self._close(code, reason))

    async def _close(self, code: int, reason: str) -> None:
        with suppress(TimeoutError, ConnectionError, RuntimeError):
            async with asyncio.timeout(_ABORT_AFTER):
                await self._socket.close(code=code, message=reason.encode())
        if self.unsent():
            self._transport.abort()

    async def ended(self) -> None:
        """The socket is closed: forget everything, leave no task behind."""
        self.closed = True
        self._fanout.leave(self)
        self._out.clear()
        if self._catching_up is not None:
            self._catching_up.cancel()
        tasks = [task for task in (self._catching_up, self._closing) if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def read(self) -> None:
        """Take frames until the socket is closed."""
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                await self._take(parse(message.data))
            elif message.type is WSMsgType.BINARY:
                self.push(wire.error(None, Refusal(status=415, code="malformed_frame", detail="Send text frames.")))
            if self.lagging or self._in_flight >= self._settings.max_in_flight:
                await self._breathe()

    async def _take(self, frame: Incoming | Refusal) -> None:
        match frame:
            case PostFrame():
                self._post(frame)
            case Refusal():
                self.push(wire.error(None, frame))
            case SubscribeFrame():
                await self._subscribe(frame)
            case UnsubscribeFrame():
                self._unsubscribe(frame)
            case PingFrame():
                self.push(wire.pong(frame.ref))
            case AuthFrame():
                known = Refusal(status=409, code="authenticated_already", detail="Only the first frame authenticates.")
                self.push(wire.error(None, known))

    async def _breathe(self) -> None:
        """Read on only once the client takes what waits for it and its posts are committed."""
        with suppress(TooSlow):  # the catching up closes it
            await drain(self, self._clock, self._settings.stall)
        if self._in_flight >= self._settings.max_in_flight:
            self._room_for_more = asyncio.Event()
            await self._room_for_more.wait()

    def _post(self, frame: PostFrame) -> None:
        command = frame.command(self.actor)
        if isinstance(command, Refusal):
            self.push(wire.error(frame.ref, command))
            return
        self._in_flight += 1
        self._services.hub.submit(command, functools.partial(self._posted, frame.ref))

    def _posted(self, ref: wire.Ref, outcome: Outcome | BaseException) -> None:
        self._in_flight -= 1
        if self._room_for_more is not None:
            self._room_for_more.set()
            self._room_for_more = None
        if isinstance(outcome, Accepted) and isinstance(outcome.value, Message):
            self.push(wire.ack(ref, outcome.value))
        else:
            self.push(wire.error(ref, _refusal(outcome)))

    # ── what it hears of ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _subscribe(self, frame: SubscribeFrame) -> None:
        if frame.deliveries is not None:
            self.wants_deliveries = frame.deliveries
        if ALL in frame.rooms:
            self.all_rooms = frame.filters
        opened = self._open(frame)
        try:
            for subscription in opened.values():
                if subscription.stream.head is None:
                    subscription.stream.raise_head(await self._services.reader.last_seq(subscription.stream.id))
        except StoreError as error:
            for stream_id in [s.stream.id for s in opened.values() if s.phase is Phase.OPENING]:
                self._fanout.unsubscribe(self, stream_id)
            self.push(wire.error(frame.ref, _refusal(error)))
            return
        heads = {label: subscription.stream.head or 0 for label, subscription in opened.items()}
        self.push(wire.subscribed(heads, frame.domains, frame.ref))
        for label, subscription in opened.items():
            self._start(subscription, frame.after.get(label))

    def _open(self, frame: SubscribeFrame) -> dict[str, Subscription]:
        """Subscriptions by label; what one may not see is answered by an error of its own."""
        opened: dict[str, Subscription] = {}
        for room in self._rooms(frame):
            opened[room.name] = self._fanout.subscribe(self, room.id, room.name, None)
        if ME in frame.rooms or ME in frame.after or ALL in frame.rooms:
            opened[ME] = self._fanout.subscribe(self, inbox_stream(self.member_id), ME, self._sees)
        return opened

    def _rooms(self, frame: SubscribeFrame) -> list[Room]:
        found: dict[str, Room] = {}
        for name in frame.rooms:
            if name == ALL:
                found.update({r.name: r for r in self._services.directory.rooms() if self._may_read(r)})
            elif name != ME:
                room = self._services.directory.room(name)
                if room is None or not self._may_read(room):
                    self.push(wire.error(frame.ref, _no_room(name)))
                else:
                    found[name] = room
        return [room for room in found.values() if frame.filters.takes(room.project)]

    def _start(self, subscription: Subscription, after: int | None) -> None:
        """Go live, or begin to catch up. No wait in here, so nothing can come in between."""
        stream = subscription.stream
        head = stream.head or 0
        if self.closed or self.subscriptions.get(stream.id) is not subscription:
            return
        if after is None and subscription.phase is not Phase.OPENING:
            return
        if after is not None and after > head:
            self.push(wire.resync(stream.label, head + 1))
        subscription.seq = head if after is None else min(after, head)
        if subscription.seq == head and not self.lagging:
            subscription.phase = Phase.LIVE
        else:
            subscription.phase = Phase.BEHIND
            self.catch_up()

    def _unsubscribe(self, frame: UnsubscribeFrame) -> None:
        if ALL in frame.rooms:
            self.all_rooms = None
        labels = {s.stream.label: s.stream.id for s in self.subscriptions.values()}
        ended = [label for label in labels if label in frame.rooms or ALL in frame.rooms]
        for label in ended:
            self._fanout.unsubscribe(self, labels[label])
        self.push(wire.unsubscribed(ended, frame.ref))

    def _sees(self, event: Event) -> bool:
        """Tell whether an event of the inbox stands in a room that one may still see."""
        room = self._services.directory.room(_room_of(event.body).room)
        return room is not None and self._may_read(room)

    def _may_read(self, room: Room) -> bool:
        return self._services.directory.authorize(self.actor, "read", room=room) is None

    # ── what changes about it ────────────────────────────────────────────────────────────────────────────────────────

    def reauthenticate(self) -> None:
        """Ask anew what the credential is worth: 4401 if nothing, else only what it may still see."""
        actor = self._who()
        if not isinstance(actor, Actor):
            self.close(UNAUTHORIZED, "the token is revoked or expired")
            return
        actor = msgspec.structs.replace(actor, via=Via.WEBSOCKET)
        if actor == self.actor:
            return
        self.actor = actor
        for stream_id in list(self.subscriptions):
            room = self._services.directory.room_by_id(stream_id)
            if room is not None:
                self.room_changed(room)

    def room_changed(self, room: Room) -> None:
        """Hear nothing more of a room that went out of sight; hear of one that came into it, if all are wanted."""
        visible = room.archived_at is None and self._may_read(room)
        if not visible:
            if self._fanout.unsubscribe(self, room.id) is not None:
                self.push(wire.unsubscribed([room.name]))
            return
        if self.all_rooms is None or room.id in self.subscriptions or not self.all_rooms.takes(room.project):
            return
        subscription = self._fanout.subscribe(self, room.id, room.name, None)
        subscription.seq = FROM_NOW
        subscription.phase = Phase.LIVE


def _no_room(name: str) -> Refusal:
    return Refusal(status=404, code="room_not_found", detail=f"There is no room '{name}', or you may not see it.")


def _refusal(outcome: Outcome | BaseException) -> Refusal:
    match outcome:
        case Refusal():
            return outcome
        case HubBusy():
            return Refusal(status=503, code="hub_busy", detail=str(outcome), retry_after=outcome.retry_after)
        case StoreError():
            return Refusal(status=503, code="store_unavailable", detail=f"{outcome} {outcome.fix}".strip())
        case _:
            return Refusal(status=500, code="internal", detail="The hub made a mistake; its log has it.")
