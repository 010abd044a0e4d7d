"""Issue 4, Shows: what becomes of a text, STOP and START, and strangers' texts, end to end with a hub that is killed."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest

from tests.e2e.alerts.house import PHONES, House, housed, sms_of
from tests.services.scripted_twilio import ANA, BO, OURS
from tests.services.stories import until
from tieline.client import Client
from tieline.model.delivery import DeliveryState

STRANGER = "+33612345678"
TOLD = ("queued", "sending", "sent", "delivered")
"""What Twilio tells of a text that arrives, in its order."""


def state_of(client: Client, message: str) -> Callable[[], Awaitable[str]]:
    """Ask for the state of a message's one delivery to phones."""

    async def state() -> str:
        [sms] = await sms_of(client, message)
        return sms.state

    return state


@pytest.mark.parametrize("early", [False, True], ids=["after the answer", "one before the answer"])
async def test_callbacks_in_any_order_repeated_and_early_end_as_delivered(tmp_path: Path, early: bool) -> None:
    random = Random(4)
    orders = [random.choices(TOLD, k=3) + list(one) for one in random.sample([*itertools.permutations(TOLD)], 6)]
    async with housed(tmp_path, bundle=False) as house, house.client() as client:
        house.twilio.late = early
        for number, order in enumerate(orders, 1):
            raised = await client.alert(f"trouble {number}", to="bo")
            await house.on_phone(number, BO)
            sid = house.twilio.sent()[-1]["sid"]
            for status in order:
                assert (await house.twilio.status(sid, status))[0] == 200
            state = state_of(client, raised.message)
            assert await until(state, lambda found: found == DeliveryState.DELIVERED) == "delivered"
            assert (await house.twilio.status(sid, "undelivered", 30003))[0] == 200
            assert await state() == "delivered", order
        assert all(status == 200 for status, _ in house.twilio.posted)
        assert len(house.twilio.got(BO)) == len(orders)


async def test_what_was_delivered_before_the_answer_came_counts_in_the_budget(tmp_path: Path) -> None:
    async with housed(tmp_path, daily_budget=10) as house, house.client() as client:
        house.twilio.late = True
        raised = await client.alert("disk full", to="bo")
        await house.on_phone(1, BO)
        await until(state_of(client, raised.message), lambda found: found == "delivered")
        house.twilio.late = False
        await client.alert("disk fuller", to="bo")
        await house.on_phone(2, BO)

        async def spent() -> int:
            return (await client.usage(PHONES)).messages

        assert await until(spent, lambda found: found == 2, 3) == 2


@pytest.mark.parametrize(
    "early",
    [
        pytest.param(False, id="after the answer"),
        pytest.param(True, id="before the answer"),
    ],
)
async def test_a_text_of_many_parts_arrives_whole_whenever_its_first_part_is_told_delivered(
    tmp_path: Path, early: bool
) -> None:
    async with housed(tmp_path, bundle=False) as house, house.client() as client:
        house.twilio.late = early
        house.twilio.stumbles = frozenset({1})
        posted = await client.post("talk", "many words that take some room " * 120)
        texts = await until(_texts_to_bo(house), lambda found: sum(map(len, found)) > 3700, 10)
        assert len(texts) == len(set(texts)) == 3
        await until(state_of(client, posted.id), lambda found: found == "sent")  # one part delivered is not all


def _texts_to_bo(house: House) -> Callable[[], Awaitable[list[str]]]:
    async def texts() -> list[str]:
        return house.twilio.got(BO)

    return texts


async def _climbs_to(house: House, client: Client, who: str, number: int, *, stopped: bool) -> None:
    """Raise an alert to Ana: over the first sender unless it is stopped, and over the other one for sure."""
    before = len(house.twilio.got(who))
    raised = await client.alert(f"trouble {number}", to="ana")
    await house.on_phone(number, who, "backup")
    [first] = await sms_of(client, raised.message)
    if stopped:
        assert (first.state, first.error and first.error.code) == ("expired", "opted_out")
    assert len(house.twilio.got(who)) == before + (not stopped)


