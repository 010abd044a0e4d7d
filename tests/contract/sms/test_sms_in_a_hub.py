"""Issue 4, Shows: a hub with phones, as its users run it. An alert becomes one SMS, "1 ack" acknowledges it; callbacks in
any order end right; STOP from one number stops that number; what a preview shows is what the phone gets.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.hub_process import HubProcess
from tests.services.scripted_twilio import ACCOUNT, ANA, BO, CHANNEL, OURS, PUBLIC, TOKEN, ScriptedTwilio, scripted
from tests.services.stories import channel_is_up, until
from tieline.client import Client
from tieline.model.rooms import Severity

pytestmark = pytest.mark.timeout(90)
ROOM = "dj-waste"


class House:
    """The hub, its phones, and an agent."""

    def __init__(self, hub: HubProcess, twilio: ScriptedTwilio, token: str) -> None:
        self.hub, self.twilio = hub, twilio
        self.agent = Client(hub.url, token)

    async def texts(self, number: int, to: str = ANA) -> list[str]:
        """What a phone got, once it is so many."""

        async def got() -> list[str]:
            return [one["body"] for one in self.twilio.sent() if one["to"] == to]

        return await until(got, lambda found: len(found) >= number)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with scripted() as twilio:
        phones = {"adapter": "sms", "account_sid": ACCOUNT, "auth_token": TOKEN, "from": OURS, "api_url": twilio.url}
        links = [{"channel": CHANNEL, "conversation": number, "direction": "both"} for number in (ANA, BO)]
        ladder = {"ladder": [{"via": "sms", "wait": "10m"}]}
        config: dict[str, object] = {
            "hub": {"public_url": PUBLIC},
            "channels": {CHANNEL: {**phones, "pace": 100, "price": {"segment": 0.0079}}},
            "members": {
                "ana": {"kind": "human", "display": "Ana", "level": "L3", "accounts": {CHANNEL: ANA}, "notify": ladder},
                "bo": {"kind": "human", "display": "Bo", "level": "L2", "accounts": {CHANNEL: BO}},
                "marcus": {"kind": "ai", "ai": "claude", "display": "Marcus", "level": "L3"},
            },
            "rooms": {ROOM: {"links": links}},
        }
        hub = HubProcess(tmp_path, config)
        await hub.start()
        try:
            house = House(hub, twilio, await hub.token("marcus"))
            twilio.site = hub.url  # what Twilio posts goes to the hub itself
            async with house.agent:
                await channel_is_up(house.agent, CHANNEL)
                yield house
        finally:
            await hub.stop()


async def test_talk_goes_both_ways_and_a_preview_is_what_the_phone_gets(house: House) -> None:
    said = "“disk” – full… " * 12
    preview = await house.agent.preview(ROOM, said)
    sent = await house.agent.post(ROOM, said)
    assert await house.texts(1) == [frame.text for frame in preview.items[0].frames] == await house.texts(1, BO)
    cost = preview.items[0].cost
    assert cost is not None and (cost.unit, cost.count, cost.price) == ("segment", 2, 0.0158)
    sid = house.twilio.sent()[0]["sid"]
    for status in ("delivered", "sent", "queued"):
        assert (await house.twilio.status(sid, status))[0] == 200

    async def states() -> list[str]:
        return sorted(one.state for one in (await house.agent.message_deliveries(sent.id)).items)

    assert await until(states, lambda found: "delivered" in found) == ["delivered", "sent"]
    await house.twilio.write(ANA, "on my way")
    await house.twilio.write("+33612345678", "who are you?")
    messages = (await house.agent.messages(ROOM)).messages
    assert [(one.author.display, one.text) for one in messages if one.text != said] == [("Ana", "on my way")]
    assert await house.texts(2, BO) != [] and "Ana: on my way" in (await house.texts(2, BO))[-1]
    assert len([one for one in house.twilio.sent() if one["to"] == "+33612345678"]) == 0


async def test_an_alert_is_one_segment_and_an_answer_by_code_acknowledges_it(house: House) -> None:
    raised = await house.agent.alert("disk full on db-3 " * 20, to="ana", severity=Severity.CRITICAL)
    [text] = await house.texts(1)
    assert text.startswith("1: disk full on db-3") and "Reply 1 ack" in text and len(text) <= 160
    began = time.monotonic()
    await house.twilio.write(ANA, "1 akc")

    async def by() -> str | None:
        return (await house.agent.alert_now(raised.id)).by

    assert await until(by, lambda found: found is not None) == "ana"
    assert time.monotonic() - began < 1


async def test_stop_stops_one_number_and_start_begins_again(house: House) -> None:
    await house.twilio.write(ANA, "STOP")
    await house.agent.post(ROOM, "one")
    await house.texts(1, BO)
    await house.twilio.write(ANA, "start")
    await house.agent.post(ROOM, "two")
    await house.texts(2, BO)
    assert [one.rpartition(": ")[2] for one in await house.texts(1)] == ["two"]
