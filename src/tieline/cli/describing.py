"""`tieline openapi` and `tieline completion`: documents that need neither hub nor configuration."""

from __future__ import annotations

import importlib
import sys
from enum import StrEnum
from typing import Annotated, Final

import msgspec
import typer

from tieline.cli.app import new_app

app = new_app()
_WHERE: Final = {
    "bash": "tieline completion bash > ~/.local/share/bash-completion/completions/tieline",
    "zsh": 'tieline completion zsh > "${fpath[1]}/_tieline"',
    "fish": "tieline completion fish > ~/.config/fish/completions/tieline.fish",
}


class Shell(StrEnum):
    """Shells there is a completion for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command(epilog="Example: tieline openapi > openapi.json")
def openapi() -> None:
    """Print the OpenAPI document of the HTTP API.

    The same that a hub serves at /openapi.json.
    """
    import tieline
    from tieline.api.app import ENDPOINTS
    from tieline.api.openapi import document
    from tieline.api.services import ApiSettings

    made = document(ENDPOINTS, ApiSettings(version=tieline.__version__))
    print(msgspec.json.format(made, indent=2).decode())


@app.command(epilog="Example: " + _WHERE["bash"])
def completion(shell: Annotated[Shell, typer.Argument(help="Your shell.")]) -> None:
    """Print a completion script for your shell.

    Write it where the shell looks for such scripts, and begin a new shell.
    """
    made = importlib.import_module("typer.completion").get_completion_script(
        prog_name="tieline", complete_var="_TIELINE_COMPLETE", shell=shell.value
    )
    print(made)
    if sys.stdout.isatty():
        print(f"# {_WHERE[shell.value]}")
