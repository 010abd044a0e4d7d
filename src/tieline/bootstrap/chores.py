"""Chores of a running hub: forget idempotency keys older than the promise (seven days), and files nobody posted."""

from __future__ import annotations

from typing import Final

import structlog

from tieline.errors import StoreError
from tieline.files.sweeping import sweep
from tieline.model.commands import ForgetIdentities
from tieline.ports.clock import Clock
from tieline.ports.files import Files
from tieline.ports.hub import Hub
from tieline.ports.reading import Reader

EVERY: Final = 3600.0
"""Seconds between rounds."""
KEEP: Final = 8 * 24 * 3600 * 1000
"""Milliseconds a key is remembered; a day more than promised."""
_log = structlog.get_logger(__name__)


async def keep_house(hub: Hub, reader: Reader, files: Files, clock: Clock) -> None:
    """Do the chores until cancelled; the first round comes after the first wait."""
    while True:
        await clock.sleep(EVERY)
        try:
            await hub.execute(ForgetIdentities(before=clock.now() - KEEP))
            await sweep(hub, reader, files, clock)
        except StoreError as error:
            _log.warning("chores_left", error=str(error))
