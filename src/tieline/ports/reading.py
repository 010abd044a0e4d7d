"""What readers ask of the store. Reads see committed state; they never block the loop and never wait for the writer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tieline.model.alerts import Alert, AlertState, Climb
from tieline.model.attachments import Attachment
from tieline.model.base import Value
from tieline.model.delivery import Cursor, Delivery, DeliveryState, Part
from tieline.model.events import Event
from tieline.model.keeping import Kept, KeptState, Usage
from tieline.model.message import Message


class Page(Value, kw_only=True, frozen=True):
    """Which rows: after or before a cursor, at most ``limit`` (1-500)."""

    after: int | None = None
    before: int | None = None
    limit: int = 50


class DeliveryFilter(Value, kw_only=True, frozen=True):
    """Which deliveries; None: any."""

    states: tuple[DeliveryState, ...] | None = None
    channel: str | None = None
    message_id: str | None = None
    message_ids: tuple[str, ...] | None = None
    """Of any of these messages (a page of them), in one read."""
    room_ids: tuple[str, ...] | None = None


class Reader(Protocol):
    """Asynchronous reads. All raise :class:`~tieline.errors.StoreError` if the database does not answer."""

    async def message(self, message_id: str) -> Message | None:
        """One message, tombstones too."""
        ...

    async def messages(self, room_id: str, page: Page) -> Sequence[Message]:
        """Messages of a room, ascending by seq. With ``before``, the ``limit`` nearest before it."""
        ...

    async def messages_by_id(self, message_ids: Sequence[str]) -> Sequence[Message]:
        """Several messages, in the order asked, absent ones left out."""
        ...

    async def events(self, stream: str, after: int, limit: int) -> Sequence[Event]:
        """Events of a stream with ``seq > after``, ascending."""
        ...

    async def last_seq(self, stream: str) -> int:
        """Last number of a stream, 0 if it has none."""
        ...

    async def deliveries(self, which: DeliveryFilter, page: Page) -> Sequence[Delivery]:
        """Deliveries by position."""
        ...

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """One delivery."""
        ...

    async def open_lanes(self) -> Sequence[str]:
        """Lanes that have open deliveries."""
        ...

    async def lane(self, lane: str, limit: int) -> Sequence[Delivery]:
        """The first open deliveries of a lane by position."""
        ...

    async def lane_depths(self) -> Sequence[tuple[str, DeliveryState, int, int]]:
        """(channel, state, count, oldest created_at) over open and failed deliveries, for health and metrics."""
        ...

    async def parts(self, message_id: str) -> Sequence[Part]:
        """All native messages of a message."""
        ...

    async def parts_of_thread(self, root: str, channel: str, conversation: str, limit: int) -> Sequence[Part]:
        """Native messages of a thread in one conversation, in order of the room; the last ``limit`` of them."""
        ...

    async def newest_parts(self, channel: str, conversation: str, limit: int) -> Sequence[Part]:
        """Native messages of a conversation, the greatest ids (as text) first: where ids rise, the newest."""
        ...

    async def attachment(self, attachment_id: str) -> Attachment | None:
        """One attachment."""
        ...

    async def receiving(self, limit: int) -> Sequence[Attachment]:
        """Attachments whose bytes are still to come from a platform, oldest first."""
        ...

    async def expired_attachments(self, before: int, limit: int) -> Sequence[Attachment]:
        """Attachments with ``expires_at < before`` (milliseconds), oldest first."""
        ...

    async def climbs(self, limit: int) -> Sequence[Climb]:
        """Climbs that go on, those with the earliest deadline first."""
        ...

    async def alerts(self, room_ids: Sequence[str] | None, states: Sequence[AlertState], page: Page) -> Sequence[Alert]:
        """Alerts of these rooms (None: of all) by creation; ``page`` counts in milliseconds of creation."""
        ...

    async def alert(self, alert_id: str) -> Alert | None:
        """One alert."""
        ...

    async def climbs_of(self, subject: str) -> Sequence[Climb]:
        """The climbs of an alert or handoff, in order of making."""
        ...

    async def kept(self, states: Sequence[KeptState], page: Page) -> Sequence[Kept]:
        """What is kept aside, by time; ``page`` counts in milliseconds."""
        ...

    async def original(self, message_id: str) -> str | None:
        """A message's text as it came, where something was left out of it."""
        ...

    async def usage(self, channel: str, day: str) -> Sequence[Usage]:
        """What went to a channel's receivers in one UTC day; the receiver '' is all together."""
        ...

    async def cursor(self, channel: str, conversation: str) -> Cursor | None:
        """How far a conversation was read."""
        ...

    async def inbox_cursor(self, member_id: str) -> int:
        """How far a member has read the inbox."""
        ...

    async def ping(self) -> None:
        """Raise :class:`~tieline.errors.StoreError` unless the database answers a read and the schema is at head."""
        ...
