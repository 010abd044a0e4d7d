"""Files from the client's side: up in pieces, down in pieces, each with its progress.

Rule of downloads: bytes are gathered beside the target (``.ID.part``), proved by their SHA-256, and only then stand
under their name; a download that broke off goes on where it was, with the same folder. Names a hub tells are made
harmless first. Not promised: resuming an upload; one that was sent twice is there twice, until it expires.
Next stop: :mod:`tieline.client.hub`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import stat
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote, unquote

import aiohttp
import msgspec

from tieline.client.answers import Uploaded
from tieline.client.problem import ClientError, right, wait, worth_another
from tieline.model.attachments import UNKNOWN_MIME
from tieline.model.shapes import Problem

PIECE: Final = 256 * 1024
_NAME_BYTES: Final = 200
_ENDING: Final = 20
_RESUMED: Final = 206
_BEYOND: Final = 416
_PATIENT: Final = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=300)
"""A large file takes its time; a hub that says nothing for long is gone."""
_FILE_NAME: Final = re.compile(r"filename\*=UTF-8''([^;\s]*)", re.IGNORECASE)
Progress = Callable[[int, int | None], None]
"""Called with bytes done, and bytes in all where that is known."""
Source = Path | str | bytes | AsyncIterable[bytes]


def no_progress(_done: int, _total: int | None) -> None:
    """Tell nobody."""


def safe_name(name: str) -> str:
    """A file's name as it may stand in a folder: one part, printable, no dot in front, of bounded length, not empty."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(char for char in last if char.isprintable()).strip().lstrip(".").strip()
    stem, dot, ending = shown.rpartition(".")
    if not dot or len(ending) > _ENDING:
        return _cut(shown, _NAME_BYTES) or "file"
    return f"{_cut(stem, _NAME_BYTES - len(ending.encode()) - 1)}.{ending}"


def _cut(text: str, size: int) -> str:
    return text.encode("utf-8", "ignore")[:size].decode("utf-8", "ignore")


@dataclass(frozen=True)
class Link:
    """How to speak with the hub about files."""

    http: aiohttp.ClientSession
    url: str
    headers: dict[str, str]


