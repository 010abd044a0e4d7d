"""The command line as tests run it: in this process where that is enough, as a process where it matters."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import pytest
import structlog
from typer.testing import CliRunner, Result

Process = subprocess.CompletedProcess[str]
Run = Callable[..., Result]
Start = Callable[..., Process]
READY_SECONDS = 60


def clean_environment(**more: str) -> dict[str, str]:
    """This environment without what would change the command line's mind."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIELINE_", "LOG_", "DATABASE"))}
    return {**kept, "NO_COLOR": "1", **more}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has its own folder and environment, and leaves the logs as they were."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("TIELINE_", "LOG_", "DATABASE"))]:
        monkeypatch.delenv(name)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def run() -> Run:
    """Run a command in this process: `run("token", "list").stdout`."""

    def invoke(*arguments: str, typed: str | bytes | None = None, **environment: str) -> Result:
        from tieline.cli.app import app

        return CliRunner().invoke(app, arguments, input=typed, env={"NO_COLOR": "1", **environment})

    return invoke


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Run a command as a process of its own."""

    def call(*arguments: str, typed: str = "", **environment: str) -> Process:
        return subprocess.run(
            [sys.executable, "-m", "tieline", *arguments],
            cwd=tmp_path,
            env=clean_environment(**environment),
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


@dataclass
class LiveHub:
    """A hub that runs as `tieline serve`."""

    folder: Path
    url: str
    process: subprocess.Popen[str]
    log: list[str]


def _gather(process: subprocess.Popen[str], lines: list[str], urls: Queue[str]) -> None:
    for line in process.stderr or ():
        lines.append(line)
        if '"event": "ready"' in line or '"ready"' in line:
            urls.put(json.loads(line)["url"])


def serve(folder: Path, arguments: Sequence[str] = ()) -> LiveHub:
    """Start a hub on the folder's configuration, and wait until it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tieline", "serve", *arguments],
        cwd=folder,
        env=clean_environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    lines: list[str] = []
    urls: Queue[str] = Queue()
    threading.Thread(target=_gather, args=(process, lines, urls), daemon=True).start()
    try:
        return LiveHub(folder, urls.get(timeout=READY_SECONDS), process, lines)
    except Empty:
        stop(process)
        pytest.fail("the hub did not get ready:\n" + "".join(lines))


def stop(process: subprocess.Popen[str]) -> int:
    """End a hub as an operator does."""
    process.terminate()
    try:
        code = process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait(timeout=10)
    if process.stderr is not None:
        process.stderr.close()
    return code


CONFIG = """\
hub: {name: studio, listen: "127.0.0.1:0", database: "sqlite:///data/tieline.db"}
members:
  priya: {kind: human, level: L4}
  marcus: {kind: ai}
rooms:
  lobby: {}
  quiet: {project: dj-waste}
"""


@pytest.fixture(scope="module")
def live_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """One hub for the tests of a module."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "config.yaml").write_text(CONFIG)
    hub = serve(folder)
    yield hub
    stop(hub.process)
