"""The bus inside one process: listeners in order of subscription, on the loop, one call each.

Rule: a listener that fails is logged and disturbs nobody. Not promised: anything beyond this process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from tieline.ports.hub import Committed, Listener

log = logging.getLogger(__name__)


class LocalBus:
    """Implements :class:`tieline.ports.hub.Bus`."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; the answer removes it, and may be called twice."""
        self._listeners = (*self._listeners, listener)

        def remove() -> None:
            self._listeners = tuple(other for other in self._listeners if other is not listener)

        return remove

    def publish(self, committed: Committed) -> None:
        """Tell all listeners; those added meanwhile hear of the next commit."""
        for listener in self._listeners:
            try:
                listener(committed)
            except Exception:
                log.exception("a listener of the bus failed")
