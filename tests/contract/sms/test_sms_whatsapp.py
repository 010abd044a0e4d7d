"""WhatsApp through the same adapter: addresses, characters, the window of 24 hours, templates."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.contract.sms.sms_making import connected, make, outgoing
from tests.services.scripted_twilio import ANA, OURS, Reply, ScriptedTwilio
from tieline.errors import Permanent
from tieline.model.capabilities import TextUnit
from tieline.model.delivery import Endpoint
from tieline.model.inbound import InboundMessage
from tieline_sms.adapter import SmsAdapter

OURS_THERE, ANA_THERE = f"whatsapp:{OURS}", f"whatsapp:{ANA}"
TEMPLATE = "HX" + "5f" * 16


def on_whatsapp(twilio: ScriptedTwilio, **settings: object) -> SmsAdapter:
    merged: dict[str, Any] = {"from": OURS_THERE, **settings}
    return make(twilio, **merged)


async def wrote(twilio: ScriptedTwilio, hours_ago: float) -> None:
    at = time.time() - hours_ago * 3600
    twilio.put("hi", sender=ANA_THERE, to=OURS_THERE, at=at, direction="inbound", status="received")


async def test_people_are_known_by_number_and_written_to_by_address(twilio: ScriptedTwilio) -> None:
    adapter = on_whatsapp(twilio)
    async with connected(adapter) as session:
        await twilio.write(ANA_THERE, "hello 🎉", To=OURS_THERE, ProfileName="Ana", OriginalRepliedMessageSid="SM7")
        [event] = session.events
        assert isinstance(event, InboundMessage)
        assert (event.conversation, event.author.native_id, event.author.display) == (ANA, ANA, "Ana")
        assert event.reply_to == "SM7"
        assert await adapter.direct(ANA) == ANA == (await adapter.resolve("+44 7700 900123"))[0]
        await adapter.send(outgoing("“yes” 🎉", ANA))
        assert (
            twilio.requests[0]["To"] == ANA_THERE
            and twilio.requests[0]["Body"] == "“yes” 🎉"
            and twilio.requests[0]["From"] == OURS_THERE
        )
        can = adapter.capabilities(Endpoint(channel="test", conversation=ANA))
        assert can.text.unit is TextUnit.UTF16 and can.receipts.read
        assert twilio.reads == 1, "who just wrote is known: the list is asked at connect only"


async def test_outside_the_window_nothing_goes_and_the_mend_is_said(twilio: ScriptedTwilio) -> None:
    adapter = on_whatsapp(twilio)
    async with connected(adapter):
        with pytest.raises(Permanent) as raised:
            await adapter.send(outgoing("hello", ANA))
        assert raised.value.code == "outside_window" and "content_sid" in raised.value.fix
        await wrote(twilio, 25)
        with pytest.raises(Permanent):
            await adapter.send(outgoing("hello", ANA))
        assert twilio.requests == []
        await wrote(twilio, 23)
        await adapter.send(outgoing("hello", ANA))
        assert len(twilio.requests) == 1


async def test_outside_the_window_the_template_carries_the_text(twilio: ScriptedTwilio) -> None:
    adapter = on_whatsapp(twilio, content_sid=TEMPLATE)
    async with connected(adapter):
        since = int(time.time() * 1000)
        message = outgoing("two\n\nlines\tand   more", ANA)
        sent = await adapter.send(message)
        [request] = twilio.requests
        assert request["ContentSid"] == TEMPLATE and "Body" not in request
        assert json.loads(request["ContentVariables"]) == {"1": "two lines and more"}
        adapter._open.out._sent.clear()  # type: ignore[union-attr]
        found = await adapter.look_up(message, since)
        assert found is not None and found.native_id == sent.native_id


async def test_where_the_list_cannot_be_read_twilio_decides(twilio: ScriptedTwilio) -> None:
    adapter = on_whatsapp(twilio)
    async with connected(adapter):
        twilio.read_script.append(Reply(500))
        twilio.script.append(Reply.error(63016))
        with pytest.raises(Permanent) as raised:
            await adapter.send(outgoing("hello", ANA))
        assert raised.value.code == "outside_window" and len(twilio.requests) == 1
