"""`tieline hook`: addresses that monitoring systems send alerts to, on the configured database, hub running or not.

Rule: a hook is the token of a service that is limited to one room; its address holds the secret, is printed once, alone
on standard output, and only its digest is kept. Next stop: :mod:`tieline.cli.credentials`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
import typer

from tieline.cli.app import new_app
from tieline.cli.credentials import Local, base_url, make_token
from tieline.cli.failing import Failed, say
from tieline.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath
from tieline.cli.output import print_json, print_table
from tieline.cli.settings import read_config
from tieline.model.members import Level, MemberKind
from tieline.model.outcome import Refusal
from tieline.model.rooms import Access
from tieline.model.shapes import TokenOut

app = new_app()
hook = new_app(help_text="Create, list and revoke addresses that monitoring systems send alerts to.")
app.add_typer(hook, name="hook", epilog="Example: tieline hook create dj-waste --name alertmanager")
LABEL: Final = "hook"


@hook.callback()
def _hook() -> None:
    """Create, list and revoke addresses that monitoring systems send alerts to."""


@hook.command(epilog="Example: tieline hook create dj-waste --name alertmanager")
def create(
    room: Annotated[str, typer.Argument(metavar="ROOM", help="The room its alerts are raised in.")],
    *,
    name: Annotated[
        str, typer.Option("--name", metavar="HANDLE", help="The service that raises them; it is created.")
    ] = "hooks",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Create a hook and print its address, alone.

    It is shown this once; whoever has it can raise alerts in the room. Alertmanager, Grafana, JSON with a title and
    plain text are understood.
    """
    local = Local(read_config(config))
    made = make_token(
        local,
        name.removeprefix("@"),
        kind=MemberKind.SERVICE,
        level=Level.L2,
        rooms=(room,),
        expires_in=None,
        label=LABEL,
    )
    _warn(local, name.removeprefix("@"), room)
    url = f"{base_url(local.config)}/api/v1/hooks/{made.token}"
    if as_json:
        shown = {key: value for key, value in msgspec.structs.asdict(made).items() if key != "token"}
        print_json({**shown, "url": url})
    else:
        print(url)


def _warn(local: Local, name: str, room_name: str) -> None:
    """A service is no member of a room by having its key."""
    room, member = local.directory.room(room_name), local.directory.member(name)
    if room is not None and member is not None and room.access is Access.MEMBERS and member.id not in room.members:
        say(f"Only members see {room_name}: add {name} to them, else what is sent there is answered 404.")


@hook.command("list", epilog="Example: tieline hook list")
def list_hooks(*, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the hooks; their addresses are not kept and cannot be shown."""
    found = _hooks(Local(read_config(config)))
    if as_json:
        print_json({"items": found})
    elif found:
        print_table(("id", "name", "room", "created"), [_row(one) for one in found])
    else:
        say("There are no hooks yet. Make one: tieline hook create ROOM --name alertmanager")


def _hooks(local: Local) -> Sequence[TokenOut]:
    return [one for one in local.tokens(everything=False) if one.label == LABEL]


def _row(one: TokenOut) -> tuple[str, ...]:
    return one.id, one.handle, ", ".join(one.rooms or ()), one.created_at


@hook.command(epilog="Example: tieline hook revoke tok_01j…")
def revoke(
    hook_id: Annotated[str, typer.Argument(metavar="ID", help="As `tieline hook list` shows it.")],
    *,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Revoke a hook; what is sent there is answered 404 from then on."""
    local = Local(read_config(config))
    if hook_id not in {one.id for one in _hooks(local)}:
        raise Failed(f"there is no hook '{hook_id}'", fix="see: tieline hook list")
    outcome = local.revoke(hook_id)
    if isinstance(outcome, Refusal):
        raise Failed(outcome.detail, fix="see: tieline hook list")
    say(f"Revoked {hook_id}.")
