"""Following: tells an adapter that must be in a conversation to hear it (:class:`~tieline.ports.abilities.Follows`).

Rule: a conversation that cannot be followed is shown and tried again, and costs only itself: the others of its channel
are heard meanwhile. Next stop: :class:`tieline.plugins.runner.Runner` says when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from tieline.errors import AdapterError, DeliveryError
from tieline.model.delivery import Fault
from tieline.ports.abilities import Follows
from tieline.ports.clock import Clock
from tieline.ports.waiting import within

LIMIT: Final = 60.0
"""Seconds a call may take."""
FIRST: Final = 30.0
CAP: Final = 600.0

_log = structlog.get_logger(__name__)


class Following:
    """Follows conversations of one channel; ``told`` hears (conversation, fault), and None when it is over."""

    def __init__(self, clock: Clock, told: Callable[[str, Fault | None], None]) -> None:
        self._clock = clock
        self._told = told
        self._tries: dict[str, asyncio.Task[None]] = {}

    async def follow(self, adapter: object, conversation: str) -> None:
        """Try once; what fails is tried again beside. Raises only CancelledError."""
        if not isinstance(adapter, Follows):
            return
        followed = await self._try(adapter, conversation)
        if (old := self._tries.pop(conversation, None)) is not None:
            old.cancel()
        if not followed:
            self._tries[conversation] = asyncio.get_running_loop().create_task(self._go_on(adapter, conversation))

    def stop(self) -> None:
        """The connection is lost, or the channel stops: nothing is tried any more."""
        for task in self._tries.values():
            task.cancel()
        self._tries.clear()

    async def _go_on(self, adapter: Follows, conversation: str) -> None:
        delay = FIRST
        while True:
            await self._clock.sleep(delay)
            if await self._try(adapter, conversation):
                return
            delay = min(CAP, delay * 2)

    async def _try(self, adapter: Follows, conversation: str) -> bool:
        try:
            await within(self._clock, LIMIT, adapter.follow(conversation))
        except Exception as error:  # noqa: BLE001 - an adapter may raise anything; it is shown and tried again
            fix = error.fix if isinstance(error, AdapterError | DeliveryError) else ""
            detail = f"{conversation}: {str(error) or type(error).__name__}"
            _log.warning("not_followed", conversation=conversation, error=repr(error))
            self._told(conversation, Fault(code="not_followed", detail=detail, fix=fix))
            return False
        self._told(conversation, None)
        return True