async def test_stop_stops_one_number_on_one_sender_durably_and_start_begins_again(tmp_path: Path) -> None:
    two: list[object] = [{"via": "phones", "wait": "1s"}, {"via": "backup", "wait": "10m"}]
    async with housed(tmp_path, {"ana": two}, bundle=False) as house:
        async with house.client() as client:
            await house.twilio.texts(ANA, "STOP")
            await _climbs_to(house, client, ANA, 1, stopped=True)
            await client.alert("for bo", to="bo")
            await house.on_phone(1, BO)
        await house.again()
        async with house.client() as client:
            await _climbs_to(house, client, ANA, 2, stopped=True)
            await client.alert("for bo again", to="bo")
            await house.on_phone(2, BO)
            await house.twilio.texts(ANA, "START")
            await _climbs_to(house, client, ANA, 3, stopped=False)


async def test_who_said_stop_may_still_acknowledge_and_gets_no_text_for_it(tmp_path: Path) -> None:
    async with housed(tmp_path) as house, house.client() as client:
        raised = await client.alert("disk full", to="ana")
        await house.on_phone(1)
        await house.twilio.texts(ANA, "STOP")
        await house.twilio.texts(ANA, "1 ack")
        assert (await client.alert_now(raised.id)).by == "ana"
        await house.twilio.texts(BO, "help")
        await house.on_phone(1, BO)  # answers go out in the order of what they answer
        assert len(house.twilio.got(ANA)) == 1


async def test_answers_cost_too_and_keep_to_the_budget(tmp_path: Path) -> None:
    async with housed(tmp_path, daily_budget=2) as house, house.client() as client:
        for _ in range(3):
            await house.twilio.texts(BO, "help")
        await house.on_phone(1, BO)

        async def spent() -> int:
            return (await client.usage(PHONES)).units

        assert await until(spent, lambda found: found >= 2, 3) >= 2
        assert len(house.twilio.got(BO)) <= 2


async def test_an_unknown_numbers_text_is_kept_shown_and_never_answered(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        async with house.client() as client:
            sid = await house.twilio.texts(STRANGER, "who is this?")
            await house.twilio.texts(STRANGER, "STOP")
            await house.twilio.texts(STRANGER, "START")
            [kept] = (await client.kept()).items
            assert (kept.channel, kept.author_native, kept.text) == (PHONES, STRANGER, "who is this?")
            form = {"MessageSid": sid, "From": STRANGER, "To": OURS, "Body": "who is this?", "NumMedia": "0"}
            assert (await house.twilio.post(house.twilio.sms_url, form))[0] == 200  # Twilio posts it again
            forged = await house.twilio.post(house.twilio.sms_url, {**form, "MessageSid": "SMforged"}, token="wrong")
            assert forged[0] == 403
            await house.twilio.texts(ANA, "help")
            await house.on_phone(1)  # who is known is answered, after all that
        await house.again()
        async with house.client() as client:
            assert [one.id for one in (await client.kept()).items] == [kept.id]
        assert [one for one in house.twilio.sent() if one["to"] == STRANGER] == []


@pytest.mark.parametrize("text", ["1 ack", "help"])
async def test_an_unknown_numbers_code_or_help_is_never_answered(tmp_path: Path, text: str) -> None:
    async with housed(tmp_path) as house, house.client() as client:
        await client.alert("for ana", to="ana")
        await house.on_phone(1)
        await house.twilio.texts(STRANGER, text)
        await house.twilio.texts(ANA, "help")
        await house.on_phone(2)  # answers go out in the order of what they answer
        assert [one["body"] for one in house.twilio.sent() if one["to"] == STRANGER] == []
        assert [one.text for one in (await client.kept()).items] == [text]
