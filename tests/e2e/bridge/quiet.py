"""Waiting until nothing is on its way to either platform."""

from __future__ import annotations

from tests.services.bridge import Bridge
from tests.services.stories import until

CHANNELS = ("team", "guild")


async def quiet(bridge: Bridge, *channels: str, within: float = 60.0) -> None:
    """Wait until these channels (both) are up and nothing waits in their lanes."""
    named = channels or CHANNELS
    async with bridge.client() as client:

        async def waiting() -> list[tuple[str, int, str]]:
            return [(one.name, one.open, one.state) for one in (await client.channels()).items if one.name in named]

        await until(waiting, lambda found: all(row[1:] == (0, "up") for row in found), within)
