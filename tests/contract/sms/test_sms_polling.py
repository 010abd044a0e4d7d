"""Where Twilio cannot reach the hub: texts and receipts are read from the list, in order, and none twice."""

from __future__ import annotations

import time

import pytest

from tests.contract.sms.sms_making import SETTINGS, connected, make, outgoing
from tests.services.scripted_twilio import ANA, BO, CHANNEL, OURS, PUBLIC, SERVICE, Lose, Reply, ScriptedTwilio
from tieline.errors import HubBusy, Uncertain
from tieline.model.inbound import InboundConsent, InboundMessage, InboundStatus
from tieline.ports.adapter import AdapterContext
from tieline.ports.clock import SystemClock
from tieline.testing.bench import text_of
from tieline.testing.session import RecordingSession
from tieline_sms.adapter import SmsAdapter, create
from tieline_sms.polling import Polling


def polling(adapter: SmsAdapter) -> Polling:
    assert adapter._open is not None and adapter._open.polling is not None
    return adapter._open.polling


def poller(twilio: ScriptedTwilio, **settings: object) -> SmsAdapter:
    return make(twilio, public_url=None, poll=3600, **settings)


def texts(session: RecordingSession) -> list[str]:
    return [text_of(event) for event in session.events if isinstance(event, InboundMessage)]


async def test_texts_are_told_in_order_once_and_what_is_older_is_history(twilio: ScriptedTwilio) -> None:
    await twilio.write(ANA, "before", post=False)
    adapter = poller(twilio)
    async with connected(adapter) as session:
        now = time.time()
        for number in range(5):
            await twilio.write(ANA if number % 2 else BO, f"text {number}", post=False, at=now)  # one second
        for _ in range(3):
            await polling(adapter).once()
        assert texts(session) == [f"text {number}" for number in range(5)]


async def test_a_text_that_the_list_shows_late_is_told_all_the_same(twilio: ScriptedTwilio) -> None:
    adapter = poller(twilio)
    async with connected(adapter) as session:
        await twilio.write(ANA, "second", post=False, at=time.time() + 60)
        await polling(adapter).once()
        await twilio.write(BO, "first, shown late", post=False, at=time.time() + 10)
        await polling(adapter).once()
        await polling(adapter).once()
        assert texts(session) == ["second", "first, shown late"]


async def test_what_the_hub_could_not_take_is_read_again_and_nothing_overtakes_it(twilio: ScriptedTwilio) -> None:
    adapter = poller(twilio)
    async with connected(adapter) as session:
        session.failures.append(HubBusy("busy"))
        await twilio.write(ANA, "one", post=False)
        await twilio.write(ANA, "two", post=False)
        await polling(adapter).once()
        assert session.events == [] and adapter.is_connected()
        await polling(adapter).once()
        assert texts(session) == ["one", "two"]


async def test_receipts_are_told_when_they_change(twilio: ScriptedTwilio) -> None:
    adapter = poller(twilio)
    async with connected(adapter) as session:
        sent = await adapter.send(outgoing("hello"))
        record = twilio.record(sent.native_id)
        for status in ("queued", "sent", "sent", "delivered", "delivered"):
            record["status"] = status
            await polling(adapter).once()
        other = await adapter.send(outgoing("hello", BO, delivery="dlv_2"))
        twilio.record(other.native_id).update(status="failed", error_code=21610)
        await polling(adapter).once()
        statuses = [(one.native_id, one.state.value) for one in session.events if isinstance(one, InboundStatus)]
        first, second = sent.native_id, other.native_id
        assert statuses == [(first, "sent"), (first, "delivered"), (second, "failed")]
        assert [one.conversation for one in session.events if isinstance(one, InboundConsent)] == [BO]


async def test_a_list_that_fails_is_a_lost_connection_that_comes_back(twilio: ScriptedTwilio) -> None:
    adapter = poller(twilio)
    async with connected(adapter) as session:
        for failure in (Reply(500), Reply.error(20429, 429), Reply(200, b"[]"), Reply(200, b"\xff")):
            twilio.read_script.append(failure)
            await polling(adapter).once()
        assert len(session.downs) == 1 and session.ups == 0 and not adapter.is_connected()
        await twilio.write(ANA, "meanwhile", post=False)
        await polling(adapter).once()
        assert session.ups == 1 and adapter.is_connected() and texts(session) == ["meanwhile"]


