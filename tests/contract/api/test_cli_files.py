"""`post --file`, `tail` and `download` against a running hub with a file store. Rules: docs/cli.md, "Files"."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.contract.api.house import House
from tieline.cli.app import app
from tieline.cli.events import attached
from tieline.cli.files import Progress, size_text
from tieline.model.attachments import Attached, FileState

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder that commands run in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def bob(house: House, here: Path) -> Run:
    """Run a command as bob."""
    environment = {"NO_COLOR": "1", "TIELINE_URL": house.url, "TIELINE_TOKEN": house.tokens["bob"]}

    async def run(*arguments: str, typed: str = "") -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, arguments, input=typed, env=environment)

    return run


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_files_are_posted_shown_and_fetched(bob: Run, here: Path) -> None:
    (here / "report.pdf").write_bytes(b"%PDF" * 3000)
    (here / "b.txt").write_text("b")
    done = await bob("post", "studio", "see\nboth", "--file", "report.pdf", "--file", "b.txt", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    one, two = json.loads(done.stdout)["attachments"]
    shown = await bob("tail", "studio", "--once")
    assert f"see\n      both\n      [report.pdf, 12 kB, {one['id']}]\n      [b.txt, 1 B, {two['id']}]" in shown.stdout
    refused = await bob("download", one["id"])
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "report.pdf is there already" in refused.stderr and "--force" in refused.stderr
    got = await bob("download", one["id"], "-o", "copy.pdf")
    assert (got.exit_code, got.stdout) == (0, "copy.pdf\n")
    assert (here / "copy.pdf").read_bytes() == b"%PDF" * 3000
    (here / "report.pdf").write_text("old")
    assert json.loads((await bob("download", one["id"], "--force", "--json")).stdout) == {"file": "report.pdf"}
    assert (here / "report.pdf").read_bytes() == b"%PDF" * 3000
    assert names_in(here) == ["b.txt", "copy.pdf", "report.pdf"]


async def test_a_post_may_be_a_file_alone(bob: Run, here: Path) -> None:
    (here / "a.txt").write_text("a")
    done = await bob("post", "studio", "--file", "a.txt")
    assert done.exit_code == 0
    assert done.stdout.startswith("msg_")
    assert "@bob: [a.txt, 1 B, att_" in (await bob("tail", "studio", "--once")).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--file", "none"], "none is not there"), (["--file", "."], ". is a folder"), ([], "the text is empty")],
)
async def test_what_cannot_be_attached_is_wrong_usage(bob: Run, arguments: list[str], said: str) -> None:
    done = await bob("post", "studio", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


async def test_an_unknown_attachment_and_a_folder_that_is_not_there_are_told_as_they_are(
    bob: Run, house: House
) -> None:
    done = await bob("download", "att_none")
    assert (done.exit_code, "There is no attachment 'att_none'" in done.stderr) == (1, True)
    made = await house.upload(b"x")
    done = await bob("download", made["id"], "-o", "no/where/x")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "No such file or directory" in done.stderr
    assert "does not answer" not in done.stderr


async def test_a_name_that_would_lead_elsewhere_stays_in_the_folder(bob: Run, house: House) -> None:
    made = await house.upload(b"x", "../../\x1b[2Jx\u202egnp.sh")
    done = await bob("download", made["id"])
    assert done.exit_code == 0
    assert Path(done.stdout.strip()).parent == Path()
    assert "\x1b" not in done.stdout


async def test_the_inbox_shows_files(bob: Run, house: House) -> None:
    made = await house.upload(b"x", "a.txt", "lin")
    await house.post("for @bob", "lin", attachments=[{"id": made["id"]}])
    assert f"for @bob\n      [a.txt, 1 B, {made['id']}]" in (await bob("inbox")).stdout


def test_a_file_without_bytes_says_why() -> None:
    one = Attached(id="att_1", name="a\x1b.png", mime="image/png", state=FileState.RECEIVING)
    assert attached(one) == "[a\\x1b.png, on its way, att_1]"
    two = Attached(id="att_2", name="a", mime="a/b", size=5, state=FileState.FAILED, detail="too large\nfor us")
    assert attached(two) == "[a, 5 B, did not come: too large for us, att_2]"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (12_345, "12 kB"), (5_000_000, "5 MB"), (10**13, "10000 GB")]
)
def test_sizes_are_read_by_people(size: int, text: str) -> None:
    assert size_text(size) == text


def test_progress_is_for_terminals_and_large_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress("a.iso")
    progress(2_000_000, 4_000_000)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress(500, 900)
    assert capsys.readouterr().err == ""
    progress(2_000_000, 4_000_000)
    progress(2_000_001, 4_000_000)
    assert capsys.readouterr().err == "\r\x1b[Ka.iso: 50 % of 4 MB"
    progress.end()
    assert capsys.readouterr().err == "\r\x1b[K"
