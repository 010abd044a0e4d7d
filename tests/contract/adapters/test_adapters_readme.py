"""The example of ``adapters/README.md`` is taken out of the text and put through the conformance kit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tieline.ports import abilities

_FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)

_RUN = """\
import sys
from tieline.testing.conformance import run_contract, Result
from tests.test_board import BoardContract
report = run_contract("board", BoardContract)
print("\\n".join(report.lines()))
sys.exit(0 if report.count(Result.FAILED) == 0 else 1)
"""


_MODEST = """\
import asyncio
from tieline.errors import HubBusy, StoreError
from tieline.model.content import plain
from tieline.model.inbound import InboundMessage, NativeAuthor
from tieline.testing.clock import VirtualClock
from tieline.testing.session import RecordingSession
from tieline_board.modest import OwnIds, until_stored

async def main():
    clock, session = VirtualClock(), RecordingSession()
    session.failures.extend([HubBusy("busy"), StoreError("disk full")])
    event = InboundMessage(conversation="lobby", native_id="1", author=NativeAuthor(native_id="ana", display="ana"),
                           content=plain("hello"), sent_at=0)
    handed = asyncio.ensure_future(until_stored(session, event, clock))
    await clock.run_until(handed.done, limit=10)
    assert session.events == [event], session.events

asyncio.run(main())
one, other = OwnIds(), OwnIds()
assert len({one.next(), one.next(), other.next(), other.next()}) == 4
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
    assert ran.stdout.count("  passed  ") >= 31, ran.stdout
    assert "board: conforms" in ran.stdout


def test_the_example_passes_under_plain_pytest_without_any_plugin(example: Path) -> None:
    plain = [argument for name in ("cacheprovider", "xdist", "asyncio") for argument in ("-p", f"no:{name}")]
    ran = run(example, "-m", "pytest", "-q", *plain, "-k", "shown or lives or declared", "tests")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed" in ran.stdout


def test_what_a_modest_platform_needs_does_what_it_says(example: Path) -> None:
    ran = run(example, "-c", _MODEST)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_ability_stands_in_the_table(repo_root: Path) -> None:
    text = (repo_root / "adapters" / "README.md").read_text()
    own = {"Presents"}  # the hub's own web socket
    known = {name for name, kind in vars(abilities).items() if getattr(kind, "_is_protocol", False)} - own
    public = {name for name in known if vars(abilities)[name].__module__ == abilities.__name__}
    assert {name for name in public if f"`{name}` `" not in text} == set()


def test_the_example_names_no_module_it_may_not_import(example: Path) -> None:
    allowed = ("tieline.ports", "tieline.render", "tieline.model", "tieline.errors", "tieline_board")
    for path in (example / "tieline_board").glob("*.py"):
        for module in re.findall(r"^from (tieline[\w.]*)", path.read_text(), re.MULTILINE):
            assert module.startswith(allowed), f"{path.name} imports {module}"
