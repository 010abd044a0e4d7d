"""How an adapter lets the demo simulate its platform: its own inbound parsing and rendering, without the platform."""

from __future__ import annotations

from typing import Protocol

from tieline.model.capabilities import Capabilities
from tieline.model.inbound import InboundEvent
from tieline.ports.adapter import Outgoing
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
