"""F24, whole: 100,000 malformed requests and 100,000 malformed payloads. No 500, no exception, memory flat.

The normal run has shorter ones of the same kind, and 100,000 malformed packets (`tests/properties`).
"""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import aiohttp
import pytest

from tests.services.hub_process import HubProcess
from tieline.api.app import ENDPOINTS

REQUESTS = 100_000
AT_ONCE = 32
TOKENS = 4
"""Each may make 60,000 requests a minute."""
PIECES = [b"{", b"}", b"[", b"]", b'"', b":", b",", b'"text"', b'"type"', b'"chat"', b"null", b"1e999", b"-0", b"\\ud800",
          b"\xff", b"\x00", b"\\u0000", b'"metadata":{}', b'"messages"', b"true", b'"x"', b" " * 5, b'{"text":"hi"}',
          b"[TASK_ID]: a\\n[NEXT_HOP]: b", b'"client_id":"k"', b"\xf0\x9f\x98\x80"]  # fmt: skip


def body(chance: random.Random) -> bytes:
    """Bytes that are nearly JSON, or a right request with one byte changed."""
    if chance.random() < 0.5:
        return b"".join(chance.choice(PIECES) for _ in range(chance.randrange(12)))
    right = bytearray(json.dumps({"text": "hello @ada", "type": "chat", "metadata": {"a": [1, {"b": None}]}}).encode())
    right[chance.randrange(len(right))] = chance.randrange(256)
    return bytes(right)


@pytest.mark.faults
@pytest.mark.timeout(900)
async def test_a_hundred_thousand_malformed_requests_are_answered_and_leave_memory_flat(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path, {"members": {"ada": {"kind": "human", "level": "L4"}}, "rooms": {"studio": {}}})
    await hub.start()
    try:
        tokens = [await hub.token("ada", "--level", "L4") for _ in range(TOKENS)]
        async with aiohttp.ClientSession(hub.url) as session:
            await _storm(session, tokens, REQUESTS // 10, seed=1)
            before = hub.memory()
            await _storm(session, tokens, REQUESTS, seed=2)
            grown = hub.memory() - before
        assert "Traceback" not in hub.log(), hub.log()[-2000:]
        print(f"{REQUESTS} malformed requests: memory grew by {grown / 1e6:.1f} MB on {before / 1e6:.0f} MB")
        assert grown < 40e6
    finally:
        await hub.stop()


async def _storm(session: aiohttp.ClientSession, tokens: list[str], count: int, seed: int) -> None:
    chance = random.Random(seed)
    bodied = [row for row in ENDPOINTS if row.body is not None and row.path != "/tokens"]

    async def one_of_many(share: int) -> None:
        for _ in range(share):
            row = chance.choice(bodied)
            path = row.path.format_map({"room": "studio", "id": "x", "handle": "bob", "channel": "slack", "emoji": "x"})
            headers = {"Authorization": f"Bearer {chance.choice(tokens)}", "Content-Type": "application/json"}
            async with session.request(row.method, f"/api/v1{path}", data=body(chance), headers=headers) as answer:
                assert answer.status < 500, (row.name, await answer.text())
                assert answer.status != 429, "the rate limit answered: the request tested nothing"
                await answer.read()

    await asyncio.gather(*(one_of_many(count // AT_ONCE) for _ in range(AT_ONCE)))
