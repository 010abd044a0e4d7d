"""The control of every benchmark: what bare parts reach when they do the least that a hub must do.

aiohttp web socket in, msgspec, one SQLite table written in groups by one thread, acknowledgement after the commit, one
shared frame per message and subscriber. No rooms to be authorized for, no packets, no links, no events, no identity
map. A yardstick, not a style: ratios to it are quoted, because the machine's own speed drifts.

``python benchmarks/bare.py PORT DATABASE``
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import sys
import threading
import time
from typing import Any

import msgspec
from aiohttp import web

MERGE = 1000
"""Most rows in one transaction."""


class In(msgspec.Struct):
    """A frame from a client."""

    op: str
    room: str = ""
    id: int = 0
    sender: str = ""
    text: str = ""


class Out(msgspec.Struct):
    """A frame to a subscriber."""

    seq: int
    room: str
    sender: str
    text: str
    at: float


class Post(msgspec.Struct):
    """A post over HTTP."""

    text: str
    sender: str = "http"


_in = msgspec.json.Decoder(In).decode
_post = msgspec.json.Decoder(Post).decode
_posts = msgspec.json.Decoder(list[Post]).decode
_encode = msgspec.json.Encoder().encode
_TABLE = "CREATE TABLE message(id INTEGER PRIMARY KEY, room TEXT, sender TEXT, at REAL, dedup TEXT UNIQUE, text TEXT)"
_INSERT = "INSERT OR IGNORE INTO message VALUES(?,?,?,?,?,?)"


def frame(payload: bytes) -> bytes:
    """Frame a server's text message (RFC 6455, unmasked)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


class Bare:
    """The bare hub."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.rooms: dict[str, set[Any]] = {}
        self.pending: list[tuple[tuple[Any, ...], Any, int]] = []
        self.batches: queue.SimpleQueue[list[tuple[tuple[Any, ...], Any, int]]] = queue.SimpleQueue()
        self.seq = 0
        self.connections = 0
        self.loop = asyncio.get_running_loop()
        threading.Thread(target=self.write, daemon=True).start()

    def write(self) -> None:
        """Write what has gathered in one transaction, then tell the loop."""
        db = sqlite3.connect(self.database, isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute(_TABLE)
        db.execute("CREATE INDEX place ON message(room, id)")
        while True:
            batch = self.batches.get()
            while len(batch) < MERGE and not self.batches.empty():
                batch += self.batches.get()
            db.execute("BEGIN")
            db.executemany(_INSERT, [row for row, _, _ in batch])
            db.execute("COMMIT")
            self.loop.call_soon_threadsafe(self.committed, batch)

    def committed(self, batch: list[tuple[tuple[Any, ...], Any, int]]) -> None:
        """Fan out and acknowledge: the frames of a batch joined per room and per connection."""
        frames: dict[str, list[bytes]] = {}
        acks: dict[Any, list[bytes]] = {}
        for row, reply, ref in batch:
            if row[1] in self.rooms:
                frames.setdefault(row[1], []).append(frame(_encode(Out(row[0], row[1], row[2], row[5], row[3]))))
            acks.setdefault(reply, []).append(b'{"a":%d,"s":%d}' % (ref, row[0]))
        for room, parts in frames.items():
            joined = b"".join(parts)
            for transport in self.rooms[room]:
                transport.write(joined)
        for reply, parts in acks.items():
            if isinstance(reply, asyncio.Future):
                if not reply.done():
                    reply.set_result(None)
            elif not reply.is_closing():
                reply.write(b"".join([frame(part) for part in parts]))

    def put(self, room: str, sender: str, text: str, key: str, reply: object, ref: int) -> None:
        """Queue a row for the next commit."""
        self.seq += 1
        if not self.pending:
            self.loop.call_soon(self.flush)
        self.pending.append(((self.seq, room, sender, time.time(), key, text), reply, ref))

    def flush(self) -> None:
        """Hand what gathered in this turn of the loop to the writer."""
        batch, self.pending = self.pending, []
        self.batches.put(batch)

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one web socket."""
        ws = web.WebSocketResponse(compress=False, decode_text=False)
        await ws.prepare(request)
        transport = request.transport
        if transport is None:
            return ws
        self.connections += 1
        me, joined = self.connections, None
        async for message in ws:
            data = _in(message.data)
            if data.op == "send":
                self.put(data.room, data.sender, data.text, f"{me}:{data.id}", transport, data.id)
            else:
                joined = data.room
                self.rooms.setdefault(joined, set()).add(transport)
                await ws.send_str('{"joined":1}')
        if joined is not None:
            self.rooms[joined].discard(transport)
        return ws

    async def http(self, request: web.Request) -> web.Response:
        """Take one post, or a batch."""
        body = await request.read()
        posts = _posts(body) if request.path.endswith("batch") else [_post(body)]
        done = self.loop.create_future()
        for post in posts:
            self.put("room-0", post.sender, post.text, f"h{self.seq}", done, 0)
        await done
        return web.Response(body=b'{"seq":%d}' % self.seq, content_type="application/json")


async def ready(_request: web.Request) -> web.Response:
    """Answer once it takes load."""
    return web.Response()


async def main(port: int, database: str) -> None:
    """Serve until killed."""
    bare = Bare(database)
    app = web.Application()
    app.router.add_get("/ws", bare.socket)
    app.router.add_get("/ready", ready)
    app.router.add_post("/post", bare.http)
    app.router.add_post("/post/batch", bare.http)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
    else:
        uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
