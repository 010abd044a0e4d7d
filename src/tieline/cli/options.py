"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

DEFAULT_CONFIG: Final = Path("config.yaml")
DEFAULT_URL: Final = "http://127.0.0.1:8080"

ConfigPath = Annotated[Path, typer.Option("--config", metavar="PATH", help="The configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Url = Annotated[
    str, typer.Option("--url", envvar="TIELINE_URL", metavar="URL", help="The hub to talk to.", show_default=True)
]
Token = Annotated[
    str, typer.Option("--token", envvar="TIELINE_TOKEN", metavar="TOKEN", help="Who you are.", show_default=False)
]
