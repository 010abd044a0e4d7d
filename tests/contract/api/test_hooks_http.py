"""Hooks over HTTP: alerts of monitoring systems are raised, counted and closed, and the key stays a secret."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.contract.api.house import House, furnish, open_house
from tests.unit.coordination.test_hooks import ALERTMANAGER, GRAFANA, LEGACY
from tieline.api.services import ApiSettings, RateLimit
from tieline.config.logs import configure_logging
from tieline.model.commands import ArchiveRoom, CreateToken, RevokeToken, UpdateRoom
from tieline.model.members import Level, MemberKind


async def send(house: House, key: str, body: object, **headers: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    data = body if isinstance(body, bytes | io.BytesIO) else json.dumps(body).encode()
    return await house.json("POST", f"/hooks/{key}", None, data=data, headers=headers)


def report(raised: int = 0, counted: int = 0, closed: int = 0, ignored: int = 0) -> dict[str, int]:
    return {"raised": raised, "counted": counted, "closed": closed, "ignored": ignored}


async def alerts(house: House, query: str = "") -> list[dict[str, object]]:
    return (await house.json("GET", f"/alerts{query}"))[1]["items"]  # type: ignore[no-any-return]


async def test_alertmanager_raises_counts_and_closes(house: House) -> None:
    key = await house.hook()
    assert await send(house, key, ALERTMANAGER) == (200, report(raised=1, ignored=1))
    assert await send(house, key, ALERTMANAGER) == (200, report(counted=1, ignored=1))
    (alert,) = await alerts(house)
    assert (alert["summary"], alert["severity"], alert["dedup"], alert["source"], alert["count"]) == (
        "Disk of db-3 is full", "critical", "9a3b1c", "alertmanager", 2)  # fmt: skip
    _, message = await house.json("GET", f"/messages/{alert['message']}")
    assert message["author"]["handle"] == "alertmanager"
    assert (message["type"], message["severity"]) == ("alert", "critical")
    gone = {"status": "resolved", "labels": {"alertname": "DiskFull"}, "fingerprint": "9a3b1c"}
    over = {**ALERTMANAGER, "status": "resolved", "alerts": [gone]}
    assert await send(house, key, over) == (200, report(closed=1))
    assert await send(house, key, over) == (200, report(ignored=1))
    (alert,) = await alerts(house, "?state=closed")
    assert (alert["by"], alert["via"]) == ("alertmanager", "api")
    assert await send(house, key, ALERTMANAGER) == (200, report(raised=1, ignored=1))


async def test_firing_and_resolved_in_one_call_keep_their_order(house: House) -> None:
    key = await house.hook()
    firing = {"status": "firing", "labels": {"alertname": "A"}, "fingerprint": "f"}
    body = {"alerts": [firing, firing, {**firing, "status": "resolved"}, firing]}
    assert await send(house, key, body) == (200, report(raised=2, counted=1, closed=1))


async def test_grafana_old_and_new_and_plain_text_whatever_they_call_themselves(house: House) -> None:
    key = await house.hook()
    assert await send(house, key, GRAFANA, **{"Content-Type": "text/plain"}) == (200, report(raised=1))
    assert await send(house, key, LEGACY) == (200, report(raised=1))
    assert await send(house, key, {**LEGACY, "state": "ok"}) == (200, report(closed=1))
    assert await send(house, key, {**LEGACY, "state": "paused"}) == (200, report(ignored=1))
    text = await send(house, key, b"backup failed\non db-3", **{"Content-Type": "application/x-www-form-urlencoded"})
    assert text == (200, report(raised=1))
    assert {a["summary"] for a in await alerts(house, "?state=open")} == {"High latency", "backup failed"}
    for empty in (b"", b"  ", b"{}", b'{"alerts": []}'):
        status, problem = await send(house, key, empty)
        assert (status, problem["code"]) == (422, "empty_text")


async def test_a_call_of_five_hundred_raises_two_hundred_and_says_so_and_lists_have_every_one(house: House) -> None:
    key = await house.hook()
    many = [{"status": "firing", "fingerprint": str(n), "labels": {"alertname": f"A{n}"}} for n in range(500)]
    assert await send(house, key, {"alerts": many}) == (200, report(raised=200, ignored=300))
    found: list[object] = []
    cursor: int | None = 0
    while cursor is not None:
        _, page = await house.json("GET", f"/alerts?after={cursor}&limit=7")
        found += [a["id"] for a in page["items"]]
        cursor = page["next"]
    assert (len(found), len(set(found))) == (200, 200)


async def test_what_is_no_key_is_answered_like_what_was_never_there(house: House) -> None:
    """A wrong one, a person's, one of two rooms or of none, one that may only read, a revoked one: all alike."""
    hook = await house.hook()
    await house.member("robot", Level.L2, MemberKind.SERVICE)
    await house.member("reader", Level.L1, MemberKind.SERVICE)
    wrong = [
        "x",
        "tl_" + "x" * 43,
        "%00",
        "%F0%9F%A6%8A",
        house.tokens["bob"],
        await house.token("bob", Level.L2, ("studio",)),
        house.tokens["robot"],
        await house.token("robot", Level.L2, ("studio", "vault")),
        await house.token("robot", Level.L2, ()),
        await house.token("robot", Level.L1, ("studio",)),
        await house.token("reader", Level.L1, ("studio",)),
    ]
    answers = [await send(house, key, b"x") for key in wrong]
    assert {status for status, _ in answers} == {404}
    assert {problem["code"] for _, problem in answers} == {"hook_not_found"}
    assert len({problem["detail"] for _, problem in answers}) == 1
    assert (await send(house, hook, b"x"))[0] == 200
    token = next(t for t in house.directory.tokens() if t.rooms is not None and len(t.rooms) == 1)
    await house.run(RevokeToken(token_id=token.id))
    assert (await send(house, hook, b"x"))[0] == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_only_posts_are_taken(house: House, method: str) -> None:
    for key in (await house.hook(), "nonsense"):
        status, problem = await house.json(method, f"/hooks/{key}", None)
        assert (status, problem["code"]) == (405, "method_not_allowed")