async def test_hostile_records_break_nothing_and_what_has_an_id_and_a_sender_is_told_once(
    twilio: ScriptedTwilio,
) -> None:
    odd = (
        b'{"messages": [null, 7, {}, {"sid": 5}, {"sid": "SM1", "from": null}, {"sid": "SM2", "from": " ", "body": []},'
    )
    odd += b' {"sid": "SM3", "from": "+447700900123", "to": [], "body": {}, "date_sent": "yesterday", "direction": "inbound"}],'
    odd += b' "next_page_uri": "https://evil.example/"}'
    adapter = poller(twilio)
    async with connected(adapter) as session:
        for _ in range(2):
            twilio.read_script.append(Reply(200, odd))
            await polling(adapter).once()
        assert [event.native_id for event in session.events] == ["SM3"] and adapter.is_connected()


async def test_with_a_messaging_service_only_its_texts_are_ours(twilio: ScriptedTwilio) -> None:
    adapter = poller(twilio, **{"from": SERVICE})
    async with connected(adapter) as session:
        for service in (SERVICE, None):
            twilio.put(f"to {service}", sender=ANA, to=OURS, direction="inbound", messaging_service_sid=service)
        await polling(adapter).once()
        assert texts(session) == [f"to {SERVICE}"]


async def test_history_crosses_pages_and_tells_receipts_too(twilio: ScriptedTwilio) -> None:
    adapter = make(twilio)
    async with connected(adapter):
        begin = await adapter.resync(ANA, None)
        sent = await adapter.send(outgoing("hello"))
        twilio.record(sent.native_id)["status"] = "delivered"
        wanted = [await twilio.write(ANA, f"text {number}", post=False) for number in range(450)]
        await twilio.write(BO, "elsewhere", post=False)
        page = await adapter.resync(ANA, begin.cursor)
        messages = [event for event in page.events if isinstance(event, InboundMessage)]
        assert [event.native_id for event in messages] == wanted
        assert [one.native_id for one in page.events if isinstance(one, InboundStatus)] == [sent.native_id]
        assert all(len(event.cursor or "") < 5000 for event in messages) and len(page.cursor or "") < 5000
        assert not page.more and SystemClock().now() > 0


async def test_a_cursor_that_is_none_of_ours_reads_everything_and_breaks_nothing(twilio: ScriptedTwilio) -> None:
    adapter = make(twilio)
    async with connected(adapter):
        sid = await twilio.write(ANA, "hello", post=False)
        for odd in ("", "abc", ":", "99999999999999999:", "-1:SM1", "²:"):
            page = await adapter.resync(ANA, odd)
            assert [event.native_id for event in page.events] == [sid]


class Ahead(SystemClock):
    """A clock that goes wrong by an hour."""

    def __init__(self, hours: int) -> None:
        super().__init__()
        self._hours = hours

    def now(self) -> int:
        return super().now() + self._hours * 3_600_000


@pytest.mark.parametrize("hours", [-1, 0, 1])
async def test_a_clock_that_is_wrong_loses_nothing(hours: int, twilio: ScriptedTwilio) -> None:
    """Twilio stamps what it lists by its own clock."""
    for way in ("poll", "webhook"):
        settings: dict[str, object] = {**SETTINGS, "api_url": twilio.url, "poll": 3600, "inbound": way}
        adapter = create(AdapterContext(channel=CHANNEL, settings=settings, clock=Ahead(hours), public_url=PUBLIC))
        twilio.adapter = adapter
        async with connected(adapter) as session:
            await twilio.write(ANA, f"live {way}", post=way == "webhook")
            if way == "poll":
                await polling(adapter).once()
            assert texts(session) == [f"live {way}"]
            last = session.events[-1]
            assert isinstance(last, InboundMessage)
            missed = await twilio.write(ANA, f"missed {way}", post=False)
            page = await adapter.resync(ANA, last.cursor)
            assert missed in [event.native_id for event in page.events]
            doubtful = outgoing("hello", delivery=f"dlv_{way}")
            since = Ahead(hours).now()
            twilio.script.append(Lose())
            with pytest.raises(Uncertain):
                await adapter.send(doubtful)
            assert await adapter.look_up(doubtful, since) is not None
