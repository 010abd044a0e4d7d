"""A connection to a simulated platform, with the lifecycle and the errors of a real one.

Rule: it fails as the platform's switch says, with the error class that law 2 wants, and never by itself. Has the
abilities that its platform's capabilities declare: :class:`SimulatedChat` edits, deletes and reacts.
Next stop: :mod:`tieline_simulated.platform`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from tieline.errors import (
    AdapterError,
    DeliveryError,
    HubBusy,
    NotDispatched,
    Permanent,
    StoreError,
    Throttled,
    Uncertain,
)
from tieline.model.capabilities import Capabilities, Support
from tieline.model.delivery import Endpoint
from tieline.ports.abilities import Resync
from tieline.ports.adapter import AdapterContext, Outgoing, PartRef, Sent, Session
from tieline.ports.clock import Clock
from tieline.ports.rendering import Dialect
from tieline_simulated import config
from tieline_simulated.platform import Entry, PaneMessage, SimulatedPlatform, Switch

RETRY_AFTER: Final = 5.0
"""Seconds a throttled platform asks to wait."""
PAGE: Final = 50


def create(context: AdapterContext) -> SimulatedAdapter:
    """The manifest's factory."""
    platform = config.load(context.settings, context.channel, context.clock)
    kind = SimulatedChat if platform.simulator.capabilities().edit.level >= Support.PARTIAL else SimulatedAdapter
    return kind(context, platform)


def _played(capabilities: Capabilities) -> Capabilities:
    """What the platform can do, without what a pane has no hands for; a pane can always be asked what it shows."""
    return msgspec.structs.replace(
        capabilities,
        direct=Support.REJECTED,
        inbound_attachment=False,
        typing=Support.REJECTED,
        history=True,
        lookup=True,
        budget=None,
        bundle=None,
    )


class SimulatedAdapter:
    """Implements ``ChannelAdapter``, ``History``, ``Looks`` and ``Resolves``."""

    def __init__(self, context: AdapterContext, platform: SimulatedPlatform) -> None:
        self._channel = context.channel
        self._clock: Clock = context.clock
        self._platform = platform
        self._capabilities = _played(platform.simulator.capabilities())
        self._line: _Line | None = None

    def dialect(self, endpoint: Endpoint) -> Dialect:  # noqa: ARG002 - one for all
        """The platform's."""
        return self._platform.simulator.dialect()

    def capabilities(self, endpoint: Endpoint) -> Capabilities:  # noqa: ARG002 - one for all
        """The platform's."""
        return self._capabilities

    async def connect(self, session: Session) -> None:
        """Begin to hear what people do."""
        if self._platform.switch is Switch.CUT:
            raise AdapterError("connection refused", fix=_MEND)
        self._line = _Line(self._platform, session, self._clock)

    async def disconnect(self) -> None:
        """Hear nothing more."""
        line, self._line = self._line, None
        if line is not None:
            await line.close()

    def is_connected(self) -> bool:
        """True between the two, while the line is not cut."""
        return self._line is not None and self._platform.switch is not Switch.CUT

    async def send(self, outgoing: Outgoing) -> Sent:
        """Make one message."""
        self._let_through()
        message = self._platform.post(outgoing)
        self._lose_answer()
        return _sent(message)

    async def look_up(self, outgoing: Outgoing, since: int) -> Sent | None:  # noqa: ARG002 - the platform keeps all
        """Find what carries the key."""
        self._let_through(looking=True)
        found = self._platform.find(outgoing.key)
        return _sent(found) if found is not None else None

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        """What people did behind the cursor."""
        if self._platform.switch is Switch.CUT:
            raise NotDispatched("no_connection", "connection refused")
        if cursor is None or conversation != self._platform.conversation:
            return Resync(events=(), cursor=cursor or str(self._platform.stamp))
        entries = self._platform.after(int(cursor) if cursor.isdecimal() else 0, PAGE)
        last = str(entries[-1].stamp) if entries else cursor
        return Resync(events=tuple(entry.event for entry in entries), cursor=last, more=len(entries) == PAGE)

    async def resolve(self, written: str) -> tuple[str, str]:
        """There is one conversation, whatever it is called."""
        return self._platform.conversation, written

    def _let_through(self, *, looking: bool = False) -> None:
        """Raise what the switch says happens before a call takes effect."""
        match self._platform.switch:
            case Switch.CUT:
                raise NotDispatched("no_connection", "connection refused", fix=_MEND)
            case Switch.THROTTLED:
                raise Throttled("ratelimited", "429 Too Many Requests", retry_after=RETRY_AFTER)
            case Switch.FAILING if not looking:
                raise Permanent("rejected", f"{self._platform.simulator.title} refuses the message", fix=_RETRY)
            case _:
                return

    def _lose_answer(self) -> None:
        if self._platform.switch is Switch.FLAKY:
            raise Uncertain("lost_answer", "the connection broke before the answer came")


