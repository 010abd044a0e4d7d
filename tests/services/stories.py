"""Whole stories: `tieline serve` in its own process, a third party's Slack, HTTP and web socket clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from tests.services.hub_process import HubProcess
from tests.services.local_slack import ALICE, GENERAL
from tieline.client import Client

T = TypeVar("T")


@asynccontextmanager
async def hub_beside(
    directory: Path, channel: dict[str, object], hub: HubProcess | None = None
) -> AsyncIterator[HubProcess]:
    """A hub whose room `studio` is linked to #general; alice is a member there, marcus an agent."""
    process = hub or HubProcess(directory, {})
    process.config = {
        "channels": {"team": {"adapter": "slack", "pace": 100, **channel}},
        "members": {
            "alice": {"kind": "human", "display": "Alice", "level": "L3", "accounts": {"team": ALICE}},
            "marcus": {"kind": "ai", "ai": "claude", "display": "Marcus"},
        },
        "rooms": {"studio": {"links": [{"channel": "team", "conversation": GENERAL}]}},
    }
    await process.start()
    try:
        yield process
    finally:
        await process.stop()


async def until(ask: Callable[[], Awaitable[T]], good: Callable[[T], bool], within: float = 20.0) -> T:
    """Ask, bounded, until the answer is good; the last answer is in the failure."""
    answer = await ask()
    try:
        async with asyncio.timeout(within):
            while not good(answer):
                await asyncio.sleep(0.05)
                answer = await ask()
    except TimeoutError:
        raise AssertionError(f"still {answer!r}") from None
    return answer


async def channel_is_up(client: Client, name: str = "team") -> None:
    """Wait until a channel is connected and caught up."""

    async def state() -> str:
        return next(c.state for c in (await client.channels()).items if c.name == name)

    await until(state, lambda found: found == "up", 30)
