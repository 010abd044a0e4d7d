"""`tieline config show|schema|export`: the configuration as it is read, as editors want it, as the hub has it.

Rule: no secret is ever printed. Next stop: :mod:`tieline.config`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from tieline.cli.app import new_app
from tieline.cli.hub import ask
from tieline.cli.options import DEFAULT_CONFIG, DEFAULT_URL, AsJson, ConfigPath, Token, Url
from tieline.cli.output import print_json, print_table
from tieline.cli.settings import read_config, warn
from tieline.client import Client
from tieline.config import Config, masked
from tieline.config.source import Path, Plain

app = new_app()
config_app = new_app(help_text="Show, describe or export the configuration.")
app.add_typer(config_app, name="config", epilog="Example: tieline config show --effective")


@config_app.callback()
def _config() -> None:
    """Show, describe or export the configuration."""


@config_app.command(epilog="Example: tieline config show --effective")
def show(
    *,
    effective: Annotated[
        bool, typer.Option("--effective", help="Also the defaults, and where each value comes from.")
    ] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show the configuration as Tieline reads it, secrets masked."""
    read = read_config(config)
    warn(read)
    tree = masked(read)
    shown = tree if effective else _written(tree, (), read)
    if as_json:
        print_json(shown)
    elif effective:
        print_table(("setting", "value", "from"), [_row(path, value, read) for path, value in _leaves(tree, ())])
    else:
        print(_yaml(shown), end="")


def _written(value: Plain, path: Path, config: Config) -> Plain:
    """Only what stands in the file."""
    match value:
        case dict():
            return {
                name: _written(inner, (*path, name), config)
                for name, inner in value.items()
                if (*path, name) in config.marks
            }
        case list():
            return [_written(inner, (*path, at), config) for at, inner in enumerate(value)]
        case _:
            return value


def _leaves(value: Plain, path: Path) -> Iterator[tuple[Path, Plain]]:
    match value:
        case dict() if value:
            for name, inner in value.items():
                yield from _leaves(inner, (*path, name))
        case list() if any(isinstance(inner, dict | list) for inner in value):
            for at, inner in enumerate(value):
                yield from _leaves(inner, (*path, at))
        case _:
            yield path, value


def _row(path: Path, value: Plain, config: Config) -> tuple[str, str, str]:
    sources = config.sources.get(path, ())
    place = config.place(*path)
    line = f"line {place.line}" if place else "default"
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
    return name, _scalar(value), ", ".join((line, *sources))


def _scalar(value: Plain) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _yaml(value: Plain) -> str:
    from ruamel.yaml import YAML

    out = io.StringIO()
    writer: Any = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False
    writer.dump(value if isinstance(value, Mapping) else {}, out)
    return out.getvalue()


@config_app.command(epilog="Example: tieline config schema > config.schema.json")
def schema() -> None:
    """Print the JSON Schema of config.yaml, for editors.

    Put `# yaml-language-server: $schema=config.schema.json` into the file's first line.
    """
    from tieline.config import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@config_app.command(epilog="Example: tieline config export > config.yaml")
def export(*, url: Url = DEFAULT_URL, token: Token = "") -> None:
    """Print members, rooms and links of a running hub as YAML, whoever made them.

    Needs a token of level L4. Secrets are left out.
    """
    print(ask(url, token, Client.export_config), end="")
