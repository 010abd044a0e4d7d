"""What readers may rely on, on both databases (contract: lists, cursors)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.contract.store.harness import Open, Opened, Place
from tests.contract.store.small_deciders import ROOM, PutDeliveries, Save, post_to
from tieline.errors import StoreError
from tieline.model.delivery import Cursor, Delivery, DeliveryState, InboxCursor, Operation, Part, PartDirection
from tieline.model.message import Message
from tieline.model.outcome import Accepted
from tieline.ports.reading import DeliveryFilter, Page

ANY = Page()


@pytest_asyncio.fixture
async def talked(opened: Opened) -> AsyncIterator[Opened]:
    """Ten messages in a room, one in another."""
    await opened.together(*(post_to(str(number)) for number in range(1, 11)), post_to("elsewhere", room="room_2"))
    yield opened


def delivery(number: int, state: DeliveryState, channel: str = "slack", message: str = "msg_1") -> Delivery:
    return Delivery(
        id=f"dlv_{number}",
        position=number,
        operation=Operation.SEND,
        room_id=f"room_{number % 2}",
        message_id=message,
        seq=1,
        link_id=None,
        channel=channel,
        conversation="C1",
        via="auto",
        lane=f"{channel}|C1|auto",
        state=state,
        created_at=100 + number,
    )


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (Page(limit=3), [1, 2, 3]),
        (Page(after=4, limit=3), [5, 6, 7]),
        (Page(after=9), [10]),
        (Page(after=10), []),
        (Page(before=4), [1, 2, 3]),
        (Page(before=9, limit=3), [6, 7, 8]),
        (Page(after=2, before=9, limit=3), [3, 4, 5]),
        (Page(before=1), []),
    ],
)
async def test_a_page_of_messages_ascends_and_is_nearest_to_its_cursor(
    talked: Opened, page: Page, expected: list[int]
) -> None:
    assert [message.seq for message in await talked.store.reader.messages(ROOM, page)] == expected


async def test_messages_by_id_come_in_the_order_asked_without_the_absent(talked: Opened) -> None:
    messages = await talked.store.reader.messages(ROOM, Page())
    ids = [messages[4].id, "msg_nobody", messages[0].id, messages[4].id]
    found = await talked.store.reader.messages_by_id(ids)
    assert [message.seq for message in found] == [5, 1, 5]
    assert await talked.store.reader.messages_by_id([]) == []
    assert await talked.store.reader.message("msg_nobody") is None


async def test_events_of_a_stream_ascend_after_a_number(talked: Opened) -> None:
    assert [event.seq for event in await talked.store.reader.events(ROOM, 7, 2)] == [8, 9]
    assert await talked.store.reader.events("room_nobody", 0, 10) == []
    assert await talked.store.reader.last_seq("room_2") == 1
    assert await talked.store.reader.last_seq("room_nobody") == 0


async def test_deliveries_are_filtered_and_paged_by_position(opened: Opened) -> None:
    reader = opened.store.reader
    states = [DeliveryState.QUEUED, DeliveryState.FAILED, DeliveryState.SENT, DeliveryState.HELD]
    made = [delivery(number, states[number % 4], "slack" if number < 5 else "mail") for number in range(8)]
    made[3] = delivery(3, DeliveryState.HELD, message="msg_2")
    await opened.execute(Save(values=tuple(made)))

    async def positions(which: DeliveryFilter, page: Page = ANY) -> list[int]:
        return [each.position for each in await reader.deliveries(which, page)]

    assert await positions(DeliveryFilter()) == list(range(8))
    assert await positions(DeliveryFilter(states=(DeliveryState.FAILED, DeliveryState.HELD))) == [1, 3, 5, 7]
    assert await positions(DeliveryFilter(states=())) == []
    assert await positions(DeliveryFilter(channel="mail")) == [5, 6, 7]
    assert await positions(DeliveryFilter(message_id="msg_2")) == [3]
    assert await positions(DeliveryFilter(room_ids=("room_0",), channel="slack")) == [0, 2, 4]
    assert await positions(DeliveryFilter(room_ids=())) == []
    assert await positions(DeliveryFilter(), Page(after=2, limit=2)) == [3, 4]
    assert await positions(DeliveryFilter(), Page(before=6, limit=2)) == [4, 5]
    assert await reader.delivery("dlv_3") == made[3]
    assert await reader.delivery("dlv_nobody") is None
    assert await reader.open_lanes() == ["mail|C1|auto", "slack|C1|auto"]
    assert [each.position for each in await reader.lane("slack|C1|auto", 2)] == [0, 3]
    assert await reader.lane_depths() == [
        ("mail", DeliveryState.FAILED, 1, 105),
        ("mail", DeliveryState.HELD, 1, 107),
        ("slack", DeliveryState.FAILED, 1, 101),
        ("slack", DeliveryState.HELD, 1, 103),
        ("slack", DeliveryState.QUEUED, 2, 100),
    ]


async def test_parts_and_cursors_are_read_as_they_were_kept(opened: Opened) -> None:
    reader = opened.store.reader
    parts = tuple(
        Part(
            channel="slack",
            conversation="C1",
            native_id=f"{number}.0",
            message_id="msg_1",
            room_id=ROOM,
            direction=PartDirection.OUT,
            index=number,
            created_at=5,
        )
        for number in range(3)
    )
    cursor = Cursor(channel="slack", conversation="C1", cursor="c1", updated_at=1)
    await opened.execute(Save(values=(*parts, cursor, InboxCursor(member_id="mem_1", after=7))))
    assert await reader.parts("msg_1") == list(parts)
    assert await reader.parts("msg_2") == []
    assert await reader.cursor("slack", "C1") == cursor
    assert await reader.cursor("slack", "C2") is None
    assert (await reader.inbox_cursor("mem_1"), await reader.inbox_cursor("mem_2")) == (7, 0)


async def test_a_read_right_after_an_acknowledgement_sees_what_was_acknowledged(opened: Opened) -> None:
    async def post_and_read(text: str) -> bool:
        outcome = await opened.execute(post_to(text))
        assert isinstance(outcome, Accepted)
        assert isinstance(outcome.value, Message)
        return await opened.store.reader.message(outcome.value.id) == outcome.value

    assert all(await asyncio.gather(*(post_and_read(str(number)) for number in range(100))))


async def test_a_reader_of_a_closed_store_is_a_store_error(place: Place, opening: Open) -> None:
    opened = await opening(place)
    reader = opened.store.reader
    await reader.ping()
    await opened.store.close()
    with pytest.raises(StoreError, match="not open"):
        _ = opened.store.reader
    with pytest.raises(StoreError, match="closed"):
        await reader.last_seq(ROOM)


async def test_lanes_that_a_batch_filled_are_named_once(opened: Opened) -> None:
    await opened.together(PutDeliveries(lane="a"), PutDeliveries(lane="a"), PutDeliveries(lane="b"))
    assert [committed.lanes for committed in opened.heard] == [frozenset({"a", "b"})]
    assert [type(value) for value in opened.heard[0].changed] == [Delivery] * 3
