"""Issue 4, Shows: a storm is a handful of texts, a spent budget is seen, deadlines survive kill -9, hooks close alerts."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.alerts.house import PHONES, ROOM, buttons, housed, sms_of, watched, words
from tests.services.scripted_slack import GENERAL
from tests.services.scripted_twilio import ANA, BO
from tests.services.stories import until
from tieline.client import Client
from tieline.model.alerts import AlertState
from tieline.model.rooms import Severity
from tieline.model.shapes import ChannelOut, DeliveryOut
from tieline.render.segments import count

STORM = 1000
_MANY = re.compile(r"(\d+) alerts")


@pytest.mark.timeout(60)
async def test_a_thousand_alerts_to_one_person_are_a_handful_of_texts_that_say_how_many(tmp_path: Path) -> None:
    async with housed(tmp_path, bundle="2s") as house, house.client() as client:
        gate = asyncio.Semaphore(2)

        async def raise_one(number: int) -> None:
            async with gate:
                severity = Severity.CRITICAL if number == 500 else Severity.WARNING
                await client.alert(f"disk {number} is full", room="quiet", severity=severity)

        began = time.monotonic()
        await asyncio.gather(*(raise_one(number) for number in range(STORM)))
        raised_in = time.monotonic() - began

        def told() -> int:
            return sum(int(found[1]) if (found := _MANY.match(one)) else 1 for one in house.twilio.got(ANA))

        await watched(told, lambda found: found >= STORM)
        texts = house.twilio.got(ANA)
        print(
            f"{STORM} alerts in {raised_in:.1f} s: {len(texts)} texts, {sum(map(count, texts))} segments; {texts[-1]!r}"
        )
        assert told() == STORM
        windows = raised_in / 2 + 1
        bundles = [one for one in texts if _MANY.match(one)]
        assert 1 <= len(bundles) <= windows + 1
        assert len(texts) <= 4 * (windows + 1)  # up to three go by themselves before each
        assert sum("1 critical" in one for one in bundles) + sum("disk 500 " in one for one in texts) >= 1
        assert all(count(one) <= 1 for one in texts)


@pytest.mark.timeout(60)
async def test_a_code_that_a_text_has_named_keeps_its_meaning_while_its_alert_is_open(tmp_path: Path) -> None:
    async with housed(tmp_path, bundle="1s") as house, house.client() as client:
        first = await client.alert("the first", room="quiet")
        [text] = await house.on_phone(1)
        assert text.startswith("1: the first")
        for number in range(120):
            await client.alert(f"trouble {number}", room="quiet")
        await house.twilio.texts(ANA, "1 ack")
        answer = await watched(
            lambda: [one for one in house.twilio.got(ANA) if one.startswith("Acknowledged: ")],
            lambda found: len(found) > 0,
        )
        assert answer[0].startswith("Acknowledged: the first.")
        assert (await client.alert_now(first.id)).state is AlertState.ACKNOWLEDGED


# ── the budget ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _not_at_midnight() -> None:
    """Budgets are of a UTC day: let one begin before a test that would run into it."""

    async def left() -> float:
        now = datetime.now(UTC)
        return 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)

    await until(left, lambda seconds: seconds > 25, 30)


async def _waiting(client: Client, message: str) -> DeliveryOut:
    async def sms() -> DeliveryOut:
        [one] = await sms_of(client, message)
        return one

    return await until(sms, lambda one: one.error is not None)


async def _phones(client: Client) -> ChannelOut:
    return next(one for one in (await client.channels()).items if one.name == PHONES)


@pytest.mark.timeout(60)
async def test_a_spent_budget_is_seen_and_nothing_more_is_sent_that_day(tmp_path: Path) -> None:
    await _not_at_midnight()
    async with housed(tmp_path, daily_budget=2, bundle=False) as house:
        async with house.client() as client:
            for number in (1, 2):
                await client.alert(f"trouble {number}", to="bo")
                await house.on_phone(number, BO)
            third = await client.alert("trouble 3", room=ROOM)
            waits = await _waiting(client, third.message)
            assert (waits.state, waits.error and waits.error.code) == ("queued", "budget_spent")
            assert waits.next_at is not None and waits.next_at.endswith("T00:00:00.000Z")
            listed = (await client.deliveries()).items
            assert waits.id in {one.id for one in listed if one.error and one.error.code == "budget_spent"}
            health = await _phones(client)
            assert (health.error and health.error.code, health.open) == ("budget_spent", 1)
            assert health.error is not None and "2 segments" in health.error.detail and health.retry_at == waits.next_at
            assert (await client.usage(PHONES)).units == 2
            await house.card("trouble 3")  # what costs nothing goes on
        await house.again()
        async with house.client() as client:
            assert (await _waiting(client, third.message)).state == "queued"
            fourth = await client.alert("trouble 4", to="bo")
            assert (await _waiting(client, fourth.message)).next_at == waits.next_at
            health = await _phones(client)
            assert health.error is not None and health.error.code == "budget_spent"
            assert (len(house.twilio.got(ANA)), len(house.twilio.got(BO))) == (0, 2)


@pytest.mark.timeout(60)
async def test_a_spent_budget_is_seen_in_the_channels_health_after_a_restart(tmp_path: Path) -> None:
    await _not_at_midnight()
    async with housed(tmp_path, daily_budget=1, bundle=False) as house:
        async with house.client() as client:
            await client.alert("trouble 1", to="bo")
            await house.on_phone(1, BO)
            second = await client.alert("trouble 2", to="ana")
            assert (await _waiting(client, second.message)).state == "queued"
        await house.again()
        async with house.client() as client:
            await until(lambda: _phones(client), lambda now: now.error is not None, 3)


@pytest.mark.timeout(60)
async def test_what_waits_for_the_budget_goes_at_once_when_it_is_raised(tmp_path: Path) -> None:
    await _not_at_midnight()
    async with housed(tmp_path, daily_budget=1, bundle=False) as house:
        async with house.client() as client:
            await client.alert("trouble 1", to="bo")
            await house.on_phone(1, BO)
            second = await client.alert("trouble 2", room=ROOM)
            assert (await _waiting(client, second.message)).state == "queued"
        channels: dict[str, dict[str, Any]] = house.hub.config["channels"]  # type: ignore[assignment]
        channels[PHONES]["daily_budget"] = 5
        await house.again()
        await watched(lambda: house.twilio.got(ANA), bool, 4)


async def test_one_receivers_budget_is_not_the_others(tmp_path: Path) -> None:
    await _not_at_midnight()
    async with housed(tmp_path, per_recipient_budget=1, bundle=False) as house, house.client() as client:
        await client.alert("trouble 1", to="bo")
        await house.on_phone(1, BO)
        second = await client.alert("trouble 2", to="bo")
        assert (await _waiting(client, second.message)).state == "queued"
        await client.alert("trouble 3", to="ana")
        await house.on_phone(1)
        assert len(house.twilio.got(BO)) == 1


# ── deadlines ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_rung_whose_deadline_came_while_the_hub_was_dead_fires_once(tmp_path: Path) -> None:
    three: list[object] = [
        {"via": "mention", "wait": "2s"},
        {"via": "phones", "wait": "2s"},
        {"via": "backup", "wait": "10m"},
    ]
    async with housed(tmp_path, {"ana": three}) as house:
        async with house.client() as client:
            raised = await client.alert("disk full", room=ROOM)
            [climb] = (await client.alert_now(raised.id)).climbs or ()
        await house.hub.kill()
        assert house.twilio.sent() == []
        assert climb.reached == ("mention",) and climb.next_at is not None
        due = datetime.fromisoformat(climb.next_at)
        await watched(lambda: datetime.now(UTC), lambda now: now > due)
        await house.hub.start()
        await house.on_phone(1)
        await house.again()
        await house.on_phone(1, ANA, "backup")
        assert (len(house.twilio.got(ANA)), len(house.twilio.got(ANA, "backup"))) == (1, 1)
        async with house.client() as client:
            [climb] = (await client.alert_now(raised.id)).climbs or ()
            assert climb.reached == ("mention", "phones", "backup")
            await house.twilio.texts(ANA, "1 ack", "backup")
            await until(lambda: client.alert_now(raised.id), lambda now: now.state is AlertState.ACKNOWLEDGED)


# ── hooks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _alertmanager(status: str, fingerprint: str = "b1f2c3d4e5f60718") -> dict[str, Any]:
    """Alertmanager's webhook, version 4, of one alert."""
    labels = {"alertname": "DiskFull", "instance": "db-3:9100", "severity": "critical", "job": "node"}
    notes = {"summary": "Disk of db-3 is 97 % full", "description": "/var has 1.2 GB left."}
    ends = "2026-05-04T08:20:00.000Z" if status == "resolved" else "0001-01-01T00:00:00Z"
    one = {
        "status": status,
        "labels": labels,
        "annotations": notes,
        "startsAt": "2026-05-04T08:00:00.000Z",
        "endsAt": ends,
        "generatorURL": "http://prometheus.example.org/graph?g0.expr=disk",
        "fingerprint": fingerprint,
    }
    return {
        "version": "4",
        "groupKey": '{}:{alertname="DiskFull"}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "tieline",
        "groupLabels": {"alertname": "DiskFull"},
        "commonLabels": labels,
        "commonAnnotations": notes,
        "externalURL": "http://alertmanager.example.org",
        "alerts": [one],
    }


