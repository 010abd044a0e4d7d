"""`tieline alert` and `tieline alerts`: raise alerts, answer them, see which are open.

Rule: `alert ROOM SUMMARY` raises, `alert ack|close` answers; for a room that is called `ack`, `close` or `raise`, write
`alert raise ROOM SUMMARY`.
Next stop: :mod:`tieline.client`.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from tieline.cli.app import new_app
from tieline.cli.failing import WRONG_USAGE, Failed, say
from tieline.cli.hub import ask, every
from tieline.cli.options import DEFAULT_URL, AsJson, Token, Url
from tieline.cli.output import one_line, print_json, print_table
from tieline.client import Client
from tieline.client.answers import AlertAnswer
from tieline.model.rooms import Severity

app = new_app()
_PAGE: Final = 500
_RAISE: Final = "raise"


class _Raising(TyperGroup):
    """A group in which what is no command's name is the room of an alert to raise."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - a context of Typer's private Click
        """Put `raise` before a room."""
        known = args and args[0] in self.commands
        return super().resolve_command(ctx, args if known else [_RAISE, *args])

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - see above
        """Options may stand before the room."""
        own = {"-h", "--help"}
        if args and args[0].startswith("-") and args[0] not in own:
            args = [_RAISE, *args]
        return super().parse_args(ctx, args)


alert = typer.Typer(cls=_Raising, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(
    alert,
    name="alert",
    epilog="Example: tieline alert dj-waste 'disk full on db-3' --severity critical --dedup disk-db-3",
)

Id = Annotated[str, typer.Argument(metavar="[ID]", help="An alert's id, as `tieline alerts` shows it.")]
Dedup = Annotated[str, typer.Option("--dedup", metavar="KEY", help="The key it was raised with, in --room.")]
InRoom = Annotated[str, typer.Option("--room", metavar="ROOM|@HANDLE", help="Where an alert with --dedup is.")]


@alert.callback()
def _alert() -> None:
    """Raise an alert, or acknowledge or close one.

    `tieline alert ROOM|@HANDLE SUMMARY` raises one; `tieline alert raise --help` has its options.
    """


@alert.command(_RAISE, epilog="Example: tieline alert @priya 'the build is broken' --details - < build.log")
def raise_alert(
    place: Annotated[str, typer.Argument(metavar="ROOM|@HANDLE", help="A room, or a member.")],
    summary: Annotated[str, typer.Argument(metavar="SUMMARY", help="What it is, in one line.")],
    *,
    details: Annotated[str, typer.Option("--details", metavar="TEXT|-", help="More; - reads standard input.")] = "",
    severity: Annotated[Severity, typer.Option("--severity", help="How bad it is.")] = Severity.WARNING,
    dedup: Annotated[
        str, typer.Option("--dedup", metavar="KEY", help="While one with this key is open there, it only counts.")
    ] = "",
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Raise an alert and print its id."""
    room, to = _place(place)
    text = sys.stdin.read() if details == "-" else details

    def carry_out(hub: Client) -> Any:  # noqa: ANN401 - awaited by `ask`
        return hub.alert(summary, room=room, to=to, details=text, severity=severity, dedup=dedup)

    raised = ask(url, token, carry_out)
    if as_json:
        print_json(raised)
    else:
        print(raised.id)
        if raised.count > 1:
            say(f"It is open already; this was number {raised.count}.")


@alert.command(epilog="Example: tieline alert ack alr_01j…")
def ack(
    alert_id: Id = "",
    *,
    dedup: Dedup = "",
    room: InRoom = "",
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Acknowledge an alert: nobody is disturbed further."""
    where, to = _named(alert_id, dedup, room)
    _print(ask(url, token, lambda hub: hub.ack(alert_id, dedup=dedup, room=where, to=to)), as_json=as_json)


@alert.command(epilog="Example: tieline alert close --dedup disk-db-3 --room dj-waste")
def close(
    alert_id: Id = "",
    *,
    dedup: Dedup = "",
    room: InRoom = "",
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Close an alert; the next one with its key is a new one."""
    where, to = _named(alert_id, dedup, room)
    _print(ask(url, token, lambda hub: hub.close_alert(alert_id, dedup=dedup, room=where, to=to)), as_json=as_json)


def _place(text: str) -> tuple[str, str]:
    """A room, or a member: one of the two is empty."""
    return ("", text[1:]) if text.startswith("@") else (text, "")


def _named(alert_id: str, dedup: str, room: str) -> tuple[str, str]:
    if bool(alert_id) == bool(dedup) or bool(dedup) != bool(room):
        fix = "write an ID, or --dedup KEY --room ROOM"
        raise Failed("name one alert", fix=fix, code=WRONG_USAGE)
    return _place(room)


def _print(answered: AlertAnswer, *, as_json: bool) -> None:
    if as_json:
        print_json(answered)
    else:
        print(f"{answered.id} {answered.state} by {answered.by or 'somebody'} via {answered.via or 'the API'}")


@app.command(epilog="Example: tieline alerts --open")
def alerts(
    *,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that nobody has answered.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    room: Annotated[str | None, typer.Option("--room", metavar="ROOM", help="Only of this room.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List the alerts that are not closed, oldest first."""
    if only_open and everything:
        raise Failed("--open and --all say different things", fix="leave one of them out", code=WRONG_USAGE)
    state = None if everything else "open" if only_open else "open,acknowledged"
    found = ask(
        url, token, lambda hub: every(lambda after: hub.alerts(room=room, state=state, after=after, limit=_PAGE))
    )
    if as_json:
        print_json({"items": found})
    elif found:
        columns = ("id", "room", "severity", "state", "count", "by", "since", "summary")
        print_table(columns, [_row(one) for one in found])
    else:
        say("No alert is open." if only_open else "There are no alerts." if everything else "Every alert is closed.")


def _row(one: AlertAnswer) -> tuple[str, ...]:
    by = f"{one.by} via {one.via}" if one.by else "-"
    what = (one.id, one.room, one.severity, one.state, str(one.count), by)
    return (*what, one.created_at, one_line(one.summary, 60))
