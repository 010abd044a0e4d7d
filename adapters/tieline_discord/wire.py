"""What Discord sends, on its way to the hub: dispatches in order, each conversation by itself.

Rule (law 1): Discord knows no acknowledgement. What the hub could not store stands at the head of its conversation and
is handed over again until it is stored; the hub reads the history meanwhile, so nothing later overtakes it. One
conversation's events are handed over one after the other, in order of arrival; conversations do not wait for each
other, but where a thread is not known and Discord has to be asked for its channel.
Next stop: :mod:`tieline_discord.pressing` for interactions, :mod:`tieline_discord.inbound` for all else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Final

from tieline.errors import DeliveryError, HubBusy, StoreError, TielineError
from tieline.model.inbound import InboundEvent
from tieline.ports.adapter import Session
from tieline.ports.clock import Clock
from tieline_discord import errors, inbound, places
from tieline_discord.calls import Calls, log
from tieline_discord.inbound import Me
from tieline_discord.places import State
from tieline_discord.pressing import Pressing
from tieline_discord.shapes import mapping, text
from tieline_discord.webhooks import Webhooks

_AGAIN: Final = 1.0
_NO_CONTENT: Final = "messages arrive without their text: Message Content intent is off"


class Door:
    """The way from Discord to the hub's session. Implements :class:`tieline_discord.connection.Watch`."""

    def __init__(
        self,
        session: Session,
        calls: Calls,
        state: State,
        webhooks: Webhooks,
        clock: Clock,
        me: Callable[[], Me],
    ) -> None:
        self._session = session
        self._calls = calls
        self._state = state
        self._webhooks = webhooks
        self._clock = clock
        self._me = me
        self._lines: dict[str, deque[InboundEvent]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._news: asyncio.Queue[tuple[str, Mapping[str, object]]] = asyncio.Queue()
        self._pressing = Pressing(session, calls, state, clock, me)
        self._followed: set[str] = set()
        self._start(self._take())

    def follow(self, conversation: str) -> None:
        """A linked conversation: tell what is wrong with it, now and whenever it changes."""
        self._followed.add(conversation)
        self._tell(self._state.trouble(conversation))

    def told(self, conversation: str, problem: str, fix: str) -> None:
        """Something is wrong with a conversation, as a send found out."""
        self._session.troubled(conversation, problem, fix=fix)

    async def close(self) -> None:
        """Stop; what was not handed over yet is read from history the next time."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ── the connection's watch ───────────────────────────────────────────────────────────────────────────────────

    def dispatched(self, event_type: str, data: object) -> None:
        """Something happened."""
        self._news.put_nowait((event_type, mapping(data)))

    def lost(self, reason: str, fix: str) -> None:
        """The connection is gone."""
        self._session.went_down(reason, fix=fix)

    def back(self) -> None:
        """It is open again."""
        self._start(self._session.came_up())

    # ── handing over ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _take(self) -> None:
        while True:
            event_type, data = await self._news.get()
            try:
                await self._handle(event_type, data)
            except Exception:  # noqa: BLE001 - one odd dispatch must not end all others
                log.exception("a dispatch could not be handled: %s", event_type)

    async def _handle(self, event_type: str, data: Mapping[str, object]) -> None:
        for change in self._state.observe(event_type, data):
            self._tell(change)
        if event_type == "INTERACTION_CREATE":
            self._start(self._pressing.handle(data))
            return
        await self._know(data)
        if event_type == "MESSAGE_CREATE" and inbound.lacks_content(data):
            conversation = inbound.conversation_of(data, self._state)
            self._session.troubled(conversation, _NO_CONTENT, fix=errors.INTENT_MEND)
        for event in inbound.read_many(event_type, data, self._me(), self._state):
            self._line_up(event)

    def _tell(self, change: places.Change) -> None:
        if change.label is not None:
            self._session.renamed(change.conversation, change.label)
        elif change.conversation in self._followed:
            self._webhooks.refused.pop(change.conversation, None)  # it may be mended: it is tried again
            self._session.troubled(change.conversation, change.problem, fix=change.fix)

    async def _know(self, data: Mapping[str, object]) -> None:
        """What is needed to read it: the channel it stands in, and whether a webhook is ours."""
        webhook, application = text(data, "webhook_id"), text(data, "application_id")
        if webhook and application == self._me().application_id:
            self._webhooks.ids |= {webhook}  # Discord names the application that owns it
        channel = text(data, "channel_id")
        if channel and text(data, "guild_id") and not self._state.knows(channel):
            try:
                await places.learn(self._calls, self._state, channel)
            except DeliveryError as error:
                log.warning("the channel %s is not known: %s", channel, error)

    def _line_up(self, event: InboundEvent) -> None:
        line = self._lines.get(event.conversation)
        if line is not None:
            line.append(event)
            return
        self._lines[event.conversation] = deque((event,))
        self._start(self._work_off(event.conversation))

    async def _work_off(self, conversation: str) -> None:
        line = self._lines[conversation]
        try:
            while line:
                await self._until_stored(line[0])
                line.popleft()
        finally:
            del self._lines[conversation]

    async def _until_stored(self, event: InboundEvent) -> None:
        while True:
            try:
                await self._session.receive(event)
            except StoreError as error:
                await self._clock.sleep(error.retry_after if isinstance(error, HubBusy) else _AGAIN)
            except TielineError:
                return  # the channel stops
            except Exception:  # noqa: BLE001 - a fault of the session's; the conversation goes on
                log.exception("an event could not be handed over")
                return
            else:
                return

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task of the Discord channel failed", exc_info=error)
