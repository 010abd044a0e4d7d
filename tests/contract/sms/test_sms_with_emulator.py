"""The adapter and the real SDK against a third party's Twilio (npm `emulate`)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from tests.contract.sms.sms_making import connected, outgoing
from tests.services.scripted_twilio import ANA, BO, CHANNEL, ScriptedTwilio, scripted
from tests.services.twilio_emulator import OURS, TOKEN, EmulatedTwilio, running
from tieline.errors import Permanent
from tieline.model.inbound import InboundCommand, InboundConsent, InboundMessage, InboundStatus
from tieline.ports.adapter import AdapterContext
from tieline.ports.clock import SystemClock
from tieline.testing.bench import text_of
from tieline_sms.adapter import SmsAdapter, create


@pytest.fixture
async def site() -> AsyncIterator[ScriptedTwilio]:
    """Only its routes to the hub are used."""
    async with scripted() as server:
        yield server


@pytest.fixture
async def emulator(site: ScriptedTwilio) -> AsyncIterator[EmulatedTwilio]:
    async with running(f"{site.site}/api/v1/channels/{CHANNEL}/inbound") as server:
        yield server


def made(emulator: EmulatedTwilio, site: ScriptedTwilio, public: str | None, **settings: object) -> SmsAdapter:
    merged = {**emulator.settings, **settings}
    context = AdapterContext(channel=CHANNEL, settings=merged, clock=SystemClock(), public_url=public)
    site.adapter = adapter = create(context)
    return adapter


async def test_texts_go_out_and_come_in_signed_with_receipts_and_consent(
    emulator: EmulatedTwilio, site: ScriptedTwilio
) -> None:
    adapter = made(emulator, site, site.site)
    async with connected(adapter) as session:
        sent = await adapter.send(outgoing("disk full on db-3"))
        assert (await emulator.messages())[0]["body"] == "disk full on db-3"
        await emulator.status(sent.native_id, "sent")
        await emulator.status(sent.native_id, "delivered")
        sid = await emulator.write(ANA, "I am on it, “really” 🎉")
        await emulator.write(ANA, "1 ack")
        await emulator.write(BO, "STOP")
        states = [(one.state.value, one.delivery_id) for one in session.events if isinstance(one, InboundStatus)]
        assert states == [("sent", "dlv_1"), ("sent", "dlv_1"), ("delivered", "dlv_1")]
        [message] = [one for one in session.events if isinstance(one, InboundMessage)]
        assert (message.native_id, message.conversation, text_of(message)) == (sid, ANA, "I am on it, “really” 🎉")
        assert [one.text for one in session.events if isinstance(one, InboundCommand)] == ["1 ack"]
        assert [one.conversation for one in session.events if isinstance(one, InboundConsent)] == [BO]


async def test_a_send_is_looked_up_and_history_is_read(emulator: EmulatedTwilio, site: ScriptedTwilio) -> None:
    adapter = made(emulator, site, None)
    async with connected(adapter):
        since = int(time.time() * 1000)
        begin = await adapter.resync(ANA, None)
        assert await adapter.look_up(outgoing("hello"), since) is None
        sent = await adapter.send(outgoing("hello"))
        adapter._open.out._sent.clear()  # type: ignore[union-attr]  # as after a restart
        found = await adapter.look_up(outgoing("hello"), since)
        assert found is not None and found.native_id == sent.native_id
        ids = [await emulator.write(ANA, f"text {number}") for number in range(3)]
        page = await adapter.resync(ANA, begin.cursor)
        assert [one.native_id for one in page.events if isinstance(one, InboundMessage)] == ids
        again = await adapter.resync(ANA, page.cursor)
        assert not [one for one in again.events if isinstance(one, InboundMessage)]


async def test_faults_and_the_check(emulator: EmulatedTwilio, site: ScriptedTwilio) -> None:
    adapter = made(emulator, site, site.site)
    async with connected(adapter):
        findings = await adapter.check([ANA])
        assert [(one.level, one.message) for one in findings] == [
            ("ok", "account Local Twilio Account is active"),
            ("ok", f"{OURS} can send SMS"),
            ("ok", "Twilio posts texts to this hub"),
            ("ok", f"{ANA} is a number"),
        ]
    other = made(emulator, site, site.site, **{"from": "+15005550006"})
    async with connected(other):
        with pytest.raises(Permanent) as raised:
            await other.send(outgoing("hello"))
        assert raised.value.code == "not_our_number" and raised.value.stops_channel
        assert [one.level for one in await other.check([])][-1] == "error"
    wrong = made(emulator, site, site.site, auth_token=TOKEN + "x")
    [finding] = await wrong.check([])
    assert finding.level == "error" and "auth_token" in finding.fix
