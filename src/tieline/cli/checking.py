"""`tieline check`: everything that is wrong with the configuration, at once; with `--live` also with its credentials.

Rule: without `--live` nothing is connected to. Next stop: :mod:`tieline.config`, and `bootstrap.check_live`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from tieline.cli.app import new_app
from tieline.cli.failing import FAILED, WRONG_USAGE, say
from tieline.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath
from tieline.cli.output import clean, paint, print_json
from tieline.cli.settings import read_config
from tieline.config import Config, ConfigError, Problem
from tieline.ports.abilities import Finding

app = new_app()
Findings = Sequence[tuple[str, Finding]]
_SIGNS: Final = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}


@app.command(epilog="Example: tieline check --live")
def check(
    *,
    live: Annotated[bool, typer.Option("--live", help="Also try each channel's credentials.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Check the configuration and name everything that is wrong.

    Exits 0 if it is right, 2 if it is wrong, 1 if a live check failed. Nothing is changed anywhere.
    """
    read, problems = _read(config)
    findings = asyncio.run(_live(read)) if live and read is not None else ()
    if as_json:
        _print_json(read, problems, findings)
    else:
        _print(config, read, problems, findings, live=live)
    if read is None:
        raise typer.Exit(WRONG_USAGE)
    if any(finding.level == "error" for _, finding in findings):
        raise typer.Exit(FAILED)


def _read(path: Path) -> tuple[Config | None, Sequence[Problem]]:
    try:
        config = read_config(path, judge_channels=True)
    except ConfigError as error:
        return None, error.problems
    return config, config.warnings


async def _live(config: Config) -> Findings:
    from tieline.bootstrap import check_live

    return await check_live(config)


def _print_json(config: Config | None, problems: Sequence[Problem], findings: Findings) -> None:
    print_json(
        {
            "ok": config is not None and all(finding.level != "error" for _, finding in findings),
            "problems": [problem.document() for problem in problems],
            "live": [
                {"channel": channel, "level": finding.level, "message": finding.message, "fix": finding.fix}
                for channel, finding in findings
            ],
        }
    )


def _print(path: Path, config: Config | None, problems: Sequence[Problem], findings: Findings, *, live: bool) -> None:
    for problem in problems:
        say(problem.render() + "\n")
    if config is None:
        say(_count([problem for problem in problems if problem.severity == "error"]))
        return
    print(f"{path} is right: {_summary(config)}")
    _print_findings(findings)
    if live and not findings:
        print("No channel has anything to try.")
    elif not live:
        print("Next: tieline check --live tries the credentials; tieline serve runs the hub.")


def _count(errors: Sequence[Problem]) -> str:
    return f"{len(errors)} error{'s' * (len(errors) != 1)}; nothing was started or changed."


def _summary(config: Config) -> str:
    parts = (("channel", config.channels), ("member", config.members), ("room", config.rooms))
    return ", ".join(f"{len(found)} {name}{'s' * (len(found) != 1)}" for name, found in parts)


def _print_findings(findings: Findings) -> None:
    for channel, finding in findings:
        sign, colour = _SIGNS.get(finding.level, ("?", "yellow"))
        print(f"{paint(sign, colour)} {clean(channel)}: {clean(finding.message)}", file=sys.stdout)
        if finding.fix:
            print(f"    → {clean(finding.fix)}")
