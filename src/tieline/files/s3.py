"""Files in a bucket of an S3-compatible store, by ``obstore``.

Rule: an object appears when its upload is completed, or not at all; an upload that fails or is cancelled is aborted, so
that its parts do not stay hidden in the bucket. Objects are private as the bucket is: nothing is made public, no
address is given out. Not promised: that a killed hub aborts its uploads; give the bucket a lifecycle rule that drops
incomplete uploads after a day. Next stop: :mod:`tieline.files.pieces`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from tieline.files.pieces import PIECE, Tally, checked, taking
from tieline.ports.files import FilesError, NoSuchFile, Saved

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config  # exist for type checkers only

PART: Final = 5 * 1024 * 1024
"""Bytes of a part of an upload: the least that S3 takes."""
ABORTING: Final = 1.0
"""Seconds that a broken upload may take to be aborted; a hub that stops waits no longer."""

_HTTP: Final = re.compile(r"status code: (\d{3})(?:.*?<Code>(\w+)</Code>)?", re.DOTALL)


class S3Files:
    """Implements :class:`tieline.ports.files.Files` in ``bucket``, below ``prefix``.

    ``endpoint`` is where another store than Amazon's answers (``https://minio.example.org:9000``); its buckets are
    named in the path. What is None is looked for where every tool of S3 does: ``AWS_…`` in the environment, then the
    machine's role. Makes no connection. Raises FilesError where the settings make no sense.
    """

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str = "",
        endpoint: str | None = None,
        region: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        self._where = f"s3://{bucket}/{prefix}".rstrip("/")
        settings: S3Config = {"virtual_hosted_style_request": endpoint is None}
        if endpoint is not None:
            settings["endpoint"] = endpoint
        if region is not None:
            settings["region"] = region
        if access_key is not None:
            settings["access_key_id"] = access_key
        if secret_key is not None:
            settings["secret_access_key"] = secret_key
        try:
            self._store = S3Store(
                bucket,
                prefix=prefix or None,
                config=settings,
                client_options=_client(plain=endpoint is not None and endpoint.startswith("http://")),
                retry_config=_retries(),
            )
        except (BaseError, ValueError) as error:
            raise FilesError(f"{self._where}: {error}", fix="mend the settings of the file store") from error

    async def save(self, name: str, pieces: AsyncIterator[bytes], limit: int) -> Saved:
        """Keep the bytes; see the port."""
        tally = Tally(limit)
        await self._upload(checked(name), pieces, tally)
        return tally.saved()

    async def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` to ``end``; see the port."""
        key = checked(name)
        with _told(self._where):
            if start == 0 and end is None:
                answer = await obstore.get_async(self._store, key)
            else:
                size = (await obstore.head_async(self._store, key))["size"]
                end = size if end is None else min(end, size)
                if start >= end:  # S3 calls it an error
                    return
                answer = await obstore.get_async(self._store, key, options={"range": (start, end)})
            async for piece in answer.stream(PIECE):
                yield bytes(piece)

    async def remove(self, name: str) -> None:
        """Remove a file; see the port."""
        try:
            with _told(self._where):
                await obstore.delete_async(self._store, checked(name))
        except NoSuchFile:
            return

    async def close(self) -> None:
        """Connections go with the store."""

    async def _upload(self, key: str, pieces: AsyncIterator[bytes], tally: Tally) -> None:
        """The source is read in one task of its own: obstore asks for each piece in another one."""
        belt = _Belt()
        upload = asyncio.ensure_future(self._put(key, belt))
        feeding = asyncio.ensure_future(belt.feed(pieces, tally))
        try:
            await asyncio.shield(upload)
        except asyncio.CancelledError:
            belt.break_off()
            await asyncio.wait({upload}, timeout=ABORTING)
            raise
        finally:
            feeding.cancel()
            await asyncio.wait({feeding})
            upload.cancel()
            if upload.done() and not upload.cancelled():
                upload.exception()  # seen

    async def _put(self, key: str, belt: _Belt) -> None:
        try:
            with _told(self._where):
                await obstore.put_async(self._store, key, belt.out(), chunk_size=PART, max_concurrency=2)
        except NoSuchFile as error:
            raise FilesError(f"{self._where}: there is no such bucket", fix="make the bucket") from error


class _Belt:
    """Hands pieces from the task that reads them to the upload, one at a time; an error goes the same way."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(maxsize=1)

    async def feed(self, pieces: AsyncIterator[bytes], tally: Tally) -> None:
        """Read everything. What the source raises is raised by :meth:`out`."""
        try:
            async with taking(pieces, tally) as taken:
                async for piece in taken:
                    await self._pieces.put(piece)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to whoever saves
            await self._pieces.put(error)
        else:
            await self._pieces.put(None)

    def break_off(self) -> None:
        """Make :meth:`out` raise next, so that obstore aborts the upload."""
        while not self._pieces.empty():
            self._pieces.get_nowait()
        self._pieces.put_nowait(FilesError("the upload was broken off"))

    async def out(self) -> AsyncIterator[bytes]:
        """The pieces."""
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece


def _client(*, plain: bool) -> ClientConfig:
    """A whole answer may take long, for who reads it may be slow; between two reads little time may pass."""
    return {
        "allow_http": plain,
        "connect_timeout": timedelta(seconds=5),
        "read_timeout": timedelta(seconds=30),
        "timeout": timedelta(hours=1),
    }


def _retries() -> RetryConfig:
    return {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Turn obstore's errors into ours; its texts are long and name keys, so only the status is told on."""
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise FilesError(f"{where}: there is no such bucket", fix="make the bucket") from error
        raise NoSuchFile(f"there is no such file in {where}") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        fix = "check access_key, secret_key and the bucket's policy"
        raise FilesError(f"{where}: {_status(error)}", fix=fix) from error
    except (BaseError, OSError) as error:
        fix = "check endpoint and region, and whether the store runs"
        raise FilesError(f"{where}: {_status(error)}", fix=fix) from error


def _status(error: Exception) -> str:
    found = _HTTP.search(str(error))
    if found is None:
        return "the store does not answer"
    return f"the store answered {found[1]} {found[2] or ''}".rstrip()
