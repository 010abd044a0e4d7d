"""Catching up: what was written in a conversation while nobody listened.

Rule: oldest first, threads included, own messages included (the hub knows its echoes). The cursor is the ``ts`` of the
newest message known. Reads may be repeated, so a "slow down" is waited for here and does not lose the pages read.
Found: every message and reply after the cursor; the last edit of the two hundred top-level messages before it, which
are read in one call for the threads that went on. Not found: deletions, reactions, edits of older replies, and replies
in threads whose root is older than those two hundred. Slack's history has no list of changes;
:mod:`tieline_slack.survey` asks for all but the last. Next stop: the hub hands the events to its session.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final

from tieline.errors import Throttled
from tieline.model.inbound import InboundEdit, InboundEvent, InboundMessage
from tieline.ports.abilities import Resync
from tieline.ports.clock import Clock
from tieline_slack import ids, inbound
from tieline_slack.inbound import Me
from tieline_slack.names import Names, People
from tieline_slack.outbound import Outbound
from tieline_slack.paging import PAGE, pages
from tieline_slack.shapes import mapping, number, sequence, text

_LONGEST_WAIT: Final = 60.0
_WAITS: Final = 5

Message = Mapping[str, object]


class History:
    """The reading side of one workspace's conversations."""

    def __init__(self, calls: Outbound, names: Names, clock: Clock, me: Me) -> None:
        self._calls = calls
        self._names = names
        self._clock = clock
        self._me = me

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        """All that came after ``cursor``, in one page; None: only where the conversation stands now."""
        if cursor is None:
            return Resync(events=(), cursor=await self._newest(conversation))
        messages = await self._since(conversation, cursor)
        events = await self._read(conversation, messages, cursor)
        newest = max((text(message, "ts") for message in messages), key=ids.order, default=cursor)
        return Resync(events=events, cursor=max(cursor, newest, key=ids.order))

    async def _newest(self, conversation: str) -> str:
        answer = await self._patiently("conversations.history", {"channel": conversation, "limit": "1"})
        stamps = [text(mapping(message), "ts") for message in sequence(answer.get("messages"))]
        replies = [text(mapping(message), "latest_reply") for message in sequence(answer.get("messages"))]
        return max((ts for ts in (*stamps, *replies) if ts), key=ids.order, default=ids.NOTHING_READ)

    async def _since(self, conversation: str, cursor: str) -> list[Message]:
        """What may have changed after the cursor: new messages, older ones near it, and the threads of both."""
        roots = [message async for message in self._pages("conversations.history", conversation, oldest=cursor)]
        roots.extend(await self._before(conversation, cursor))
        found = {text(message, "ts"): message for message in roots}
        for root in list(found.values()):
            if _has_news(root, cursor):
                thread = text(root, "ts")
                async for reply in self._pages("conversations.replies", conversation, oldest=cursor, ts=thread):
                    found.setdefault(text(reply, "ts"), reply)
        return list(found.values())

    async def _before(self, conversation: str, cursor: str) -> list[Message]:
        if cursor == ids.NOTHING_READ:
            return []
        arguments = {"channel": conversation, "latest": cursor, "inclusive": "true", "limit": str(PAGE)}
        answer = await self._patiently("conversations.history", arguments)
        return [mapping(message) for message in sequence(answer.get("messages"))]

    async def _read(self, conversation: str, messages: Iterable[Message], cursor: str) -> tuple[InboundEvent, ...]:
        found: list[tuple[tuple[int, int], InboundEvent]] = []
        for message in messages:
            event = {**message, "channel": conversation, "type": text(message, "type") or "message"}
            people = await self._names.look_up(inbound.people_in(event))
            moment, read = self._event(conversation, event, cursor, people)
            if read is not None:
                found.append((moment, read))
        return tuple(event for _, event in sorted(found, key=lambda pair: pair[0]))

    def _event(
        self, conversation: str, event: Message, cursor: str, people: People
    ) -> tuple[tuple[int, int], InboundMessage | InboundEdit | None]:
        """A message if it is new, its edit if only that is; with the moment it stands at."""
        ts, edited = text(event, "ts"), text(mapping(event.get("edited")), "ts")
        if ids.order(ts) > ids.order(cursor):
            read = inbound.read(event, self._me, people)
            return ids.order(ts), read if isinstance(read, InboundMessage) else None
        if ids.order(edited) > ids.order(cursor):
            return ids.order(edited), inbound.read_edit(conversation, event, self._me, people)
        return ids.order(ts), None

    def _pages(self, method: str, conversation: str, *, oldest: str, ts: str = "") -> AsyncIterator[Message]:
        place = {
            "channel": conversation,
            "oldest": oldest,
            "include_all_metadata": "true",
            **({"ts": ts} if ts else {}),
        }
        return pages(self._patiently, method, place, "messages")

    async def _patiently(self, method: str, arguments: Mapping[str, str]) -> Message:
        """Read, and wait where Slack asks for it: starting anew would ask for the same pages for ever."""
        for _ in range(_WAITS):
            try:
                return await self._calls.read(method, arguments)
            except Throttled as error:
                if error.retry_after > _LONGEST_WAIT:
                    raise
                await self._clock.sleep(error.retry_after)
        return await self._calls.read(method, arguments)


def _has_news(root: Message, cursor: str) -> bool:
    """A thread that goes on after the cursor; one that does not say when it was last replied to is read as well."""
    latest = text(root, "latest_reply")
    return ids.order(latest) > ids.order(cursor) if latest else number(root, "reply_count") > 0
