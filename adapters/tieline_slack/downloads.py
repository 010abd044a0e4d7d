"""Files that people shared on Slack, fetched.

Rule: the bot's token is shown to Slack's own hosts alone, over https, and never behind a redirect. Where there is no
address, or it is answered no, ``files.info`` is asked once: it knows a fresh address, or why there is none. Slack
answers a token that may not read files with its page to sign in and a cheerful 200: a page is never the file.
Not promised: that an HTML file is told from that page by more than its host and its size.
Next stop: the hub keeps the bytes.

Source: docs.slack.dev, "Working with files" (url_private, files:read) and "File object" (check_file_info).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from urllib.parse import urlsplit

from tieline.errors import NotDispatched, Permanent, Uncertain
from tieline.model.attachments import FileSource, NativeFile
from tieline.ports.fetching import Fetcher
from tieline_slack import files
from tieline_slack.errors import without_scope
from tieline_slack.paging import Read
from tieline_slack.shapes import mapping

LIMIT: Final = 1_000_000_000
"""Bytes: Slack keeps no larger files. The hub stops earlier."""
_ASK_AGAIN: Final = frozenset({"no_access", "file_gone", "unexpected_type", "forbidden_address", "bad_address"})
_PAGE: Final = "text/html"
_MEND: Final = (
    "add the scope files:read in the app's settings (tieline manifest slack prints them all) and reinstall it"
)


class Downloads:
    """Fetches with one workspace's token; :meth:`close` it."""

    def __init__(self, read: Read, token: str, *, local: bool = False) -> None:
        self._read = read
        self._token = token
        self._fetcher = Fetcher(loopback=local)

    async def fetch(self, source: FileSource) -> AsyncGenerator[bytes, None]:
        """The file's bytes. Raises DeliveryError while it is iterated."""
        file, begun = source.file, False
        if file.url:
            try:
                async with aclosing(self._get(file.url, file)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
            except Permanent as error:
                if begun or error.code not in _ASK_AGAIN:
                    raise
            else:
                return
        async with aclosing(self._get(await self._address(file), file)) as pieces:
            async for piece in pieces:
                yield piece

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        await self._fetcher.close()

    async def _address(self, file: NativeFile) -> str:
        try:
            told = mapping((await self._read("files.info", {"file": file.id})).get("file"))
        except Permanent as error:
            raise without_scope(error, "files:read") from error
        except Uncertain as error:  # a question asked twice does no harm
            raise NotDispatched(error.code, error.detail, fix=error.fix) from error
        why = files.why_not(told)
        if why or not files.address_of(told):
            raise Permanent("file_not_given", f"Slack does not give it out: {why or 'it tells no address'}")
        return files.address_of(told)

    async def _get(self, url: str, file: NativeFile) -> AsyncGenerator[bytes, None]:
        page = file.mime.lower() == _PAGE
        home = urlsplit(url).hostname
        count = 0
        try:
            async for piece in self._fetcher.get(
                url,
                limit=LIMIT,
                headers={"Authorization": f"Bearer {self._token}"},
                allow=lambda host: files.is_slacks_host(host) and (not page or host == home),
                expects=lambda kind: page or kind != _PAGE,
            ):
                count += len(piece)
                yield piece
        except Permanent as error:
            if error.code == "unexpected_type":
                raise Permanent(error.code, "Slack gives out its page to sign in, not the file", fix=_MEND) from error
            raise
        if page and file.size is not None and count != file.size:
            raise Permanent("unexpected_type", "Slack gives out another page in its place", fix=_MEND)
