"""The servers that are measured: the bare parts and a real hub, each a process of its own, pinned to one core.

Rule: every start is on a fresh database (for the hub: a copy of a prepared one), on a free port of 127.0.0.1, and ends
with the process ended by its id. The hub is what a user runs: `tieline serve` with a configuration file.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

from benchmarks.history import fill

HERE = Path(__file__).resolve().parent
START_WITHIN = 60.0
_UPGRADE_REQUIRED = 426
AWAY = "{links: [{channel: away, conversation: somewhere, direction: out}]}"
"""A room with a link to a channel that is off: every message makes a delivery that waits."""


@dataclass(frozen=True)
class Running:
    """A server that takes load."""

    protocol: str
    address: str
    pid: int
    token: str
    ready_after: float
    """Seconds from the start of the process until it answered."""


@dataclass(frozen=True)
class World:
    """What a hub finds when it starts."""

    rooms: int = 1
    linked: bool = False
    stored: int = 0
    """Messages that are there already, all in the first room."""


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _tieline(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tieline", *arguments]


class Prepared:
    """A hub's folder for one world: made once, its database copied for every start."""

    def __init__(self, folder: Path, world: World) -> None:
        self._folder = folder
        self._config = folder / "config.yaml"
        self._database = folder / "hub.db"
        self._template = folder / "template.db"
        folder.mkdir()
        rooms = "\n".join(f"  room-{n}: {AWAY if world.linked else '{}'}" for n in range(world.rooms))
        self._config.write_text(
            f'hub: {{name: bench, database: "sqlite:///{self._database}"}}\n'
            "channels:\n  away: {adapter: simulated, platform: slack, enabled: false}\n"
            f"rooms:\n{rooms}\n"
        )
        self._run("migrate")
        self._token = self._run("token", "create", "loader", "--kind", "ai", "--level", "L2")
        with self._serving(0):  # the rooms are made by the first start
            pass
        if world.stored:
            fill(self._database, world.stored)
        self._database.rename(self._template)

    def _run(self, *arguments: str) -> str:
        command = _tieline(*arguments, "--config", str(self._config))
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    @contextmanager
    def running(self, core: int) -> Iterator[Running]:
        """A hub on a copy of the prepared database."""
        for old in self._folder.glob("hub.db*"):
            old.unlink()
        shutil.copyfile(self._template, self._database)
        with self._serving(core) as server:
            yield server

    @contextmanager
    def _serving(self, core: int) -> Iterator[Running]:
        port = free_port()
        listen = ("--listen", f"127.0.0.1:{port}")
        with (self._folder / "log").open("w") as log:
            command = _tieline("serve", *listen, "--config", str(self._config))
            # /readyz says that it takes writes; readers need the web socket, which comes up a moment later.
            with _process(command, core, port, "/ws", log.fileno()) as (process, took):
                yield Running("tieline", f"127.0.0.1:{port}", process.pid, self._token, took)


@contextmanager
def bare(folder: Path, core: int) -> Iterator[Running]:
    """The bare parts on an empty database."""
    for old in folder.glob("bare.db*"):
        old.unlink()
    port = free_port()
    command = [sys.executable, str(HERE / "bare.py"), str(port), str(folder / "bare.db")]
    with _process(command, core, port, "/ready", subprocess.DEVNULL) as (process, took):
        yield Running("bare", f"127.0.0.1:{port}", process.pid, "", took)


@contextmanager
def _process(
    command: list[str], core: int, port: int, path: str, log: int
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})  # inherited by the process and all its threads
    try:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=HERE.parent)
    finally:
        os.sched_setaffinity(0, own)
    try:
        _await_answer(process, f"http://127.0.0.1:{port}{path}")
        yield process, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own server
                return
        except HTTPError as answer:
            if answer.code == _UPGRADE_REQUIRED:
                return
            time.sleep(0.01)
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.01)
    raise RuntimeError(f"{process.args!r} does not answer")
