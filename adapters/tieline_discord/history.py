"""Catching up: what was written in a channel and its threads while nobody listened.

Rule: oldest first, own messages included (the hub knows its echoes). Ids rise with time everywhere on Discord, so one
cursor, the newest id read, serves a channel and all its threads. A page ends where one of them has more than it holds.
Found: every message behind the cursor, also in threads that were begun or archived meanwhile; the last edit of the
channel's own hundred messages before it, at one call a page. Not found: deletions and reactions made meanwhile, edits
in threads: Discord has no list of changes, and :mod:`tieline_discord.surveying` asks for them.
Next stop: the hub hands the events to its session; :mod:`tieline_discord.lookup` finds one send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tieline.errors import Permanent, Throttled
from tieline.model.inbound import InboundEdit, InboundEvent
from tieline.ports.abilities import Resync
from tieline.ports.clock import Clock
from tieline_discord import errors, ids, inbound, permissions, places
from tieline_discord.calls import Calls
from tieline_discord.inbound import Me
from tieline_discord.places import State
from tieline_discord.shapes import flag, mapping, sequence, text
from tieline_discord.webhooks import Webhooks

Message = Mapping[str, object]

PAGE: Final = 1000
"""Messages of one channel or thread in a page."""
_NEAR: Final = 100
_LONGEST_WAIT: Final = 60.0
_WAITS: Final = 5
_ARCHIVED_PAGES: Final = 10


class History:
    """The reading side of one bot's channels."""

    def __init__(self, calls: Calls, state: State, webhooks: Webhooks, clock: Clock, me: Callable[[], Me]) -> None:
        self._calls = calls
        self._state = state
        self._webhooks = webhooks
        self._clock = clock
        self._me = me

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        """A page of what came behind ``cursor``; None: only where the conversation stands now. Raises DeliveryError."""
        await self._know(conversation)
        if self._state.lacks(conversation, permissions.HISTORY):  # Discord would answer that there is nothing
            detail = "the bot may not read what was written"
            raise Permanent(errors.REFUSED, detail, fix=permissions.mend(permissions.HISTORY))
        known = await self.threads(conversation, cursor or ids.NOTHING_READ)
        if cursor is None:
            return Resync(events=(), cursor=await self._newest(conversation, known))
        threads = [text(one, "id") for one in known]
        found: list[Message] = []
        last = None
        for channel in self._channels(conversation, threads):
            read = await self._after(channel, cursor)
            found += read
            if len(read) >= PAGE:
                last = min(last or _order(read[-1]), _order(read[-1]))
        page = sorted((one for one in found if last is None or _order(one) <= last), key=_order)
        edits = await self._edits(conversation, cursor)
        newest = max((text(one, "id") for one in page), key=ids.order, default=cursor)
        events = (*edits, *self._read(conversation, page))
        return Resync(events=events, cursor=max(cursor, newest, key=ids.order), more=last is not None)

    async def _know(self, conversation: str) -> None:
        """Who we are there, and what it is."""
        if not self._state.knows(conversation):
            await places.learn(self._calls, self._state, conversation)
        await self._webhooks.there(conversation)

    async def _newest(self, conversation: str, threads: list[Message]) -> str:
        newest = [text(one, "last_message_id") or text(one, "id") for one in threads]
        if not self._state.is_forum(conversation):
            page = await self.patiently(f"/channels/{conversation}/messages", limit="1")
            newest += [text(mapping(one), "id") for one in sequence(page)]
        return max(newest, key=ids.order, default=ids.NOTHING_READ)

    def _channels(self, conversation: str, threads: list[str]) -> list[str]:
        """Where its messages stand: a forum has none of its own."""
        return threads if self._state.is_forum(conversation) else [conversation, *threads]

    async def _after(self, channel: str, cursor: str) -> list[Message]:
        found: list[Message] = []
        while len(found) < PAGE:
            answer = await self.patiently(f"/channels/{channel}/messages", after=cursor, limit="100")
            page = sorted((mapping(one) for one in sequence(answer)), key=_order)
            found += page
            if len(page) < 100:  # noqa: PLR2004 - a full page, as asked for
                break
            cursor = text(page[-1], "id")
        return found

    async def _edits(self, conversation: str, cursor: str) -> list[InboundEvent]:
        """Edits, behind the cursor's time, of the channel's messages just before it."""
        if cursor == ids.NOTHING_READ or self._state.is_forum(conversation):
            return []
        query = {"before": str(ids.order(cursor) + 1), "limit": str(_NEAR)}
        answer = await self.patiently(f"/channels/{conversation}/messages", **query)
        found = [one for one in map(mapping, sequence(answer)) if _edited(one) > ids.milliseconds(cursor)]
        read = (self.edit_of(one, conversation) for one in sorted(found, key=_edited))
        return [event for event in read if event is not None]

    def edit_of(self, message: Message, conversation: str) -> InboundEdit | None:
        """The last edit that a message of the conversation shows, if any; also in a thread that we do not know yet."""
        return inbound.read_edit({**message, "channel_id": conversation}, self._me(), self._state)

    def _read(self, conversation: str, page: list[Message]) -> list[InboundEvent]:
        guild = self._state.guild_of(conversation)
        read = (inbound.read_message(one, self._me(), self._state, guild=guild) for one in page)
        return [event for event in read if event is not None]

    # ── threads ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def threads(self, conversation: str, cursor: str) -> list[Message]:
        """Threads of a conversation where something may have been written behind the cursor. Raises DeliveryError."""
        guild = self._state.guild_of(conversation)
        if guild is None:
            return []
        active = mapping(await self.patiently(f"/guilds/{guild}/threads/active"))
        there = map(mapping, sequence(active.get("threads")))
        threads = [one for one in there if text(one, "parent_id") == conversation]
        threads += await self._archived(conversation, cursor)
        for thread in threads:
            self._state.add(thread, guild)
        return [one for one in threads if _has_news(one, cursor)]

    async def _archived(self, conversation: str, cursor: str) -> list[Message]:
        """Threads that were archived behind the cursor: Discord tells the latest first."""
        if cursor == ids.NOTHING_READ:
            return []
        found: list[Message] = []
        query = {"limit": "100"}
        for _ in range(_ARCHIVED_PAGES):
            answer = mapping(await self._archived_page(conversation, query))
            page = [mapping(one) for one in sequence(answer.get("threads"))]
            later = [one for one in page if _archived_at(one) >= ids.milliseconds(cursor)]
            found += later
            if not flag(answer, "has_more") or len(later) < len(page) or not page:
                break
            query["before"] = text(mapping(page[-1].get("thread_metadata")), "archive_timestamp")
        return found

    async def _archived_page(self, conversation: str, query: Mapping[str, str]) -> object:
        try:
            return await self.patiently(f"/channels/{conversation}/threads/archived/public", **query)
        except Permanent:  # a channel that has no threads (voice), or whose history we may not read
            return None

    async def patiently(self, path: str, **query: str) -> object:
        """GET, and wait where Discord asks for it: starting anew would ask for the same pages for ever."""
        for _ in range(_WAITS):
            try:
                return await self._calls.read(path, **query)
            except Throttled as error:
                if error.retry_after > _LONGEST_WAIT:
                    raise
                await self._clock.sleep(error.retry_after)
        return await self._calls.read(path, **query)


def _order(message: Message) -> int:
    return ids.order(text(message, "id"))


def _edited(message: Message) -> int:
    return ids.timestamp(text(message, "edited_timestamp"))


def _archived_at(thread: Message) -> int:
    return ids.timestamp(text(mapping(thread.get("thread_metadata")), "archive_timestamp"))


def _has_news(thread: Message, cursor: str) -> bool:
    """A thread whose last message is behind the cursor; one that does not say is read as well."""
    last = text(thread, "last_message_id")
    return not last or max(ids.order(last), ids.order(text(thread, "id"))) >= ids.order(cursor)
