"""Copying one file from its platform into the file store: one attempt, and what it means.

Rule: an attempt ends in a command that finishes the attachment, or in :class:`Again`. It is watched: a platform that
says nothing for a minute, or drips for ten, is given up. The platform's word for the media type stays: a file is only
ever served as a download, never shown by its type. Next stop: :mod:`tieline.files.copying` says when.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final

import structlog

from tieline.errors import DeliveryError, NotDispatched, Permanent, Throttled
from tieline.model.attachments import Attachment, FileSource, FileState
from tieline.model.base import Value
from tieline.model.commands import FinishAttachment
from tieline.ports.abilities import Fetches
from tieline.ports.clock import Clock
from tieline.ports.files import Files, FilesError, Saved, TooLarge
from tieline.render.files import readable

SILENCE: Final = 60.0
"""Seconds without a byte after which an attempt is given up."""
LONGEST: Final = 600.0
"""Seconds that an attempt may take."""
LETTING_GO: Final = 1.5
"""Seconds in which a broken attempt has to let go."""

_DETAIL: Final = 200
_UNTOLD: Final = "the platform does not give it out"

_log = structlog.get_logger(__name__)


class Again(Value, kw_only=True, frozen=True):
    """It did not work now. ``detail`` is for people; ``after`` the seconds that the platform asks to wait."""

    detail: str
    after: float = 0.0


async def copied(
    attachment: Attachment, adapter: object, files: Files, *, clock: Clock, max_size: int
) -> FinishAttachment | Again:
    """Try once. Raises only CancelledError; then nothing is kept."""
    source = attachment.source
    if source is None or not isinstance(adapter, Fetches):
        return failed(attachment, "its channel cannot hand files over")
    if attachment.size is not None and attachment.size > max_size:
        return failed(attachment, f"it is larger than {readable(max_size)}")
    try:
        saved = await _saved(attachment.id, adapter, source, files, clock=clock, limit=max_size)
    except TooLarge:
        return failed(attachment, f"it is larger than {readable(max_size)}")
    except DeliveryError as error:
        return _judged(attachment, error)
    except FilesError as error:
        _log.warning("file_not_kept", attachment=attachment.id, error=str(error), fix=error.fix)
        return Again(detail="the hub could not keep it")
    except Exception as error:  # noqa: BLE001 - an adapter may raise anything; it is shown and tried again
        _log.warning("file_not_fetched", attachment=attachment.id, error=repr(error))
        return Again(detail="its channel failed to hand it over")
    return FinishAttachment(attachment_id=attachment.id, state=FileState.READY, size=saved.size, sha256=saved.sha256)


def failed(attachment: Attachment, detail: str) -> FinishAttachment:
    """The bytes will not come."""
    return FinishAttachment(attachment_id=attachment.id, state=FileState.FAILED, detail=_line(detail) or _UNTOLD)


def _judged(attachment: Attachment, error: DeliveryError) -> FinishAttachment | Again:
    detail = _line(error.detail) or _UNTOLD
    if isinstance(error, Throttled):
        return Again(detail=detail, after=error.retry_after)
    # A fault of the credential is not the file's: somebody may mend it in time.
    if error.retryable or (isinstance(error, Permanent) and error.stops_channel):
        return Again(detail=detail)
    return failed(attachment, detail)


def _line(text: str) -> str:
    return " ".join(text.split())[:_DETAIL]


async def _saved(name: str, adapter: Fetches, source: FileSource, files: Files, *, clock: Clock, limit: int) -> Saved:
    """One task reads and keeps, from beginning to end; this one watches it."""
    flow = _Flow()
    work = asyncio.ensure_future(files.save(name, flow.through(adapter, source), limit))
    end = clock.monotonic() + LONGEST
    try:
        while True:
            before = flow.pieces
            await _wait(work, clock, SILENCE)
            if work.done():
                return work.result()
            if flow.pieces == before or clock.monotonic() >= end:
                raise NotDispatched("too_slow", "the platform is too slow")
    finally:
        work.cancel()
        await asyncio.wait({work}, timeout=LETTING_GO)
        if work.done() and not work.cancelled():
            work.exception()  # seen


async def _wait(work: asyncio.Future[Saved], clock: Clock, seconds: float) -> None:
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        both: set[asyncio.Future[Any]] = {work, timer}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()


class _Flow:
    """Counts the pieces that come, so that somebody sees whether any do."""

    def __init__(self) -> None:
        self.pieces = 0

    async def through(self, adapter: Fetches, source: FileSource) -> AsyncIterator[bytes]:
        """The adapter's pieces; its connection is let go of in the end."""
        pieces = adapter.fetch(source)
        try:
            async for piece in pieces:
                self.pieces += 1
                yield piece
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()
