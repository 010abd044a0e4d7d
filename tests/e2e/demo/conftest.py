"""A demo as a person starts it: a process of its own, a free port, a folder of its own; and a reader who is signed in."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

RUN = """
import asyncio, pathlib, sys
from tieline.bootstrap.demo import demo
asyncio.run(demo(data_dir=pathlib.Path(sys.argv[1]), port=int(sys.argv[2]), reset=sys.argv[3] == "reset",
                 pace=float(sys.argv[4]), play=sys.argv[5] == "play"))
"""
PATIENCE = 30.0


@dataclass
class DemoProcess:
    """One running demo, and what it printed."""

    process: asyncio.subprocess.Process
    link: str
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.link.partition("/login")[0]

    async def stop(self) -> int:
        if self.process.returncode is None:
            self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@dataclass
class ReaderOfDemo:
    """A signed-in browser without a page: the same requests, with Origin as a browser sends it."""

    url: str
    http: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: object = None, status: int | None = None) -> Any:
        async with self.http.request(method, self.url + path, json=body, headers={"Origin": self.url}) as answer:
            assert answer.status == status if status else answer.ok, (answer.status, await answer.text())
            text = await answer.read()
            return await answer.json(content_type=None) if text else None

    async def types(self, channel: str, user: str, text: str) -> str:
        made = await self.call("POST", f"/demo/panes/{channel}/messages", {"user": user, "text": text}, 201)
        return str(made["id"])

    async def switches(self, channel: str, state: str) -> None:
        await self.call("POST", f"/demo/panes/{channel}/switch", {"state": state})

    async def pane(self, channel: str) -> list[dict[str, Any]]:
        return list((await self.call("GET", "/demo/state"))[channel]["messages"])

    async def texts(self, channel: str) -> str:
        return "\n".join(message["html"] for message in await self.pane(channel))

    async def room(self) -> list[dict[str, Any]]:
        return list((await self.call("GET", "/api/v1/rooms/studio/messages?after=0&limit=500"))["messages"])

    async def channel(self, name: str) -> dict[str, Any]:
        items = (await self.call("GET", "/api/v1/channels"))["items"]
        return next(one for one in items if one["name"] == name)

    async def until(self, look: Callable[[], Awaitable[Any]], limit: float = PATIENCE) -> Any:
        """The first answer that is true; AssertionError with the last one after ``limit`` seconds."""
        found: Any = None
        try:
            async with asyncio.timeout(limit):
                while not (found := await look()):  # noqa: ASYNC110 - another process: nothing here can wake us
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"not within {limit} s; last: {found!r}") from None
        return found


Start = Callable[..., Awaitable[DemoProcess]]
SignIn = Callable[[DemoProcess], Awaitable[ReaderOfDemo]]


@pytest.fixture
async def start_demo(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a demo: ``port`` (0: any free one), ``reset``, ``play``, ``pace``."""
    started: list[DemoProcess] = []

    async def start(*, port: int = 0, reset: bool = False, play: bool = False, pace: float = 0.0) -> DemoProcess:
        words = [str(tmp_path / "data"), str(port), "reset" if reset else "keep", str(pace), "play" if play else "wait"]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", RUN, *words, stdout=asyncio.subprocess.PIPE
        )
        demo = DemoProcess(process, "")
        started.append(demo)
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while not demo.lines or "tieline init" not in demo.lines[-1]:
                line = (await process.stdout.readline()).decode()
                assert line, f"the demo ended: {demo.lines}"
                demo.lines.append(line.rstrip("\n"))
        found = re.search(r"http://\S+/login\?code=\S+", "\n".join(demo.lines))
        assert found, demo.lines
        demo.link = found.group()
        return demo

    yield start
    for demo in started:
        await demo.stop()


@pytest.fixture
async def sign_in() -> AsyncIterator[SignIn]:
    """Open the link that a demo printed."""
    async with AsyncExitStack() as stack:

        async def open_link(demo: DemoProcess) -> ReaderOfDemo:
            jar = aiohttp.CookieJar(unsafe=True)
            http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
            async with http.get(demo.link) as answer:
                assert answer.status == 200
            return ReaderOfDemo(demo.url, http)

        yield open_link
