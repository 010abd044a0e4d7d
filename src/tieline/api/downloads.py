"""Downloads: the bytes of an attachment, whole or a part of them.

Rule: who sees the message sees its files, and nobody else; what nobody has posted yet, its uploader. Whatever somebody
uploaded is given out to be saved, never to run: as an attachment, in a sandbox, without sniffing. A file that breaks
off in the middle breaks the connection, so that no reader takes a part for the whole.
Next stop: :mod:`tieline.api.ranges`; :mod:`tieline.files` has the bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

import structlog
from aiohttp import hdrs, web

from tieline.api.endpoint import AnyEndpoint, Call, Endpoint, NoQuery
from tieline.api.problems import response
from tieline.api.ranges import Unsatisfiable, asked_range, content_type, disposition, still_same
from tieline.api.transfers import transfer
from tieline.model.attachments import Attachment, FileState
from tieline.model.outcome import Refusal
from tieline.ports.files import NoSuchFile

_log = structlog.get_logger("tieline.api")
_AGAIN: Final = 2.0
_HEADERS: Final = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",  # kept, but asked for each time: the message may be gone
    "Content-Security-Policy": "sandbox; default-src 'none'",
}


async def get_attachment(call: Call[None, NoQuery]) -> web.StreamResponse | Refusal:
    """The bytes of an attachment: for whoever sees its message, or who uploaded it. Takes `Range` and `If-Range`."""
    name = call.path("id")
    attachment = await call.services.reader.attachment(name)
    if attachment is None or not await _may_see(call, attachment):
        detail = f"There is no attachment '{name}', or you may not see it."
        return Refusal(status=404, code="attachment_not_found", detail=detail)
    with transfer(call) as refusal:
        return refusal or _not_ready(attachment) or await _give(call, attachment)


async def _may_see(call: Call[None, NoQuery], attachment: Attachment) -> bool:
    if attachment.message_id is None:
        member = call.actor.member
        unused = attachment.expires_at is None or attachment.expires_at > call.services.clock.now()
        return unused and member is not None and attachment.owner_id == member.id
    message = await call.services.reader.message(attachment.message_id)
    room = call.services.directory.room_by_id(message.room_id) if message else None
    if message is None or room is None or message.deleted_at is not None:
        return False
    return call.services.directory.authorize(call.actor, "read", room=room) is None


def _not_ready(attachment: Attachment) -> Refusal | None:
    match attachment.state:
        case FileState.READY:
            return None
        case FileState.RECEIVING:
            detail = "The file is on its way still."
            return Refusal(status=409, code="attachment_receiving", detail=detail, retry_after=_AGAIN)
        case FileState.FAILED:
            detail = f"The file did not come: {attachment.detail or 'nobody knows why'}"
            return Refusal(status=410, code="attachment_failed", detail=detail)


# ── the answer ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _give(call: Call[None, NoQuery], attachment: Attachment) -> web.StreamResponse | Refusal:
    request, size, etag = call.request, attachment.size or 0, f'"{attachment.sha256}"'
    headers = {
        **_HEADERS,
        hdrs.ETAG: etag,
        hdrs.CONTENT_TYPE: content_type(attachment.mime),
        hdrs.CONTENT_DISPOSITION: disposition(attachment.name),
    }
    if any(known.value in (attachment.sha256, "*") for known in request.if_none_match or ()):
        return web.Response(status=304, headers={**_HEADERS, hdrs.ETAG: etag})
    try:
        part = _part(request, size, etag)
    except Unsatisfiable:
        detail = f"The file has {size} bytes; none of them is in the range."
        refusal = Refusal(status=416, code="range_not_satisfiable", detail=detail)
        return response(refusal, {hdrs.CONTENT_RANGE: f"bytes */{size}"})
    start, end = part or (0, size)
    if part is not None:
        headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{size}"
    answer = web.StreamResponse(status=200 if part is None else 206, headers=headers)
    answer.content_length = end - start
    pieces = call.services.files.read(attachment.id, start, end)
    try:
        return await _send(call, answer, pieces)
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def _part(request: web.Request, size: int, etag: str) -> tuple[int, int] | None:
    if request.method != hdrs.METH_GET or not still_same(request.headers.get(hdrs.IF_RANGE), etag):
        return None
    return asked_range(request.headers.get(hdrs.RANGE), size)


async def _send(
    call: Call[None, NoQuery], answer: web.StreamResponse, pieces: AsyncIterator[bytes]
) -> web.StreamResponse | Refusal:
    """Send a file; the first piece is read before anything is sent, so that a missing one is a problem."""
    request, idle = call.request, call.services.settings.transfer_idle
    piece = b""
    if request.method == hdrs.METH_GET:
        try:
            piece = await anext(pieces, b"")
        except NoSuchFile:
            _log.exception("a file is lost", attachment=call.path("id"))
            return Refusal(status=410, code="attachment_failed", detail="The file is not in the file store any more.")
    await answer.prepare(request)
    left = answer.content_length or 0
    try:
        while piece:
            left -= len(piece)
            async with asyncio.timeout(idle):
                await answer.write(piece)
            piece = await anext(pieces, b"")
    except (ConnectionError, TimeoutError):
        _cut(request)  # whoever asked has gone, or takes nothing
        return answer
    except Exception:  # noqa: BLE001 - whatever it is, no second answer may follow the beginning of this one
        _log.exception("a file breaks off", attachment=call.path("id"))
        left = max(left, 1)
    if left and request.method == hdrs.METH_GET:
        _cut(request)
    else:
        await answer.write_eof()
    return answer


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path="/attachments/{id}",
        handler=get_attachment,
        summary="The bytes of an attachment, or a range of them",
        tag="Attachments",
        answers={200: bytes, 206: bytes, 304: None},
        headers={
            "Range": "`bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-LENGTH`; several ranges are answered by the whole.",
            "If-Range": "The `ETag` of what one has; of another file, the whole is answered.",
            "If-None-Match": "The `ETag` of what one has; the same file is answered by 304.",
        },
        errors=(404, 409, 410, 416),
        media="*/*",
    ),
)
