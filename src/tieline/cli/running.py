"""`tieline serve` and `tieline demo`: processes that run until they are stopped.

Next stop: :mod:`tieline.bootstrap`, which wires the hub.
"""

from __future__ import annotations

import asyncio
import errno
import importlib
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Final

import typer

from tieline.cli.app import new_app
from tieline.cli.called import program
from tieline.cli.failing import WRONG_USAGE, Failed, say
from tieline.cli.options import DEFAULT_CONFIG, ConfigPath
from tieline.cli.settings import read_config, warn
from tieline.config import Config
from tieline.config.logs import configure_logging
from tieline.model.members import MemberKind

app = new_app()
_DEMO_DATA: Final = Path("data/demo")
_PORTS: Final = range(65_536)


@app.command(epilog="Example: tieline serve --listen 0.0.0.0:8080")
def serve(
    *,
    listen: Annotated[
        str | None, typer.Option("--listen", metavar="HOST:PORT", help="Where to listen, instead of hub.listen.")
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Run the hub.

    It runs until SIGTERM or Ctrl-C, and takes a changed configuration in by itself or on SIGHUP.
    """
    if listen is not None:
        _check_address(listen)
    read = read_config(config, judge_channels=True)
    warn(read)
    configure_logging(secrets=read.secrets)
    from tieline import bootstrap

    address = listen or read.hub.listen
    try:
        _run(bootstrap.serve(config, listen=listen, on_ready=lambda url, _hub: _tell(url, read)))
    except OSError as error:
        raise _cannot_listen(address, error) from error


@app.command(epilog="Example: tieline demo --reset")
def demo(
    *,
    reset: Annotated[bool, typer.Option("--reset", help="Begin with an empty room.")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="A taken one: the next is used.")] = 8080,
    data: Annotated[Path, typer.Option("--data", metavar="FOLDER", help="Where its database is.")] = _DEMO_DATA,
) -> None:
    """Show Tieline with simulated channels, no account needed.

    It prints one link that signs you in, on this machine only.
    """
    from tieline.bootstrap import demo as world

    _run(world.demo(data_dir=data, port=port, reset=reset, program=program()))


def _tell(url: str, config: Config) -> None:
    """Say to a person at a terminal where the hub is and how to get in; the log says it to machines."""
    if not sys.stderr.isatty():
        return
    people = [handle for handle, one in config.members.items() if one.kind is MemberKind.HUMAN]
    say(f"Tieline listens on {url}. Ctrl-C stops it.")
    say(f"Sign in with: {program()} login-link {people[0] if people else 'HANDLE'}")


def _cannot_listen(address: str, error: OSError) -> Exception:
    """Tell a taken address from every other fault of the system."""
    if error.errno in {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES}:
        reason = os.strerror(error.errno).lower()
        fix = "stop what listens there, or choose another: --listen 127.0.0.1:8081"
        return Failed(f"cannot listen on {address}: {reason}", fix=fix)
    return error


def _check_address(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) not in _PORTS:
        raise Failed(f"--listen: '{address}' is no address", fix="write host:port: 127.0.0.1:8080", code=WRONG_USAGE)


def _run(main: Coroutine[object, object, None]) -> None:
    """Run to the end, on uvloop where it is installed (the extra `fast`)."""
    try:
        factory = importlib.import_module("uvloop").new_event_loop
    except ImportError:
        factory = None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)
