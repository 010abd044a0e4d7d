"""The gate of a channel: live events wait behind catch-up, in order, per conversation.

Rule: from the moment a connection is lost until a conversation's history is in, its live events stand in line here and
are not acknowledged to the platform. Events are handed to the hub in the order in which they came; the hub keeps it.
Not promised: room for ever; beyond :data:`ROOM` waiting events the adapter is told to come again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from tieline.errors import AdapterError, HubBusy
from tieline.model.inbound import InboundEvent

ROOM: Final = 10_000

Answer = asyncio.Future[object]
Pass = Callable[[InboundEvent, Answer], None]


class Gate:
    """Opens and closes per conversation; ``let_in`` hands an event to the hub, synchronously."""

    def __init__(self, let_in: Pass) -> None:
        self._let_in = let_in
        self._all = False
        self._held: set[str] = set()
        self._lines: dict[str, deque[tuple[InboundEvent, Answer]]] = {}
        self._waiting = 0

    def arrive(self, event: InboundEvent, answer: Answer) -> None:
        """An event came; ``answer`` is set when the hub has it. Raises HubBusy where too many wait."""
        place = event.conversation
        if not self._holds(place):
            self._let_in(event, answer)
            return
        if self._waiting >= ROOM:
            raise HubBusy("too many events wait behind the channel's catch-up", retry_after=10.0)
        self._lines.setdefault(place, deque()).append((event, answer))
        self._waiting += 1

    def close(self) -> None:
        """Hold every conversation: the connection is lost, or not made yet."""
        self._all = True

    def hold_only(self, conversations: Iterable[str]) -> None:
        """Hold these (they have to be caught up with); all others flow."""
        self._all = False
        self._held = set(conversations)
        for place in [place for place in self._lines if place not in self._held]:
            self._flow(place)

    def hold(self, conversation: str) -> bool:
        """Hold this one too; False if it is held already."""
        if self._holds(conversation):
            return False
        self._held.add(conversation)
        return True

    def open(self, conversation: str) -> None:
        """This conversation is caught up with."""
        self._held.discard(conversation)
        if not self._all:
            self._flow(conversation)

    def dismiss(self) -> None:
        """The channel stops: what waits is not acknowledged."""
        for line in self._lines.values():
            for _, answer in line:
                if not answer.done():
                    answer.set_exception(AdapterError("the channel stops"))
        self._lines.clear()
        self._waiting = 0

    def _holds(self, conversation: str) -> bool:
        return self._all or conversation in self._held

    def _flow(self, conversation: str) -> None:
        for event, answer in self._lines.pop(conversation, ()):
            self._waiting -= 1
            if not answer.done():
                self._let_in(event, answer)
