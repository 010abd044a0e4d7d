"""Streams and who hears of them.

Rule: a subscriber gets each event of its stream once, in order. It is kept by one number per subscription, the seq of
the last event it was given: what a commit brings is written only where it follows that number; what is older is passed
over; and where something is missing the subscription falls back to reading from the store.
Next stop: :mod:`.catchup`, which closes the distance; :mod:`.fanout`, which hears of commits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from tieline.model.events import Event
from tieline_websocket import wire

if TYPE_CHECKING:
    from tieline_websocket.connection import Connection

Sees = Callable[[Event], bool]


FROM_NOW: Final = -1
"""Place of a subscription that begins with whatever comes next; the head need not be known for that."""


class Phase(IntEnum):
    """Where a subscription stands."""

    OPENING = 0
    BEHIND = 1
    LIVE = 2


class Subscription:
    """One connection's place in one stream. ``sees`` decides over single events (of an inbox); None: all."""

    __slots__ = ("connection", "phase", "sees", "seq", "stream")

    def __init__(self, connection: Connection, stream: Stream, sees: Sees | None = None) -> None:
        self.connection = connection
        self.stream = stream
        self.sees = sees
        self.seq = 0
        self.phase = Phase.OPENING

    def frames(self, events: Sequence[Event]) -> list[bytes]:
        """Frames of the events that this subscriber may see."""
        label = self.stream.label
        return [wire.event(event, label) for event in events if self.sees is None or self.sees(event)]


class Stream:
    """A room's events, or a member's inbox. ``head`` is the last seq known; None until somebody has read it."""

    __slots__ = ("head", "id", "label", "subscriptions")

    def __init__(self, stream_id: str, label: str) -> None:
        self.id = stream_id
        self.label = label
        self.head: int | None = None
        self.subscriptions: dict[Connection, Subscription] = {}

    def raise_head(self, seq: int) -> int:
        """Take note of a seq; answers the head."""
        self.head = seq if self.head is None else max(self.head, seq)
        return self.head

    def publish(self, events: Sequence[Event]) -> None:
        """Give what a commit brought to everybody who is live: one piece of bytes for all of them."""
        first, last = events[0].seq, self.raise_head(events[-1].seq)
        joined: bytes | None = None
        for subscription in self.subscriptions.values():
            if subscription.phase is not Phase.LIVE or subscription.seq >= last:
                continue
            if subscription.seq == FROM_NOW:
                subscription.seq = first - 1
            if subscription.seq + 1 != first or subscription.sees is not None or subscription.connection.lagging:
                _give_singly(subscription, events)
                continue
            if joined is None:
                joined = b"".join(subscription.frames(events))
            subscription.seq = last
            subscription.connection.push(joined)


def _give_singly(subscription: Subscription, events: Sequence[Event]) -> None:
    if subscription.seq + 1 < events[0].seq or subscription.connection.lagging:
        subscription.phase = Phase.BEHIND
        subscription.connection.catch_up()
        return
    later = [event for event in events if event.seq > subscription.seq]
    subscription.seq = later[-1].seq
    if frames := subscription.frames(later):
        subscription.connection.push(b"".join(frames))
