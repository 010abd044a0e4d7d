"""`tieline packet check`: judge a text as a state packet, offline. Next stop: :mod:`tieline.packets`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from tieline.cli.app import new_app
from tieline.cli.failing import FAILED, WRONG_USAGE, Failed, say
from tieline.cli.options import AsJson
from tieline.cli.output import clean, paint, print_json
from tieline.model.shapes import PacketReport
from tieline.packets import Verdict, parse

app = new_app()
packet = new_app(help_text="Check state packets.")
app.add_typer(packet, name="packet", epilog="Example: tieline packet check handoff.txt")
_STDIN: Final = "-"


@packet.callback()
def _packet() -> None:
    """Check state packets."""


@packet.command(epilog="Example: tieline packet check handoff.txt")
def check(
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="A text file; - is standard input.")] = _STDIN,
    *,
    as_json: AsJson = False,
) -> None:
    """Check a text as a packet, without a hub.

    Exits 0 if it is a right packet or no packet at all, 1 if it is a broken one. Every violation is shown with code,
    line and fix, and the corrected packet is printed where the right values can be recovered, else a template.
    """
    verdict = parse(_read(file))
    if as_json:
        print_json(
            PacketReport(
                packet=verdict.packet,
                violations=verdict.violations,
                corrected=verdict.corrected,
                template=verdict.template,
            )
        )
    else:
        _print(verdict)
    if verdict.broken:
        raise typer.Exit(FAILED)


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
    except OSError as error:
        raise Failed(
            f"{file} cannot be read: {error.strerror}",
            fix="name a text file, or - for standard input",
            code=WRONG_USAGE,
        ) from error
    return data.decode("utf-8-sig", "replace")


def _print(verdict: Verdict) -> None:
    if verdict.packet is not None:
        print(verdict.packet.text())
        return
    if not verdict.broken:
        say("This text is no packet: two of the four labels, such as [TASK_ID]:, have to begin lines.")
        return
    for violation in verdict.violations:
        place = f"line {violation.line}: " if violation.line else ""
        say(f"{paint(violation.code, 'red', sys.stderr)} {place}{clean(violation.message)}")
        say(f"      → {clean(violation.fix)}")
    say("\nCorrected:" if verdict.corrected else "\nTemplate, to be filled in:")
    print(clean(verdict.corrected or verdict.template or ""))
