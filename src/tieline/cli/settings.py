"""Read the configuration for commands that work on it or on its database.

Rule: a configuration that is wrong ends the command with exit code 2 and every problem at once; logs go to standard
error before anything is loaded that might log. Next stop: :mod:`tieline.config`.
"""

from __future__ import annotations

import os
from pathlib import Path

from tieline.cli.failing import WRONG_USAGE, Failed, say
from tieline.config import Config, load_config
from tieline.config.logs import configure_logging
from tieline.config.source import read_document
from tieline.config.substitution import Variables


def read_config(path: Path, *, judge_channels: bool = False) -> Config:
    """Read the file; `judge_channels` also asks the installed adapters about their channels' settings."""
    quiet_logging()
    if not judge_channels:
        return load_config(path, env=os.environ)
    from tieline.plugins.discovery import discover, validators

    return load_config(path, env=os.environ, adapters=validators(discover()))


def quiet_logging() -> None:
    """Send logs to standard error, and only what a person at a terminal must know, unless LOG_LEVEL asks for more."""
    configure_logging(environment={"LOG_LEVEL": "WARNING", **os.environ})


def adapter_of(path: Path, channel: str) -> str:
    """The adapter of a configured channel. Reads the form only: its secrets may still be missing."""
    data = read_document(_text(path), str(path), Variables({}, {}, path.parent)).data
    blocks = data.get("channels") if isinstance(data, dict) else None
    found = blocks.get(channel) if isinstance(blocks, dict) else None
    adapter = found.get("adapter") if isinstance(found, dict) else None
    if isinstance(adapter, str):
        return adapter
    known = ", ".join(blocks) if isinstance(blocks, dict) else "none"
    raise Failed(f"there is no channel '{channel}' in {path}", fix=f"configured are: {known}", code=WRONG_USAGE)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{path} cannot be read", fix="make one: tieline init --with slack", code=WRONG_USAGE) from error


def warn(config: Config) -> None:
    """Show what a person should mend, though the configuration works."""
    for problem in config.warnings:
        say(problem.render())
