"""What every answer has, whatever it is; and the pages beside the API. Rules: docs/api.md; RFC 9457; ASVS 5.0 V3."""

from __future__ import annotations

import io
import json
import random
import re
from pathlib import Path

import msgspec
import pytest

from tests.contract.api.house import House, furnish, open_house
from tieline.api.app import ENDPOINTS
from tieline.api.login import new_login_code
from tieline.api.services import ApiSettings, RateLimit
from tieline.errors import HubBusy, StoreError
from tieline.model.shapes import Problem

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "//nowhere", None, 404, "not_found"),
        ("GET", "/nowhere", None, 404, "not_found"),
        ("PUT", "/rooms", None, 405, "method_not_allowed"),
        ("GET", "/rooms/none", None, 404, "room_not_found"),
        ("GET", "/rooms/a%00b", None, 400, "invalid_parameter"),
        ("GET", "/rooms/a%ff", None, 404, "room_not_found"),
        ("GET", "/messages/%F0%9F%98%80", None, 404, "message_not_found"),
        ("GET", "/rooms?limit=0", None, 400, "invalid_parameter"),
        ("GET", "/rooms?limit=many", None, 400, "invalid_parameter"),
        ("GET", "/rooms?lmit=5", None, 400, "invalid_parameter"),
        ("GET", "/rooms/studio/events?after=99999999999999999999999", None, 400, "invalid_parameter"),
        ("GET", "/deliveries?state=asleep", None, 400, "invalid_parameter"),
        ("POST", "/rooms/studio/messages", b"", 400, "malformed_json"),
        ("POST", "/rooms/studio/messages", b"{", 400, "malformed_json"),
        ("POST", "/rooms/studio/messages", b"\xff\xfe", 400, "malformed_json"),
        ("POST", "/rooms/studio/messages", b'{"text": "a", "metadata": {"n": ' + b"[" * 100_000, 400, "malformed_json"),
        ("POST", "/rooms/studio/messages", b"[]", 422, "invalid_body"),
        ("POST", "/rooms/studio/messages", b"{}", 422, "empty_text"),
        ("POST", "/rooms/studio/messages", b'{"text": ""}', 422, "empty_text"),
        ("POST", "/rooms/studio/messages", b'{"text": "x", "attachments": [{"id": ""}]}', 422, "invalid_body"),
        ("POST", "/rooms/studio/messages", b'{"text": "a\\u0000b"}', 422, "invalid_body"),
        ("POST", "/rooms/studio/messages", b'{"text": "a", "author": "ada"}', 422, "invalid_body"),
        ("POST", "/rooms/studio/messages", b'{"text": "a", "type": "shout"}', 422, "invalid_body"),
        ("POST", "/rooms/studio/messages", b'{"text": "a", "metadata": {"n": "' + b"x" * 20_000 + b'"}}', 422, "invalid_body"),
        ("POST", "/rooms", b'{"name": "Not A Name"}', 422, "invalid_body"),
        ("POST", "/rooms", b'{"name": "studio"}', 409, None),
        ("POST", "/tokens", b'{"rooms": ["nowhere"]}', 404, "room_not_found"),
    ],
)  # fmt: skip
async def test_every_mistake_is_a_problem_that_names_the_place(
    house: House, method: str, path: str, body: bytes | None, status: int, code: str | None
) -> None:
    async with house.call(method, path, "ada", data=body) as answer:
        problem = msgspec.json.decode(await answer.read(), type=Problem)
        assert (answer.status, answer.content_type) == (status, PROBLEM), problem
        assert problem.status == status
        assert problem.title
        assert problem.detail
        assert code is None or problem.code == code
        assert answer.headers["Request-Id"]


async def test_a_wrong_field_is_named_by_its_path(house: House) -> None:
    _, problem = await house.json("POST", "/rooms/studio/messages", "bob", json={"text": 5})
    assert problem["detail"].startswith("$.text: ")
    _, problem = await house.json("POST", "/rooms/studio/messages", "bob", json={"txet": "hm", "text": "x"})
    assert "txet" in problem["detail"]


