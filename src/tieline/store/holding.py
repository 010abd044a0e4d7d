"""One active hub per database: a lock that dies with its process, and names its holder to whom it refuses.

Rule: the lock belongs to the operating system (SQLite: ``flock`` on a file beside the database) or to the session
(PostgreSQL: an advisory lock on the writer's own connection), never to a row that a crash would leave behind.
Not promised: locks over NFS. Next stop: :mod:`tieline.store.session`.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tieline.errors import StoreError

ADVISORY_KEY = 7438346701
"""Key of PostgreSQL's advisory lock; advisory locks are per database."""


def holder() -> str:
    """Who we are, for those whom our lock refuses."""
    return f"pid {os.getpid()} on {socket.gethostname()}"


def held_by(who: str) -> StoreError:
    """The refusal."""
    return StoreError(
        f"another hub works on this database: {who or 'unknown'}",
        fix="stop it first, or talk to it with --url; two hubs on one database come with a later version",
    )


class FileLock:
    """An exclusive lock on ``<database>.lock``; the file stays, its lock goes with the process."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take it, or raise :class:`StoreError` that names the holder."""
        try:
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise StoreError(f"cannot write {self._path}: {error.strerror}", fix="make its folder writable") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            who = file.read().strip()
            file.close()
            raise held_by(who) from error
        file.truncate(0)
        file.write(holder())
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give it back; harmless if it was not taken."""
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(0)
            self._file.close()
            self._file = None


@contextmanager
def file_lock(database: Path) -> Iterator[None]:
    """Hold a database's file lock for a while."""
    lock = FileLock(database)
    lock.take()
    try:
        yield
    finally:
        lock.release()