async def test_alertmanagers_firing_and_resolved_are_one_alert_that_closes(tmp_path: Path) -> None:
    async with housed(tmp_path) as house, house.client() as client, aiohttp.ClientSession() as monitoring:
        key = await house.hub.token("alertmanager", "--kind", "service", "--rooms", ROOM)
        hook = f"{house.hub.url}/api/v1/hooks/{key}"

        async def calls(status: str) -> dict[str, int]:
            async with monitoring.post(hook, json=_alertmanager(status)) as answer:
                assert answer.status == 200, await answer.text()
                return dict(await answer.json())

        assert await calls("firing") == {"raised": 1, "counted": 0, "closed": 0, "ignored": 0}
        row = await house.card("Disk of db-3 is 97 % full", lambda row: set(buttons(row)) == {"ack", "close"})
        assert "/var has 1.2 GB left." in words(row)
        [text] = await house.on_phone(1)
        assert "Disk of db-3 is 97 % full" in text and "critical" in text
        assert await calls("firing") == {"raised": 0, "counted": 1, "closed": 0, "ignored": 0}
        await house.card("Disk of db-3", lambda row: "(×2)" in words(row))
        assert await calls("resolved") == {"raised": 0, "counted": 0, "closed": 1, "ignored": 0}
        row = await house.card("Disk of db-3", lambda row: "Closed by" in words(row))
        assert buttons(row) == {}
        [alert] = (await client.alerts(room=ROOM)).items
        assert (alert.state, alert.count, alert.by) == (AlertState.CLOSED, 2, "alertmanager")
        assert await calls("resolved") == {"raised": 0, "counted": 0, "closed": 0, "ignored": 1}
        await house.twilio.texts(ANA, "1 ack")
        assert (await house.on_phone(2))[1].startswith("Closed already by alertmanager")
        assert len(house.slack.shown(GENERAL)) == 1
        assert await calls("firing") == {"raised": 1, "counted": 0, "closed": 0, "ignored": 0}
        await watched(lambda: len(house.slack.shown(GENERAL)), lambda found: found == 2)
