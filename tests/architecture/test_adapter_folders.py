"""The folder `adapters/` and the lists that name its packages agree; what is missing says which line to add where.

import-linter takes no `tieline_*` wildcard for root packages, so the lists are compared here.
"""

import importlib
import sys
import tomllib
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pytest

# The shape of an adapter: the same names do the same jobs everywhere.
SHAPE = {"manifest", "config", "ids", "inbound", "render", "outbound", "wire", "errors", "adapter"}
ALWAYS = {"manifest", "adapter"}
# Adapters that may leave out files of the shape, and why.
EXCEPTIONS = {
    "tieline_websocket": "serves the hub's own web room: no platform, so no wire format but the hub's",
    "tieline_simulated": "plays a platform inside the process: nothing is dialled and nothing can be misread",
}


def folders(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "adapters").glob("tieline_*") if path.is_dir())


@pytest.fixture(scope="session")
def project(repo_root: Path) -> dict[str, Any]:
    return tomllib.loads((repo_root / "pyproject.toml").read_text())


def compare(found: list[str], listed: list[str], where: str) -> None:
    missing = [f'add "{name}" to {where}' for name in found if name not in listed]
    stale = [f'remove "{name}" from {where}' for name in listed if name not in found]
    assert not missing + stale, "\n".join(missing + stale)


def test_every_adapter_folder_stands_in_each_list_of_the_import_contracts(
    repo_root: Path, project: dict[str, Any]
) -> None:
    linter = project["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in linter["contracts"]}
    found = folders(repo_root)
    lists = {
        "[tool.importlinter] root_packages": [name for name in linter["root_packages"] if name != "tieline"],
        "source_modules of adapters-see-only-the-ports": contracts["adapters-see-only-the-ports"]["source_modules"],
        "modules of adapters-are-strangers": contracts["adapters-are-strangers"]["modules"],
        "known-first-party of ruff's isort": [
            name
            for name in project["tool"]["ruff"]["lint"]["isort"]["known-first-party"]
            if name.startswith("tieline_")
        ],
    }
    for where, listed in lists.items():
        compare(found, listed, f"{where} in pyproject.toml")


def test_every_adapter_folder_is_an_entry_point(repo_root: Path, project: dict[str, Any]) -> None:
    declared: dict[str, str] = project["project"]["entry-points"]["tieline.adapters"]
    wanted = {name.removeprefix("tieline_"): f"{name}.manifest:MANIFEST" for name in folders(repo_root)}
    lines = [f'{short} = "{target}"' for short, target in wanted.items() if declared.get(short) != target]
    assert not lines, 'add to [project.entry-points."tieline.adapters"]:\n' + "\n".join(lines)
    assert sorted(declared) == sorted(wanted)


def test_the_installed_entry_points_are_the_declared_ones(project: dict[str, Any]) -> None:
    installed = {found.name: found.value for found in entry_points(group="tieline.adapters")}
    assert installed == project["project"]["entry-points"]["tieline.adapters"], "install again: `make test` does"


@pytest.mark.parametrize("entry", entry_points(group="tieline.adapters"), ids=lambda entry: str(entry.name))
def test_a_manifest_loads_without_the_sdk_and_without_the_adapter(entry: EntryPoint) -> None:
    """Listing adapters must work where no SDK is installed."""
    package = entry.module.partition(".")[0]
    before = set(sys.modules)
    assert entry.load() is not None
    loaded = {name for name in set(sys.modules) - before if name.startswith(package)}
    assert f"{package}.adapter" not in loaded
    assert importlib.import_module(entry.module).__doc__


def test_every_adapter_has_the_files_of_the_shape(repo_root: Path) -> None:
    faults = []
    for name in folders(repo_root):
        files = {path.stem for path in (repo_root / "adapters" / name).glob("*.py")}
        wanted = ALWAYS if name in EXCEPTIONS else SHAPE
        faults += [f"adapters/{name}/{module}.py is missing" for module in sorted(wanted - files)]
    assert faults == []


def test_every_exception_is_still_needed(repo_root: Path) -> None:
    for name in set(EXCEPTIONS) & set(folders(repo_root)):
        files = {path.stem for path in (repo_root / "adapters" / name).glob("*.py")}
        assert SHAPE - files, f"{name} has the whole shape now: remove its exception"
