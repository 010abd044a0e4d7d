"""The command group: knows every command by name, loads one when it is called, and turns errors into exit codes.

Rule: help and completion of the top level come from the table alone. Typer keeps its own Click private, so its contexts
and formatters are `Any` here. Next stop: the command's module, such as `tieline.cli.talking`.
"""

from __future__ import annotations

import importlib
import itertools
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

import tieline
from tieline.cli.table import COMMANDS

_HELP: Final = """Joins the places where a team talks and the machines that work for it into one set of rooms.

Commands that talk to a hub take --url and --token, or TIELINE_URL and TIELINE_TOKEN.
Exit codes: 0 done, 1 refused or failed, 2 wrong usage or configuration, 75 try again later."""


class LazyGroup(TyperGroup):
    """A group whose commands are stubs with a line of help until one of them is called."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - Typer's own
        super().__init__(**attributes)
        for name, entry in COMMANDS.items():
            self.commands[name] = TyperCommand(name, short_help=entry.line, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - see the module
        """Put the real command in the place of its stub, then go on as usual."""
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = load(args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - see the module
        """Write the commands by section."""
        del ctx
        for section, names in itertools.groupby(COMMANDS, key=lambda name: COMMANDS[name].section):
            with formatter.section(section):
                formatter.write_dl([(name, COMMANDS[name].line) for name in names])

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - see the module
        """Run the command; whatever it raises becomes one clear line and an exit code."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except Exception as error:
            from tieline.cli.failing import report

            raise typer.Exit(report(error)) from error


def load(name: str) -> Any:  # noqa: ANN401 - a command of Typer's private Click
    """Import a command's module and make the command."""
    module = importlib.import_module(f"tieline.cli.{COMMANDS[name].module}")
    return get_group(module.app).commands[name]


def new_app(*, help_text: str = "") -> typer.Typer:
    """A Typer application in the house's manner: plain help, no traceback of Typer's."""
    return typer.Typer(
        help=help_text or None,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )


app = typer.Typer(
    name="tieline",
    cls=LazyGroup,
    help=_HELP,
    epilog="Example: tieline demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"tieline {tieline.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options of the program itself."""
    del version


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process."""
    if any(name.endswith("_COMPLETE") for name in os.environ):
        from typer.completion import get_completion_inspect_parameters

        get_completion_inspect_parameters()  # registers the shells, which Typer does only for its own options
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without a character shows its number
    app_command = get_group(app)
    app_command.main(args=arguments, prog_name="tieline")
