"""Reading Twilio's list: what people wrote, and what became of what we sent, while nobody listened.

Rule: oldest first, under the same ids as a webhook's; behind a mark of time and ids, with an overlap, for the list
counts in seconds and may show a message late. Statuses are told again whenever the list is read: the hub moves forward
only. Not found: media of a message (the list does not hold them), and what was deleted at Twilio.
Next stops: the hub for one conversation, :mod:`tieline_sms.polling` for all.

Source: Twilio, "Read multiple Message resources".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tieline.model.base import Value
from tieline.model.inbound import InboundEvent, InboundStatus
from tieline.ports.abilities import Resync
from tieline.ports.clock import Clock
from tieline_sms import ids, inbound
from tieline_sms.client import Api, Json
from tieline_sms.ids import Mark, Own
from tieline_sms.inbound import Text
from tieline_sms.shapes import text

STATUSES_FOR: Final = 12 * 3600
"""Seconds for which it is asked what became of a send: Twilio keeps a text in its queue for ten hours at most."""


_FIRST_PAGE: Final = 2**40
"""A time that nothing is younger than."""


class News(Value, kw_only=True, frozen=True):
    """Texts that were not told yet, oldest first, and the mark behind them."""

    texts: tuple[Text, ...]
    mark: Mark


class History:
    """The reading side of one channel."""

    def __init__(self, api: Api, own: Own, clock: Clock) -> None:
        self._api = api
        self._own = own
        self._clock = clock

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        """What happened in one conversation behind ``cursor``; None: only where it stands. Raises DeliveryError."""
        if cursor is None:
            return Resync(events=(), cursor=str(await self.present(conversation)))
        before = ids.read_mark(cursor)
        news = await self.news(before, conversation)
        events: list[InboundEvent] = []
        mark = before
        for one in news.texts:
            mark = mark.behind(one.at, one.sid)
            events.append(inbound.event_of(one, self._own, self._clock.now(), mark))
        events += await self.statuses(before.at, conversation)
        return Resync(events=tuple(events), cursor=str(news.mark))

    async def present(self, conversation: str | None = None) -> Mark:
        """Where the list stands, by Twilio's own times. Raises DeliveryError."""
        records = await self._api.messages(sender=self._there(conversation), to=self._own.address, since=_FIRST_PAGE)
        return ids.mark_of(((inbound.seconds_of(one), text(one, "sid")) for one in records), Mark(at=0))

    async def news(self, before: Mark, conversation: str | None = None) -> News:
        """Texts behind a mark, from everybody or in one conversation. Raises DeliveryError."""
        since = before.at - ids.OVERLAP
        records = await self._api.messages(sender=self._there(conversation), to=self._own.address, since=since)
        read = [one for one in (inbound.read_record(record) for record in self._ours(records)) if one is not None]
        recent = sorted((one for one in reversed(read) if one.at >= since), key=_time)
        fresh = tuple(one for one in recent if one.sid not in before.seen)
        return News(texts=fresh, mark=ids.mark_of(((one.at, one.sid) for one in recent), before))

    async def statuses(self, since: int, conversation: str | None = None) -> list[InboundStatus]:
        """How our sends of the last hours are now, oldest first. Raises DeliveryError."""
        after = max(since, self._api.now() - STATUSES_FOR) - ids.OVERLAP
        records = await self._api.messages(to=self._there(conversation), sender=self._own.address, since=after)
        now = self._clock.now()
        young = [one for one in self._ours(records) if inbound.seconds_of(one) >= after]
        read = (inbound.status_of_record(record, self._own, now) for record in reversed(young))
        return [status for status in read if status is not None]

    def _ours(self, records: Iterable[Json]) -> Iterable[Json]:
        """Records of our Messaging Service: the list cannot be asked for these."""
        service = self._own.service
        return (one for one in records if service is None or text(one, "messaging_service_sid") == service)

    def _there(self, conversation: str | None) -> str | None:
        return None if conversation is None else self._own.there(conversation)


def _time(one: Text) -> int:
    return one.at
