"""Copies of a database while the hub runs, and back again.

Rule: a backup is complete or absent: it is written beside its place and renamed when it is whole and checked. A restore
never touches a database that a hub works on. SQLite uses its online backup; PostgreSQL its own ``pg_dump`` and
``pg_restore``, where they are installed.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tieline.errors import StoreError
from tieline.store.database import Location, locate, make_folder
from tieline.store.holding import file_lock
from tieline.store.schema import refuse_newer

_PAGES_AT_A_TIME = 2_000
"""Pages per step: the writer gets its turn between two."""


def backup(url: str, target: Path) -> None:
    """Copy the database into a new file. Raises :class:`StoreError`; an existing file is never overwritten."""
    location = locate(url)
    if target.exists():
        raise StoreError(f"{target} exists already", fix="name another file")
    if location.file is not None:
        copy_sqlite(location.file, target)
    else:
        partial = target.with_name(target.name + ".part")
        _client("pg_dump", "--format=custom", "--no-owner", f"--file={partial}", _libpq(location))
        partial.replace(target)


def restore(file: Path, url: str) -> None:
    """Replace the database's content by a backup's. Raises :class:`StoreError`, and then nothing has changed."""
    location = locate(url)
    if not file.exists():
        raise StoreError(f"there is no backup at {file}")
    if location.file is None:
        options = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
        _client("pg_restore", *options, f"--dbname={_libpq(location)}", str(file))
        return
    make_folder(location.file)
    with file_lock(location.file):
        _check(file)
        fresh = location.file.with_name(location.file.name + ".restoring")
        copy_sqlite(file, fresh)
        for suffix in ("-wal", "-shm"):
            location.file.with_name(location.file.name + suffix).unlink(missing_ok=True)
        fresh.replace(location.file)


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy an SQLite database that may be in use; checks the copy. Raises :class:`StoreError`."""
    partial = target.with_name(target.name + ".part")
    partial.unlink(missing_ok=True)
    if not source.exists():
        raise StoreError(f"there is no database at {source}")
    try:
        with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(partial)) as copy:
            origin.backup(copy, pages=_PAGES_AT_A_TIME, sleep=0.001)
            copy.execute("PRAGMA journal_mode = DELETE")
        _check(partial)
        partial.replace(target)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the copy failed: {error}", fix="see that the disk has space and the folder is writable"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _check(file: Path) -> None:
    """Raise :class:`StoreError` unless the file is a sound database that this program may read."""
    try:
        with closing(sqlite3.connect(file)) as database:
            verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
            revision = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise StoreError(
            f"{file} is no database of Tieline's: {error}", fix="use a file made by: tieline backup"
        ) from error
    if verdict != "ok":
        raise StoreError(f"{file} is damaged: {verdict}", fix="use another backup")
    refuse_newer(revision[0] if revision else None)


def _libpq(location: Location) -> str:
    return location.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _client(program: str, *arguments: str) -> None:
    path = shutil.which(program)
    if path is None:
        raise StoreError(f"{program} is not installed", fix="install PostgreSQL's client programs")
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - its own program
    if done.returncode:
        raise StoreError(
            f"{program} failed: {done.stderr.strip().splitlines()[-1:]}", fix=f"see the output of {program}"
        )
