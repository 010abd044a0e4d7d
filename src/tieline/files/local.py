"""Files in a folder of this machine.

Rule: a file appears under its name complete and durable, or not at all: it is written beside (``.ID.….part``), synced,
renamed, and the folder synced. Every path is opened step by step without following symbolic links. Not promised:
anything about others who may write into the folder; it belongs to the hub alone (0700, files 0600). A folder that was
there before keeps its mode. Next stop: :mod:`tieline.files.pieces`.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from tieline.files.pieces import PIECE, Tally, checked, taking
from tieline.files.threads import in_thread
from tieline.ports.files import FilesError, NoSuchFile, Saved

PART: Final = ".part"
"""How the names of unfinished files end; no id has a dot."""
LEFT_OVER: Final = 24 * 3600
"""Seconds after which an unfinished file is nobody's any more."""

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_WRITE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_log = structlog.get_logger(__name__)


class LocalFiles:
    """Implements :class:`tieline.ports.files.Files` in ``folder``, which is made if need be.

    Raises FilesError where it cannot be made or listed. Blocks shortly: make it before the hub listens.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with _told(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sweep(folder)

    async def save(self, name: str, pieces: AsyncIterator[bytes], limit: int) -> Saved:
        """Keep the bytes; see the port."""
        tally = Tally(limit)
        part = _Part(self._folder, checked(name))
        async with taking(pieces, tally) as taken:
            try:
                await in_thread(part.open)
                async for piece in taken:
                    await in_thread(partial(part.write, piece))
                await in_thread(part.keep)
            finally:
                await in_thread(part.abandon)
        return tally.saved()

    async def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` to ``end``; see the port."""
        reading = _Reading(self._folder, checked(name), start, end)
        try:
            await in_thread(reading.open)
            while piece := await in_thread(reading.next):
                yield piece
        finally:
            await in_thread(reading.close)

    async def remove(self, name: str) -> None:
        """Remove a file; see the port."""
        await in_thread(partial(_remove, self._folder, checked(name)))

    async def close(self) -> None:
        """Nothing is held open."""


class _Part:
    """A file that is being written. Blocking; one call at a time."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._part = f".{name}.{secrets.token_hex(8)}{PART}"
        self._root = -1
        self._file = -1

    def open(self) -> None:
        """Begin."""
        with _told(self._folder):
            self._root = os.open(self._folder, _FOLDER)
            self._file = os.open(self._part, _WRITE, 0o600, dir_fd=self._root)

    def write(self, piece: bytes) -> None:
        """Write all of it."""
        with _told(self._folder):
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self._file, rest) :]

    def keep(self) -> None:
        """Make it durable, and only then visible."""
        with _told(self._folder):
            os.fsync(self._file)
            with _sub_folder(self._root, self._name, make=True) as sub:
                os.rename(self._part, self._name, src_dir_fd=self._root, dst_dir_fd=sub)
                os.fsync(sub)

    def abandon(self) -> None:
        """Let go; what was not kept is removed. Never raises."""
        if self._file >= 0:
            os.close(self._file)
            with suppress(OSError):
                os.unlink(self._part, dir_fd=self._root)
        if self._root >= 0:
            os.close(self._root)
        self._root = self._file = -1


class _Reading:
    """A file that is being read. Blocking; one call at a time."""

    def __init__(self, folder: Path, name: str, start: int, end: int | None) -> None:
        self._folder = folder
        self._name = name
        self._at = start
        self._end = end
        self._file = -1

    def open(self) -> None:
        """Open it. Raises NoSuchFile."""
        with _told(self._folder), _folder(self._folder) as root, _sub_folder(root, self._name) as sub:
            self._file = os.open(self._name, _READ, dir_fd=sub)
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                raise FilesError(f"{self._name} in {self._folder} is not a file", fix="see who else writes there")

    def next(self) -> bytes:
        """The next piece, empty at the end."""
        count = PIECE if self._end is None else min(PIECE, self._end - self._at)
        if count <= 0:
            return b""
        with _told(self._folder):
            piece = os.pread(self._file, count, self._at)
        self._at += len(piece)
        return piece

    def close(self) -> None:
        """Let go."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _remove(folder: Path, name: str) -> None:
    with suppress(NoSuchFile), _told(folder), _folder(folder) as root, _sub_folder(root, name) as sub:
        os.unlink(name, dir_fd=sub)
        os.fsync(sub)


def _sweep(folder: Path) -> None:
    before = time.time() - LEFT_OVER
    with os.scandir(folder) as entries:
        old = [
            entry.name
            for entry in entries
            if entry.name.endswith(PART) and entry.stat(follow_symlinks=False).st_mtime < before
        ]
    for name in old:
        (folder / name).unlink(missing_ok=True)
    if old:
        _log.info("left_over_files_removed", folder=str(folder), count=len(old))


@contextmanager
def _folder(folder: Path) -> Iterator[int]:
    """The folder itself may be a link: it is the operator's word, not ours."""
    root = os.open(folder, _FOLDER)
    try:
        yield root
    finally:
        os.close(root)


@contextmanager
def _sub_folder(root: int, name: str, *, make: bool = False) -> Iterator[int]:
    """The folder of a name: its last two characters, for the first ones of ids are alike."""
    sub = name[-2:]
    if make:
        with suppress(FileExistsError):
            os.mkdir(sub, 0o700, dir_fd=root)
            os.fsync(root)
    opened = os.open(sub, _FOLDER | os.O_NOFOLLOW, dir_fd=root)
    try:
        yield opened
    finally:
        os.close(opened)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turn the system's errors into ours."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOENT and folder.is_dir():
            raise NoSuchFile(f"there is no such file in {folder}") from error
        fault = os.strerror(error.errno) if error.errno else str(error)
        raise FilesError(f"the files in {folder}: {fault}", fix=_fix(error.errno, folder)) from error


def _fix(code: int | None, folder: Path) -> str:
    match code:
        case errno.ENOSPC | errno.EDQUOT:
            return f"make room on the disk of {folder}"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"let the user that the hub runs as write to {folder}"
        case errno.ELOOP | errno.ENOTDIR | errno.EISDIR | errno.EEXIST:
            return f"something else lies in the place of a file in {folder}: see who else writes there"
        case _:
            return f"see whether {folder} is a folder of a disk that works"
