"""`tieline migrate`, `backup`, `restore`: the database of the configuration.

Next stop: :mod:`tieline.store.migrating` and :mod:`tieline.store.backup`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from tieline.cli.app import new_app
from tieline.cli.failing import Failed, say
from tieline.cli.options import DEFAULT_CONFIG, ConfigPath
from tieline.cli.settings import read_config
from tieline.config.masking import mask_shapes

app = new_app()
_STATES: Final = {
    "current": "is current: there is nothing to do",
    "behind": "is behind and would be upgraded (a copy of an SQLite file is kept)",
    "empty": "is empty or absent and would be made",
}


@app.command(epilog="Example: tieline migrate --dry-run")
def migrate(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Bring the database to this version's schema.

    An SQLite database that has content is copied beside itself first. Running it again changes nothing.
    """
    url = read_config(config).hub.database
    from tieline.store import migrating

    if not dry_run:
        migrating.migrate(url, progress=print)
        return
    state = migrating.schema_state(url)
    if state.value not in _STATES:
        raise Failed("the database is newer than this Tieline", fix="install the newer Tieline again")
    print(f"{mask_shapes(url)} {_STATES[state.value]}")


@app.command(epilog="Example: tieline backup tieline-monday.db")
def backup(
    file: Annotated[Path, typer.Argument(help="The new file; an existing one is never overwritten.")],
    *,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Copy the database into a new file, also while the hub runs.

    The configuration and .env are not in it: keep them yourself.
    """
    from tieline.store.backup import backup as copy

    copy(read_config(config).hub.database, file)
    say(f"Wrote {file}. Bring it back with: tieline restore {file}")


@app.command(epilog="Example: tieline restore tieline-monday.db --yes")
def restore(
    file: Annotated[Path, typer.Argument(help="A file made by: tieline backup")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Replace the database by a backup.

    What is in the database now is lost; a running hub has to be stopped first.
    """
    url = read_config(config).hub.database
    from tieline.store.backup import restore as bring_back

    if not file.is_file():
        raise Failed(f"there is no backup at {file}", fix="name a file made by: tieline backup")
    if not yes and not _agreed(f"Replace everything in {mask_shapes(url)} by {file}? [y/N] "):
        raise Failed("nothing was changed", fix="say y, or give --yes")
    bring_back(file, url)
    say(f"Restored {file}. Next: tieline migrate, then tieline serve")


def _agreed(question: str) -> bool:
    from tieline.cli.asking import ask

    return ask(question, "n").lower() in {"y", "yes"}
