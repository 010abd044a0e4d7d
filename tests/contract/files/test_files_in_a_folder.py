"""What is special about a folder: who may read, symbolic links, a kill at the worst moment, a full disk."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.contract.files.pieces import content, of
from tieline.files.local import LEFT_OVER, LocalFiles
from tieline.ports.files import FilesError, NoSuchFile

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tieline.files import local

async def pieces():
    yield b"x" * 1000000

def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(os, sys.argv[2], die)
asyncio.run(local.LocalFiles(Path(sys.argv[1])).save("att_1", pieces(), 2000000))
"""


def everything(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if not path.is_dir()]


async def test_folders_and_files_are_the_hubs_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        files = LocalFiles(tmp_path / "deep" / "files")
        await files.save("att_1ab", of(b"x"), 10)
    finally:
        os.umask(old)
    folder = tmp_path / "deep" / "files"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "ab").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "ab" / "att_1ab").stat().st_mode) == 0o600
    assert everything(folder) == [folder / "ab" / "att_1ab"]


@pytest.mark.parametrize("moment", ["fsync", "rename"])
async def test_a_kill_before_the_rename_leaves_nothing_to_read(tmp_path: Path, moment: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(tmp_path), moment)
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    (left,) = everything(tmp_path)
    files = LocalFiles(tmp_path)
    with pytest.raises(NoSuchFile):
        await content(files, "att_1")
    assert left.exists(), "another save may still be at work on it"
    old = time.time() - LEFT_OVER - 60
    os.utime(left, (old, old))
    LocalFiles(tmp_path)
    assert everything(tmp_path) == []


async def test_the_sweep_leaves_files_alone(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    await files.save("att_1", of(b"x"), 10)
    (path,) = everything(tmp_path)
    os.utime(path, (1, 1))
    assert await content(LocalFiles(tmp_path), "att_1") == b"x"


async def test_a_symbolic_link_in_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    files = LocalFiles(tmp_path / "files")
    await files.save("att_1", of(b"mine"), 10)
    (path,) = everything(tmp_path / "files")
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(FilesError, match="symbolic links") as caught:
        await content(files, "att_1")
    assert caught.value.fix
    await files.save("att_1", of(b"again"), 10)
    assert await content(files, "att_1") == b"again"
    assert secret.read_text() == "secret"
    path.unlink()
    path.symlink_to(secret)
    await files.remove("att_1")
    assert secret.exists()
    assert not path.is_symlink()


async def test_a_symbolic_link_in_place_of_a_sub_folder_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "att_1").write_text("secret")
    files = LocalFiles(tmp_path / "files")
    (tmp_path / "files" / "_1").symlink_to(other)
    for call in (content(files, "att_1"), files.save("att_1", of(b"x"), 10), files.remove("att_1")):
        with pytest.raises(FilesError):
            await call
    assert (other / "att_1").read_text() == "secret"
    assert everything(tmp_path / "files") == []


async def test_a_pipe_in_place_of_a_file_does_not_hang(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    (tmp_path / "_1").mkdir()
    os.mkfifo(tmp_path / "_1" / "att_1")
    with pytest.raises(FilesError, match="not a file"):
        await content(files, "att_1")


@pytest.mark.parametrize(
    ("code", "fix"),
    [(errno.ENOSPC, "make room"), (errno.EDQUOT, "make room"), (errno.EACCES, "let the user"), (errno.EIO, "disk")],
)
async def test_a_disk_that_refuses_is_told_with_a_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, fix: str
) -> None:
    files = LocalFiles(tmp_path)

    def refuse(*arguments: Any) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", refuse)
        with pytest.raises(FilesError) as caught:
            await files.save("att_1", of(b"x"), 10)
    assert fix in caught.value.fix
    assert everything(tmp_path) == []


async def test_a_folder_that_is_gone_is_not_told_as_a_missing_file(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path / "files")
    (tmp_path / "files").rmdir()
    for call in (content(files, "att_1"), files.save("att_1", of(b"x"), 10), files.remove("att_1")):
        with pytest.raises(FilesError) as caught:
            await call
        assert not isinstance(caught.value, NoSuchFile)


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("x")
    with pytest.raises(FilesError) as caught:
        LocalFiles(tmp_path / "files")
    assert caught.value.fix
