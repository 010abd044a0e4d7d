"""Our own Slack on loopback, for what no stand-in of a third party does: faults on demand, paging, metadata, redelivery.

It keeps messages (with metadata, threads, edits) and answers the methods the adapter calls in the shapes of
docs.slack.dev; a script puts faults in front of single calls: a status, headers, junk, or an answer that is lost after
the deed. A witness of our own hands: what it shows of Slack itself, `local_slack.py` and `emulate_slack.py` must agree.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from tests.services.slack_files import SlackFiles

ME = {"user_id": "U0BOT", "bot_id": "B0BOT", "team_id": "T01", "team": "Acme", "user": "tieline"}
GENERAL = "C01GEN"
BASE_TS = 1_700_000_000

Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """Answer so, and do nothing."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def error(cls, code: str, status: int = 200, **more: Any) -> Reply:
        return cls(
            status, json.dumps({"ok": False, "error": code, **more}).encode(), {"Content-Type": "application/json"}
        )


@dataclass(frozen=True)
class Lose:
    """Do it, and break the connection instead of answering."""


@dataclass(frozen=True)
class Half:
    """Do it, begin to answer, and break the connection."""


@dataclass(frozen=True)
class Silent:
    """Do it, and never answer."""


Behaviour = Reply | Lose | Half | Silent


