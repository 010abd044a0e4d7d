"""A third party's Discord (npm `discord-digital-twin`, MIT) as a real server on loopback, in a Node process.

It witnesses login, gateway, messages, edits, deletions, the bot's reactions, threads and history. It has no uploads,
direct messages, webhooks, RESUME or limits: those are tested on `scripted_discord`. Three of its faults are mended as
it starts: it listens on all interfaces, it lacks `/oauth2/applications/@me`, which discord.py asks for at login, and its
reaction events lack `type`, without which discord.py's client dies.
It is installed once into `.cache/` of the checkout; `spiceflow` is pinned, as it does not start with newer ones.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, fail_or_skip
from tests.services.local_slack import npm_install
from tests.services.scripted_discord.wire import ALICE, BOB, BOT, GENERAL, GUILD, TOKEN, Json

VERSION, SPICEFLOW = "0.1.1", "1.19.0"
_WITHIN = 20.0

_START = """\
import http from "node:http";
import { createInterface } from "node:readline";
import { DigitalDiscord } from "discord-digital-twin";

const { options, owner } = JSON.parse(process.argv[2]);
const say = (what) => console.log(JSON.stringify(what));

const realListen = http.Server.prototype.listen;
http.Server.prototype.listen = function (...given) {
  return realListen.call(this, { host: "127.0.0.1", port: 0 }, given.find((one) => typeof one === "function"));
};

const application = { id: options.botUser.id, name: options.botUser.username, description: "", icon: null, summary: "",
  bot_public: false, bot_require_code_grant: false, verify_key: "0", flags: 1 << 18, team: null, owner };
const realCreate = http.createServer;
http.createServer = (...given) => {
  const serve = given.pop();
  return realCreate(...given, (request, response) => {
    if (!request.url.endsWith("/oauth2/applications/@me")) return serve(request, response);
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(application));
  });
};

const twin = new DigitalDiscord(options);
await twin.start();
const { gateway } = twin.server;
const tell = gateway.broadcast.bind(gateway);
gateway.broadcast = (event, data, ...rest) =>
  tell(event, event.startsWith("MESSAGE_REACTION_") ? { type: 0, burst: false, ...data } : data, ...rest);
say({ rest: twin.restUrl, gateway: twin.gatewayUrl });

for await (const line of createInterface({ input: process.stdin })) {
  const { call, channel, user, act, args } = JSON.parse(line);
  try {
    const place = twin.channel(channel);
    say({ call, done: (await (user ? place.user(user) : place)[act](args)) ?? null });
  } catch (error) {
    say({ call, failed: String(error) });
  }
}
await twin.stop();
process.exit(0);
"""


class DiscordTwin:
    """The running guild, and people's hands in it."""

    def __init__(self, process: asyncio.subprocess.Process, api_url: str, gateway_url: str) -> None:
        self.api_url, self.gateway_url = api_url, gateway_url
        self._process = process
        self._calls = itertools.count(1)

    @property
    def settings(self) -> dict[str, object]:
        """A channel's block."""
        return {"bot_token": TOKEN, "api_url": self.api_url, "gateway_url": self.gateway_url}

    async def say(self, text: str, *, channel: str = GENERAL, user: str = ALICE, reply_to: str | None = None) -> str:
        """Somebody writes; the message's id."""
        reference = {"messageReference": {"message_id": reply_to, "channel_id": channel}} if reply_to else {}
        return str((await self._act(channel, user, "sendMessage", {"content": text, **reference}))["id"])

    async def edit(self, message: str, text: str, *, channel: str = GENERAL, user: str = ALICE) -> None:
        """Its author changes the text."""
        await self._act(channel, user, "editMessage", {"messageId": message, "content": text})

    async def delete(self, message: str, *, channel: str = GENERAL, user: str = ALICE) -> None:
        """Its author deletes it."""
        await self._act(channel, user, "deleteMessage", {"messageId": message})

    async def messages(self, channel: str = GENERAL) -> list[Json]:
        """A channel's messages as Discord's API writes them, oldest first."""
        found = await self._act(channel, None, "getMessages", {})
        return sorted(found, key=lambda one: int(one["id"]))

    async def until(self, done: Callable[[list[Json]], bool], channel: str = GENERAL) -> list[Json]:
        """Wait, bounded, until the channel's messages are what is wanted."""
        async with asyncio.timeout(_WITHIN):
            while not done(rows := await self.messages(channel)):  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.02)
        return rows

    async def _act(self, channel: str, user: str | None, act: str, args: Json) -> Any:
        call = next(self._calls)
        assert self._process.stdin is not None
        line = json.dumps({"call": call, "channel": channel, "user": user, "act": act, "args": args})
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()
        said = await asyncio.wait_for(_said(self._process, "call"), _WITHIN)
        assert said["call"] == call, said
        assert "failed" not in said, said
        return said["done"]


@asynccontextmanager
async def running() -> AsyncIterator[DiscordTwin]:
    """Start it on a free port."""
    node = shutil.which("node")
    if node is None:
        fail_or_skip("node is not installed")
    folder = install()
    script = folder / f"start-{os.getpid()}.mjs"  # it finds the package from where it stands
    script.write_text(_START)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        node, str(script), json.dumps(_guild()), stdin=pipe, stdout=pipe, limit=16 * 1024 * 1024
    )
    try:
        said = await asyncio.wait_for(_said(process, "rest"), 30)
        yield DiscordTwin(process, said["rest"], said["gateway"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        script.unlink(missing_ok=True)


def install() -> Path:
    """Its folder, in `.cache/` or from npm."""
    folder = ROOT / ".cache" / f"discord-twin-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    pins = folder / "package.json"
    if not pins.exists():
        pins.write_text(json.dumps({"private": True, "overrides": {"spiceflow": SPICEFLOW}}))
    wanted = folder / "node_modules" / "discord-digital-twin" / "package.json"
    npm_install(folder, [f"discord-digital-twin@{VERSION}"], wanted)
    return folder


def _guild() -> Json:
    options: Json = {
        "guild": {"id": GUILD, "name": "Acme", "ownerId": ALICE},
        "botUser": {"id": BOT, "username": "tieline"},
        "botToken": TOKEN,
        "channels": [{"id": GENERAL, "name": "general", "type": 0}],
        "users": [{"id": ALICE, "username": "alice"}, {"id": BOB, "username": "bob"}],
    }
    return {"options": options, "owner": {"id": ALICE, "username": "alice", "discriminator": "0", "avatar": None}}


async def _said(process: asyncio.subprocess.Process, name: str) -> Json:
    """The next line of its output that is ours; the package prints lines of its own."""
    assert process.stdout is not None
    heard = b""
    while line := await process.stdout.readline():
        heard += line
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and name in said:
            return said
    return fail_or_skip(f"discord-digital-twin ended: {heard.decode(errors='replace')[-300:]}")
