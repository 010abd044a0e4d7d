"""``tieline demo``: a hub with four simulated conversations, a cast, and a page; no account anywhere.

Rule: it is an ordinary hub. Only the platforms are simulated (:mod:`tieline_simulated`); rooms, packets, lanes,
retries, the API and ``/ws`` are those of ``tieline serve``. It listens on this machine only, and its data are its own.
Next stop: :mod:`tieline.bootstrap.demo_world` for who there is, :mod:`tieline.bootstrap.demo_routes` for the page.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tieline.api.login import new_login_code
from tieline.bootstrap.demo_board import Board
from tieline.bootstrap.demo_cast import Cast
from tieline.bootstrap.demo_restore import restore
from tieline.bootstrap.demo_routes import Routes
from tieline.bootstrap.demo_scene import YOUR_TURN
from tieline.bootstrap.demo_world import AGENTS, READER, ROOM, make_config, make_panes
from tieline.bootstrap.hub import RunningHub
from tieline.client import Client
from tieline.config.logs import configure_logging
from tieline.directory.tokens import digest, new_secret
from tieline.errors import StoreError
from tieline.model.commands import CreateToken
from tieline.model.members import Level
from tieline.model.outcome import Refusal
from tieline.ports.clock import Clock, SystemClock
from tieline.store.holding import file_lock

HOST: Final = "127.0.0.1"
PORTS: Final = 50
"""How many ports are tried, from the wanted one on."""
DATABASE: Final = "tieline.db"
_A_DAY: Final = 86_400_000


async def demo(
    *,
    data_dir: Path,
    port: int = 8080,
    reset: bool = False,
    on_ready: Callable[[str], None] | None = None,
    pace: float = 1.0,
    play: bool = True,
    program: str = "tieline",
) -> None:
    """Run the demo until SIGTERM or SIGINT.

    ``on_ready`` gets the sign-in link once it works. ``pace`` stretches the scene's pauses; ``play`` False: no scene.
    ``program`` is what the reader types to call this program.
    Raises StoreError (the data are in use by another demo), OSError (no port is free).
    """
    configure_logging(environment={"LOG_LEVEL": "WARNING", **os.environ})
    clock = SystemClock()
    database = prepare(data_dir, reset=reset)
    running = Demo(database, clock, pace=pace)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        url = await running.start(port)
        link = await running.link(url)
        print(_greeting(url, link, port, data_dir, program), flush=True)  # noqa: T201 - the demo talks to a person
        if on_ready is not None:
            on_ready(link)
        await running.begin(url, play=play)
        await stopped.wait()
    finally:
        await running.stop()


def prepare(data_dir: Path, *, reset: bool) -> Path:
    """The database's path; ``reset`` removes the demo's own files there, and nothing else."""
    data_dir.mkdir(parents=True, exist_ok=True)
    database = (data_dir / DATABASE).resolve()
    if reset:
        with file_lock(database):
            for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
                (data_dir / name).unlink(missing_ok=True)
    return database


class Demo:
    """The parts, in the order in which they start; they stop in reverse."""

    def __init__(self, database: Path, clock: Clock, *, pace: float = 1.0) -> None:
        panes = make_panes(clock)
        self.hub = RunningHub(make_config(database, panes), clock=clock)
        self.board = Board(panes)
        self.cast = Cast(self.board, self.hub.directory, clock, pace=pace)
        self.routes = Routes(self.board, self.cast, self.hub.authenticator)
        self._restored = False

    async def start(self, port: int) -> str:
        """Start and listen on the first free port from ``port`` on; answers the URL."""
        await self.hub.start(home="/", pages=self.routes.all())
        self._restored = await restore(self.board.panes, self.hub.reader, self.hub.directory, ROOM)
        if port == 0:
            return await self.hub.listen(f"{HOST}:0")
        for number in range(port, min(port + PORTS, 65_536)):
            try:
                return await self.hub.listen(f"{HOST}:{number}")
            except OSError as error:
                if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                    raise
        raise OSError(errno.EADDRINUSE, f"no port from {port} on is free; name another with --port")

    async def link(self, url: str) -> str:
        """A link that signs the reader in, once."""
        code = await new_login_code(self.hub.hub, self.hub.directory, self.hub.clock, READER)
        if isinstance(code, Refusal):
            raise StoreError(code.detail)
        return f"{url}/login?code={code}"

    async def begin(self, url: str, *, play: bool) -> None:
        """Let the agents in; the scene is played in an empty room, another one shows what it had."""
        self.cast.enter({handle: Client(url, await self._token(handle)) for handle in AGENTS})
        if play and not self._restored:
            self.cast.play()
        else:
            self.board.stage.tell(YOUR_TURN, playing=False)

    async def stop(self) -> None:
        """Stop in reverse."""
        await self.cast.stop()
        await self.routes.close()
        await self.hub.stop()

    async def _token(self, handle: str) -> str:
        secret = new_secret()
        expires = self.hub.clock.now() + _A_DAY
        command = CreateToken(
            handle=handle, digest=digest(secret), level=Level.L2, label="the demo's cast", expires_at=expires
        )
        outcome = await self.hub.hub.execute(command)
        if isinstance(outcome, Refusal):
            raise StoreError(outcome.detail)
        return secret


def _greeting(url: str, link: str, port: int, data_dir: Path, program: str) -> str:
    """What a person reads; the last line is the next step."""
    taken = "" if not port or url.endswith(f":{port}") else f"Port {port} is taken, so this is {url}\n\n"
    return (
        f"\n{taken}Tieline, with simulated Slack, Discord, e-mail and phone. "
        "Open this link, it signs you in (once):\n\n"
        f"    {link}\n\n"
        f"Ctrl-C stops it. Its data are in {data_dir}; `{program} demo --reset` begins anew.\n"
        f"With your own Slack: {program} init --with slack"
    )