class ScriptedSlack(SlackFiles):
    """One workspace."""

    def __init__(self) -> None:
        super().__init__()
        self.url = ""
        self.channels: dict[str, list[Json]] = {GENERAL: []}
        self.users: dict[str, Json] = {"U01ALICE": {"id": "U01ALICE", "profile": {"display_name": "alice"}}}
        self.scopes: str | None = None
        self.info: Json = {}
        """What conversations.info says besides."""
        self.page = 200
        self.reactors_listed = 50
        """How many of those who reacted the history names; reactions.get names all."""
        self.is_limited = False
        """True: the plan hides what is older, and the history says so."""
        self.base = BASE_TS
        """Seconds since 1970 of the first message; a test with a real clock sets it to now."""
        self.calls: list[tuple[str, Json]] = []
        self.acks: list[Json] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.addresses: list[str] = []
        self._script: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._count = 0
        self._changed = asyncio.Condition()
        self._release = asyncio.Event()

    @property
    def settings(self) -> dict[str, object]:
        return {"bot_token": "xoxb-1", "app_token": "xapp-1", "api_url": f"{self.url}/api"}

    def script(self, method: str, *behaviours: Behaviour) -> None:
        """Put behaviours in front of the next calls of a method."""
        self._script[method].extend(behaviours)

    def called(self, method: str) -> list[Json]:
        """The arguments of each call of a method."""
        return [arguments for name, arguments in self.calls if name == method]

    def put(self, text: str, *, channel: str = GENERAL, user: str = "U01ALICE", **more: Any) -> Json:
        """Alice writes; nobody is told."""
        self._count += 1
        message = {"type": "message", "user": user, "text": text, "ts": f"{self.base + self._count}.000100", **more}
        self.channels[channel].append(message)
        return message

    async def deliver(self, payload: Json, *, kind: str = "events_api", envelope: str = "env-1") -> None:
        """Send an envelope over the newest socket."""
        await self.sockets[-1].send_json({"envelope_id": envelope, "type": kind, "payload": payload})

    async def until_acks(self, count: int) -> list[Json]:
        """Wait, bounded, for so many acknowledgements."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: len(self.acks) >= count), 10)
        return self.acks

    async def until_sockets(self, count: int) -> None:
        """Wait, bounded, until so many sockets were opened."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: len(self.sockets) >= count), 10)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        body = await request.text()
        sent: Json = json.loads(body) if request.content_type == "application/json" and body else dict(request.query)
        if request.content_type == "application/x-www-form-urlencoded":
            sent = {**sent, **dict(parse_qsl(body))}
        self.calls.append((method, sent))
        behaviour = self._script[method].popleft() if self._script[method] else None
        if isinstance(behaviour, Reply):
            return web.Response(status=behaviour.status, body=behaviour.body, headers=behaviour.headers)
        answer = self._answer(method, sent)
        if isinstance(behaviour, Half):
            partial = web.StreamResponse(headers={"Content-Length": "400", "Content-Type": "application/json"})
            await partial.prepare(request)
            await partial.write(b'{"ok":')
        if isinstance(behaviour, Lose | Half):
            assert request.transport is not None
            request.transport.abort()
        if isinstance(behaviour, Silent):
            await self._release.wait()
        headers = {} if self.scopes is None else {"x-oauth-scopes": self.scopes}
        return web.json_response(answer, headers=headers)

    def release(self) -> None:
        """Let the silent calls end."""
        self._release.set()

    async def socket(self, request: web.Request) -> web.StreamResponse:
        self.addresses.append(str(request.rel_url))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        await self._noted(self.sockets, socket)
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._noted(self.acks, message.json())
        return socket

    async def _noted(self, where: list[Any], what: Any) -> None:
        async with self._changed:
            where.append(what)
            self._changed.notify_all()

    def _answer(self, method: str, sent: Json) -> Json:
        deed = getattr(self, f"_{method.replace('.', '_')}", None)
        answer: Json = {"ok": False, "error": "unknown_method"} if deed is None else deed(sent)
        return {"ok": True, **answer}

    def _auth_test(self, sent: Json) -> Json:
        return {**ME, "url": "https://acme.slack.example/"}

    def _apps_connections_open(self, sent: Json) -> Json:
        self._count += 1
        return {"url": f"{self.url}/socket/{self._count}".replace("http://", "ws://")}

    def _users_info(self, sent: Json) -> Json:
        user = self.users.get(sent["user"])
        return {"user": user} if user else {"ok": False, "error": "user_not_found"}

    def _chat_postMessage(self, sent: Json) -> Json:  # noqa: N802 - Slack's name
        if sent["channel"] not in self.channels:
            return {"ok": False, "error": "channel_not_found"}
        kept = {name: sent[name] for name in ("metadata", "thread_ts", "username") if name in sent}
        message = self.put(sent["text"], channel=sent["channel"], user=ME["user_id"], bot_id=ME["bot_id"], **kept)
        return {"channel": sent["channel"], "ts": message["ts"], "message": message}

    def _chat_update(self, sent: Json) -> Json:
        for message in self.channels[sent["channel"]]:
            if message["ts"] == sent["ts"]:
                message["text"] = sent["text"]
                return {"ts": sent["ts"]}
        return {"ok": False, "error": "message_not_found"}

    def _chat_delete(self, sent: Json) -> Json:
        for message in self.channels[sent["channel"]]:
            if message["ts"] == sent["ts"]:
                self.channels[sent["channel"]].remove(message)
                return {"ts": sent["ts"]}
        return {"ok": False, "error": "message_not_found"}

    def _reactions_add(self, sent: Json) -> Json:
        return {}

    def _reactions_get(self, sent: Json) -> Json:
        found = [row for row in self.channels[sent["channel"]] if row["ts"] == sent["timestamp"]]
        return {"type": "message", "message": found[0]} if found else {"ok": False, "error": "message_not_found"}

    def _conversations_history(self, sent: Json) -> Json:
        rows = self.channels[sent["channel"]]
        roots = [row for row in rows if row.get("thread_ts", row["ts"]) == row["ts"]]
        limited = {"is_limited": True} if self.is_limited else {}
        return self._paged([self._listed(self._with_thread(row, rows)) for row in roots][::-1], sent) | limited

    def _conversations_replies(self, sent: Json) -> Json:
        thread = [row for row in self.channels[sent["channel"]] if sent["ts"] in {row["ts"], row.get("thread_ts")}]
        if not thread:
            return {"ok": False, "error": "thread_not_found"}
        return self._paged([self._listed(row) for row in thread], sent)

    def _listed(self, row: Json) -> Json:
        """A message as a list shows it: not everybody who reacted is named."""
        if "reactions" not in row:
            return row
        most = self.reactors_listed
        return {**row, "reactions": [{**one, "users": one["users"][:most]} for one in row["reactions"]]}

    def _conversations_info(self, sent: Json) -> Json:
        if sent["channel"] not in self.channels:
            return {"ok": False, "error": "channel_not_found"}
        return {"channel": {"id": sent["channel"], "name": "general", "is_member": True, **self.info}}

    def _conversations_list(self, sent: Json) -> Json:
        rows = [{"id": f"C{place:03}", "name": f"room-{place}", "is_member": place % 2 == 0} for place in range(450)]
        return self._paged(rows, sent, "channels")

    def _with_thread(self, root: Json, rows: list[Json]) -> Json:
        replies = [row["ts"] for row in rows if row.get("thread_ts") == root["ts"] != row["ts"]]
        return {**root, "reply_count": len(replies), "latest_reply": max(replies)} if replies else root

    def _paged(self, rows: list[Json], sent: Json, member: str = "messages") -> Json:
        inclusive = sent.get("inclusive") == "true"
        low, high = sent.get("oldest", ""), sent.get("latest", "")
        rows = [row for row in rows if _inside(row.get("ts", ""), low, high, inclusive=inclusive)]
        if sent.get("include_all_metadata") != "true":
            rows = [{name: value for name, value in row.items() if name != "metadata"} for row in rows]
        start, size = int(sent.get("cursor") or 0), min(int(sent.get("limit", 100)), self.page)
        following = str(start + size) if start + size < len(rows) else ""
        return {member: rows[start : start + size], "response_metadata": {"next_cursor": following}}


def _inside(ts: str, low: str, high: str, *, inclusive: bool) -> bool:
    if inclusive and ts in {low, high}:
        return True
    return (not low or float(ts) > float(low)) and (not high or float(ts) < float(high))


@asynccontextmanager
async def scripted(workspace: ScriptedSlack | None = None) -> AsyncIterator[ScriptedSlack]:
    """The workspace (a bare one, or this) on a free port."""
    slack = workspace or ScriptedSlack()
    application = web.Application(client_max_size=2**30)
    application.router.add_route("*", "/api/{method}", slack.handle)
    application.router.add_get("/socket/{number}", slack.socket)
    application.router.add_post("/upload/{file}", slack.take_bytes)
    application.router.add_get("/files-pri/{held}/download/{name}", slack.give_bytes)
    runner = web.AppRunner(application, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield slack
    finally:
        slack.release()
        for socket in slack.sockets:
            await socket.close()
        await runner.cleanup()
