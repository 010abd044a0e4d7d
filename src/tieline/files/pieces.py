"""What every file store does with the pieces it is given: check the name, count, and join them to sensible sizes.

Rule: pieces are taken one after the other and let go of in the end, whatever happens; nobody holds more of a file than
one piece. Next stop: :mod:`tieline.files.local`, :mod:`tieline.files.s3`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tieline.ports.files import FilesError, Saved, TooLarge

PIECE: Final = 256 * 1024
"""Bytes that are read or written at a time."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def checked(name: str) -> str:
    """The name itself. Raises FilesError unless it has the form of an id: ASCII letters, digits, ``_`` and ``-``."""
    if _NAME.fullmatch(name) is None:
        raise FilesError(f"{name[:80]!r} is not the name of a file of the hub", fix="name an attachment by its id")
    return name


class Tally:
    """Counts what goes by."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._digest = hashlib.sha256()

    def add(self, piece: bytes) -> None:
        """Count a piece. Raises TooLarge where it is one too many."""
        self._size += len(piece)
        if self._size > self._limit:
            raise TooLarge(self._limit)
        self._digest.update(piece)

    def saved(self) -> Saved:
        """What was counted."""
        return Saved(size=self._size, sha256=self._digest.hexdigest())


@asynccontextmanager
async def taking(pieces: AsyncIterator[bytes], tally: Tally) -> AsyncIterator[AsyncGenerator[bytes, None]]:
    """The pieces, counted and joined to at least :data:`PIECE` bytes (the last may be smaller, none is empty).

    In the end the source is closed, so that the connection behind it is let go of at once.
    """
    joined = _joined(pieces, tally)
    try:
        yield joined
    finally:
        await joined.aclose()
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


async def _joined(pieces: AsyncIterator[bytes], tally: Tally) -> AsyncGenerator[bytes, None]:
    held = bytearray()
    async for piece in pieces:
        tally.add(piece)
        held += piece
        if len(held) >= PIECE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
