"""A hub as its users run it: `tieline serve` in a process of its own, on a free port, with tokens made beside it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

START_WITHIN = 30.0
_ENTRY = [sys.executable, "-m", "tieline"]


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class HubProcess:
    """One configuration in one directory; started, killed and started again at will."""

    directory: Path
    config: dict[str, object]
    env: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def file(self) -> Path:
        return self.directory / "config.yaml"

    def write(self) -> None:
        """Write the configuration file (JSON is YAML)."""
        files = {"store": str(self.directory / "files")}
        hub: dict[str, object] = {
            "database": f"sqlite:///{self.directory}/hub.db",
            "listen": f"127.0.0.1:{self.port}",
            "attachments": files,
        }
        given = self.config.get("hub", {})
        assert isinstance(given, dict)
        self.file.write_text(json.dumps({**self.config, "hub": {**hub, **given}}, indent=1))

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        self.write()
        with (self.directory / "hub.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *_ENTRY, "serve", "--config", str(self.file), stdout=log, stderr=log, env=self._env()
            )
        async with aiohttp.ClientSession() as session, asyncio.timeout(START_WITHIN):
            while True:
                if self.process.returncode is not None:
                    raise AssertionError(f"the hub ended with {self.process.returncode}:\n{self.log()[-3000:]}")
                try:
                    async with session.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.02)

    def log(self) -> str:
        return (self.directory / "hub.log").read_text(errors="replace")

    def memory(self) -> int:
        """Resident memory of the process, in bytes."""
        assert self.process is not None
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def open_files(self) -> int:
        """Open file descriptors of the process."""
        assert self.process is not None
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def stored(self) -> bytes:
        """Everything its SQLite database wrote."""
        return b"".join(file.read_bytes() for file in self.directory.glob("hub.db*"))

    async def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to stop; answers its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(number)
        return await asyncio.wait_for(process.wait(), START_WITHIN)

    async def token(self, handle: str, *options: str) -> str:
        """`tieline token create`, whether the hub runs or not."""
        process = await asyncio.create_subprocess_exec(
            *_ENTRY,
            "token",
            "create",
            handle,
            *options,
            "--config",
            str(self.file),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._env(),
        )
        out, err = await asyncio.wait_for(process.communicate(), START_WITHIN)
        assert process.returncode == 0, err.decode()
        return out.decode().strip()

    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.env, "LOG_LEVEL": "info", "NO_COLOR": "1"}