async def test_a_body_beyond_the_limit_is_413(house: House) -> None:
    async with house.call("POST", "/rooms/studio/messages", "bob", data=io.BytesIO(b" " * (5 * 1024 * 1024))) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (413, "too_large")


async def test_405_says_what_is_allowed(house: House) -> None:
    async with house.call("PATCH", "/rooms", "ada") as answer:
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD", "POST"}


async def test_every_answer_has_a_request_id_of_our_own_and_the_security_headers(house: House) -> None:
    seen = set()
    for path in ("//healthz", "//docs", "//openapi.json", "/me", "/nowhere", "//ws"):
        async with house.call("GET", path, "ada", headers={"Request-Id": "forged\tone"}) as answer:
            seen.add(answer.headers["Request-Id"])
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert "Access-Control-Allow-Origin" not in answer.headers
    assert len(seen) == 6
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in seen)


async def test_what_the_store_cannot_do_is_503_with_retry_after_and_nothing_of_a_bug_goes_outside(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[Exception] = [HubBusy("full", retry_after=2.5), StoreError("locked"), ValueError("secret")]

    async def fail(_hub: object, _command: object) -> None:
        raise errors.pop(0)

    call = ("POST", "/rooms/studio/messages", "bob")
    monkeypatch.setattr(type(house.store.hub), "execute", fail)
    async with house.call(*call, json={"text": "x"}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "3")
        assert (await answer.json(content_type=None))["code"] == "hub_busy"
    async with house.call(*call, json={"text": "x"}) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (503, "store_unavailable")
    async with house.call(*call, json={"text": "x"}) as answer:
        problem = await answer.json(content_type=None)
        assert (answer.status, problem["code"]) == (500, "internal")
        assert "secret" not in json.dumps(problem)
        assert answer.headers["Request-Id"] in problem["detail"]


async def test_a_busy_token_is_told_to_wait_and_others_are_not(database: str) -> None:
    settings = ApiSettings(rate=RateLimit(quota=5, window=3600))
    async with open_house(database, settings=settings) as house:
        await furnish(house)
        async with house.call("GET", "/me", "bob") as answer:
            assert answer.headers["RateLimit-Policy"] == '"default";q=5;w=3600'
            assert answer.headers["RateLimit"] == '"default";r=4;t=720'
        body = {"messages": [{"text": "a"}] * 4}
        status, _ = await house.json("POST", "/rooms/studio/messages/batch", "bob", json=body)
        assert status == 200, "a batch counts its messages"
        async with house.call("GET", "/me", "bob") as answer:
            assert answer.status == 429
            assert (await answer.json(content_type=None))["code"] == "rate_limited"
            assert 700 <= int(answer.headers["Retry-After"]) <= 720
            assert answer.headers["RateLimit"].startswith('"default";r=0;')
        assert (await house.json("GET", "/me", "lin"))[0] == 200
        assert (
            await house.json("POST", "/rooms/studio/messages/batch", "lin", json={"messages": [{"text": "a"}] * 9})
        )[0] == 429


# ── sign-in ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def signed_in(house: House, handle: str = "bob") -> str:
    """The session cookie of a browser that opened a sign-in link."""
    code = await new_login_code(house.store.hub, house.directory, house.clock, handle)
    async with house.http.get(f"{house.url}/login?code={code}", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/docs")
        cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    house.http.cookie_jar.clear()
    return cookie.partition(";")[0].partition("=")[2]


async def test_a_sign_in_link_works_once_and_its_code_is_no_token(house: House) -> None:
    code = await new_login_code(house.store.hub, house.directory, house.clock, "bob")
    assert isinstance(code, str)
    house.tokens["code"] = code
    assert (await house.json("GET", "/me", "code"))[0] == 401
    url = f"{house.url}/login?code={code}"
    async with house.http.get(url, allow_redirects=False) as answer:
        assert answer.status == 303
    async with house.http.get(f"{house.url}/api/v1/me") as answer:
        assert (await answer.json())["member"]["handle"] == "bob"
    async with house.http.get(url, allow_redirects=False) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (401, "link_used")
    async with house.http.get(url, headers={"Accept": "text/html,*/*;q=0.8"}, allow_redirects=False) as answer:
        assert (answer.status, answer.content_type) == (401, "text/html")
        assert "tieline login-link HANDLE" in await answer.text()
    async with house.http.get(f"{house.url}/login?code=tlc_wrong", allow_redirects=False) as answer:
        assert answer.status == 401


async def test_a_session_changes_state_from_our_own_pages_only(house: House) -> None:
    session = await signed_in(house)
    cookie = {"Cookie": f"tieline_session={session}"}
    path = "/rooms/studio/messages"
    for origin, status in (
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "http://evil.example", "Host": "evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": house.url}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
    ):
        got, answer = await house.json("POST", path, None, json={"text": "x"}, headers={**cookie, **origin})
        assert got == status, (origin, answer)
    assert (await house.json("GET", "/me", None, headers=cookie))[0] == 200
    house.tokens["session"] = session
    assert (await house.json("GET", "/me", "session"))[0] == 401, "a session is no bearer token"
    forged = {"Cookie": f"tieline_session={house.tokens['bob']}"}
    assert (await house.json("GET", "/me", None, headers=forged))[0] == 401, "a token is no session"


async def test_signing_out_ends_the_session(house: House) -> None:
    cookie = {"Cookie": f"tieline_session={await signed_in(house)}"}
    async with house.http.post(f"{house.url}/logout", headers=cookie) as answer:
        assert answer.status == 403
    async with house.http.post(f"{house.url}/logout", headers={**cookie, "Origin": house.url}) as answer:
        assert answer.status == 204
    assert (await house.json("GET", "/me", None, headers=cookie))[0] == 401


async def test_the_cookie_is_secure_behind_https(database: str) -> None:
    async with open_house(database, settings=ApiSettings(public_url="https://hub.example")) as house:
        await furnish(house)
        code = await new_login_code(house.store.hub, house.directory, house.clock, "bob")
        async with house.http.get(f"{house.url}/login?code={code}", allow_redirects=False) as answer:
            assert "Secure" in answer.headers["Set-Cookie"]
            assert answer.headers["Strict-Transport-Security"]


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_openapi_document_has_every_operation_and_resolves(house: House) -> None:
    async with house.call("GET", "//openapi.json", None) as answer:
        document = await answer.json()
    assert document["openapi"].startswith("3.1")
    found = {(m.upper(), p) for p, ms in document["paths"].items() for m in ms}
    assert found == {(row.method, "/api/v1" + row.path) for row in ENDPOINTS}
    ids = [op["operationId"] for ms in document["paths"].values() for op in ms.values()]
    assert len(set(ids)) == len(ids)
    for reference in re.findall(r'"\$ref": ?"#/([^"]+)"', json.dumps(document)):
        node = document
        for step in reference.split("/"):
            node = node[step]
    public = {row.name for row in ENDPOINTS if row.level is None}
    for ms in document["paths"].values():
        for operation in ms.values():
            refusals = (
                {"429", "500", "503"} if operation["operationId"] in public else {"401", "403", "429", "500", "503"}
            )
            assert refusals <= set(operation["responses"])
            assert (operation.get("security") == []) == (operation["operationId"] in public)


async def test_the_docs_page_needs_no_script_and_no_outside_host(house: House) -> None:
    async with house.call("GET", "//docs", None) as answer:
        page = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert "script" not in policy
    assert "<script" not in page
    assert "style=" not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert "/api/v1/rooms/{room}/messages" in page
    async with house.call("GET", "//docs/style.css", None) as answer:
        assert (answer.status, answer.content_type) == (200, "text/css")


async def test_health_and_readiness(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("//healthz", "//readyz"):
        assert (await house.json("GET", path, None))[0] == 200

    async def gone() -> None:
        raise StoreError("the database does not answer", fix="start it")

    monkeypatch.setattr(type(house.store.reader), "ping", lambda _self: gone())
    status, problem = await house.json("GET", "//readyz", None)
    assert (status, problem["code"]) == (503, "not_ready")
    assert "start it" in problem["detail"]
    assert (await house.json("GET", "//healthz", None))[0] == 200


async def test_metrics_need_a_token_and_count_by_pattern(house: House) -> None:
    await house.post("x")
    async with house.call("GET", "//metrics", None) as answer:
        assert answer.status == 401
    async with house.call("GET", "//metrics", "eve") as answer:
        text = await answer.text()
    assert 'tieline_http_requests_total{method="POST",route="/rooms/{room}/messages",status="201"} 1.0' in text


async def test_who_is_connected_is_seen(house: House) -> None:
    async with house.socket("bob"), house.socket("bob"), house.socket("eve"):
        _, present = await house.json("GET", "/presence", "lin")
        assert [(p["handle"], p["connections"]) for p in present["items"]] == [("bob", 2), ("eve", 1)]


async def test_channels_show_health_and_what_waits(house: House) -> None:
    _, channels = await house.json("GET", "/channels", "eve")
    [slack] = channels["items"]
    assert (slack["name"], slack["state"], slack["error"]["fix"]) == ("slack", "down", "set SLACK_BOT_TOKEN")
    assert (await house.json("POST", "/channels/slack/pause", "ada"))[0] == 204
    assert (await house.json("GET", "/channels", "eve"))[1]["items"][0]["paused"] is True
    assert (await house.json("POST", "/channels/slack/resume", "ada"))[0] == 204
    assert (await house.json("POST", "/channels/none/pause", "ada"))[0] == 404


async def test_preview_and_packet_check_send_nothing(house: House) -> None:
    status, preview = await house.json("POST", "/preview", "eve", json={"room": "studio", "text": "hm"})
    assert (status, preview["items"][0]["units"]) == (200, {"kind": "characters", "count": 2, "limit": 4000})
    status, report = await house.json(
        "POST", "/packets/check", "eve", json={"text": "[TASK_ID]: x-1\n[NEXT_HOP]: DONE"}
    )
    assert status == 200
    assert report["violations"]
    assert (await house.json("GET", "/rooms/studio/messages"))[1]["messages"] == []


# ── rubbish ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_3000_seeded_malformed_requests_never_make_the_hub_fail(house: House) -> None:
    chance = random.Random(20260205)
    pieces = [b"{", b"}", b"[", b"]", b'"', b":", b",", b'"text"', b'"type"', b"null", b"1e999", b"-0", b"\\ud800",
              b"\xff", b"\x00", b"\\u0000", b'"metadata":{}', b'"messages"', b"true", b'"x"', b" " * 5]  # fmt: skip
    bodied = [row for row in ENDPOINTS if row.body is not None]
    for _ in range(3000):
        row = chance.choice(bodied)
        path = row.path.format_map({"room": "studio", "id": "x", "handle": "bob", "channel": "slack", "emoji": "x"})
        body = b"".join(chance.choice(pieces) for _ in range(chance.randrange(12)))
        if body.replace(b" ", b"") == b"{}":
            continue  # which is right, where every field may be left out
        async with house.call(row.method, path, "ada", data=body) as answer:
            assert answer.status in (400, 404, 409, 422), (row.name, body, await answer.text())
            assert answer.content_type == PROBLEM
    assert (await house.json("GET", "/rooms/studio/messages"))[1]["messages"] == []


async def test_a_post_is_committed_before_it_is_answered(database: str) -> None:
    """Law 1: what another hub on the same file reads after the answer is what was answered."""
    async with open_house(database) as house:
        await furnish(house)
        message = await house.post("kept")
    async with open_house(database) as again:
        found = await again.store.reader.message(message["id"])
        assert found is not None
        assert found.text == "kept"


def test_no_file_of_the_api_passes_four_hundred_lines(repo_root: Path) -> None:
    for folder in ("src/tieline/api", "src/tieline/client", "adapters/tieline_websocket"):
        for file in (repo_root / folder).glob("*.py"):
            assert len(file.read_text().splitlines()) <= 420, file
