"""Every command is there, explains itself with an example, and costs nothing until it is called."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run, Start, clean_environment
from tieline.cli.app import load
from tieline.cli.table import COMMANDS

# contract.md, "Command line", as far as this version goes.
PROMISED = (
    *(
        "init",
        "check",
        "serve",
        "demo",
        "migrate",
        "backup",
        "restore",
        "config export",
        "config show",
        "config schema",
    ),
    *("token create", "token list", "token revoke", "login-link", "post", "tail", "inbox", "preview", "packet check"),
    *("channels", "channels setup", "channels test", "channels pause", "channels resume"),
    *("deliveries", "deliveries retry", "deliveries discard", "rooms", "members", "manifest", "adapters"),
    *("conformance", "openapi", "completion", "download"),
    *("alert raise", "alert ack", "alert close", "alerts", "kept", "kept release", "kept discard"),
    *("hook create", "hook list", "hook revoke"),
)
OPTIONS = {
    "init": ("--with", "--non-interactive", "--json"),
    "check": ("--live", "--json", "--config"),
    "serve": ("--listen", "--config"),
    "demo": ("--reset", "--port"),
    "migrate": ("--dry-run", "--config"),
    "config show": ("--effective", "--json"),
    "token create": ("--kind", "--level", "--rooms", "--expires", "--config"),
    "token list": ("--config", "--json"),
    "token revoke": ("--config",),
    "post": ("--type", "--thread", "--file", "--url", "--token"),
    "tail": ("--after", "--json", "--url", "--token"),
    "inbox": ("--wait", "--json"),
    "preview": ("--json",),
    "packet check": ("--json",),
    "channels": ("--json", "--url"),
    "deliveries": ("--failed", "--json"),
    "deliveries retry": ("--channel",),
    "deliveries discard": ("--channel",),
    "alert raise": ("--details", "--severity", "--dedup", "--json", "--url", "--token"),
    "alert ack": ("--dedup", "--room", "--json"),
    "alert close": ("--dedup", "--room", "--json"),
    "alerts": ("--open", "--json"),
    "kept": ("--json",),
    "kept release": ("--room", "--json"),
    "hook create": ("--name", "--config", "--json"),
}


def _commands() -> Iterator[tuple[str, Any]]:
    for name in COMMANDS:
        command = load(name)
        yield name, command
        for child, inner in getattr(command, "commands", {}).items():
            yield f"{name} {child}", inner


ALL = dict(_commands())


@pytest.mark.parametrize("name", PROMISED)
def test_every_promised_command_exists(name: str) -> None:
    assert name in ALL


@pytest.mark.parametrize("name", OPTIONS)
def test_every_promised_option_exists(name: str) -> None:
    known = {option for parameter in ALL[name].params for option in parameter.opts}
    assert set(OPTIONS[name]) <= known


@pytest.mark.parametrize("name", ALL)
def test_every_command_explains_itself_with_an_example_that_names_it(name: str, run: Run) -> None:
    result = run(*name.split(), "--help")

    assert result.exit_code == 0
    assert ALL[name].help
    epilog = ALL[name].epilog or ""
    assert epilog.startswith("Example: ")
    assert f"tieline {name.split(maxsplit=1)[0]}" in epilog
    assert epilog.removeprefix("Example: ").split()[0] in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_in_the_overview_is_the_commands_own_first_sentence(name: str) -> None:
    assert " ".join(ALL[name].help.split()).startswith(COMMANDS[name].line)


def test_every_option_of_every_command_has_help() -> None:
    bare = [
        f"{name} {parameter.opts}"
        for name, command in ALL.items()
        for parameter in command.params
        if not getattr(parameter, "help", None)
    ]
    assert bare == []


def test_the_overview_shows_every_command(run: Run) -> None:
    result = run("--help")

    assert result.exit_code == 0
    assert all(f"  {name} " in result.stdout for name in COMMANDS)


def test_help_loads_nothing_but_typer() -> None:
    code = (
        "import sys; from tieline.cli.app import run\n"
        "try: run(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'aiohttp', 'pydantic', 'sqlalchemy', 'msgspec', 'rich', 'asyncio', 'ruamel'}\n"
        "print(sorted(heavy & set(sys.modules)), sorted(m for m in sys.modules if m.startswith('tieline.')),"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stderr.strip() == "[] ['tieline.cli', 'tieline.cli.app', 'tieline.cli.table']"


def _seconds(*command: str) -> float:
    since = time.perf_counter()
    subprocess.run([sys.executable, *command], env=clean_environment(), capture_output=True, timeout=60, check=True)
    return time.perf_counter() - since


def test_help_costs_little_more_than_importing_typer() -> None:
    """The promise is 200 ms; on a busy machine only the ratio to a control, measured in turn with it, is fair."""
    pairs = [(_seconds("-m", "tieline", "--help"), _seconds("-c", "import typer")) for _ in range(9)]
    ratio = statistics.median(help_ / control for help_, control in pairs)
    print(f"help / import typer: {ratio:.2f}; best {min(pairs)[0] * 1000:.0f} ms")

    assert ratio < 2.0


def test_a_wrong_command_is_wrong_usage_and_names_the_nearest(run: Run) -> None:
    result = run("chanels")

    assert result.exit_code == 2
    assert "Did you mean 'channels'?" in result.stderr
    assert result.stdout == ""


def test_a_wrong_option_is_wrong_usage_without_a_traceback(start: Start) -> None:
    done = start("post", "--nope")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_version_is_the_packages(run: Run) -> None:
    import tieline

    assert run("--version").stdout == f"tieline {tieline.__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed_alone(shell: str, run: Run) -> None:
    result = run("completion", shell)

    assert result.exit_code == 0
    assert "_TIELINE_COMPLETE=complete_" + shell in result.stdout


def test_the_shell_is_offered_commands_and_options(start: Start) -> None:
    commands = start(_TIELINE_COMPLETE="complete_bash", COMP_WORDS="tieline de", COMP_CWORD="1")
    options = start(_TIELINE_COMPLETE="complete_bash", COMP_WORDS="tieline deliveries --fa", COMP_CWORD="2")

    assert commands.stdout.split() == ["demo", "deliveries"]
    assert options.stdout.split() == ["--failed"]


def test_an_unexpected_error_is_one_line_and_a_traceback_only_on_request(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of the test")

    monkeypatch.setattr("tieline.cli.packets.parse", broken)
    quiet = run("packet", "check", typed="x")
    loud = run("packet", "check", typed="x", TIELINE_DEBUG="1")

    assert quiet.exit_code == loud.exit_code == 1
    assert quiet.stderr.startswith("tieline: ZeroDivisionError: of the test")
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in loud.stderr


def test_the_page_about_the_command_line_names_every_command(repo_root: Path) -> None:
    text = (repo_root / "docs" / "cli.md").read_text("utf-8")

    assert [name for name in COMMANDS if f"`{name}" not in text] == []
