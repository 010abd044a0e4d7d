"""Files that people attached, fetched from the mailbox piece by piece.

Rule: a file is known by its mail's Message-ID and its part path. Where it lay when it was read
(``imap:uidvalidity:uid``) is looked at first, and believed only if the same mail lies there; else the mail is searched
for. A piece at a time is in memory. Not promised: files of a mail that has no Message-ID, once the mailbox was
numbered anew. Next stop: the hub keeps the bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncGenerator
from typing import Final, Protocol

from tieline.errors import Permanent
from tieline.model.attachments import FileSource
from tieline_email import headers, threads
from tieline_email.mailbox import PIECE, Folder, Mailbox
from tieline_email.mime import WHOLE
from tieline_email.structure import Part

_PLACE: Final = re.compile(r"imap:(\d{1,10}):(\d{1,10})")
_PATH: Final = re.compile(r"\d{1,4}(?:\.\d{1,4}){0,20}")
_NOT_BASE64: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_GONE: Final = "the mail is not in the mailbox any more; was it moved or deleted?"


class _Decoder(Protocol):
    def take(self, data: bytes) -> bytes: ...

    def end(self) -> bytes: ...


class Files:
    """Fetches from one mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def fetch(self, source: FileSource) -> AsyncGenerator[bytes, None]:
        """The file's bytes. Raises DeliveryError while it is iterated."""
        path = source.file.id
        if not _PATH.fullmatch(path):
            raise Permanent("file_not_given", "the file has no place in its mail")
        async with self._mailbox.reading() as folder:
            uid = await _uid(folder, source)
            section = "" if path == WHOLE else path
            decoder = _Plain() if path == WHOLE else _decoder(await _part(folder, uid, path))
            offset = 0
            while piece := await folder.piece(uid, section, offset):
                offset += len(piece)
                if made := decoder.take(piece):
                    yield made
                if len(piece) < PIECE:
                    break
            if made := decoder.end():
                yield made


async def _uid(folder: Folder, source: FileSource) -> int:
    found = _PLACE.fullmatch(source.file.url or "")
    if found is not None and int(found[1]) == folder.uidvalidity:
        uid = int(found[2])
        head = headers.parse(await folder.head(uid))
        known = threads.message_id(head.first("message-id"))
        if known == source.native_id or (known is None and head.fields):
            return uid
    uids = await folder.with_id(source.native_id)
    if not uids:
        raise Permanent("file_gone", _GONE)
    return uids[0]


async def _part(folder: Folder, uid: int, path: str) -> Part:
    root = await folder.structure(uid)
    for part in root.walk() if root is not None else ():
        if part.path == path and not part.is_multipart:
            return part
    raise Permanent("file_gone", "the mail has no such part")


def _decoder(part: Part) -> _Decoder:
    match part.encoding:
        case "base64":
            return _Base64()
        case "quoted-printable":
            return _Quoted()
    return _Plain()


class _Plain:
    """7bit, 8bit, binary, and what nobody knows."""

    def take(self, data: bytes) -> bytes:
        return data

    def end(self) -> bytes:
        return b""


class _Base64:
    """What is no base64 between it is skipped."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> bytes:
        whole = self._rest + data.translate(None, _NOT_BASE64)
        cut = len(whole) // 4 * 4
        self._rest = whole[cut:]
        return base64.b64decode(whole[:cut])

    def end(self) -> bytes:
        rest = self._rest if len(self._rest) > 1 else b""
        return base64.b64decode(rest + b"=" * (-len(rest) % 4))


class _Quoted:
    """Line by line: an escape never spans two."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> bytes:
        whole = self._rest + data
        cut = whole.rfind(b"\n") + 1
        self._rest = whole[cut:]
        return binascii.a2b_qp(whole[:cut])

    def end(self) -> bytes:
        return binascii.a2b_qp(self._rest)
