"""`tieline demo` from outside: what a newcomer is promised (contract, "Set-up"; issue 2, "Shows")."""

import asyncio
import socket
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.demo.conftest import ReaderOfDemo, SignIn, Start

WHO = {"slack": "U0PRIYA", "discord": "100000000000000002", "email": "sam@example.org", "phone": "+447700900123"}
NAMES = {"slack": "Priya Nair", "discord": "Milo", "email": "Sam Okoro", "phone": "Priya Nair"}


async def test_it_prints_one_link_and_ends_with_the_next_step(start_demo: Start) -> None:
    demo = await start_demo()
    assert sum("/login?code=" in line for line in demo.lines) == 1
    assert demo.lines[-1].endswith("tieline init --with slack")


async def test_what_is_typed_on_each_channel_shows_on_all_others_and_in_the_room(
    start_demo: Start, sign_in: SignIn
) -> None:
    reader = await sign_in(await start_demo())
    for channel, user in WHO.items():
        await reader.types(channel, user, f"written on {channel}")
    for channel in WHO:
        for other in set(WHO) - {channel}:
            await reader.until(partial(_shows, reader, other, f"written on {channel}"))
        assert (await reader.texts(channel)).count(f"written on {channel}") == 1  # and it did not come back
    room = await reader.until(lambda: _room_of(reader, len(WHO)))
    assert {m["origin"]["channel"]: m["author"]["display"] for m in room} == NAMES


async def _shows(reader: ReaderOfDemo, channel: str, words: str) -> bool:
    return words in await reader.texts(channel)


async def _room_of(reader: ReaderOfDemo, count: int) -> list[dict[str, Any]] | None:
    room = await reader.room()
    return room if len(room) >= count else None


async def test_a_cut_channel_queues_and_catches_up_in_order(start_demo: Start, sign_in: SignIn) -> None:
    reader = await sign_in(await start_demo())
    await reader.switches("slack", "cut")
    for number in range(4):
        await reader.call("POST", "/api/v1/rooms/studio/messages", {"text": f"waits {number}"}, 201)
    await reader.types("slack", WHO["slack"], "written in Slack meanwhile")

    async def queued() -> bool:
        slack = await reader.channel("slack")
        return bool(slack["open"] == 4 and slack["state"] == "down")

    await reader.until(queued)
    await reader.until(lambda: _shows(reader, "discord", "waits 3"))  # the others are not held up
    assert "waits" not in await reader.texts("slack")
    assert not await _shows(reader, "discord", "written in Slack meanwhile")
    await reader.switches("slack", "ok")
    await reader.until(lambda: _shows(reader, "slack", "waits 3"))
    await reader.until(lambda: _shows(reader, "discord", "written in Slack meanwhile"))
    texts = await reader.texts("slack")
    assert [texts.index(f"waits {number}") for number in range(4)] == sorted(
        texts.index(f"waits {number}") for number in range(4)
    )
    assert all(texts.count(f"waits {number}") == 1 for number in range(4))


async def test_a_dead_letter_is_shown_with_its_reason_and_goes_out_when_retried(
    start_demo: Start, sign_in: SignIn
) -> None:
    reader = await sign_in(await start_demo())
    await reader.switches("discord", "failing")
    sent = await reader.call("POST", "/api/v1/rooms/studio/messages", {"text": "refused at first"}, 201)

    async def dead() -> Any:
        found = await reader.call("GET", "/api/v1/deliveries?state=failed&channel=discord")
        return found["items"]

    (letter,) = await reader.until(dead)
    assert letter["message"] == sent["id"]
    assert letter["error"]["code"] == "rejected"
    assert "retry" in letter["error"]["fix"]
    await reader.switches("discord", "ok")
    await reader.call("POST", f"/api/v1/deliveries/{letter['id']}/retry", status=200)
    await reader.until(lambda: _shows(reader, "discord", "refused at first"))


async def test_lost_answers_are_looked_up_and_nothing_is_shown_twice(start_demo: Start, sign_in: SignIn) -> None:
    reader = await sign_in(await start_demo())
    await reader.switches("email", "flaky")
    await reader.call("POST", "/api/v1/rooms/studio/messages", {"text": "only once"}, 201)

    async def sent() -> Any:
        items = (await reader.call("GET", "/api/v1/deliveries?channel=email"))["items"]
        return items if items and items[0]["state"] == "sent" else None

    await reader.until(sent)
    assert (await reader.texts("email")).count("<p>only once</p>") == 1


async def test_edits_and_deletions_on_one_channel_show_on_those_that_can(start_demo: Start, sign_in: SignIn) -> None:
    reader = await sign_in(await start_demo())
    native = await reader.types("discord", WHO["discord"], "the frist words")
    await reader.until(lambda: _shows(reader, "slack", "the frist words"))
    place = f"/demo/panes/discord/messages/{native}"
    await reader.call("PATCH", place, {"user": WHO["discord"], "text": "the first words"}, 204)
    await reader.until(lambda: _shows(reader, "slack", "the first words"))
    assert await _shows(reader, "phone", "the frist words")  # a text message stays as it was sent
    await reader.call("PATCH", place, {"user": "100000000000000009", "text": "mine now"}, 404)
    await reader.call("DELETE", f"{place}?user={WHO['discord']}", status=204)

    async def gone() -> bool:
        return "first words" not in await reader.texts("slack")

    await reader.until(gone)


