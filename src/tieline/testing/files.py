"""A file store in memory, for tests of what uses one."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from tieline.ports.files import NoSuchFile, Saved, TooLarge


class MemoryFiles:
    """Implements :class:`tieline.ports.files.Files`; ``kept`` is everything in it, by name."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def save(self, name: str, pieces: AsyncIterator[bytes], limit: int) -> Saved:
        """Keep the bytes."""
        whole = bytearray()
        async for piece in pieces:
            whole += piece
            if len(whole) > limit:
                raise TooLarge(limit)
        self.kept[name] = bytes(whole)
        return Saved(size=len(whole), sha256=hashlib.sha256(whole).hexdigest())

    async def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes, in one piece."""
        if name not in self.kept:
            raise NoSuchFile(name)
        yield self.kept[name][start:end]

    async def remove(self, name: str) -> None:
        """Remove; what is not there is removed."""
        self.kept.pop(name, None)

    async def close(self) -> None:
        """Nothing to let go of."""
