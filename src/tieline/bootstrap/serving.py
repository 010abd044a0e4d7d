"""Run a hub as a process: until SIGTERM or SIGINT, reloading on SIGHUP or when its file changes."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable
from pathlib import Path

import structlog
from aiohttp.http_exceptions import HttpProcessingError

from tieline.bootstrap.hub import RunningHub
from tieline.bootstrap.loading import read_config
from tieline.bootstrap.reload import Reloader

_log = structlog.get_logger(__name__)
_GC_THRESHOLD = 50_000
"""Allocations before a young collection: a full one stops the loop for hundreds of milliseconds at 10,000 clients."""


async def serve(
    config_path: Path, *, listen: str | None = None, on_ready: Callable[[str, RunningHub], None] | None = None
) -> None:
    """Serve until a signal. Raises ConfigError, StoreError or OSError (address taken) before it is ready."""
    config = read_config(config_path)
    hub = RunningHub(config)
    stopped = _until_signal()
    await hub.start()
    try:
        url = await hub.listen(listen or config.hub.listen)
        reloader = Reloader(hub, config_path)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloader.ask)
        logging.getLogger("aiohttp.server").addFilter(_is_no_bad_request)
        settle_collector()
        _log.info("ready", url=url, database=config.hub.database.split("@")[-1], channels=len(config.channels))
        if on_ready is not None:
            on_ready(url, hub)
        watching = asyncio.get_running_loop().create_task(reloader.watch())
        await stopped.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        _log.info("stopping")
    finally:
        await hub.stop()
    _log.info("stopped")


def _is_no_bad_request(record: logging.LogRecord) -> bool:
    """Tell whether a record is worth an error: what is no HTTP was answered 400, and is the sender's fault."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def settle_collector() -> None:
    """Keep what start-up made out of every later collection (performance.md, 6)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD, 50, 50)


def _until_signal() -> asyncio.Event:
    """Set by SIGTERM or SIGINT, from the start on: who stops a hub that is still starting gets an orderly end too."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    return stopped


def run(main: Callable[[], object], *, factory: Callable[[], asyncio.AbstractEventLoop] | None = None) -> None:
    """Run a coroutine function on uvloop where it is installed, else on asyncio's own loop."""
    with asyncio.Runner(loop_factory=factory or loop_factory()) as runner:
        runner.run(main())  # type: ignore[arg-type]


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop of the extra ``fast``, or None."""
    try:
        import uvloop  # noqa: PLC0415 - an extra: used where present
    except ImportError:
        return None
    return uvloop.new_event_loop
