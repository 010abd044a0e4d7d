"""Alerts over HTTP: raised once, counted, answered, climbing, and seen by who sees the room."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from tests.contract.api.house import House, furnish, open_house
from tests.services.databases import database as either_database
from tests.services.databases import migrated_file, postgres
from tieline.api import alerts, keeping
from tieline.client import Client, ClientError, answers
from tieline.model.alerts import AlertState, ClimbState
from tieline.model.commands import ApplyConfig, CreateLink, ReceiveEvent, RegisterChannel, ResolveLink
from tieline.model.content import plain
from tieline.model.inbound import InboundMessage, NativeAuthor, Receipt
from tieline.model.keeping import KeptState
from tieline.model.members import Level
from tieline.model.policies import PolicySet, Rung
from tieline.model.rooms import Link, Severity

__all__ = ["either_database", "migrated_file", "postgres"]

LADDER = (Rung(via="mention", wait=60_000), Rung(via="slack", wait=120_000))


@pytest_asyncio.fixture
async def on_either(either_database: str) -> AsyncIterator[House]:
    async with open_house(either_database) as opened:
        await furnish(opened)
        yield opened


async def raised(house: House, handle: str = "bob", **fields: object) -> tuple[int, dict]:  # type: ignore[type-arg]
    body = {"room": "studio", "summary": "disk full", **fields}
    return await house.json("POST", "/alerts", handle, json={k: v for k, v in body.items() if v is not None})


async def test_an_alert_lives_from_the_first_call_to_the_last_answer(on_either: House) -> None:
    house = on_either
    await house.run(ApplyConfig(file="f", policies=PolicySet(ladder=LADDER, on_call=("lin",))))
    status, made = await raised(house, details="97 %", severity="critical", dedup="disk")
    assert status == 201
    assert (made["room"], made["state"], made["count"], made["source"]) == ("studio", "open", 1, "bob")
    assert (made["dedup"], made["severity"], made["by"], made["via"]) == ("disk", "critical", None, None)
    assert "climbs" not in made
    status, again = await raised(house, dedup="disk")
    assert (status, again["id"], again["count"]) == (200, made["id"], 2)

    status, seen = await house.json("GET", f"/alerts/{made['id']}", "eve")
    (climb,) = seen["climbs"]
    assert (status, climb["member"], climb["reached"], climb["state"]) == (200, "lin", ["mention"], "climbing")
    assert climb["next_at"].endswith("Z")
    _, message = await house.json("GET", f"/messages/{made['message']}")
    assert message["text"] == "disk full (×2)\n\n97 %"

    status, held = await house.json("POST", f"/alerts/{made['id']}/ack", "lin")
    assert (status, held["state"], held["by"], held["via"]) == (200, "acknowledged", "lin", "api")
    _, seen = await house.json("GET", f"/alerts/{made['id']}")
    assert (seen["climbs"][0]["state"], seen["climbs"][0]["next_at"]) == ("answered", None)
    status, repeat = await house.json("POST", f"/alerts/{made['id']}/ack", "bob")
    assert (status, repeat["by"]) == (200, "lin")

    status, closed = await raised(house, summary=None, dedup="disk", action="close")
    assert (status, closed["state"], closed["dedup"]) == (200, "closed", "")
    assert closed["closed_at"]
    status, problem = await raised(house, summary=None, dedup="disk", action="ack")
    assert (status, problem["code"]) == (404, "alert_not_found")
    assert (await raised(house, dedup="disk"))[0] == 201


async def test_a_repeat_with_its_key_raises_nothing_new(house: House) -> None:
    first = await raised(house, client_id="k1")
    second = await raised(house, client_id="k1")
    assert (first[0], second[0], first[1]["id"]) == (201, 200, second[1]["id"])
    status, problem = await raised(house, client_id="k1", summary="other")
    assert (status, problem["code"]) == (409, "idempotency_mismatch")


async def test_an_alert_to_a_member_is_between_the_two(house: House) -> None:
    status, made = await raised(house, room=None, to="@lin", dedup="x")
    assert status == 201
    assert (await house.json("GET", f"/alerts/{made['id']}", "rowan"))[0] == 404
    status, problem = await raised(house, handle="eve", room=None, to="lin", dedup="x")
    assert (status, problem["code"]) == (403, "level_too_low")
    assert (await house.json("GET", f"/alerts/{made['id']}", "lin"))[1]["count"] == 1
    assert (await house.json("POST", f"/alerts/{made['id']}/ack", "rowan"))[0] == 404
    status, held = await raised(house, handle="lin", room=None, to="lin", summary=None, dedup="x", action="ack")
    assert (status, held["by"]) == (200, "lin")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"to": "lin"}, 422, "room_or_to"),
        ({"room": None}, 422, "room_or_to"),
        ({"summary": "  "}, 422, "empty_text"),
        ({"action": "close"}, 422, "dedup_needed"),
        ({"action": "explode"}, 422, "invalid_body"),
        ({"severity": "mild"}, 422, "invalid_body"),
        ({"nonsense": 1}, 422, "invalid_body"),
        ({"room": "nowhere"}, 404, "room_not_found"),
        ({"room": None, "to": "nobody"}, 404, "member_not_found"),
    ],
)
async def test_what_is_wrong_is_named(house: House, fields: dict[str, object], status: int, code: str) -> None:
    got, problem = await raised(house, **fields)  # type: ignore[arg-type]
    assert (got, problem["code"]) == (status, code), problem


async def test_who_does_not_see_a_room_learns_nothing_by_guessing_a_key(house: House) -> None:
    await raised(house, handle="lin", room="vault", dedup="secret")
    for action in ("trigger", "ack", "close"):
        status, problem = await raised(house, room="vault", dedup="secret", action=action)
        assert status == 404, problem
        assert "disk" not in str(problem)
    status, problem = await house.json("GET", "/alerts?room=vault", "bob")
    assert (status, problem["code"]) == (404, "room_not_found")
    _, listed = await house.json("GET", "/alerts", "lin")
    assert [(a["room"], a["count"]) for a in listed["items"]] == [("vault", 1)]


async def test_lists_filter_by_state_and_room_and_page_without_losing_any(house: House) -> None:
    ids = [(await raised(house, summary=f"s{n}"))[1]["id"] for n in range(7)]
    await house.json("POST", f"/alerts/{ids[0]}/close", "bob")
    _, closed = await house.json("GET", "/alerts?state=closed&room=studio")
    assert [a["id"] for a in closed["items"]] == ids[:1]
    for word, other in (("after", 0), ("before", 2**50)):
        found: list[str] = []
        cursor: int | None = other
        while cursor is not None:
            _, page = await house.json("GET", f"/alerts?{word}={cursor}&limit=2&state=open,acknowledged,closed")
            found = [*found, *(a["id"] for a in page["items"])] if word == "after" else [
                *(a["id"] for a in page["items"]), *found]  # fmt: skip
            cursor = page["next"]
        assert sorted(found) == sorted(ids)
    assert (await house.json("GET", "/alerts?state=odd"))[0] == 400
    assert (await house.json("GET", "/alerts?state=open%0A"))[0] in {200, 400}


# ── what is kept, originals, usage ───────────────────────────────────────────────────────────────────────────────────


async def received(house: House, conversation: str, native_id: str, **more: object) -> Receipt:
    event = InboundMessage(
        conversation=conversation,
        native_id=native_id,
        author=NativeAuthor(native_id="+15550001", display="+15550001"),
        content=plain("who is this?"),
        sent_at=1,
        **more,  # type: ignore[arg-type]
    )
    receipt = await house.run(ReceiveEvent(channel="mail", event=event, final=True))
    assert isinstance(receipt, Receipt)
    return receipt


@pytest_asyncio.fixture
async def mail(house: House) -> House:
    await house.run(RegisterChannel(name="mail", adapter="email"))
    for room in ("studio", "vault"):
        link = await house.run(CreateLink(room=room, channel="mail", conversation=f"C-{room}"))
        assert isinstance(link, Link)
        await house.run(ResolveLink(link_id=link.id, conversation=f"C-{room}"))
    await house.member("max", Level.L3)
    return house


async def test_people_release_or_discard_what_is_kept_and_only_once(mail: House) -> None:
    for number in range(3):
        assert (await received(mail, "C-studio", f"n{number}", suspect="forged")).status == "kept"
    _, kept = await mail.json("GET", "/kept", "max")
    first, second, third = kept["items"]
    assert (first["channel"], first["room"], first["state"], first["reason"]) == ("mail", "studio", "kept", "forged")
    status, done = await mail.json("POST", f"/kept/{first['id']}/release", "max", json={})
    assert (status, done["state"], done["decided_by"]) == (200, "released", "max")
    status, done = await mail.json("POST", f"/kept/{second['id']}/discard", "max")
    assert (status, done["state"]) == (200, "discarded")
    status, problem = await mail.json("POST", f"/kept/{second['id']}/release", "max", json={})
    assert (status, problem["code"]) == (409, "kept_decided")
    _, kept = await mail.json("GET", "/kept", "max")
    assert [one["id"] for one in kept["items"]] == [third["id"]]
    _, kept = await mail.json("GET", "/kept?state=released,discarded", "max")
    assert len(kept["items"]) == 2
    _, messages = await mail.json("GET", "/rooms/studio/messages")
    assert [m["text"] for m in messages["messages"]] == ["who is this?"]


async def test_what_is_kept_for_a_room_one_may_not_see_looks_absent(mail: House) -> None:
    await received(mail, "C-vault", "v1", suspect="forged")
    _, seen = await mail.json("GET", "/kept", "lin")
    (kept,) = seen["items"]
    _, seen = await mail.json("GET", "/kept", "max")
    assert seen["items"] == []
    for act in ("release", "discard"):
        status, hidden = await mail.json("POST", f"/kept/{kept['id']}/{act}", "max", json={})
        _, absent = await mail.json("POST", f"/kept/absent/{act}", "max", json={})
        assert status == 404
        assert hidden["detail"].replace(kept["id"], "absent") == absent["detail"]
    await received(mail, "C-studio", "s1", suspect="forged")
    _, seen = await mail.json("GET", "/kept", "max")
    status, problem = await mail.json("POST", f"/kept/{seen['items'][0]['id']}/release", "max", json={"room": "vault"})
    assert (status, problem["code"]) == (404, "room_not_found")


async def test_the_original_is_shown_to_who_sees_the_message_until_it_is_deleted(mail: House) -> None:
    receipt = await received(mail, "C-studio", "o1", original="who is this?\n\n> hello")
    path = f"/messages/{receipt.message_id}/original"
    status, original = await mail.json("GET", path, "eve")
    assert (status, original) == (200, {"message": receipt.message_id, "text": "who is this?\n\n> hello"})
    await mail.json("DELETE", f"/messages/{receipt.message_id}", "lin")
    assert (await mail.json("GET", path, "eve"))[0] == 404
    plain_one = await mail.post("nothing was cut")
    status, problem = await mail.json("GET", f"/messages/{plain_one['id']}/original", "eve")
    assert (status, problem["code"]) == (404, "original_not_found")


async def test_usage_is_of_a_day_that_there_is_and_of_a_channel_that_there_is(mail: House) -> None:
    status, usage = await mail.json("GET", "/channels/mail/usage?day=2026-11-20", "max")
    nothing = {"channel": "mail", "day": "2026-11-20", "units": 0, "messages": 0, "receivers": []}
    assert (status, usage) == (200, nothing)
    assert (await mail.json("GET", "/channels/mail/usage", "max"))[0] == 200
    assert (await mail.json("GET", "/channels/none/usage", "max"))[0] == 404
    for day in ("2026-02-30", "today", "2026-11-20%0A"):
        assert (await mail.json("GET", f"/channels/mail/usage?day={day}", "max"))[0] == 400, day


# ── the client ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_client_reads_all_of_it_as_it_is(mail: House) -> None:
    async with Client(mail.url, mail.tokens["max"]) as hub:
        alert = await hub.alert("disk full", room="studio", details="97 %", severity=Severity.CRITICAL, dedup="d")
        assert (await hub.alert("disk full", room="studio", dedup="d")).count == 2
        direct = await hub.alert("for you", to="lin", dedup="e")
        page = await hub.alerts(state="open")
        assert {one.id for one in page.items} == {alert.id, direct.id}
        assert (await hub.ack(alert.id)).state is AlertState.ACKNOWLEDGED
        assert (await hub.close_alert(dedup="d", room="studio")).state is AlertState.CLOSED
        assert (await hub.close_alert(dedup="e", to="lin")).by == "max"
        climbs = (await hub.alert_now(direct.id)).climbs
        assert isinstance(climbs, tuple)
        assert [(one.member, one.state) for one in climbs] == [("lin", ClimbState.ANSWERED)]
        await received(mail, "C-studio", "c1", suspect="forged")
        await received(mail, "C-studio", "c2", suspect="forged")
        one, two = (await hub.kept()).items
        assert (await hub.release(one.id, room="studio")).state is KeptState.RELEASED
        assert (await hub.discard(two.id)).state is KeptState.DISCARDED
        receipt = await received(mail, "C-studio", "c3", original="all of it")
        assert (await hub.original(receipt.message_id or "")).text == "all of it"
        assert (await hub.usage("mail")).receivers == ()
        with pytest.raises(ClientError, match="alert_not_found"):
            await hub.ack("absent")


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (alerts.AlertOut, answers.AlertAnswer),
        (alerts.ClimbOut, answers.ClimbAnswer),
        (keeping.KeptOut, answers.KeptAnswer),
        (keeping.OriginalOut, answers.OriginalAnswer),
        (keeping.UsageOut, answers.UsageAnswer),
        (keeping.ReceiverUsage, answers.ReceiverAnswer),
    ],
)
def test_the_client_knows_every_field_that_the_api_answers(said: type[object], read: type[object]) -> None:
    assert msgspec.json.schema(said)["$defs"][said.__name__]["properties"].keys() == (
        msgspec.json.schema(read)["$defs"][read.__name__]["properties"].keys()
    )
