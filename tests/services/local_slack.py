"""A third party's Slack (npm `local-slack-linux-x64`, MIT) as a real server: Socket Mode and signed HTTP events.

It is installed once into `.cache/` of the checkout. It binds every interface by itself; it is a Bun executable, so a
preload (`BUN_OPTIONS`) makes it bind 127.0.0.1 alone, and `--port 0` gives it a free port.

It takes any token, has no scopes, limits, paging, redelivery or message metadata: those are tested on
`scripted_slack.py` and, for error codes, on `emulate_slack.py`.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import aiohttp

from tests.conftest import ROOT, fail_or_skip

VERSION = "0.1.8"
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-gateway", "xapp-gateway", "shhh"
BOT, ALICE, BOB = "U0BOT", "U01ALICE", "U02BOB"
GENERAL, SUPPORT, DIRECT = "C01GEN", "C02SUP", "D01"

_LOOPBACK = """\
const serve = Bun.serve;
Bun.serve = (options) => serve.call(Bun, { ...options, hostname: "127.0.0.1" });
"""
_ADDRESS = re.compile(rb"Web API base:\s+(http://127\.0\.0\.1:\d+)/api/")


class LocalSlack:
    """The running workspace, and alice's and bob's hands in it."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.api_url = f"{url}/api/"
        self._http = http

    @property
    def settings(self) -> dict[str, object]:
        """A channel's block for Socket Mode."""
        return {"bot_token": BOT_TOKEN, "app_token": APP_TOKEN, "api_url": self.api_url}

    @property
    def http_settings(self) -> dict[str, object]:
        """A channel's block for signed HTTP events."""
        return {"bot_token": BOT_TOKEN, "signing_secret": SIGNING_SECRET, "api_url": self.api_url}

    async def say(self, text: str, *, channel: str = GENERAL, user: str = ALICE, thread: str | None = None) -> str:
        """Write a message; its ts. Returns when the app acknowledged it (or after the server's five seconds)."""
        body = {"channel": channel, "user": user, "text": text, **({"thread_ts": thread} if thread else {})}
        return str((await self.control("message", body))["message"]["ts"])

    async def edit(self, ts: str, text: str, *, channel: str = GENERAL, user: str = ALICE) -> None:
        """Edit a message of one's own."""
        await self.control("edit-message", {"channel": channel, "ts": ts, "user": user, "text": text})

    async def delete(self, ts: str, *, channel: str = GENERAL, user: str = ALICE) -> None:
        """Delete a message of one's own."""
        await self.control("delete-message", {"channel": channel, "ts": ts, "user": user})

    async def react(self, ts: str, name: str, *, on: bool = True, channel: str = GENERAL, user: str = ALICE) -> None:
        """Set or take back a reaction."""
        await self.control("reaction", {"channel": channel, "ts": ts, "user": user, "name": name, "present": on})

    async def command(self, text: str, *, channel: str = GENERAL, user: str = ALICE, command: str = "/tieline") -> None:
        """Write a slash command; returns when it was answered."""
        await self.control("command", {"channel": channel, "user": user, "command": command, "text": text})

    async def upload(self, name: str, data: bytes, *, text: str, channel: str = GENERAL, user: str = ALICE) -> str:
        """Share a file with a text; the message's ts."""
        form = aiohttp.FormData({"channel": channel, "user": user, "text": text})
        form.add_field("file", data, filename=name, content_type="text/plain")
        async with self._http.post(f"{self.url}/_control/upload", data=form) as answer:
            assert answer.status == 200, await answer.text()
            return str((await answer.json())["message"]["ts"])

    async def messages(self, channel: str = GENERAL) -> list[dict[str, Any]]:
        """All messages of a channel, oldest first, as the workspace keeps them."""
        async with self._http.get(f"{self.url}/_control/messages/{channel}") as answer:
            return list((await answer.json())["messages"])

    async def texts(self, channel: str = GENERAL) -> list[str]:
        """Their texts."""
        return [str(message["text"]) for message in await self.messages(channel)]

    async def log(self) -> list[dict[str, Any]]:
        """What the server did: `kind` is `ack`, `events_api`, `web_api` …"""
        async with self._http.get(f"{self.url}/_control/log") as answer:
            return list((await answer.json())["log"])

    async def control(self, act: str, body: dict[str, Any]) -> dict[str, Any]:
        """One act of a user's."""
        async with self._http.post(f"{self.url}/_control/{act}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return dict(await answer.json())


@asynccontextmanager
async def running(directory: Path, *, events_url: str | None = None) -> AsyncIterator[LocalSlack]:
    """Start the server in `directory`; with `events_url` it posts signed events there instead of Socket Mode."""
    program = install()
    _configure(directory, events_url)
    arguments = ["--config", "config.json", "--port", "0", "--base-host", "127.0.0.1", "--files-dir", "files"]
    process = await asyncio.create_subprocess_exec(
        str(program),
        *arguments,
        cwd=directory,
        env={**_plain_environment(), "BUN_OPTIONS": "--preload ./loopback.js"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        url = await asyncio.wait_for(_address(process), 30)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
            yield LocalSlack(url, http)
    finally:
        await _stop(process)


def install() -> Path:
    """The executable, from `.cache/` or from npm."""
    folder = ROOT / ".cache" / f"local-slack-{VERSION}"
    program = folder / "node_modules" / "local-slack-linux-x64" / "bin" / "local-slack"
    return npm_install(folder, [f"local-slack-linux-x64@{VERSION}"], program)


def npm_install(folder: Path, packages: Sequence[str], wanted: Path) -> Path:
    """Install npm packages into a folder once, whoever comes first; `wanted` must then be there."""
    npm = shutil.which("npm")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if wanted.exists():
            return wanted
        if npm is None:
            _missing(packages, "npm is not installed")
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), *packages]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode or not wanted.exists():
            _missing(packages, f"npm could not install it: {done.stderr.strip()[-300:]}")
    return wanted


def _missing(packages: Sequence[str], why: str) -> NoReturn:
    fail_or_skip(f"{', '.join(packages)}: {why}")


def _configure(directory: Path, events_url: str | None) -> None:
    app: dict[str, object] = {
        "appId": "A01APP",
        "botUserId": BOT,
        "botName": "tieline",
        "botToken": BOT_TOKEN,
        "appToken": APP_TOKEN,
        "signingSecret": SIGNING_SECRET,
        "mode": "events" if events_url else "socket",
        **({"requestUrl": events_url} if events_url else {}),
    }
    users = [
        {"id": ALICE, "name": "alice", "real_name": "Alice", "email": "alice@example.com"},
        {"id": BOB, "name": "bob", "real_name": "Bob", "email": "bob@example.com"},
    ]
    channels = [
        {"id": GENERAL, "name": "general", "members": [ALICE, BOB, BOT]},
        {"id": SUPPORT, "name": "support", "members": [ALICE, BOB, BOT]},
        {"id": DIRECT, "name": "dm", "is_im": True, "is_channel": False, "members": [ALICE, BOT]},
    ]
    workspace = {"name": "Acme", "domain": "acme", "teamId": "T01TEST"}
    config = {"workspace": workspace, "apps": [app], "users": users, "channels": channels}
    (directory / "config.json").write_text(json.dumps(config))
    (directory / "loopback.js").write_text(_LOOPBACK)


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}


async def _address(process: asyncio.subprocess.Process) -> str:
    said = b""
    assert process.stdout is not None
    while line := await process.stdout.readline():
        said += line
        if found := _ADDRESS.search(line):
            return found[1].decode()
    raise RuntimeError(f"local-slack ended: {said.decode(errors='replace')}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.communicate(), 10)
    except TimeoutError:
        process.kill()
        await process.wait()
