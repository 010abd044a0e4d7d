"""A session that remembers what an adapter reports, and answers as it is told."""

from __future__ import annotations

import asyncio
from collections import deque

from tieline.model.inbound import InboundEvent, Receipt
from tieline.ports.adapter import Home


class Bystander:
    """The parts of a session that tell and ask, and change nothing in the hub: remembered, and answered as set."""

    def __init__(self) -> None:
        self.troubles: dict[str, tuple[str, str]] = {}
        """Problem and mend by conversation."""
        self.labels: dict[str, str] = {}
        self.homes: dict[str, Home] = {}
        """What :meth:`home` answers, by native id; others are nobody, with no room."""

    def troubled(self, conversation: str, problem: str | None, *, fix: str = "") -> None:
        """Remember, or forget."""
        self.troubles.pop(conversation, None)
        if problem is not None:
            self.troubles[conversation] = (problem, fix)

    def renamed(self, conversation: str, label: str) -> None:
        """Remember."""
        self.labels[conversation] = label

    async def home(self, native_id: str) -> Home:
        """Answer as set."""
        return self.homes.get(native_id, Home(handle=None, rooms=()))


class RecordingSession(Bystander):
    """Implements :class:`tieline.ports.adapter.Session`.

    ``failures`` are raised by the next calls of ``receive``, one each; :meth:`hold` makes calls wait.
    """

    def __init__(self) -> None:
        super().__init__()
        self.events: list[InboundEvent] = []
        """What was handed over, in order."""
        self.downs: list[str] = []
        self.ups = 0
        self.failures: deque[Exception] = deque()
        self._heard = asyncio.Condition()
        self._open = asyncio.Event()
        self._open.set()

    async def receive(self, event: InboundEvent) -> Receipt:
        """Remember and answer ``stored``."""
        await self._open.wait()
        if self.failures:
            raise self.failures.popleft()
        async with self._heard:
            self.events.append(event)
            self._heard.notify_all()
        return Receipt(status="stored", message_id=f"msg_{len(self.events)}")

    def went_down(self, reason: str, *, fix: str = "") -> None:  # noqa: ARG002 - the protocol's
        """Remember."""
        self.downs.append(reason)

    async def came_up(self) -> None:
        """Remember."""
        self.ups += 1

    def hold(self) -> None:
        """Calls of ``receive`` wait until :meth:`release`, as they do during catch-up."""
        self._open.clear()

    def release(self) -> None:
        """Let the waiting calls go on."""
        self._open.set()

    async def wait_for(self, count: int, *, limit: float = 10.0) -> list[InboundEvent]:
        """The first ``count`` events; TimeoutError after ``limit`` real seconds."""
        async with asyncio.timeout(limit), self._heard:
            await self._heard.wait_for(lambda: len(self.events) >= count)
        return self.events[:count]
