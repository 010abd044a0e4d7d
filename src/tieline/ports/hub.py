"""The one door into the hub, and what comes out of a commit.

Rule: every write is a command through :meth:`Hub.execute`; it returns when its result is durable (law 1). What a
commit did is published once, after it, on the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from tieline.model.base import Value
from tieline.model.commands import Command
from tieline.model.events import Event
from tieline.model.outcome import Outcome


class Committed(Value, kw_only=True, frozen=True):
    """What one transaction did, in order: the events of all streams, the lanes that have new work, changed entities.

    ``changed`` holds the new values of directory entities, deliveries, attachments and channel records that were
    written, ``dropped`` those of directory entities that were deleted.
    """

    events: tuple[Event, ...]
    lanes: frozenset[str]
    changed: tuple[Value, ...] = ()
    dropped: tuple[Value, ...] = ()


class Hub(Protocol):
    """The one door. Safe to call from the event loop only."""

    async def execute(self, command: Command) -> Outcome:
        """Authorize, decide and commit; returns once durable.

        Raises :class:`~tieline.errors.HubBusy` (nothing was written; try again with the same key) or
        :class:`~tieline.errors.StoreError`. Cancelling the caller does not undo a command that was queued.
        """
        ...

    def submit(self, command: Command, done: Callable[[Outcome | BaseException], None]) -> None:
        """Like ``execute`` without a future: ``done`` is called on the loop after the commit. Never raises.

        The way of hot callers (the web socket): no task and no future per message.
        """
        ...


Listener = Callable[[Committed], None]


class Bus(Protocol):
    """Who hears of commits. Listeners are called on the loop, in order of commit, must not block and must not raise."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; the answer removes it."""
        ...

    def publish(self, committed: Committed) -> None:
        """Tell all listeners (called by the writer only)."""
        ...


Commands = Sequence[Command]
