"""The hub's side of a Slack channel, for tests without the hub: a session that keeps the contract and records.

It is scripted, not mocked: it keeps the gate that `ports.adapter.Session` promises (live events wait behind the
catch-up), and knows repeats by native id as the hub's store does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tieline.model.content import Document
from tieline.model.inbound import InboundEdit, InboundEvent, InboundMessage, Receipt
from tieline.ports.abilities import History
from tieline.render.plain import Plain
from tieline.testing.session import Bystander

WAIT = 20.0


class RecordingSession(Bystander):
    """Takes events, remembers cursors, catches up."""

    def __init__(self, history: History | None = None, conversations: Sequence[str] = ()) -> None:
        super().__init__()
        self.received: list[InboundEvent] = []
        self.repeats = 0
        self.downs: list[tuple[str, str]] = []
        self.down = asyncio.Event()
        self.ups = 0
        self.answer: str | None = None
        self.refuse: list[Exception] = []
        """Raised by the next calls of `receive`, one each."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.hold: asyncio.Event | None = None
        """While unset, `receive` has begun and does not return."""
        self.entered = asyncio.Event()
        self._history = history
        self._cursors: dict[str, str | None] = dict.fromkeys(conversations)
        self._changed = asyncio.Condition()
        self._known: set[tuple[str, str]] = set()

    async def receive(self, event: InboundEvent) -> Receipt:
        await self.gate.wait()
        self.entered.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.refuse:
            raise self.refuse.pop(0)
        await self._take(event)
        return Receipt(status="stored", answer=self.answer)

    def went_down(self, reason: str, *, fix: str = "") -> None:
        self.gate.clear()
        self.down.set()
        self.downs.append((reason, fix))

    async def came_up(self) -> None:
        await self.catch_up()
        self.ups += 1
        self.gate.set()
        async with self._changed:
            self._changed.notify_all()

    async def catch_up(self) -> None:
        """What the hub does after connecting: read from each cursor on."""
        for conversation in self._cursors:
            more = True
            while more and self._history is not None:
                page = await self._history.resync(conversation, self._cursors[conversation])
                self._cursors[conversation] = page.cursor
                for event in page.events:
                    await self._take(event)
                more = page.more

    async def until(self, done: Callable[[RecordingSession], bool]) -> None:
        """Wait, bounded, until something about the session is so."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: done(self)), WAIT)

    async def events(self, count: int) -> list[InboundEvent]:
        """Wait, bounded, until so many events came."""
        await self.until(lambda session: len(session.received) >= count)
        return self.received

    @property
    def texts(self) -> list[str]:
        """What messages and edits said, in order."""
        said = [event for event in self.received if isinstance(event, InboundMessage | InboundEdit)]
        return [plain_text(event.content) for event in said]

    async def _take(self, event: InboundEvent) -> None:
        if isinstance(event, InboundMessage):
            if (event.conversation, event.native_id) in self._known:
                self.repeats += 1
                return
            self._known.add((event.conversation, event.native_id))
            if event.conversation in self._cursors:
                self._cursors[event.conversation] = event.cursor
        self.received.append(event)
        async with self._changed:
            self._changed.notify_all()


def plain_text(document: Document) -> str:
    return Plain().write(document.blocks)
