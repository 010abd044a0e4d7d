"""A TCP relay on loopback that can be cut and mended, between an adapter and a server.

It rewrites the server's own address in what passes (both ports have five digits, so no length changes): a server that
hands out its web socket's address keeps its clients on the relay.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class CutProxy:
    """The relay; `cut()` drops every connection and refuses new ones until `mend()`."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._whole = True
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.url = ""
        self.connections = 0

    def cut(self) -> None:
        """Drop all connections without a goodbye."""
        self._whole = False
        for writer in tuple(self._writers):
            writer.transport.abort()

    def freeze(self) -> None:
        """Pass nothing on, and break nothing off: a half-open network."""
        self._flowing.clear()

    def mend(self) -> None:
        """Let new connections through, and bytes on."""
        self._whole = True
        self._flowing.set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        self._writers |= {writer, far_writer}
        here, there = urlsplit(self.url).netloc.encode(), f"{self._host}:{self._port}".encode()
        await asyncio.gather(self._relay(reader, far_writer, b"", b""), self._relay(far_reader, writer, there, here))
        self._writers -= {writer, far_writer}

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, old: bytes, new: bytes) -> None:
        try:
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data.replace(old, new) if old and len(old) == len(new) else data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def relayed(target: str) -> AsyncIterator[CutProxy]:
    """A relay in front of `target` on a free port."""
    proxy = CutProxy(target)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        proxy.mend()
        proxy.cut()
        server.close()
        await server.wait_closed()
