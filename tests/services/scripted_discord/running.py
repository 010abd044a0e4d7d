"""Runs the scripted Discord inside a test's loop, and points discord.py at it for a while.

Next stop: `process.py` for the same server in a process of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import yarl
from aiohttp import web

from tests.services.scripted_discord.sdk import discord
from tests.services.scripted_discord.server import Server


class ScriptedDiscord(Server):
    """One guild, ready to be served."""


@asynccontextmanager
async def scripted(world: ScriptedDiscord | None = None, port: int = 0) -> AsyncIterator[ScriptedDiscord]:
    """The guild (a bare one, or this) on a port of 127.0.0.1, a free one by default."""
    served = world or ScriptedDiscord()
    runner = web.AppRunner(served.application(), shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield served
    finally:
        served.release()
        await served.gateway.close()
        await runner.cleanup()


@contextmanager
def patched(api_url: str, gateway_url: str) -> Iterator[None]:
    """discord.py keeps both addresses on its classes: they are put back at the end."""
    route, socket = discord.http.Route, discord.gateway.DiscordWebSocket
    before = route.BASE, socket.DEFAULT_GATEWAY
    route.BASE, socket.DEFAULT_GATEWAY = f"{api_url}/v10", yarl.URL(gateway_url)
    try:
        yield
    finally:
        route.BASE, socket.DEFAULT_GATEWAY = before
