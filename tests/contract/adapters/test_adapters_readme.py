"""The example of ``adapters/README.md`` is taken out of the text and put through the conformance kit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

_FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)

_RUN = """\
import sys
from tieline.testing.conformance import run_contract, Result
from tests.test_board import BoardContract
report = run_contract("board", BoardContract)
print("\\n".join(report.lines()))
sys.exit(0 if report.count(Result.FAILED) == 0 else 1)
"""


@pytest.fixture
def example(repo_root: Path, tmp_path: Path) -> Path:
    """The files of the example, as a reader would write them."""
    found = _FILE.findall((repo_root / "adapters" / "README.md").read_text())
    for name, text in found:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert {name for name, _ in found} >= {"tieline_board/adapter.py", "tests/test_board.py", "pyproject.toml"}
    return tmp_path


def run(example: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=example,
        env={**os.environ, "PYTHONPATH": str(example)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_the_example_conforms(example: Path) -> None:
    ran = run(example, "-c", _RUN)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("  passed  ") >= 28, ran.stdout
    assert "board: conforms" in ran.stdout


def test_the_example_passes_under_plain_pytest_without_any_plugin(example: Path) -> None:
    plain = [argument for name in ("cacheprovider", "xdist", "asyncio") for argument in ("-p", f"no:{name}")]
    ran = run(example, "-m", "pytest", "-q", *plain, "-k", "shown or lives or declared", "tests")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed" in ran.stdout


def test_the_example_names_no_module_it_may_not_import(example: Path) -> None:
    allowed = ("tieline.ports", "tieline.render", "tieline.model", "tieline.errors", "tieline_board")
    for path in (example / "tieline_board").glob("*.py"):
        for module in re.findall(r"^from (tieline[\w.]*)", path.read_text(), re.MULTILINE):
            assert module.startswith(allowed), f"{path.name} imports {module}"
