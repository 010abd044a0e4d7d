"""`tieline kept`: messages that were not posted, for people to decide about. Next stop: :mod:`tieline.client`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from tieline.cli.app import new_app
from tieline.cli.failing import say
from tieline.cli.hub import ask, every
from tieline.cli.options import DEFAULT_URL, AsJson, Token, Url
from tieline.cli.output import one_line, print_json, print_table
from tieline.client.answers import KeptAnswer

app = new_app()
kept = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
app.add_typer(kept, name="kept", epilog="Example: tieline kept release kpt_01j… --room dj-waste")
_PAGE: Final = 500
Id = Annotated[str, typer.Argument(metavar="ID", help="As `tieline kept` shows it.")]


@kept.callback()
def list_kept(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also what was decided about.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List messages that were not posted, or release or discard one.

    Forged senders and unknown numbers: nobody was answered, and nothing is lost.
    """
    if context.invoked_subcommand is not None:
        return
    state = "kept,released,discarded" if everything else None
    found = ask(url, token, lambda hub: every(lambda after: hub.kept(state=state, after=after, limit=_PAGE)))
    if as_json:
        print_json({"items": found})
    elif found:
        columns = ("id", "channel", "from", "room", "state", "at", "why", "text")
        print_table(columns, [_row(one) for one in found])
    else:
        say("Nothing is kept aside.")


def _row(one: KeptAnswer) -> tuple[str, ...]:
    sender = one.author if one.author == one.author_native else f"{one.author} <{one.author_native}>"
    where = (one.id, one.channel, one_line(sender, 40), one.room or "-")
    return (*where, one.state, one.at, one_line(one.reason, 40), one_line(one.text, 60))


@kept.command(epilog="Example: tieline kept release kpt_01j… --room dj-waste")
def release(
    kept_id: Id,
    *,
    room: Annotated[str | None, typer.Option("--room", metavar="ROOM", help="Where to, if that is not known.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Post a kept message after all."""
    _print(ask(url, token, lambda hub: hub.release(kept_id, room=room)), as_json=as_json)


@kept.command(epilog="Example: tieline kept discard kpt_01j…")
def discard(kept_id: Id, *, url: Url = DEFAULT_URL, token: Token = "", as_json: AsJson = False) -> None:
    """Let a kept message be; `tieline kept --all` still shows it."""
    _print(ask(url, token, lambda hub: hub.discard(kept_id)), as_json=as_json)


def _print(decided: KeptAnswer, *, as_json: bool) -> None:
    if as_json:
        print_json(decided)
    else:
        print(f"{decided.id} {decided.state}")
