"""The HTTP routes of a Slack channel on a server of its own, as the hub mounts them: below the channel's name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from tieline.ports.abilities import HttpRoutes

PATH = "/api/v1/channels/team-slack/"


class Site:
    """Where Slack posts; the adapter is put in when it is made."""

    def __init__(self) -> None:
        self.url = ""
        self.adapter: HttpRoutes | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert self.adapter is not None
        routes = {(route.method, route.path): route.handler for route in self.adapter.routes()}
        return await routes[request.method, request.match_info["name"]](request)

    async def post(
        self, body: bytes, headers: Mapping[str, str] | None = None, *, to: str = "events"
    ) -> tuple[int, str]:
        """Post as Slack would, or a forger."""
        url = self.url.removesuffix("events") + to
        async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    """A server on a free port."""
    site, application = Site(), web.Application()
    application.router.add_post(PATH + "{name}", site.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}events"
    try:
        yield site
    finally:
        await runner.cleanup()
