"""Files on their way to Discord: a multipart body that streams, with its length told beforehand.

Rule: no file is ever whole in memory; Discord gets a Content-Length. A file that cannot be read, or is not as long
as it said, breaks the request off before its end, so nothing was made: the reader's own error is what leaves.
Next stop: :mod:`tieline_discord.calls` sends it.

Source: docs.discord.com, "Uploading Files" (``payload_json`` and ``files[n]``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aiohttp import MultipartWriter
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload, StringPayload

from tieline.errors import DeliveryError, NotDispatched
from tieline.ports.adapter import OutgoingFile

MOST: Final = 10
"""Files of one message."""
_MIME: Final = re.compile(r"[A-Za-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,60}")
_ANY: Final = "application/octet-stream"


class Multipart:
    """One request's body: JSON, and the files that go with it."""

    def __init__(self, json: str, files: Sequence[OutgoingFile]) -> None:
        self.failed: DeliveryError | None = None
        """Why a file could not be read."""
        self.writer = MultipartWriter("form-data")
        text = self.writer.append_payload(StringPayload(json, content_type="application/json"))
        text.set_content_disposition("form-data", quote_fields=False, name="payload_json")
        for number, file in enumerate(files[:MOST]):
            part = self.writer.append_payload(_FilePayload(file, self))
            name = _file_name(file.name)
            part.set_content_disposition("form-data", quote_fields=False, name=f"files[{number}]", filename=name)


class _FilePayload(Payload):
    """A file's bytes, read as they are sent."""

    def __init__(self, file: OutgoingFile, whole: Multipart) -> None:
        mime = file.mime if _is_mime(file.mime) else _ANY
        super().__init__(file, content_type=mime)
        self._file = file
        self._whole = whole
        self._size = file.size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Not for files."""
        del encoding, errors
        raise TypeError("a file is sent, not decoded")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send all of it."""
        sent = 0
        try:
            async for piece in self._file.read():
                sent += len(piece)
                if sent > self._file.size:
                    break
                await writer.write(piece)
        except DeliveryError as error:
            self._whole.failed = error
            raise
        if sent != self._file.size:
            detail = f"{self._file.name} should have {self._file.size} bytes"
            self._whole.failed = NotDispatched("file_changed", detail)
            raise self._whole.failed

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """As :meth:`write`: the length is its own."""
        del content_length
        await self.write(writer)


def _file_name(name: str) -> str:
    """A name that cannot end its header."""
    safe = "".join(char if char.isprintable() and char not in '"\\/' else "_" for char in name).strip()
    return safe[:200] or "file"


def _is_mime(text: str) -> bool:
    return _MIME.fullmatch(text) is not None
