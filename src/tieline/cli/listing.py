"""`tieline rooms` and `tieline members`: what a hub has. Next stop: :mod:`tieline.client`."""

from __future__ import annotations

from tieline.cli.app import new_app
from tieline.cli.failing import say
from tieline.cli.hub import ask, every
from tieline.cli.options import DEFAULT_URL, AsJson, Token, Url
from tieline.cli.output import print_json, print_table

app = new_app()


@app.command(epilog="Example: tieline rooms")
def rooms(*, url: Url = DEFAULT_URL, token: Token = "", as_json: AsJson = False) -> None:
    """List the rooms."""
    found = ask(url, token, lambda hub: every(lambda after: hub.rooms(after=after)))
    if as_json:
        print_json({"items": found})
    elif found:
        columns = ("name", "project", "access", "guests", "packets", "owner")
        rows = [(one.name, one.project or "-", one.access, one.guests, one.packets, one.managed_by) for one in found]
        print_table(columns, rows)
    else:
        say("There are no rooms you may see. Add one under rooms: in config.yaml, or POST /api/v1/rooms.")


@app.command(epilog="Example: tieline members --json")
def members(*, url: Url = DEFAULT_URL, token: Token = "", as_json: AsJson = False) -> None:
    """List the members."""
    found = ask(url, token, lambda hub: every(lambda after: hub.members(after=after)))
    if as_json:
        print_json({"items": found})
    elif found:
        columns = ("handle", "kind", "level", "name", "owner")
        print_table(columns, [(one.handle, one.kind, one.level, one.display or "-", one.managed_by) for one in found])
    else:
        say("There are no members. Make one: tieline token create HANDLE --kind human")
