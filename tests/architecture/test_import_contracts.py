"""Who may import whom: import-linter's contracts hold, and they break when somebody plants a violation."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PLANTS: Mapping[str, tuple[str, str, str]] = {
    "upwards": (
        "src/tieline/model/planted.py",
        "import tieline.config\n",
        "tieline.model is not allowed to import tieline.config",
    ),
    "siblings": (
        "src/tieline/routing/planted.py",
        "import tieline.store\n",
        "tieline.routing is not allowed to import tieline.store",
    ),
    "adapter into the hub": (
        "adapters/tieline_websocket/planted.py",
        "import tieline.config\n",
        "tieline_websocket is not allowed to import tieline",
    ),
    "adapter into adapter": (
        "adapters/tieline_websocket/planted_too.py",
        "import tieline_slack\n",
        "tieline_websocket is not allowed to import tieline_slack",
    ),
    "SDK in the hub": (
        "src/tieline/plugins/planted.py",
        "import slack_sdk\n",
        "tieline is not allowed to import slack_sdk",
    ),
    "I/O in the model": (
        "src/tieline/model/planted_too.py",
        "import asyncio\n",
        "tieline.model is not allowed to import asyncio",
    ),
    "SQL outside the store": (
        "src/tieline/directory/planted.py",
        "import sqlalchemy\n",
        "tieline is not allowed to import sqlalchemy",
    ),
}


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts of one tree on that tree."""
    paths = os.pathsep.join(str(root / folder) for folder in ("src", "adapters"))
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", str(root / "pyproject.toml")],
        cwd=root,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def copy(repo_root: Path, tmp_path: Path) -> Path:
    """A copy of the sources that a test may spoil."""
    for folder in ("src", "adapters"):
        shutil.copytree(repo_root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(repo_root / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_import_contracts_hold(repo_root: Path) -> None:
    done = lint_imports(repo_root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_each_planted_violation_breaks_its_contract(copy: Path) -> None:
    for file, text, _ in PLANTS.values():
        (copy / file).write_text(text)
    done = lint_imports(copy)
    assert done.returncode != 0
    said = " ".join(done.stdout.split())
    assert [name for name, (_, _, sentence) in PLANTS.items() if sentence not in said] == [], done.stdout


def test_a_package_that_nobody_placed_in_the_layers_fails(copy: Path) -> None:
    unplaced = copy / "src" / "tieline" / "unplaced"
    unplaced.mkdir()
    (unplaced / "__init__.py").write_text("")
    done = lint_imports(copy)
    assert done.returncode != 0
    assert "unplaced" in done.stdout


def test_every_contract_is_of_a_known_kind_and_the_layers_are_exhaustive(repo_root: Path) -> None:
    contracts = tomllib.loads((repo_root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    by_id = {contract["id"]: contract for contract in contracts}
    assert by_id["layers"]["exhaustive"] is True
    assert set(by_id) == {
        "layers",
        "adapters-see-only-the-ports",
        "adapters-are-strangers",
        "no-sdk-in-the-hub",
        "pure-packages",
        "tables-stay-in-the-store",
    }


# What an adapter may import besides the standard library: the contract's list, plus msgspec, of which the values of
# the model are made. `own` is added for each.
ADAPTERS_MAY = {"aiohttp", "msgspec", "tieline"}
ADAPTERS_OWN = {
    "tieline_slack": {"slack_bolt", "slack_sdk", "emoji"},
    "tieline_discord": {"discord", "yarl"},
    "tieline_email": {"aiosmtplib", "aioimaplib", "justhtml"},
    "tieline_sms": {"twilio"},
}


def imported(file: Path) -> Iterator[str]:
    """Yield the top-level name of everything a file imports."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_adapters_import_aiohttp_and_their_own_sdk_and_no_other_package(repo_root: Path) -> None:
    strays = [
        f"{file.relative_to(repo_root)} imports {name}"
        for folder in sorted((repo_root / "adapters").glob("tieline_*"))
        for file in sorted(folder.rglob("*.py"))
        for name in sorted(set(imported(file)) - sys.stdlib_module_names)
        if name not in ADAPTERS_MAY | ADAPTERS_OWN.get(folder.name, set()) | {folder.name}
    ]
    assert strays == []
