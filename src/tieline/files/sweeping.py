"""Drops attachments that nobody keeps: uploads that were never posted, files of messages that were deleted.

Rule: the bytes go first, then the row, so that no file is ever without a row that knows of it. A file that cannot be
removed keeps its row until the next round. Next stop: :mod:`tieline.bootstrap.chores` says when.
"""

from __future__ import annotations

from typing import Final

import structlog

from tieline.model.attachments import Attachment
from tieline.model.commands import ForgetAttachments
from tieline.model.outcome import Accepted
from tieline.ports.clock import Clock
from tieline.ports.files import Files, FilesError
from tieline.ports.hub import Hub
from tieline.ports.reading import Reader

PAGE: Final = 100

_log = structlog.get_logger(__name__)


async def sweep(hub: Hub, reader: Reader, files: Files, clock: Clock) -> int:
    """One round; answers how many were dropped. Raises StoreError; what was dropped before stays dropped."""
    dropped = 0
    while True:
        rows = await reader.expired_attachments(clock.now(), PAGE)
        removed = tuple([row.id for row in rows if await _is_removed(row, files)])
        outcome = await hub.execute(ForgetAttachments(attachment_ids=removed)) if removed else None
        count = outcome.value if isinstance(outcome, Accepted) and isinstance(outcome.value, int) else 0
        dropped += count
        if len(rows) < PAGE or not count:
            return dropped


async def _is_removed(row: Attachment, files: Files) -> bool:
    try:
        await files.remove(row.id)
    except FilesError as error:
        _log.warning("file_not_removed", attachment=row.id, error=str(error), fix=error.fix)
        return False
    return True
