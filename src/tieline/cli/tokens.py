"""`tieline token` and `tieline login-link`: credentials, on the configured database, hub running or not.

Rule: a new secret is printed once, alone on standard output, and only its digest is kept. A running hub takes it in by
itself; the command waits until it has, so that the next command can use it. Next stop: :mod:`tieline.store.offline`.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
import typer

from tieline.cli.app import new_app
from tieline.cli.credentials import Local, make_link, make_token
from tieline.cli.failing import WRONG_USAGE, Failed, say
from tieline.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath
from tieline.cli.output import print_json, print_table
from tieline.cli.settings import read_config
from tieline.config.durations import parse_duration
from tieline.model.members import Level, MemberKind, Token
from tieline.model.outcome import Refusal
from tieline.model.shapes import TokenOut

app = new_app()
token = new_app(help_text="Create, list and revoke tokens.")
app.add_typer(token, name="token", epilog="Example: tieline token create marcus --kind ai")
_LEVELS: Final = {f"L{level.value}": level for level in Level}

Handle = Annotated[str, typer.Argument(help="A member's handle, without @.")]


@token.callback()
def _token() -> None:
    """Create, list and revoke tokens."""


@token.command(epilog="Example: TIELINE_TOKEN=$(tieline token create marcus --kind ai)")
def create(
    handle: Handle,
    *,
    kind: Annotated[
        MemberKind | None, typer.Option("--kind", help="Of a member that does not exist yet; it is created.")
    ] = None,
    level: Annotated[
        str | None, typer.Option("--level", metavar="L1|L2|L3|L4", help="At most; default: the member's, or L2.")
    ] = None,
    rooms: Annotated[str | None, typer.Option("--rooms", metavar="ROOM,…", help="Only these rooms.")] = None,
    expires: Annotated[str | None, typer.Option("--expires", metavar="30d", help="After this time.")] = None,
    label: Annotated[str, typer.Option("--label", help="What it is for.")] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Create a token and print it, alone.

    It is shown this once. Works on the configured database, whether a hub runs or not.
    """
    made = make_token(
        Local(read_config(config)),
        handle.removeprefix("@"),
        kind=kind,
        level=_level(level),
        rooms=None if rooms is None else tuple(name.strip() for name in rooms.split(",") if name.strip()),
        expires_in=_milliseconds(expires),
        label=label,
    )
    if as_json:
        print_json(made)
    else:
        print(made.token)


def _level(text: str | None) -> Level | None:
    if text is None:
        return None
    level = _LEVELS.get(text.upper())
    if level is None:
        raise Failed(f"--level: '{text}' is no level", fix="write L1, L2, L3 or L4", code=WRONG_USAGE)
    return level


def _milliseconds(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(parse_duration(text).total_seconds() * 1000)
    except ValueError as error:
        raise Failed(f"--expires: '{text}' is no duration", fix="write 12h or 30d", code=WRONG_USAGE) from error


@token.command("list", epilog="Example: tieline token list --json")
def list_tokens(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also revoked and expired ones.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """List the tokens; secrets are not kept and cannot be shown."""
    found = Local(read_config(config)).tokens(everything=everything)
    if as_json:
        print_json({"items": found})
    elif found:
        print_table(("id", "handle", "level", "rooms", "label", "expires", "state"), [_row(one) for one in found])
    else:
        say("There are no tokens yet. Make one: tieline token create HANDLE --kind human")


def _row(one: TokenOut) -> tuple[str, ...]:
    rooms = "all" if one.rooms is None else ", ".join(one.rooms) or "none"
    state = "revoked" if one.revoked_at else "valid"
    return one.id, one.handle, one.level, rooms, one.label or "-", one.expires_at or "never", state


@token.command(epilog="Example: tieline token revoke tok_01j…")
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `tieline token list` shows it.")],
    *,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Revoke a token; a running hub closes its connections within a second."""
    outcome = Local(read_config(config)).revoke(token_id)
    if isinstance(outcome, Refusal):
        raise Failed(outcome.detail, fix="see: tieline token list")
    if isinstance(outcome.value, Token):
        say(f"Revoked {msgspec.structs.asdict(outcome.value)['id']}.")


@app.command("login-link", epilog="Example: tieline login-link priya")
def login_link(handle: Handle, *, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Print a link that signs somebody in, once, within ten minutes.

    Whoever opens it first is that member: hand it on with care.
    """
    print(make_link(Local(read_config(config)), handle.removeprefix("@")))
