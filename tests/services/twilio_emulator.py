"""A third party's Twilio (npm `emulate`): sending, fetching, the list, error codes, signed webhooks and callbacks.

It takes an empty body and 1,601 characters, which Twilio refuses, knows no throttle and no opt-out, and posts a
message's first callback before it answers the request that makes it. Next stop: `tests/contract/sms`.
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

from tests.conftest import ROOT, fail_or_skip
from tests.services.emulate_slack import VERSION
from tests.services.local_slack import npm_install

ACCOUNT, TOKEN = "AC" + "0" * 32, "twilio_test_auth_token"
OURS = "+15551234567"
_START = """
import { createEmulator } from "emulate";
const [port, inbound, number] = process.argv.slice(2);
const emulator = await createEmulator({ service: "twilio", port: Number(port), baseUrl: `http://127.0.0.1:${port}`, seed: {
  twilio: { phone_numbers: [{ phone_number: number, friendly_name: "Ours", sms_url: inbound, sms_method: "POST" }] } } });
console.log("ready", emulator.url);
"""


class EmulatedTwilio:
    """The running account."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self._http = http

    @property
    def settings(self) -> dict[str, object]:
        return {"account_sid": ACCOUNT, "auth_token": TOKEN, "from": OURS, "api_url": self.url}

    async def write(self, who: str, body: str) -> str:
        """Somebody writes; answers the id, once the hub has answered."""
        return str((await self._simulate("inbound-message", To=OURS, From=who, Body=body))["sid"])

    async def status(self, sid: str, status: str) -> None:
        """Something becomes of what we sent."""
        await self._simulate("message-status", MessageSid=sid, Status=status)

    async def messages(self) -> list[dict[str, Any]]:
        """Newest first."""
        url = f"{self.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        async with self._http.get(url) as answer:
            return list((await answer.json())["messages"])

    async def _simulate(self, what: str, **form: str) -> dict[str, Any]:
        async with self._http.post(f"{self.url}/_twilio/simulate/{what}", data=form) as answer:
            assert answer.status in {200, 201}, await answer.text()
            return dict(await answer.json())


@asynccontextmanager
async def running(inbound_url: str) -> AsyncIterator[EmulatedTwilio]:
    """Start it on a free port; it posts what people write, signed, to `inbound_url`."""
    node = shutil.which("node")
    if node is None:
        fail_or_skip("node is not installed")
    folder = ROOT / ".cache" / f"emulate-{VERSION}"
    npm_install(folder, [f"emulate@{VERSION}"], folder / "node_modules" / "emulate" / "package.json")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    script = folder / f"twilio-{os.getpid()}-{port}.mjs"  # it finds the package from where it stands
    script.write_text(_START)
    process = await asyncio.create_subprocess_exec(
        node, str(script), port, inbound_url, OURS, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        await asyncio.wait_for(_ready(process), 30)
        headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
        async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=30)) as http:
            yield EmulatedTwilio(f"http://127.0.0.1:{port}", http)
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
