"""Where the bytes of attachments are kept: a local folder or an S3-compatible store.

Rule: what was saved is durable when :meth:`Files.save` returns, and is never changed afterwards; names are the hub's
own ids, never what anybody typed. Next stop: :mod:`tieline.files`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from tieline.model.base import Value


class Saved(Value, kw_only=True, frozen=True):
    """What was saved: ``size`` in bytes, ``sha256`` in hexadecimal."""

    size: int
    sha256: str


class TooLarge(Exception):
    """More bytes came than were allowed; nothing is kept."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


class FilesError(Exception):
    """The file store does not answer, or has no room. ``fix`` says what a person can do."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class NoSuchFile(FilesError):
    """There is no such file."""


class Files(Protocol):
    """The file store. ``name`` is an attachment's id."""

    async def save(self, name: str, pieces: AsyncIterator[bytes], limit: int) -> Saved:
        """Keep the bytes under ``name``, at most ``limit`` of them; a file of that name is replaced whole.

        Raises :class:`TooLarge` or :class:`FilesError`, and what ``pieces`` raises; then nothing is kept.
        """
        ...

    def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` up to ``end`` (exclusive; None: all), in pieces.

        Raises :class:`NoSuchFile` or :class:`FilesError` while it is iterated.
        """
        ...

    async def remove(self, name: str) -> None:
        """Remove a file; one that is not there is removed already. Raises :class:`FilesError`."""
        ...

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        ...
