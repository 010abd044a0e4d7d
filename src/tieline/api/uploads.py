"""Uploads: the body of a request becomes a file, piece by piece.

Rule: a row stands before the first byte is kept, and ends as ready or failed; no upload is held in memory, whatever
its size. The body is the file itself (its name in ``?name=`` or ``Content-Disposition``), or a form with one part.
Not promised: resuming an upload, and a key for it: one that was sent twice is there twice, until it expires.
Next stop: :mod:`tieline.api.incoming` reads bodies; :mod:`tieline.routing.attachments` decides;
:mod:`tieline.api.downloads` gives files out.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import msgspec
from aiohttp import web

from tieline.api.endpoint import AnyEndpoint, Call, Endpoint, json
from tieline.api.incoming import BadUpload, Incoming, is_form, opened
from tieline.api.transfers import transfer
from tieline.errors import StoreError
from tieline.model.attachments import Attachment, FileState
from tieline.model.base import Value
from tieline.model.commands import CreateAttachment, FinishAttachment
from tieline.model.members import Level
from tieline.model.outcome import Refusal
from tieline.ports.files import TooLarge
from tieline.render.wire import rfc3339_or_none

_FORM_EXTRA: Final = 16_384
"""Bytes a form may have beside its file."""


class UploadQuery(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """``name``: the file's name; without it, that of ``Content-Disposition``."""

    name: str = ""


class Uploaded(Value, kw_only=True, frozen=True):
    """A file that was uploaded. ``size`` in bytes, ``sha256`` in hexadecimal; unused, it is forgotten at the end."""

    id: str
    name: str
    mime: str
    size: int
    sha256: str
    expires_at: str | None


async def upload_attachment(call: Call[None, UploadQuery]) -> web.Response | Refusal:
    """Upload a file, to be posted with a message. Not keyed: whoever sends it twice has two, and unused ones expire."""
    limit = call.services.settings.max_upload
    if (refusal := call.services.directory.authorize(call.actor, "upload")) is not None:
        return refusal
    told = call.request.content_length or 0
    if told > limit + (_FORM_EXTRA if is_form(call.request) else 0):
        return _too_large(limit)
    with transfer(call) as refusal:
        if refusal is not None:
            return refusal
        try:
            incoming = await opened(call.request, call.query.name, call.services.settings.transfer_idle)
        except BadUpload as error:
            return error.refusal
        return await _receive(call, incoming)


async def _receive(call: Call[None, UploadQuery], incoming: Incoming) -> web.Response | Refusal:
    settings = call.services.settings
    begun = await call.execute(
        CreateAttachment(actor=call.actor, name=incoming.name, mime=incoming.mime, keep=settings.keep_unused)
    )
    if isinstance(begun, Refusal):
        return begun
    name = _attachment(begun.value).id
    try:
        saved = await call.services.files.save(name, incoming.pieces, settings.max_upload)
    except TooLarge as error:
        return await _give_up(call, name, _too_large(error.limit))
    except BadUpload as error:
        return await _give_up(call, name, error.refusal)
    except Exception:
        await _give_up(call, name, _broken("the hub could not write it"))
        raise
    except BaseException:  # the hub is going away
        await _give_up(call, name, _broken("the hub was stopped"))
        raise
    done = await call.execute(
        FinishAttachment(attachment_id=name, state=FileState.READY, size=saved.size, sha256=saved.sha256)
    )
    return done if isinstance(done, Refusal) else json(_shown(_attachment(done.value)), 201)


async def _give_up(call: Call[None, UploadQuery], name: str, why: Refusal) -> Refusal:
    with suppress(StoreError):  # then it expires as it is
        await call.execute(FinishAttachment(attachment_id=name, state=FileState.FAILED, detail=why.detail))
    return why


def _attachment(value: object) -> Attachment:
    if not isinstance(value, Attachment):
        raise TypeError(value)
    return value


def _shown(attachment: Attachment) -> Uploaded:
    return Uploaded(
        id=attachment.id,
        name=attachment.name,
        mime=attachment.mime,
        size=attachment.size or 0,
        sha256=attachment.sha256 or "",
        expires_at=rfc3339_or_none(attachment.expires_at),
    )


def _too_large(limit: int) -> Refusal:
    return Refusal(status=413, code="too_large", detail=f"A file has at most {limit} bytes here.")


def _broken(why: str) -> Refusal:
    return Refusal(status=503, code="files_unavailable", detail=f"The file was not kept: {why}.")


_BINARY: Final = {"type": "string", "format": "binary"}
ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path="/attachments",
        handler=upload_attachment,
        summary="Upload a file; it is shown once a message has it",
        tag="Attachments",
        query=UploadQuery,
        takes={
            "application/octet-stream": _BINARY,
            "multipart/form-data": {"type": "object", "required": ["file"], "properties": {"file": _BINARY}},
        },
        headers={
            "Content-Disposition": "`attachment; filename*=UTF-8''…` names the file, where `?name=` does not.",
        },
        answers={201: Uploaded},
        level=Level.L2,
        errors=(408, 413, 422),
    ),
)