# ── up ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def upload(hub: Link, source: Source, *, name: str, mime: str, progress: Progress) -> Uploaded:
    """See :meth:`tieline.client.Client.upload`."""
    if isinstance(source, str | Path):
        path = Path(source)
        with await asyncio.to_thread(path.open, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            pieces = _counted(_read(file, size), size, progress)
            return await _sent(hub, pieces, _upload_headers(name or path.name, mime, size))
    size_known = len(source) if isinstance(source, bytes) else None
    pieces = _counted(_of_bytes(source) if isinstance(source, bytes) else source, size_known, progress)
    return await _sent(hub, pieces, _upload_headers(name or "file", mime, size_known))


async def _sent(hub: Link, pieces: AsyncIterator[bytes], headers: dict[str, str]) -> Uploaded:
    async with hub.http.post(hub.url, data=pieces, headers={**hub.headers, **headers}, timeout=_PATIENT) as answer:
        return msgspec.json.decode(await right(answer), type=Uploaded)


async def _counted(pieces: AsyncIterable[bytes], total: int | None, progress: Progress) -> AsyncIterator[bytes]:
    done = 0
    async for piece in pieces:
        yield piece
        done += len(piece)
        progress(done, total)


async def _of_bytes(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


async def _read(file: BinaryIO, left: int) -> AsyncIterator[bytes]:
    """A file that grows is sent as long as it was."""
    while left and (piece := await asyncio.to_thread(file.read, min(PIECE, left))):
        left -= len(piece)
        yield piece


def _upload_headers(name: str, mime: str, size: int | None) -> dict[str, str]:
    headers = {
        "Content-Type": mime or UNKNOWN_MIME,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}",
    }
    return headers if size is None else {**headers, "Content-Length": str(size)}


# ── down ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def download(hub: Link, coming: Coming, *, resume: bool, tries: int) -> Path:
    """See :meth:`tieline.client.Client.download`. Only attempts that brought nothing count."""
    attempt = 0
    while True:
        had = coming.have()
        try:
            return await _fetched(hub, coming, resume=resume)
        except (ClientError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            attempt = 1 if coming.have() > had else attempt + 1
            if attempt >= tries or not worth_another(error):
                raise
            await asyncio.sleep(wait(attempt, error))
        resume = True


async def _fetched(hub: Link, coming: Coming, *, resume: bool) -> Path:
    headers = {**hub.headers, **coming.range(resume=resume)}
    async with hub.http.get(f"{hub.url}/{coming.quoted}", headers=headers, timeout=_PATIENT) as answer:
        if answer.ok:
            return await coming.take(answer)
        if not (answer.status == _BEYOND and "Range" in headers):
            await right(answer)
    return await _fetched(hub, coming, resume=False)  # what is here is no beginning of the file


class Coming:
    """One file on its way into ``target``: a file's path, or a folder that gets it under the name the hub tells."""

    def __init__(self, attachment_id: str, target: Path, *, overwrite: bool, progress: Progress) -> None:
        self._target = target
        self._folder = target if target.is_dir() else target.parent
        self.quoted = quote(attachment_id, safe="")
        self._part = self._folder / f".{self.quoted[:_NAME_BYTES]}.part"
        self._overwrite = overwrite
        self._progress = progress

    def range(self, *, resume: bool) -> dict[str, str]:
        """The headers that ask for what is missing."""
        have = self.have()
        if resume and have:
            return {"Range": f"bytes={have}-"}
        self._part.unlink(missing_ok=True)
        return {}

    def have(self) -> int:
        """Bytes that are here already."""
        with suppress(FileNotFoundError):
            found = self._part.lstat()
            return found.st_size if stat.S_ISREG(found.st_mode) else 0
        return 0

    async def take(self, answer: aiohttp.ClientResponse) -> Path:
        """Write the bytes of an answer, prove them, and give them their name; answers where they are.

        Raises OSError with a file's name, FileExistsError among them, and what aiohttp raises for a lost connection.
        """
        target = self._free(answer)
        digest = hashlib.sha256()
        resumed = answer.status == _RESUMED
        with _named(self._part):
            file = await asyncio.to_thread(self._open, resumed=resumed)
        with file, _named(self._part):
            while resumed and (piece := await asyncio.to_thread(file.read, PIECE)):
                digest.update(piece)
            done = file.tell()
            total = None if answer.content_length is None else done + answer.content_length
            async for piece in answer.content.iter_chunked(PIECE):
                await asyncio.to_thread(file.write, piece)
                digest.update(piece)
                done += len(piece)
                self._progress(done, total)
        self._prove(digest.hexdigest(), answer.headers.get("ETag", ""))
        self._free(answer)
        with _named(target):
            self._part.replace(target)
        return target

    def _open(self, *, resumed: bool) -> BinaryIO:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | (0 if resumed else os.O_TRUNC)
        return os.fdopen(os.open(self._part, flags, 0o666), "r+b")

    def _free(self, answer: aiohttp.ClientResponse) -> Path:
        target = self._target
        if target.is_dir():
            told = _FILE_NAME.search(answer.headers.get("Content-Disposition", ""))
            target /= safe_name(unquote(told[1]) if told else "")
        if not self._overwrite and os.path.lexists(target):
            raise FileExistsError(17, "there is a file already", str(target))
        return target

    def _prove(self, digest: str, etag: str) -> None:
        if etag.strip('"') != digest:
            self._part.unlink(missing_ok=True)
            detail = "What came is not the file: its SHA-256 differs. It was thrown away; fetch it again."
            problem = Problem(type="about:blank", title="", status=502, code="damaged_download", detail=detail)
            raise ClientError(problem)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Give the system's errors the file's name; those of connections have none."""
    try:
        yield
    except aiohttp.ClientError:
        raise
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise
