"""Another third party's Slack (npm `emulate`), strict about the Web API: error codes, membership, cursors, signed events.

It is started by the script that stands with the project's independent stand-ins, `../shared/standins/slack/emulate.mjs`;
without that folder its tests are skipped. No Socket Mode, no buttons.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.conftest import ROOT, fail_or_skip
from tests.services.local_slack import npm_install

VERSION = "0.12.2"
SCRIPT = ROOT.parent / "shared" / "standins" / "slack" / "emulate.mjs"
BOT_TOKEN, ALICE_TOKEN, SIGNING_SECRET = "xoxb-gateway", "xoxp-alice", "shhh"
BOT = "U0GATEWAY1"


class EmulatedSlack:
    """The running workspace; `alice` calls a method as she."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self._http = http

    @property
    def settings(self) -> dict[str, object]:
        return {"bot_token": BOT_TOKEN, "signing_secret": SIGNING_SECRET, "api_url": f"{self.url}/api/"}

    async def alice(self, method: str, **arguments: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {ALICE_TOKEN}"}
        async with self._http.post(f"{self.url}/api/{method}", json=arguments, headers=headers) as answer:
            said = dict(await answer.json())
            assert said["ok"], (method, said)
            return said

    async def channel(self, name: str, *, with_bot: bool = True, private: bool = False) -> str:
        """A new channel of alice's, with the bot invited or not; its id."""
        made = str((await self.alice("conversations.create", name=name, is_private=private))["channel"]["id"])
        if with_bot:
            await self.alice("conversations.invite", channel=made, users=BOT)
        return made


@asynccontextmanager
async def running(events_url: str = "") -> AsyncIterator[EmulatedSlack]:
    """Start it on a free port; it posts signed events to `events_url`."""
    node = shutil.which("node")
    if not SCRIPT.is_file():
        pytest.skip("no third-party stand-ins in ../shared/standins")
    if node is None:
        fail_or_skip("node is not installed")
    folder = ROOT / ".cache" / f"emulate-{VERSION}"
    npm_install(folder, [f"emulate@{VERSION}"], folder / "node_modules" / "emulate" / "package.json")
    script = folder / f"start-{os.getpid()}.mjs"  # it finds the package from where it stands
    script.write_text(SCRIPT.read_text())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    process = await asyncio.create_subprocess_exec(
        node,
        str(script),
        port,
        events_url,
        SIGNING_SECRET,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        await asyncio.wait_for(_ready(process), 30)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
            yield EmulatedSlack(f"http://127.0.0.1:{port}", http)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        script.unlink(missing_ok=True)


async def _ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    said = b""
    while line := await process.stdout.readline():
        said += line
        if line.startswith(b"ready"):
            return
    fail_or_skip(f"emulate did not start: {said.decode(errors='replace')[-300:]}")
