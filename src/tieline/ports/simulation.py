"""How an adapter lets the demo simulate its platform: its own inbound parsing and rendering, without the platform.

Adapters may not import each other; :func:`find_simulator` finds one as the hub finds adapters, by entry point.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, cast

from tieline.model.capabilities import Capabilities
from tieline.model.inbound import InboundEvent
from tieline.ports.adapter import Manifest, Outgoing
from tieline.ports.rendering import Dialect


class Simulator(Protocol):
    """Made without settings and without I/O."""

    @property
    def title(self) -> str:
        """What the pane is called: ``Slack``."""
        ...

    def dialect(self) -> Dialect:
        """The platform's dialect."""
        ...

    def capabilities(self) -> Capabilities:
        """The platform's capabilities."""
        ...

    def typed(
        self, conversation: str, user: str, text: str, native_id: str, *, thread: str | None = None
    ) -> InboundEvent:
        """What the platform would report if ``user`` typed ``text``, through the real inbound parser."""
        ...

    def shown(self, outgoing: Outgoing) -> str:
        """HTML (safe) of what the platform would show for what is sent."""
        ...


def find_simulator(adapter: str, points: Iterable[EntryPoint] | None = None) -> Simulator | None:
    """The simulator of an installed adapter; None where there is none, or its SDK is not installed."""
    found = entry_points(group="tieline.adapters") if points is None else points
    for point in found:
        if point.name != adapter:
            continue
        manifest = point.load()
        if isinstance(manifest, Manifest) and manifest.simulator is not None:
            return _made(manifest.simulator)
    return None


def _made(target: str) -> Simulator | None:
    module, _, name = target.partition(":")
    try:
        return cast("Simulator", getattr(import_module(module), name)())
    except ImportError:
        return None