async def test_the_scene_plays_to_its_end_with_a_refused_packet_mended(start_demo: Start, sign_in: SignIn) -> None:
    reader = await sign_in(await start_demo(play=True))

    async def over() -> Any:
        stage = (await reader.call("GET", "/demo/state"))["stage"]
        return stage if not stage["playing"] and stage["act"] else None

    stage = await reader.until(over, 60)
    (refused,) = stage["refused"]
    assert refused["mended"]
    assert {violation["code"] for violation in refused["violations"]} == {"PV021", "PV041"}
    room = await reader.room()
    assert [m["packet"]["next_hop"] for m in room if m["packet"]] == ["vigil", "sam"]
    assert {"Priya Nair", "Sam Okoro", "Milo", "Marcus", "Vigil"} == {m["author"]["display"] for m in room}
    assert any(m["edited_at"] for m in room)
    assert any(m["reactions"] for m in room)


async def test_after_a_restart_the_panes_show_what_was_there_and_an_edit_still_changes_it(
    start_demo: Start, sign_in: SignIn
) -> None:
    first = await start_demo()
    reader = await sign_in(first)
    native = await reader.types("slack", WHO["slack"], "before the restart")
    await reader.until(lambda: _shows(reader, "discord", "before the restart"))
    assert await first.stop() == 0
    reader = await sign_in(await start_demo())
    assert await _shows(reader, "discord", "before the restart")
    path = f"/demo/panes/slack/messages/{native}"
    await reader.call("PATCH", path, {"user": WHO["slack"], "text": "after the restart"}, 204)
    await reader.until(lambda: _shows(reader, "discord", "after the restart"))


async def test_reset_begins_with_an_empty_room_and_touches_nothing_else(
    start_demo: Start, sign_in: SignIn, tmp_path: Path
) -> None:
    first = await start_demo()
    reader = await sign_in(first)
    await reader.types("slack", WHO["slack"], "forgotten")
    await reader.until(lambda: _room_of(reader, 1))
    await first.stop()
    kept = tmp_path / "data" / "notes.txt"
    kept.write_text("mine")
    reader = await sign_in(await start_demo(reset=True))
    assert await reader.room() == []
    assert kept.read_text() == "mine"


async def test_a_taken_port_gives_the_next_one_and_says_so(start_demo: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = await start_demo(port=port)
        assert demo.url != f"http://127.0.0.1:{port}"
        assert any(f"Port {port} is taken" in line for line in demo.lines)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/demo/state"),
        ("GET", "/demo/stream"),
        ("POST", "/demo/panes/slack/messages"),
        ("POST", "/demo/panes/slack/switch"),
        ("POST", "/demo/cast"),
    ],
)
async def test_the_stage_is_for_the_signed_in_reader_only(start_demo: Start, method: str, path: str) -> None:
    demo = await start_demo()
    async with aiohttp.ClientSession() as http, http.request(method, demo.url + path, json={}) as answer:
        assert answer.status == 401


async def test_the_curl_that_the_page_shows_works_with_a_token(start_demo: Start, sign_in: SignIn) -> None:
    demo = await start_demo()
    reader = await sign_in(demo)
    made = await reader.call("POST", "/api/v1/tokens", {"label": "demo page", "expires_in": 60}, 201)
    url = f"{demo.url}/demo/panes/slack/messages"
    headers = {"Authorization": f"Bearer {made['token']}"}
    body = {"user": WHO["slack"], "text": "by curl"}
    async with aiohttp.ClientSession(headers=headers) as http, http.post(url, json=body) as answer:
        assert answer.status == 201
    await reader.until(partial(_shows, reader, "discord", "by curl"))


async def test_an_agents_token_does_not_open_the_stage(start_demo: Start, sign_in: SignIn) -> None:
    demo = await start_demo()
    reader = await sign_in(demo)
    made = await reader.call("POST", "/api/v1/tokens", {"handle": "marcus", "expires_in": 60}, 201)
    headers = {"Authorization": f"Bearer {made['token']}"}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(f"{demo.url}/demo/state") as answer:
        assert answer.status == 403


async def test_a_foreign_page_cannot_type_or_cut(start_demo: Start, sign_in: SignIn) -> None:
    reader = await sign_in(await start_demo())
    url = f"{reader.url}/demo/panes/slack/switch"
    async with reader.http.post(url, json={"state": "cut"}, headers={"Origin": "https://evil.example"}) as answer:
        assert answer.status == 403
    assert (await reader.channel("slack"))["state"] in {"up", "catching_up"}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("messages", {"user": "U0PRIYA"}, 422),
        ("messages", {"user": "U0NOBODY", "text": "x"}, 404),
        ("messages", {"user": "U0PRIYA", "text": " \n"}, 422),
        ("switch", {"state": "on fire"}, 422),
        ("switch", [1], 422),
    ],
)
async def test_wrong_requests_are_problems_that_name_the_place(
    start_demo: Start, sign_in: SignIn, path: str, body: object, status: int
) -> None:
    reader = await sign_in(await start_demo())
    problem = await reader.call("POST", f"/demo/panes/slack/{path}", body, status)
    assert problem["status"] == status
    assert problem["detail"]


async def test_it_stops_at_once_with_a_page_open(start_demo: Start, sign_in: SignIn) -> None:
    demo = await start_demo()
    reader = await sign_in(demo)
    async with reader.http.get(f"{reader.url}/demo/stream") as stream:
        assert (await stream.content.readline()).startswith(b"data: {")
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await demo.stop() == 0
        assert loop.time() - began < 4
