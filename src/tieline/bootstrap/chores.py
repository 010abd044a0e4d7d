"""Chores of a running hub: forget idempotency keys that are older than the promise (seven days)."""

from __future__ import annotations

from typing import Final

import structlog

from tieline.errors import StoreError
from tieline.model.commands import ForgetIdentities
from tieline.ports.clock import Clock
from tieline.ports.hub import Hub

EVERY: Final = 3600.0
"""Seconds between rounds."""
KEEP: Final = 8 * 24 * 3600 * 1000
"""Milliseconds a key is remembered; a day more than promised."""
_log = structlog.get_logger(__name__)


async def keep_house(hub: Hub, clock: Clock) -> None:
    """Do the chores until cancelled; the first round comes after the first wait."""
    while True:
        await clock.sleep(EVERY)
        try:
            await hub.execute(ForgetIdentities(before=clock.now() - KEEP))
        except StoreError as error:
            _log.warning("chores_left", error=str(error))
