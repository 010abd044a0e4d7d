"""F29, compressed: after many messages, readers that come and go, and edits, the hub holds no more than at half time."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.services.hub_process import HubProcess
from tieline.client import Client, MessageEvent
from tieline.model.shapes import MessageOut, PostBody

MESSAGES = int(os.environ.get("SOAK_MESSAGES", "200000"))
BATCH = 100
READERS = 3


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_memory_and_open_files_stay_flat_over_many_messages(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path, {"members": {"ada": {"kind": "human", "level": "L3"}}, "rooms": {"studio": {}}})
    await hub.start()
    try:
        tokens = [await hub.token("ada") for _ in range(8)]
        reading = [asyncio.create_task(_come_and_go(hub.url, token)) for token in tokens[:READERS]]
        await _post(hub.url, tokens, MESSAGES // 2)
        half = (hub.memory(), hub.open_files())
        await _post(hub.url, tokens, MESSAGES // 2)
        full = (hub.memory(), hub.open_files())
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        print(f"{MESSAGES} messages: {half[0] / 1e6:.0f} → {full[0] / 1e6:.0f} MB, {half[1]} → {full[1]} open files")
        assert full[0] < half[0] * 1.15 + 10e6
        assert full[1] <= half[1] + 8  # readers come and go
    finally:
        assert await hub.stop() == 0


async def _post(url: str, tokens: list[str], count: int) -> None:
    """Batches, each by the next token (a token may post 60,000 a minute), with an edit after each."""
    clients = [Client(url, token) for token in tokens]
    try:
        for number in range(count // BATCH):
            client = clients[number % len(clients)]
            posts = [PostBody(text=f"message {number} {place} with **some** `markup`") for place in range(BATCH)]
            first = (await client.post_batch("studio", posts))[0]
            assert isinstance(first, MessageOut), first
            await client.edit(first.id, f"edited {number}")
    finally:
        for client in clients:
            await client.close()


async def _come_and_go(url: str, token: str) -> None:
    after = 0
    while True:
        async with Client(url, token) as client:
            seen = 0
            async for event in client.tail("studio", after={"studio": after}):
                if isinstance(event, MessageEvent):
                    after, seen = event.seq, seen + 1
                if seen >= 2000:
                    break
