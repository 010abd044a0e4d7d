"""A PostgreSQL server for tests: in a temporary folder, on a Unix socket, as a user without rights.

Rule: nothing of it is left behind, and it never touches a server that was there before. `pytest` starts one per worker
on first use; `database()` gives each test a fresh database, copied from a migrated one.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

USERS = ("postgres", "nobody")
"""Who may run the server where the tests run as root; PostgreSQL refuses to."""


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, or None."""
    found = shutil.which("initdb")
    if found:
        return Path(os.path.realpath(found)).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return folders[-1] if folders else None


class Postgres:
    """A server of our own. Use as a context manager, or call `start` and `stop`."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        folder = programs()
        if folder is None:
            raise FileNotFoundError("PostgreSQL's server programs (initdb, pg_ctl) are not installed")
        self._bin = folder
        self._user = _other_user()
        # Short: the path of a Unix socket may have about a hundred characters.
        self._folder = Path(tempfile.mkdtemp(prefix="tlpg", dir="/tmp"))
        self._settings = {"fsync": "off", "max_connections": "50", "shared_buffers": "32MB", **(settings or {})}
        self._databases = 0

    def start(self) -> Self:
        """Make the cluster and start it."""
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self._run("initdb", "--auth=trust", "--username=tieline", "--encoding=UTF8", "--locale=C", "--no-sync")
        self._control("start", "-o", self._options())
        return self

    def _options(self) -> str:
        settings = {"listen_addresses": "", "unix_socket_directories": str(self._folder), **self._settings}
        return " ".join(f"-c {name}='{value}'" for name, value in settings.items())

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server (`smart`, `fast`, `immediate`); `start_again` starts it on the same data."""
        self._control("stop", "-m", mode)

    def start_again(self) -> None:
        """Start it after `stop`."""
        self._control("start", "-o", self._options())

    def restart(self, mode: str) -> None:
        """Stop and start."""
        self.stop(mode)
        self.start_again()

    def remove(self) -> None:
        """Stop it if it runs, and remove its folder."""
        if (self._folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """The URL of a database."""
        return f"postgresql://tieline@/{database}?host={self._folder}"

    def database(self, template: str = "template0") -> str:
        """Make a database and answer its name."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the server's owner; the answer is psql's."""
        arguments = ("-h", str(self._folder), "-U", "tieline", "-d", database, "-qAtc", statement)
        return self._call(str(self._bin / "psql"), *arguments)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _run(self, program: str, *arguments: str) -> None:
        self._call(str(self._bin / program), "-D", str(self._folder / "data"), *arguments)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-w", "-t", "30", "-s", "-l", str(self._folder / "log"), *arguments)

    def _call(self, *command: str) -> str:
        done = subprocess.run(
            command, user=self._user, cwd=self._folder, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")
        return done.stdout.strip()


def _other_user() -> str | None:
    """Whom to become: nobody, unless we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in USERS if name in known)
