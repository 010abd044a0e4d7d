"""`tieline adapters`, `manifest` and `conformance`: what is installed, and what it can prove.

Rule: no platform's SDK is imported to list adapters. Next stop: :mod:`tieline.plugins.discovery`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module, metadata
from typing import Annotated, Any, Final

import typer

from tieline.cli.app import new_app
from tieline.cli.failing import FAILED, WRONG_USAGE, Failed, say
from tieline.cli.options import AsJson
from tieline.cli.output import print_json, print_table
from tieline.cli.settings import quiet_logging
from tieline.ports.adapter import Manifest

app = new_app()
_PACKAGE: Final = re.compile(r"[A-Za-z0-9][\w.-]*")


def manifests() -> Mapping[str, Manifest]:
    """Manifests of the installed adapters."""
    from tieline.plugins.discovery import discover

    quiet_logging()
    return discover()


def chosen(name: str) -> Manifest:
    """The manifest of an adapter by name. Raises :class:`Failed` that names those there are."""
    found = manifests()
    if name not in found:
        fix = f"installed are: {', '.join(found) or 'none'}"
        raise Failed(f"no adapter '{name}' is installed", fix=fix, code=WRONG_USAGE)
    return found[name]


@app.command(epilog="Example: tieline adapters --json")
def adapters(*, as_json: AsJson = False) -> None:
    """List the installed adapters."""
    found = [(one, _missing(one)) for one in manifests().values()]
    if as_json:
        rows = [
            {"name": one.name, "summary": one.summary, "extra": one.extra, "missing": missing} for one, missing in found
        ]
        print_json({"items": rows})
    elif found:
        print_table(
            ("name", "state", "what it joins"), [(one.name, _state(one, gone), one.summary) for one, gone in found]
        )
    else:
        say("No adapter is installed; install tieline[slack], or a package that brings one.")


def _missing(manifest: Manifest) -> Sequence[str]:
    """Packages of its extra that are not installed."""
    if manifest.extra is None:
        return []
    marker = re.compile(rf"extra\s*==\s*['\"]{re.escape(manifest.extra)}['\"]")
    needed = [line for line in metadata.requires("tieline") or () if marker.search(line)]
    names = [found[0] for line in needed if (found := _PACKAGE.match(line))]
    return [name for name in names if not _is_installed(name)]


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _state(manifest: Manifest, missing: Sequence[str]) -> str:
    return f"install tieline[{manifest.extra}]" if missing else "ready"


# ── setting one up ───────────────────────────────────────────────────────────────────────────────────────────────────


@app.command(epilog="Example: tieline manifest slack > slack-app.yaml")
def manifest(
    platform: Annotated[str, typer.Argument(help="The platform: slack.")],
    *,
    public_url: Annotated[
        str | None, typer.Option("--public-url", metavar="URL", help="For signed HTTP events instead of Socket Mode.")
    ] = None,
    channel: Annotated[str, typer.Option("--channel", metavar="NAME", help="The channel's name.")] = "team-slack",
) -> None:
    """Print a platform's app manifest.

    For Slack: api.slack.com/apps, 'Create New App', 'From a manifest', paste.
    """
    writer = _manifest_module(chosen(platform))
    if writer is None:
        raise Failed(f"{platform} has no app manifest", fix="see: tieline channels setup NAME", code=WRONG_USAGE)
    print(writer.manifest_yaml(public_url, channel), end="")


def _manifest_module(adapter: Manifest) -> Any:  # noqa: ANN401 - a module of the adapter's
    package = adapter.settings.partition(":")[0].partition(".")[0]
    try:
        return import_module(f"{package}.app_manifest")
    except ModuleNotFoundError:
        return None


def steps(adapter: str, channel: str) -> Sequence[str]:
    """How a channel of an adapter is set up, in order."""
    found = chosen(adapter)
    secrets = ", ".join(f"{adapter}_{name}".upper() for name in found.secrets)
    lines = [f"install tieline[{found.extra}]"] if _missing(found) else []
    if _manifest_module(found) is not None:
        lines.append(f"tieline manifest {adapter} --channel {channel}   (paste it at the platform to make the app)")
    if secrets:
        lines.append(f"write into .env what the platform shows you: {secrets}")
    return [*lines, "tieline check", "tieline check --live   (names what is missing, and the cure)", "tieline serve"]


# ── proving one ──────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command(epilog="Example: tieline conformance slack")
def conformance(
    adapter: Annotated[str, typer.Argument(help="An adapter's name, or its contract as module:Class.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Prove an adapter against the conformance kit.

    Prints each requirement and whether it is kept; exits 1 if a MUST is not. Nothing is sent to a platform. Contracts
    live with an adapter's tests: run it where these are.
    """
    if ":" not in adapter:
        chosen(adapter)
    from tieline.testing.conformance import run

    report = run(adapter)
    if as_json:
        print_json(report)
    else:
        print("\n".join(report.lines()))
    if not report.passed:
        raise typer.Exit(FAILED)
