"""A hub in memory for the tests of lanes: the real deciders and the real directory, rows in dictionaries.

One command is one batch. What a real store adds (transactions, batches, two databases) is tested with the store.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from tieline.directory.memory import MemoryDirectory
from tieline.model.alerts import Alert, AlertState, Climb
from tieline.model.attachments import Attachment
from tieline.model.base import Value
from tieline.model.channels import ChannelRecord
from tieline.model.commands import Command
from tieline.model.delivery import Cursor, Delivery, DeliveryState, Part
from tieline.model.events import Event
from tieline.model.ids import new_id
from tieline.model.keeping import Kept, KeptState, Usage
from tieline.model.message import Message
from tieline.model.outcome import Accepted, Outcome, Refusal
from tieline.ports.clock import Clock
from tieline.ports.deciding import Deciders, Decision
from tieline.ports.hub import Committed, Listener
from tieline.ports.reading import DeliveryFilter, Page

E = TypeVar("E", bound=Value)
_KEYS: dict[type[Value], tuple[str, ...]] = {
    Part: ("channel", "conversation", "native_id"),
    Cursor: ("channel", "conversation"),
    ChannelRecord: ("name",),
}


def key_of(value: Value) -> tuple[str, ...]:
    return tuple(str(getattr(value, name)) for name in _KEYS.get(type(value), ("id",)))


class MemoryBus:
    def __init__(self) -> None:
        self.listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def publish(self, committed: Committed) -> None:
        for listener in list(self.listeners):
            listener(committed)


class MemoryHub:
    """Hub, Reader and View in one."""

    def __init__(self, clock: Clock, deciders: Deciders, directory: MemoryDirectory, bus: MemoryBus) -> None:
        self._clock = clock
        self._deciders = deciders
        self.directory = directory
        self._bus = bus
        self._rows: dict[type[Value], dict[tuple[str, ...], Value]] = defaultdict(dict)
        self._seqs: dict[str, int] = defaultdict(int)
        self._positions = itertools.count(1)
        self.executed: list[Command] = []
        self.errors: list[Exception] = []
        """Raised by the next commands, one each."""

    # ── Hub ──

    async def execute(self, command: Command) -> Outcome:
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop(0)
        return self.decide(command)

    def submit(self, command: Command, done: Callable[[Outcome | BaseException], None]) -> None:
        task = asyncio.ensure_future(self.execute(command))
        task.add_done_callback(lambda t: done(t.exception() or t.result()))

    def decide(self, command: Command) -> Outcome:
        self.executed.append(command)
        decision = self._deciders[type(command)].decide(command, self)
        if isinstance(decision, Refusal):
            return decision
        self._apply(decision)
        return Accepted(value=decision.value)

    def _apply(self, decision: Decision) -> None:
        for value in decision.puts:
            self.put(value)
        self.directory.apply(decision.puts)
        lanes = {v.lane for v in decision.puts if isinstance(v, Delivery) and v.state is DeliveryState.QUEUED}
        self._bus.publish(
            Committed(events=decision.events, lanes=frozenset({*decision.lanes, *lanes}), changed=decision.puts)
        )

    def put(self, value: Value) -> None:
        self._rows[type(value)][key_of(value)] = value

    # ── View ──

    @property
    def now(self) -> int:
        return self._clock.now()

    def new_id(self, prefix: str) -> str:
        return new_id(prefix, self.now)

    def take_seq(self, stream: str) -> int:
        self._seqs[stream] += 1
        return self._seqs[stream]

    def take_position(self) -> int:
        return next(self._positions)

    def get(self, kind: type[E], *key: str) -> E | None:
        return cast("E | None", self._rows[kind].get(key))

    def find(self, kind: type[E], **equals: str) -> Sequence[E]:
        rows: list[Any] = list(self._rows[kind].values())
        found = [row for row in rows if all(getattr(row, name) == value for name, value in equals.items())]
        return sorted(found, key=lambda row: getattr(row, "position", 0))

    # ── Reader ──

    async def message(self, message_id: str) -> Message | None:
        await asyncio.sleep(0)
        return self.get(Message, message_id)

    async def messages(self, room_id: str, page: Page) -> Sequence[Message]:
        raise NotImplementedError

    async def messages_by_id(self, message_ids: Sequence[str]) -> Sequence[Message]:
        found = [self.get(Message, message_id) for message_id in dict.fromkeys(message_ids)]
        return [message for message in found if message is not None]

    async def events(self, stream: str, after: int, limit: int) -> Sequence[Event]:
        raise NotImplementedError

    async def last_seq(self, stream: str) -> int:
        return self._seqs[stream]

    async def deliveries(self, which: DeliveryFilter, page: Page) -> Sequence[Delivery]:
        await asyncio.sleep(0)
        return [
            row
            for row in self.all()
            if (which.channel is None or row.channel == which.channel)
            and (which.message_id is None or row.message_id == which.message_id)
            and (which.states is None or row.state in which.states)
        ][: page.limit]

    async def delivery(self, delivery_id: str) -> Delivery | None:
        return self.get(Delivery, delivery_id)

    async def open_lanes(self) -> Sequence[str]:
        return sorted({row.lane for row in self.all() if row.state.is_open})

    async def lane(self, lane: str, limit: int) -> Sequence[Delivery]:
        await asyncio.sleep(0)
        rows: Any = self._rows[Delivery].values()
        found = sorted((r for r in rows if r.lane == lane and r.state.is_open), key=lambda row: row.position)
        return found[:limit]

    async def lane_depths(self) -> Sequence[tuple[str, DeliveryState, int, int]]:
        raise NotImplementedError

    async def parts(self, message_id: str) -> Sequence[Part]:
        await asyncio.sleep(0)
        return self.find(Part, message_id=message_id)

    async def cursor(self, channel: str, conversation: str) -> Cursor | None:
        await asyncio.sleep(0)
        return self.get(Cursor, channel, conversation)

    async def parts_of_thread(self, root: str, channel: str, conversation: str, limit: int) -> Sequence[Part]:
        return [part for part in self.find(Part, channel=channel, conversation=conversation) if part.message_id == root]

    async def newest_parts(self, channel: str, conversation: str, limit: int) -> Sequence[Part]:
        found = self.find(Part, channel=channel, conversation=conversation)
        return sorted(found, key=lambda part: part.native_id, reverse=True)[:limit]

    async def climbs(self, limit: int) -> Sequence[Climb]:
        return ()

    async def alerts(self, room_ids: Sequence[str] | None, states: Sequence[AlertState], page: Page) -> Sequence[Alert]:
        return ()

    async def alert(self, alert_id: str) -> Alert | None:
        return self.get(Alert, alert_id)

    async def climbs_of(self, subject: str) -> Sequence[Climb]:
        return self.find(Climb, subject=subject)

    async def kept(self, states: Sequence[KeptState], page: Page) -> Sequence[Kept]:
        return ()

    async def original(self, message_id: str) -> str | None:
        return None

    async def usage(self, channel: str, day: str) -> Sequence[Usage]:
        return [row for row in self.find(Usage, channel=channel) if row.day == day]

    async def attachment(self, attachment_id: str) -> Attachment | None:
        return self.get(Attachment, attachment_id)

    async def receiving(self, limit: int) -> Sequence[Attachment]:
        return ()

    async def expired_attachments(self, before: int, limit: int) -> Sequence[Attachment]:
        return ()

    async def inbox_cursor(self, member_id: str) -> int:
        return 0

    async def ping(self) -> None:
        return None

    # ── what tests ask ──

    def all(self) -> list[Delivery]:
        """All deliveries by position."""
        return list(self.find(Delivery))
