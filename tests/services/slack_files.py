"""The files of our own Slack: uploads in three steps, shares that come late, downloads for those who may read.

Bytes are counted and hashed, not kept, unless they are few: a test of memory must see the adapter's alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]
_KEPT = 1_000_000
LOGIN_PAGE = b"<!DOCTYPE html><html><title>Slack</title><form id=signin_form></form></html>"


@dataclass
class HeldFile:
    """A file as the workspace keeps it."""

    id: str
    name: str
    length: int
    alt: str = ""
    title: str = ""
    mime: str = "application/octet-stream"
    user: str = "U0BOT"
    data: bytes = b""
    size: int = 0
    sha256: str = ""
    is_complete: bool = False
    is_deleted: bool = False
    shares: dict[str, list[Json]] = field(default_factory=dict)
    more: Json = field(default_factory=dict)
    stream: Callable[[], AsyncIterator[bytes]] | None = None
    """Its bytes, where they are too many to be kept."""


class SlackFiles:
    """The part of a workspace that keeps files."""

    url: str
    may_read_files = True
    """False: as without the scope files:read, downloads answer with the page to sign in."""
    shown_after = 0
    """How many questions of files.info pass before a share is told; below 0: never."""

    def __init__(self) -> None:
        self.files: dict[str, HeldFile] = {}
        self.posted_to: list[dict[str, str]] = []
        """Headers of each upload's bytes."""
        self.fetched_with: list[str] = []
        """The authorization of each download."""
        self.gone_addresses: set[str] = set()
        self._waits: dict[str, int] = {}
        self._uploads = 0

    def share_file(
        self, name: str, data: bytes, *, user: str = "U01ALICE", mime: str = "text/plain", **more: Any
    ) -> Json:
        """Somebody shares a file; its object as it stands in the message."""
        file = self._new(name, len(data), user=user)
        file.data, file.size, file.mime, file.is_complete, file.more = data, len(data), mime, True, more
        return self.file_object(file)

    def file_object(self, file: HeldFile) -> Json:
        address = f"{self.url}/files-pri/T01-{file.id}/download/{file.name}"
        return {
            "id": file.id,
            "name": file.name,
            "title": file.title or file.name,
            "mimetype": file.mime,
            "size": file.size,
            "mode": "hosted",
            "user": file.user,
            "url_private": address,
            "url_private_download": address,
            "permalink": f"https://acme.slack.example/files/{file.user}/{file.id}/{file.name}",
            **({"alt_txt": file.alt} if file.alt else {}),
            **file.more,
        }

    async def take_bytes(self, request: web.Request) -> web.StreamResponse:
        file = self.files[request.match_info["file"]]
        self.posted_to.append(dict(request.headers))
        digest, kept = hashlib.sha256(), b""
        file.size = 0
        async for piece in request.content.iter_chunked(65536):
            digest.update(piece)
            file.size += len(piece)
            kept = kept + piece if file.size <= _KEPT else b""
        file.data, file.sha256 = kept, digest.hexdigest()
        return web.Response(text=f"OK - {file.size}")

    async def give_bytes(self, request: web.Request) -> web.StreamResponse:
        held = request.match_info["held"]
        self.fetched_with.append(request.headers.get("Authorization", ""))
        if held in self.gone_addresses:
            return web.Response(status=404)
        if not self.may_read_files:
            return web.Response(body=LOGIN_PAGE, content_type="text/html")
        file = self.files[held.partition("-")[2].partition(".")[0]]
        headers = {"Content-Disposition": "attachment"}
        if file.stream is None:
            return web.Response(body=file.data, content_type=file.mime, headers=headers)
        answer = web.StreamResponse(headers={**headers, "Content-Type": file.mime})
        await answer.prepare(request)
        async for piece in file.stream():
            await answer.write(piece)
        return answer

    def _new(self, name: str, length: int, *, user: str = "U0BOT", alt: str = "") -> HeldFile:
        self._uploads += 1
        file = HeldFile(id=f"F{self._uploads:03}", name=name, length=length, user=user, alt=alt)
        self.files[file.id] = file
        return file

    def _files_getUploadURLExternal(self, sent: Json) -> Json:  # noqa: N802 - Slack's name
        file = self._new(sent["filename"], int(sent["length"]), alt=sent.get("alt_txt", ""))
        return {"upload_url": f"{self.url}/upload/{file.id}", "file_id": file.id}

    def _files_completeUploadExternal(self, sent: Json) -> Json:  # noqa: N802 - Slack's name
        named = json.loads(sent["files"])
        found = [self.files[one["id"]] for one in named]
        if any(file.size != file.length for file in found):
            return {"ok": False, "error": "file_not_found"}
        for file, one in zip(found, named, strict=True):
            file.is_complete, file.title = True, one["title"]
        self._show(found, sent)
        return {"files": [self._told(file) for file in found]}

    def _show(self, found: list[HeldFile], sent: Json) -> None:
        """Put the message into the conversation, and remember where."""
        extra = {name: sent[name] for name in ("thread_ts", "username") if name in sent}
        message = self.put(  # type: ignore[attr-defined]
            "",
            channel=sent["channel_id"],
            user="U0BOT",
            bot_id="B0BOT",
            subtype="file_share",
            files=[self.file_object(file) for file in found],
            **extra,
        )
        for file in found:
            file.shares.setdefault(sent["channel_id"], []).append({"ts": message["ts"]})
            self._waits[file.id] = self.shown_after

    def _told(self, file: HeldFile) -> Json:
        """The file with its shares, once they are told."""
        left = self._waits.get(file.id, 0)
        self._waits[file.id] = left - 1 if left > 0 else left
        return {**self.file_object(file), **({"shares": {"public": file.shares}} if left == 0 else {})}

    def _files_info(self, sent: Json) -> Json:
        file = self.files.get(sent["file"])
        if file is None or not file.is_complete:
            return {"ok": False, "error": "file_not_found"}
        if file.is_deleted:
            return {"ok": False, "error": "file_deleted"}
        return {"file": self._told(file)}

    def _files_delete(self, sent: Json) -> Json:
        file = self.files.get(sent["file"])
        if file is None or file.is_deleted:
            return {"ok": False, "error": "file_not_found"}
        file.is_deleted = True
        return {}
