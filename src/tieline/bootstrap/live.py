"""``tieline check --live``: try every channel's credentials, and say what is missing and what mends it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from tieline.bootstrap.loading import WEB_CHANNEL, configured
from tieline.config import Config
from tieline.errors import AdapterError, DeliveryError
from tieline.plugins.discovery import discover, load_factory
from tieline.plugins.runner import ConfiguredChannel
from tieline.ports.abilities import Checks, Finding
from tieline.ports.adapter import AdapterContext
from tieline.ports.clock import SystemClock

WITHIN: Final = 30.0
"""Seconds for one channel."""


async def check_live(config: Config) -> Sequence[tuple[str, Finding]]:
    """Findings by channel, all channels at once; nothing is changed on any platform."""
    channels = [channel for channel in configured(config) if channel != WEB_CHANNEL]
    found = await asyncio.gather(*(_check(channel, config) for channel in channels))
    return [(channel.name, finding) for channel, findings in zip(channels, found, strict=True) for finding in findings]


async def _check(channel: ConfiguredChannel, config: Config) -> Sequence[Finding]:
    manifest = discover().get(channel.adapter)
    if manifest is None:
        return [Finding(level="error", message=f"there is no adapter '{channel.adapter}'", fix="see: tieline adapters")]
    try:
        adapter = load_factory(manifest)(
            AdapterContext(
                channel=channel.name,
                settings=channel.settings,
                clock=SystemClock(),
                public_url=config.hub.public_url,
            )
        )
        if not isinstance(adapter, Checks):
            return [Finding(level="warning", message=f"adapter '{channel.adapter}' cannot try its credentials")]
        async with asyncio.timeout(WITHIN):
            return await adapter.check(_conversations(channel.name, config))
    except TimeoutError:
        return [Finding(level="error", message=f"no answer within {WITHIN:g} seconds", fix="is the network reachable?")]
    except (AdapterError, DeliveryError) as error:
        return [Finding(level="error", message=str(error), fix=error.fix)]


def _conversations(channel: str, config: Config) -> list[str]:
    return [
        link.conversation
        for room in config.rooms.values()
        for link in room.links
        if link.channel == channel and link.conversation is not None
    ]
