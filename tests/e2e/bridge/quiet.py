"""Waiting until nothing is on its way to either platform, and the pace at which it goes."""

from __future__ import annotations

from typing import Any

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


async def repaced(bridge: Bridge, **per_second: float) -> None:
    """Give channels another pace, such as the platforms' own; the hub starts anew."""
    channels: dict[str, Any] = bridge.hub.config["channels"]  # type: ignore[assignment]
    await bridge.hub.stop()
    for name, pace in per_second.items():
        channels[name]["pace"] = pace
    await bridge.hub.start()
    await bridge.up()
