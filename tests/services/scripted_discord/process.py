"""The scripted Discord in a process of its own, so that it lives on while a hub is killed and started again.

The same hands and eyes stand under `POST /_control/NAME` with their arguments as a JSON object; bytes are base64. It
ends when it is asked to (SIGTERM, SIGINT) and when its standard input ends, so none outlives its test.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from tests.conftest import ROOT
from tests.services.scripted_discord.running import ScriptedDiscord, scripted
from tests.services.scripted_discord.wire import TOKEN, Json

START_WITHIN = 30.0
HANDS = frozenset(
    [
        "person",
        "say",
        "forward",
        "whisper",
        "thread_on",
        "forum_post",
        "edit",
        "unfurl",
        "delete",
        "delete_many",
        "react",
        "press",
        "command",
        "message_command",
        "submit",
        "rename_channel",
        "archive",
        "delete_channel",
        "delete_webhook",
        "deny",
        "allow",
        "remove_bot",
        "invite_bot",
        "outage",
        "shown",
        "answers",
        "dm",
        "expire_links",
        "refuse",
        "throttle",
        "lose",
        "called",
    ]
)
GATEWAY = frozenset({"drop", "reconnect", "invalidate"})
LOOK = frozenset(
    [
        "requests",
        "violations",
        "strange_answers",
        "pings",
        "commands",
        "webhooks",
        "invalid_requests",
        "typed",
        "channels",
    ]
)
PUT = frozenset(["latency", "buckets", "app_flags", "skew", "file_limit", "link_life", "webhook_limit"])


class DiscordProcess:
    """The running process, and hands in it."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.api_url, self.gateway_url = f"{url}/api", f"{url}/gateway".replace("http", "ws", 1)
        self._http = http

    async def act(self, name: str, /, **arguments: Any) -> Any:
        """Do what the method of that name does: `await discord.act("say", channel=GENERAL, user=ALICE, text="hi")`.

        Besides: `look(what=…)` shows the log or state of that name, `put(name=…, value=…)` sets one, `gateway_down(on=…)`
        refuses sockets.
        """
        if "files" in arguments:
            files = arguments["files"]
            arguments["files"] = {one: base64.b64encode(data).decode() for one, data in files.items()}
        async with self._http.post(f"{self.url}/_control/{name}", json=arguments) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    @property
    def settings(self) -> dict[str, object]:
        """A channel's block."""
        return {"bot_token": TOKEN, "api_url": self.api_url, "gateway_url": self.gateway_url}

    async def shown(self, channel: str) -> list[Json]:
        """A channel's messages as people see them, oldest first."""
        return list(await self.act("shown", channel=channel))

    async def until_shown(self, channel: str, done: Callable[[list[Json]], bool], within: float = 20.0) -> list[Json]:
        """Wait, bounded, until the channel shows what is wanted."""
        async with asyncio.timeout(within):
            while not done(rows := await self.shown(channel)):  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.02)
        return rows


@asynccontextmanager
async def discord_process(port: int = 0) -> AsyncIterator[DiscordProcess]:
    """Start it, on a free port by default; it is ended with the test."""
    command = [sys.executable, "-m", "tests.services.scripted_discord", "--port", str(port)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        url = json.loads(await asyncio.wait_for(process.stdout.readline(), START_WITHIN))["url"]
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
            yield DiscordProcess(url, http)
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


def main(arguments: list[str] | None = None) -> None:
    """`python -m tests.services.scripted_discord --port N`; prints one line of JSON with its address."""
    parser = argparse.ArgumentParser(description="The scripted Discord.")
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_serve(parser.parse_args(arguments).port))


async def _serve(port: int) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    watching = asyncio.create_task(_until_input_ends(over))
    world = ControlledDiscord()
    async with scripted(world, port):
        print(json.dumps({"url": world.url}), flush=True)
        await over.wait()
    watching.cancel()


async def _until_input_ends(over: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    with contextlib.suppress(OSError, ValueError):  # started without one: only a signal ends it
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
        await reader.read()
        over.set()


class ControlledDiscord(ScriptedDiscord):
    """With its hands on HTTP."""

    def application(self, *more: web.RouteDef) -> web.Application:
        return super().application(web.post("/_control/{act}", self._control), *more)

    async def _control(self, request: web.Request) -> web.StreamResponse:
        said = await request.json()
        try:
            done = self._do(request.match_info["act"], said)
        except Exception as error:  # noqa: BLE001 - a script's mistake is told to the script
            return web.Response(status=400, text=f"{type(error).__name__}: {error}")
        return web.json_response(done)

    def _do(self, act: str, said: Json) -> Any:
        if said.get("files"):
            said["files"] = {name: base64.b64decode(data) for name, data in said["files"].items()}
        if act in HANDS:
            return getattr(self, act)(**said)
        if act in GATEWAY:
            return getattr(self.gateway, act)(**said)
        if act == "look" and said["what"] in LOOK:
            return getattr(self, said["what"])
        if act == "put" and said["name"] in PUT:
            return setattr(self, said["name"], said["value"])
        if act == "gateway_down":
            self.gateway.down = bool(said["on"])
            return None
        raise LookupError(f"no such act: {act} {said}")
