"""Which bytes a request asks for, and under which name they are saved. Pure.

One range is answered, several at once are answered by the whole, as RFC 9110 (14.2) allows; a range that is none is
not looked at. Sources: RFC 9110 sections 13.1.5 and 14, RFC 6266, RFC 8187. Next stop: :mod:`tieline.api.downloads`.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from tieline.model.attachments import UNKNOWN_MIME

_RANGE: Final = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.IGNORECASE | re.ASCII)
_MIME: Final = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+", re.ASCII)
_COMPOSITE: Final = ("multipart/", "message/")
"""Browsers take these apart instead of saving them."""
_RISKY: Final = re.compile(r"[^ !#-$&-.0-\[\]-~]", re.ASCII)
"""Not in the quoted form of a name: quotes, backslashes, slashes, percent signs, and whatever is not ASCII."""


class Unsatisfiable(Exception):
    """The range begins where the file has ended already (416)."""


def asked_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last of ``Range``; None: the whole. Raises :class:`Unsatisfiable`."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.group() == "bytes=-":
        return None
    first, last = found.groups()
    return _suffix(int(last), size) if not first else _from(int(first), int(last) if last else None, size)


def _suffix(length: int, size: int) -> tuple[int, int] | None:
    if length == 0:
        raise Unsatisfiable
    return (max(0, size - length), size) if size else None


def _from(first: int, last: int | None, size: int) -> tuple[int, int] | None:
    if last is not None and last < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return first, size if last is None else min(last + 1, size)


def still_same(if_range: str | None, etag: str) -> bool:
    """Does ``If-Range`` allow a part? There is no ``Last-Modified``, so a date never does."""
    return if_range is None or if_range.strip() == etag


def disposition(name: str) -> str:
    """``Content-Disposition`` that saves under a name and never shows: an ASCII name for the old, UTF-8 for all."""
    plain = _RISKY.sub("_", name)
    exact = quote(name.encode("utf-8", "replace"), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}"


def content_type(mime: str) -> str:
    """A media type as a header may carry it."""
    return mime if _MIME.fullmatch(mime) and not mime.startswith(_COMPOSITE) else UNKNOWN_MIME