class SimulatedChat(SimulatedAdapter):
    """Implements ``Edits``, ``Deletes`` and ``Reacts``, too."""

    async def edit(self, ref: PartRef, outgoing: Outgoing) -> None:
        """Replace a message's text."""
        self._let_through()
        message = self._platform.message(ref.part.native_id)
        if message is None:
            raise Permanent("part_gone", "the message is not there any more")
        if message.user is not None:
            raise Permanent("cant_update_message", "it is somebody else's message")
        self._platform.rewrite(message, outgoing)
        self._lose_answer()

    async def delete(self, ref: PartRef) -> None:
        """Remove a message; one that is gone already is gone."""
        self._let_through()
        message = self._platform.message(ref.part.native_id)
        if message is not None and message.user is None:
            self._platform.take_away(message)
        self._lose_answer()

    async def react(self, ref: PartRef, emoji: str, *, on: bool) -> None:
        """Set or take back a reaction."""
        self._let_through()
        message = self._platform.message(ref.part.native_id)
        if message is None:
            raise Permanent("part_gone", "the message is not there any more")
        self._platform.mark_ours(message, emoji, on=on)
        self._lose_answer()


class _Line:
    """What lives between connect and disconnect: one event at a time to the session, in order."""

    def __init__(self, platform: SimulatedPlatform, session: Session, clock: Clock) -> None:
        self._platform = platform
        self._session = session
        self._clock = clock
        self._waiting: asyncio.Queue[Entry] = asyncio.Queue()
        self._cut = False
        self._tasks = {asyncio.get_running_loop().create_task(self._report())}
        self._detach: Callable[[], None] = platform.attach(self._entered, self._switched)

    async def close(self) -> None:
        """Stop; what was not handed over stays in the platform's log."""
        self._detach()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _entered(self, entry: Entry) -> None:
        if not self._cut:
            self._waiting.put_nowait(entry)

    def _switched(self, switch: Switch) -> None:
        was, self._cut = self._cut, switch is Switch.CUT
        if self._cut and not was:
            self._session.went_down("the connection is cut", fix=_MEND)
        elif was and not self._cut:
            task = asyncio.get_running_loop().create_task(self._session.came_up())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _report(self) -> None:
        while True:
            entry = await self._waiting.get()
            if not await self._handed_over(entry):
                return

    async def _handed_over(self, entry: Entry) -> bool:
        """Report until the hub has it, as a platform repeats what was not acknowledged; False: the channel stops."""
        while True:
            try:
                receipt = await self._session.receive(entry.event)
            except StoreError as error:
                await self._clock.sleep(error.retry_after if isinstance(error, HubBusy) else 1.0)
            except (AdapterError, DeliveryError):
                return False
            else:
                if receipt.answer is not None:
                    self._platform.answer(receipt.answer)
                return True


_MEND: Final = "set the channel's switch back to 'working'"
_RETRY: Final = f"{_MEND}, then retry the delivery"


def _sent(message: PaneMessage) -> Sent:
    return Sent(native_id=message.native_id, thread=message.thread or message.native_id)
