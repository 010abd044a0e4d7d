"""The scripted Discord's gateway: sessions that hear what happens, break, and resume where they were.

A session keeps all it was told, so RESUME replays what was missed while no socket was there. Both plain text and
`compress=zlib-stream` are spoken. What a session hears follows its intents: without Message Content, other people's
messages have no content, attachments, embeds or buttons unless they are direct or name the bot.
Not kept: shards, presences, send limits. Next stop: `server.py`.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.services.scripted_discord.wire import BOT, GUILD, PRIVILEGED, Intent, Json
from tests.services.scripted_discord.world import World

_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _RECONNECT, _MEMBERS, _INVALID, _HELLO, _ACK = 0, 1, 2, 6, 7, 8, 9, 10, 11
_MESSAGES, _REACTIONS = (
    ("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"),
    "MESSAGE_REACTION_",
)
_SECRET: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


class Line:
    """One socket; what is put on it is sent in order, by a writer of its own."""

    def __init__(self, socket: web.WebSocketResponse, *, compress: bool) -> None:
        self.socket = socket
        self._queue: asyncio.Queue[str | int] = asyncio.Queue()
        self._zlib = zlib.compressobj() if compress else None
        self.closing = False

    def put(self, payload: Json) -> None:
        """Send it after all before it."""
        self._queue.put_nowait(json.dumps(payload))

    def close(self, code: int) -> None:
        """Close after all before it is sent."""
        self.closing = True
        self._queue.put_nowait(code)

    async def write(self) -> None:
        """Send until closed or the socket is gone."""
        while isinstance(item := await self._queue.get(), str):
            try:
                if self._zlib is None:
                    await self.socket.send_str(item)
                else:
                    await self.socket.send_bytes(
                        self._zlib.compress(item.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                    )
            except (ConnectionError, RuntimeError):
                return
        await self.socket.close(code=item)


@dataclass
class Session:
    """Who listens: its intents, and all it was told."""

    session_id: str
    intents: Intent
    line: Line | None = None
    told: list[Json] = field(default_factory=list)

    def tell(self, event: str, data: Any) -> None:
        """Number it, keep it, and send it when somebody is there."""
        payload = {"op": _DISPATCH, "t": event, "s": len(self.told) + 1, "d": data}
        self.told.append(payload)
        if self.line is not None:
            self.line.put(payload)


class Gateway:
    """All sessions of the bot."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sessions: dict[str, Session] = {}
        self.opened: list[str] = []
        """The path of each socket: `/gateway`, or `/gateway/resume` where READY sends a client that resumes."""
        self.received: list[Json] = []
        """All that clients sent, tokens and all."""
        self.heartbeat = 41_250
        """Milliseconds between heartbeats."""
        self.acknowledges = True
        """Whether heartbeats are answered."""
        self.down = False
        """Whether sockets are refused with 503."""
        self._lines: set[Line] = set()
        world.listeners.append(self.dispatch)

    @property
    def live(self) -> list[Session]:
        """Sessions that somebody hears now."""
        return [session for session in self.sessions.values() if session.line is not None]

    def dispatch(self, event: str, data: Json) -> None:
        """Tell every session what it may hear of it."""
        for session in self.sessions.values():
            shaped = self._shaped(session.intents, event, data)
            if shaped is not None:
                session.tell(event, shaped)

    def drop(self, code: int | None = 4000, *, forget: bool = False) -> None:
        """Break all sockets, with a close code or (None) without a word; `forget` makes RESUME fail."""
        for session in self.live:
            session.line = None
        for line in self._lines:
            transport = line.socket._req.transport if line.socket._req is not None else None
            if code is not None:
                line.close(code)
            elif transport is not None:
                transport.abort()
        if forget:
            self.sessions.clear()

    def reconnect(self) -> None:
        """Ask clients to come again (op 7)."""
        for session in self.live:
            assert session.line is not None
            session.line.put({"op": _RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tell clients that their session is over (op 9)."""
        for session in self.live:
            assert session.line is not None
            session.line.put({"op": _INVALID, "d": resumable})
            if not resumable:
                del self.sessions[session.session_id]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One socket, from HELLO to its end."""
        if self.down:
            return web.Response(status=503)
        self.opened.append(request.path)
        self._world.changed()
        socket = web.WebSocketResponse(timeout=2, max_msg_size=16384)
        await socket.prepare(request)
        line = Line(socket, compress=request.query.get("compress") == "zlib-stream")
        self._lines.add(line)
        writer = asyncio.create_task(line.write())
        line.put({"op": _HELLO, "d": {"heartbeat_interval": self.heartbeat, "_trace": []}})
        try:
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self._hear(line, frame.json())
        finally:
            if not line.closing:
                writer.cancel()
            await asyncio.wait([writer])
            self._lines.discard(line)
            for session in self.sessions.values():
                session.line = None if session.line is line else session.line
            self._world.changed()
        return socket

    async def close(self) -> None:
        """Break all sockets, and wait until they are gone."""
        for line in list(self._lines):
            await line.socket.close(code=1001)

    def _hear(self, line: Line, said: Json) -> None:
        self.received.append(said)
        match said.get("op"):
            case 1 if self.acknowledges:
                line.put({"op": _ACK})
            case 2:
                self._identify(line, said["d"])
            case 6:
                self._resume(line, said["d"])
            case 8:
                self._members(line, said["d"])
        self._world.changed()

    def _identify(self, line: Line, said: Json) -> None:
        intents = Intent(said["intents"])
        if said.get("token", "").removeprefix("Bot ") != self._world.token:
            line.close(4004)
            return
        if any(
            intents & asked and not self._world.app_flags & (flag | flag << 1) for asked, flag in PRIVILEGED.items()
        ):
            line.close(4014)
            return
        session = Session(f"session-{self._world.snowflake()}", intents, line)
        self.sessions[session.session_id] = session
        guilds = [] if self._world.removed else [{"id": GUILD, "unavailable": True}]
        application = {"id": BOT, "flags": self._world.app_flags}
        resume = f"{self._world.url}/gateway/resume".replace("http", "ws", 1)
        ready: Json = {"v": 10, "user": self._world.users[BOT], "guilds": guilds, "session_id": session.session_id}
        session.tell(
            "READY", {**ready, "resume_gateway_url": resume, "application": application, "session_type": "normal"}
        )
        if guilds:
            session.tell("GUILD_CREATE", self.whole_guild(intents))

    def _resume(self, line: Line, said: Json) -> None:
        session = self.sessions.get(said.get("session_id", ""))
        if session is None or said.get("token", "").removeprefix("Bot ") != self._world.token:
            line.put({"op": _INVALID, "d": False})
            return
        if session.line is not None:
            session.line.close(4000)
        for payload in session.told[said["seq"] :]:
            line.put(payload)
        session.line = line
        session.tell("RESUMED", {"_trace": []})

    def _members(self, line: Line, said: Json) -> None:
        wanted = said.get("user_ids")
        ids = (
            [str(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
            if wanted
            else list(self._world.members)
        )
        found = [self._world.show_member(one) for one in ids if one in self._world.users]
        chunk: Json = {
            "guild_id": GUILD,
            "members": found,
            "chunk_index": 0,
            "chunk_count": 1,
            "nonce": said.get("nonce"),
        }
        for session in self.sessions.values():
            if session.line is line:
                session.tell("GUILD_MEMBERS_CHUNK", {**chunk, "not_found": [], "presences": []})

    def whole_guild(self, intents: Intent) -> Json:
        """GUILD_CREATE: the guild with its channels, threads and members."""
        world = self._world
        seen = [one for one in world.channels.values() if one.get("guild_id") and world.visible(one)]
        threads = {one["id"] for one in world.threads()}
        ids = list(world.members) if intents & Intent.MEMBERS else [BOT]
        more: Json = {"joined_at": "2024-01-01T00:00:00+00:00", "large": False, "unavailable": False, "presences": []}
        more |= {"member_count": len(world.members), "voice_states": [], "stage_instances": []}
        more |= {"guild_scheduled_events": [], "soundboard_sounds": []}
        more["members"] = [world.show_member(one) for one in ids]
        more["threads"] = [world.show_channel(one) for one in seen if one["id"] in threads]
        more["channels"] = [world.show_channel(one) for one in seen if "thread_metadata" not in one]
        return {**world.show_guild(), **more}

    def _shaped(self, intents: Intent, event: str, data: Json) -> Json | None:
        direct = "guild_id" not in data and event != "GUILD_DELETE"
        if event in _MESSAGES and not intents & (Intent.DIRECT_MESSAGES if direct else Intent.GUILD_MESSAGES):
            return None
        if event.startswith(_REACTIONS) and not intents & (
            Intent.DIRECT_REACTIONS if direct else Intent.GUILD_REACTIONS
        ):
            return None
        channel = self._world.channels.get(data.get("channel_id", ""))
        if channel is not None and not self._world.visible(channel) and event != "INTERACTION_CREATE":
            return None
        if event == "GUILD_CREATE":
            return self.whole_guild(intents)
        if "content" not in data or intents & Intent.MESSAGE_CONTENT or direct:
            return data
        return data if open_to_bot(data) else {**data, **_SECRET}


def open_to_bot(message: Json) -> bool:
    """Whether its content is shown without the Message Content intent: the bot's own, direct, or naming it."""
    ours = BOT in {message["author"]["id"], message.get("application_id")}
    return ours or any(one["id"] == BOT for one in message["mentions"])
