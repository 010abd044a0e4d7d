"""`tieline download`, and what `tieline post --file` needs: files on their way, with progress for who watches.

Rule: a file that stands there is never overwritten without `--force`; a file of this machine that fails is told as such
and not as a hub that does not answer. Next stop: :mod:`tieline.client.files`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import aiohttp
import typer

from tieline.cli.app import new_app
from tieline.cli.failing import FAILED, WRONG_USAGE, Failed
from tieline.cli.hub import ask
from tieline.cli.options import DEFAULT_URL, AsJson, Token, Url
from tieline.cli.output import one_line, print_json
from tieline.client import Client

app = new_app()
_WATCHED: Final = 1_000_000
"""Bytes from which on progress is shown."""
_STEP: Final = 1_000
_UNITS: Final = ("B", "kB", "MB", "GB")


def size_text(size: int) -> str:
    """`12 kB`: bytes as a person reads them, in powers of a thousand."""
    amount, unit = float(size), 0
    while amount >= _STEP and unit < len(_UNITS) - 1:
        amount, unit = amount / _STEP, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}"


class Progress:
    """Shows on a terminal's standard error how far a large file is; elsewhere nothing."""

    def __init__(self, name: str) -> None:
        self._name = one_line(name, 40)
        self._shown = ""

    def __call__(self, done: int, total: int | None) -> None:
        """So many bytes are done."""
        if max(done, total or 0) < _WATCHED or not sys.stderr.isatty():
            return
        far = f"{done * 100 // total} % of {size_text(total)}" if total else size_text(done)
        line = f"{self._name}: {far}"
        if line != self._shown:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
            self._shown = line

    def end(self) -> None:
        """Leave the line as it was before."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextmanager
def shown(name: str) -> Iterator[Progress]:
    """Progress that is cleared in the end. A file of this machine that fails becomes :class:`Failed`."""
    progress = Progress(name)
    try:
        yield progress
    except aiohttp.ClientError:
        raise
    except FileExistsError as error:
        fix = "name another with -o, or replace it with --force"
        raise Failed(f"{error.filename} is there already", fix=fix) from error
    except OSError as error:
        if error.filename is None:
            raise
        raise Failed(f"{error.filename}: {error.strerror}", code=FAILED) from error
    finally:
        progress.end()


def check_files(files: Sequence[Path]) -> None:
    """Say before anything is sent which file is not there."""
    for file in files:
        if not file.is_file():
            what = "is a folder" if file.is_dir() else "is not there"
            raise Failed(f"--file: {file} {what}", fix="name a file", code=WRONG_USAGE)


async def upload_all(hub: Client, files: Sequence[Path]) -> list[str]:
    """Upload files one by one; answers their ids."""
    made = []
    for file in files:
        with shown(file.name) as progress:
            made.append((await hub.upload(file, progress=progress)).id)
    return made


@app.command(epilog="Example: tieline download att_7Hq2 -o report.pdf")
def download(
    attachment: Annotated[str, typer.Argument(metavar="ID", help="An attachment's id, as `tieline tail` shows it.")],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; a folder keeps the file's name.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Download an attachment and print where it is.

    Without -o it gets its own name in this folder. A download that broke off goes on where it was.
    """

    async def fetched(hub: Client) -> Path:
        with shown(attachment) as progress:
            return await hub.download(attachment, output or Path(), overwrite=force, progress=progress)

    path = ask(url, token, fetched)
    if as_json:
        print_json({"file": str(path)})
    else:
        print(path)
