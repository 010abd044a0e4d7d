"""`tieline invite`: the address by which a bot is let in at its platform.

Rule: one line on standard output, nothing else; the token it may be read from is not printed. Next stop: the adapter's
own `invite` module.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from tieline.cli.app import new_app
from tieline.cli.failing import WRONG_USAGE, Failed
from tieline.cli.options import DEFAULT_CONFIG, ConfigPath
from tieline.ports.adapter import Manifest

app = new_app()


@app.command(epilog="Example: tieline invite discord")
def invite(
    platform: Annotated[str, typer.Argument(help="The platform: discord.")],
    *,
    client_id: Annotated[
        str, typer.Option("--client-id", metavar="ID", help="The application's id; else out of the bot token.")
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Print the address that invites the bot to a server.

    The bot token is read from the configuration, or from DISCORD_BOT_TOKEN where there is none.
    """
    from tieline.cli.adapters import chosen

    found = chosen(platform)
    inviting = _invite_module(found)
    if inviting is None:
        raise Failed(f"{platform} has no bots to invite", fix="see: tieline channels setup NAME", code=WRONG_USAGE)
    application = client_id.strip() or inviting.application_id(_token(found, config))
    if not application or not application.isdigit():
        fix = "give it: --client-id ID (discord.com/developers/applications, 'General Information', 'Application ID')"
        raise Failed("the application's id is not known", fix=fix, code=WRONG_USAGE)
    print(inviting.invite_url(application))


def _invite_module(adapter: Manifest) -> Any:  # noqa: ANN401 - a module of the adapter's
    package = adapter.settings.partition(":")[0].partition(".")[0]
    try:
        return import_module(f"{package}.invite")
    except ModuleNotFoundError:
        return None


def _token(adapter: Manifest, path: Path) -> str:
    """The token of the first channel of that adapter, else the one in the environment."""
    if path.is_file():
        from tieline.cli.settings import read_config

        for channel in read_config(path).channels.values():
            if channel.adapter == adapter.name:
                return str(channel.settings.get("bot_token", ""))
    return os.environ.get(f"{adapter.name}_bot_token".upper(), "")