async def test_a_key_reaches_its_room_alone_and_a_member_may_not_borrow_another(house: House) -> None:
    key = await house.hook("vault")
    status, problem = await send(house, key, b"hidden")
    assert (status, problem["code"]) == (404, "room_not_found")  # a room of members, and it is none
    await house.run(UpdateRoom(room="vault", members=("lin", "alertmanager")))
    assert (await send(house, key, b"hidden"))[0] == 200
    assert len(await alerts(house, "?room=vault")) == 1
    assert (await house.json("GET", "/alerts", "bob"))[1]["items"] == []
    house.tokens["hook"] = key
    assert (await house.json("GET", "/rooms/studio", "hook"))[0] == 404


async def test_an_archived_room_says_so_and_a_body_too_large_is_refused(house: House) -> None:
    key = await house.hook()
    assert (await send(house, key, io.BytesIO(b"x" * (5 * 1024 * 1024))))[0] == 413
    await house.run(ArchiveRoom(room="studio"))
    status, problem = await send(house, key, ALERTMANAGER)
    assert status in {404, 409}, problem


async def test_each_key_has_its_own_rate_and_every_alert_counts(database: str) -> None:
    settings = ApiSettings(rate=RateLimit(quota=20, window=600))
    async with open_house(database, settings=settings) as house:
        await furnish(house)
        one, two = await house.hook(), await house.hook()
        many = {"alerts": [{"status": "firing", "fingerprint": str(n)} for n in range(15)]}
        assert (await send(house, one, many))[0] == 200
        async with house.http.post(f"{house.url}/api/v1/hooks/{one}", data=json.dumps(many)) as answer:
            assert answer.status == 429
            assert int(answer.headers["Retry-After"]) > 0
            assert "RateLimit-Policy" in answer.headers
        assert (await send(house, two, many))[0] == 200
        for _ in range(40):
            assert (await send(house, "wrong", b"x"))[0] == 404


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, at every level."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging(log_format="json", environment={"LOG_LEVEL": "DEBUG"}, stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_a_key_is_in_no_log_metric_or_answer(house: House, logged: io.StringIO) -> None:
    """Also where the request is malformed, so that the HTTP library has something to say about it."""
    key = await house.hook()
    said = [await send(house, key, ALERTMANAGER), await send(house, key, b""), await send(house, key + "x", b"x")]
    said.append(await house.json("GET", f"/hooks/{key}", None))
    port = int(house.url.rpartition(":")[2])
    for raw in (f"POST /api/v1/hooks/{key} HTP/9\r\n\r\n", f"POST /api/v1/hooks/{key} HTTP/1.1\r\nBad Header\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw.encode())
        await writer.drain()
        await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await writer.wait_closed()
    logging.getLogger("aiohttp.access").warning("POST /api/v1/hooks/%s 200", key)
    async with house.call("GET", "//metrics") as answer:
        metrics = await answer.text()
    assert "/hooks/{key}" in metrics
    assert "aiohttp.access" in logged.getvalue()
    for text in (logged.getvalue(), metrics, str(said)):
        assert key not in text
        assert key[3:] not in text


async def test_a_token_of_a_hook_is_like_what_the_command_line_makes(house: House) -> None:
    """`hook create` makes a token with a label through the same command."""
    await house.hook()
    made = await house.run(CreateToken(handle="alertmanager", digest="d" * 64, level=Level.L2, rooms=("studio",)))
    assert getattr(made, "rooms", None) == (house.directory.room("studio").id,)  # type: ignore[union-attr]
