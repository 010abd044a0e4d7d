"""What tests feed a file store with, and how they read it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from tieline.ports.files import Files

MIB = 1024 * 1024


async def of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class Source:
    """Pieces, then maybe an error; knows whether it was closed."""

    def __init__(self, pieces: Iterable[bytes], error: BaseException | None = None) -> None:
        self._pieces = pieces
        self._error = error
        self.closed = False

    async def read(self) -> AsyncIterator[bytes]:
        try:
            for piece in self._pieces:
                yield piece
            if self._error is not None:
                raise self._error
        finally:
            self.closed = True


async def content(files: Files, name: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in files.read(name, start, end)])
