"""What no database stores is refused with its place, or kept harmlessly, on both databases: never a 500."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from tests.services.hub_process import HubProcess

BAD = ["a\x00b", "\x00", "\ud800", "a\udfffb", "\ufffe\uffff", "\x1b[31m", "\u202etxet", "x" * 5000]
BODIES: dict[str, dict[str, object]] = {
    "POST /rooms": {"name": "r1", "project": "?", "title": "?"},
    "PATCH /rooms/studio": {"title": "?", "project": "?"},
    "POST /members": {"handle": "h1", "kind": "ai", "display": "?", "ai": "?", "accounts": {"team": "?"}},
    "POST /rooms/studio/messages": {"text": "?", "project": "?", "metadata": {"?": "?"}},
    "POST /rooms/studio/links": {"channel": "team", "conversation": "?", "label": "?"},
    "POST /tokens": {"label": "?"},
    "POST /preview": {"room": "studio", "text": "?"},
    "POST /packets/check": {"text": "?"},
    "PUT /inbox/cursor": {"after": "?"},
}
PATHS = [
    "GET /rooms/?",
    "GET /messages/?",
    "DELETE /messages/?",
    "PUT /messages/?/reactions/?",
    "GET /rooms/studio/messages?after=?",
    "GET /deliveries?channel=?",
    "POST /deliveries/?/retry",
    "DELETE /links/?",
    "DELETE /tokens/?",
    "PATCH /members/?",
    "POST /channels/?/pause",
]


@pytest.mark.timeout(120)
async def test_text_that_no_database_takes_is_never_a_500(database: str, tmp_path: Path) -> None:
    hub = HubProcess(
        tmp_path,
        {
            "hub": {"database": database},
            "members": {"root": {"kind": "human", "level": "L4"}},
        },
    )
    await hub.start()
    try:
        token = await hub.token("root", "--level", "L4")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        async with aiohttp.ClientSession(headers=headers) as session:
            async with session.post(f"{hub.url}/api/v1/rooms", data=json.dumps({"name": "studio"})) as made:
                assert made.status == 201
            for bad in BAD:
                for act, status, answer in await _try(session, f"{hub.url}/api/v1", bad):
                    assert status < 500, (act, ascii(bad), answer)
    finally:
        await hub.stop()


async def _try(session: aiohttp.ClientSession, url: str, bad: str) -> list[tuple[str, int, str]]:
    found: list[tuple[str, int, str]] = []
    for act, body in BODIES.items():
        for field in body:
            value = {**body, field: _filled(body[field], bad)}
            found.append(await _call(session, url, act, json.dumps(_plain(value))))
    in_path = quote(bad.encode("utf-8", "surrogatepass"), safe="")
    found += [
        await _call(
            session,
            url,
            act.replace("?after=?", f"?after={in_path}")
            .replace("/?", f"/{in_path}")
            .replace("channel=?", f"channel={in_path}"),
            "{}",
        )
        for act in PATHS
    ]
    return found


def _filled(value: object, bad: str) -> object:
    return {bad: bad, "team": bad} if isinstance(value, dict) else bad


def _plain(value: dict[str, object]) -> dict[str, object]:
    return {
        name: "plain" if part == "?" else {} if isinstance(part, dict) and "?" in part.values() else part
        for name, part in value.items()
    }


async def _call(session: aiohttp.ClientSession, url: str, act: str, body: str) -> tuple[str, int, str]:
    method, path = act.split(" ", 1)
    target = URL(url + path, encoded=True)
    async with session.request(method, target, data=None if method in {"GET", "DELETE"} else body) as answer:
        return act, answer.status, (await answer.text())[:500]
