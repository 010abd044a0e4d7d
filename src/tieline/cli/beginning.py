"""`tieline init`: a configuration to begin with, in a folder of one's own.

Rule: at most five questions, no secret is asked for (they go into .env by hand, not through a terminal's history), and
no existing file is ever changed. Next stop: `tieline check`.
"""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from tieline.cli.app import new_app
from tieline.cli.asking import ask, ask_right
from tieline.cli.called import program
from tieline.cli.failing import WRONG_USAGE, Failed, say
from tieline.cli.options import AsJson
from tieline.cli.output import print_json
from tieline.model.base import NAME_PATTERN
from tieline.ports.adapter import Manifest

app = new_app()
_NOT_BARE: Final = frozenset({"null", "true", "false"})
_UNNEEDED: Final = {"slack": frozenset({"signing_secret"})}
"""Secrets that the simplest set-up of a platform does without (Slack: Socket Mode)."""
_IGNORED: Final = (".env", "data/")
_FIRST_COMMANDS: Final = {"slack": "manifest slack   (paste it at api.slack.com/apps, 'From a manifest')"}
"""What a platform's own side needs before there are any secrets."""
_LATER_COMMANDS: Final = {"discord": "invite discord   (open the address it prints, and choose the server)"}
"""What it needs once there are."""


class Plan(NamedTuple):
    """What the files are made from."""

    name: str
    handle: str
    room: str
    channels: Mapping[str, str]
    """Adapter to the conversation that the room is joined to."""


