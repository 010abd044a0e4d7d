"""The body of an upload as a name, a media type and pieces of bytes.

Rule: whatever is wrong with a body is a :class:`BadUpload` that says so; a sender that falls silent is not waited for.
Two forms: the file as it is, and ``multipart/form-data`` with one part. Next stop: :mod:`tieline.api.uploads`.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from email.message import Message as Headers
from email.utils import collapse_rfc2231_value
from pathlib import PurePosixPath
from typing import Any, Final, TypeVar

from aiohttp import BodyPartReader, MultipartReader, hdrs, web

from tieline.model.attachments import UNKNOWN_MIME
from tieline.model.outcome import Refusal

T = TypeVar("T")
_PIECE: Final = 256 * 1024
_GUESSED: Final = frozenset({"", UNKNOWN_MIME, "application/x-www-form-urlencoded"})
"""Types that say nothing; the last is what curl sends with ``--data-binary``."""
_PLAIN: Final = frozenset({"", "7bit", "8bit", "binary"})
_types: Final = mimetypes.MimeTypes()  # Python's own table: what a machine has installed changes nothing


class BadUpload(Exception):
    """The body cannot be read; ``refusal`` is the answer."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(status=status, code=code, detail=detail)


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """A file on its way in. ``pieces`` can be read once, and raises :class:`BadUpload`."""

    name: str
    mime: str
    pieces: AsyncIterator[bytes]


def is_form(request: web.Request) -> bool:
    """Tell whether the body is a form."""
    return request.content_type == "multipart/form-data"


async def opened(request: web.Request, name: str, idle: float) -> Incoming:
    """The file of a request; ``idle`` is how many seconds its sender may be silent. Raises :class:`BadUpload`."""
    if is_form(request):
        return await _form(request, name, idle)
    named = name or file_name(request.headers.get(hdrs.CONTENT_DISPOSITION))
    said = request.content_type if hdrs.CONTENT_TYPE in request.headers else ""
    return Incoming(name=named, mime=mime_of(said, named), pieces=_raw(request, idle))


def file_name(disposition: str | None) -> str:
    """The name in a ``Content-Disposition``, whatever it is worth; empty where there is none. Never raises."""
    if not disposition:
        return ""
    headers = Headers()
    headers[hdrs.CONTENT_DISPOSITION] = " ".join(disposition.encode("utf-8", "replace").decode().split())
    try:
        told: list[tuple[str, Any]] = headers.get_params([], hdrs.CONTENT_DISPOSITION)
        found = [value for key, value in told if key.lower() == "filename"]
        exact = [value for value in found if isinstance(value, tuple)]  # filename*, which counts more (RFC 6266, 4.3)
        return collapse_rfc2231_value((exact or found or [""])[0])
    except (ValueError, LookupError):  # what RFC 2231 allows, and somebody made up
        return ""


def mime_of(said: str, name: str) -> str:
    """The media type that was said; where it says nothing, what the name's ending stands for."""
    if said.lower() not in _GUESSED:
        return said
    kind, encoding = _types.guess_type("file" + PurePosixPath(name).suffix)
    return kind if kind and not encoding else UNKNOWN_MIME


async def _raw(request: web.Request, idle: float) -> AsyncIterator[bytes]:
    while piece := await _soon(request.content.readany, idle):
        yield piece


# ── forms ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _form(request: web.Request, name: str, idle: float) -> Incoming:
    reader = await _soon(request.multipart, idle)
    part = await _soon(reader.next, idle)
    if not isinstance(part, BodyPartReader):
        raise _not_one()
    if part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "").strip().lower() not in _PLAIN:
        raise BadUpload(422, "invalid_body", "The file stands in its part as it is, without an encoding (RFC 7578).")
    told = file_name(part.headers.get(hdrs.CONTENT_DISPOSITION)).replace("%22", '"')  # as browsers and curl quote
    named = name or told
    said = part.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip()
    return Incoming(name=named, mime=mime_of(said, named), pieces=_part(reader, part, idle))


async def _part(reader: MultipartReader, part: BodyPartReader, idle: float) -> AsyncIterator[bytes]:
    while not part.at_eof():
        if piece := await _soon(lambda: part.read_chunk(_PIECE), idle):
            yield bytes(piece)
    if await _soon(reader.next, idle) is not None:
        raise _not_one()


def _not_one() -> BadUpload:
    return BadUpload(422, "invalid_body", "A form has one part, the file; send several files one by one.")


async def _soon(read: Callable[[], Awaitable[T]], idle: float) -> T:
    try:
        async with asyncio.timeout(idle):
            return await read()
    except TimeoutError as error:
        raise BadUpload(408, "upload_stalled", f"Nothing came for {idle:g} s; nothing was kept.") from error
    except Exception as error:  # what aiohttp raises for broken bodies has no one root
        raise BadUpload(400, "malformed_body", f"The body cannot be read: {error}") from error