@app.command(epilog="Example: tieline init --with slack")
def init(
    *,
    channels: Annotated[
        str | None, typer.Option("--with", metavar="ADAPTERS", help="Platforms to begin with: slack,discord")
    ] = None,
    non_interactive: Annotated[bool, typer.Option("--non-interactive", help="Ask nothing, take the defaults.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make config.yaml, .env and .gitignore in this folder.

    Asks at most five questions. Existing files are never changed.
    """
    if Path("config.yaml").exists():
        raise Failed("config.yaml exists already; nothing was written", fix="check it with: tieline check")
    manifests = _manifests()
    wanted = None if channels is None else _chosen(channels, manifests)
    plan = _defaults(wanted or ()) if non_interactive else _asked(wanted, manifests)
    written, kept = _write(_files(plan, manifests))
    steps = _next(plan, kept)
    if as_json:
        print_json({"written": written, "kept": kept, "next": steps})
        return
    _tell(written, kept, steps)


# ── what is wanted ───────────────────────────────────────────────────────────────────────────────────────────────────


def _manifests() -> Mapping[str, Manifest]:
    from tieline.cli.adapters import manifests

    return {name: found for name, found in manifests().items() if not found.inside and found.extra is not None}


def _chosen(text: str, manifests: Mapping[str, Manifest]) -> Sequence[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if complaint := _unknown(names, manifests):
        raise Failed(f"--with: {complaint}", code=WRONG_USAGE)
    return names


def _unknown(names: Sequence[str], manifests: Mapping[str, Manifest]) -> str:
    absent = [name for name in names if name not in manifests]
    return f"no adapter '{absent[0]}' is installed; there are: {', '.join(manifests) or 'none'}" if absent else ""


def _name_from(text: str, default: str) -> str:
    name = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")[:64]
    return name if re.fullmatch(NAME_PATTERN, name) else default


def _user() -> str:
    try:
        return _name_from(getpass.getuser(), "me")
    except (KeyError, OSError):
        return "me"


def _hub_name() -> str:
    return _name_from(Path.cwd().name, "tieline")


def _defaults(channels: Sequence[str]) -> Plan:
    return Plan(_hub_name(), _user(), "lobby", dict.fromkeys(channels, "#lobby"))


def _asked(chosen: Sequence[str] | None, manifests: Mapping[str, Manifest]) -> Plan:
    name = ask_right("What is the hub called?", _hub_name(), _not_a_name)
    handle = ask_right("Your handle, without @?", _user(), _not_a_name)
    room = ask_right("The first room?", "lobby", _not_a_name)
    if chosen is None:
        known = ", ".join(manifests) or "none is installed"
        answer = ask_right(f"Which platforms ({known})?", "none", lambda text: _unknown(_split(text), manifests))
        chosen = _split(answer)
    places = dict.fromkeys(chosen, f"#{room}")
    if len(places) == 1:
        only = next(iter(places))
        places[only] = _conversation(ask(f"Its conversation on {only} [#{room}]: ", f"#{room}"))
    return Plan(name, handle, room, places)


def _split(answer: str) -> Sequence[str]:
    return [] if answer == "none" else [name.strip() for name in answer.split(",") if name.strip()]


def _not_a_name(text: str) -> str:
    fits = re.fullmatch(NAME_PATTERN, text)
    return "" if fits else "use a-z, 0-9 and '-', at most 64, beginning with a letter or digit"


def _conversation(text: str) -> str:
    return re.sub(r'[\x00-\x1f"\\]', "", text)[:400]


# ── the files ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _files(plan: Plan, manifests: Mapping[str, Manifest]) -> Mapping[str, str]:
    files = {"config.yaml": _config(plan, manifests), ".gitignore": "\n".join(_IGNORED) + "\n"}
    return {**files, ".env": _env(plan, manifests)}


def _config(plan: Plan, manifests: Mapping[str, Manifest]) -> str:
    lines = [
        "# Tieline's configuration. `tieline check` names everything that is wrong with it.",
        "# Secrets are in .env beside it; values are read by name from there, or from the environment.",
        "",
        "hub:",
        f"  name: {_bare(plan.name)}",
        '  listen: "127.0.0.1:8080"',
        '  database: "${DATABASE_URL:-sqlite:///data/tieline.db}"',
        "",
    ]
    if plan.channels:
        lines += ["channels:", *(_channel(adapter, manifests[adapter]) for adapter in plan.channels), ""]
    lines += ["members:", f"  {_bare(plan.handle)}: {{kind: human, level: L4}}", "", "rooms:"]
    lines += [f"  {_bare(plan.room)}:" if plan.channels else f"  {_bare(plan.room)}: {{}}"]
    if plan.channels:
        links = [f'      - {{channel: {one}, conversation: "{where}"}}' for one, where in plan.channels.items()]
        lines += ["    links:", *links]
    return "\n".join([*lines, ""])


def _bare(name: str) -> str:
    return name if name[0].isalpha() and name not in _NOT_BARE else f'"{name}"'


def _channel(adapter: str, manifest: Manifest) -> str:
    secrets = [f'{name}: "${{{_variable(adapter, name)}}}"' for name in _needed(adapter, manifest)]
    return f"  {adapter}: {{{', '.join([f'adapter: {adapter}', *secrets])}}}"


def _needed(adapter: str, manifest: Manifest) -> Sequence[str]:
    return [name for name in manifest.secrets if name not in _UNNEEDED.get(adapter, ())]


def _variable(adapter: str, secret: str) -> str:
    return f"{adapter}_{secret}".upper().replace("-", "_")


def _env(plan: Plan, manifests: Mapping[str, Manifest]) -> str:
    lines = ["# Secrets of config.yaml. Keep this file to yourself: it is not for git."]
    for adapter in plan.channels:
        lines += ["", f"# {manifests[adapter].summary}"]
        lines += [f"{_variable(adapter, name)}=" for name in _needed(adapter, manifests[adapter])]
    return "\n".join([*lines, ""])


def _write(files: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Write what is not there yet: names of written and of kept files."""
    written: list[str] = []
    kept: list[str] = []
    for name, text in files.items():
        mode = 0o600 if name == ".env" else 0o644
        try:
            handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            kept.append(name)
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        written.append(name)
    return written, kept


def _next(plan: Plan, kept: Sequence[str]) -> list[str]:
    lacking = _not_ignored() if ".gitignore" in kept else ()
    steps = [f"add to .gitignore what it lacks: {', '.join(lacking)}"] if lacking else []
    me = program()
    steps += [f"{me} {_FIRST_COMMANDS[adapter]}" for adapter in plan.channels if adapter in _FIRST_COMMANDS]
    if plan.channels:
        steps.append("write the secrets into .env")
    steps += [f"{me} {_LATER_COMMANDS[adapter]}" for adapter in plan.channels if adapter in _LATER_COMMANDS]
    checks = f"{me} check --live" if plan.channels else f"{me} check"
    return [*steps, checks, f"{me} serve", f"{me} login-link {plan.handle}   (in another terminal)"]


def _not_ignored() -> Sequence[str]:
    there = {line.strip().strip("/") for line in Path(".gitignore").read_text("utf-8", "replace").splitlines()}
    return [name for name in _IGNORED if name.strip("/") not in there]


def _tell(written: Sequence[str], kept: Sequence[str], steps: Sequence[str]) -> None:
    print(f"Wrote {', '.join(written)}." + (f" Left {', '.join(kept)} as it was." if kept else ""))
    say("Next:")
    for number, step in enumerate(steps, start=1):
        say(f"  {number}. {step}")
