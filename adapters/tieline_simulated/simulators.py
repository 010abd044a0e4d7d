"""How a platform parses and renders: by its own adapter where there is one, else as plain text.

Rule: adapters never import each other, so another's simulator is found as the hub finds adapters, by entry point
(:func:`tieline.ports.simulation.find_simulator`). Until Discord, e-mail and SMS have adapters, :class:`PlainSimulator`
stands in for them: their real limits, plain text, and a title that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from tieline.model.capabilities import (
    Capabilities,
    IdentitySupport,
    ReactionSupport,
    Support,
    TextLimit,
    TextUnit,
    Timed,
)
from tieline.model.content import plain
from tieline.model.inbound import InboundEvent, InboundMessage, NativeAuthor
from tieline.ports.adapter import Outgoing
from tieline.ports.rendering import Dialect
from tieline.ports.simulation import Simulator, find_simulator
from tieline.render.plain import Plain

_CHAT: Final = Capabilities(
    text=TextLimit(max=2000),
    reply=Support.FULL,
    edit=Timed(level=Support.FULL),
    delete=Timed(level=Support.FULL),
    reaction=ReactionSupport(level=Support.FULL),
    identity=IdentitySupport(level=Support.FULL, name_max=80),
    inbound_edit=True,
    inbound_delete=True,
    inbound_reaction=True,
    history=True,
    lookup=True,
)
_LETTERS: Final = Capabilities(text=TextLimit(max=100_000), history=True, lookup=True)
_TEXTS: Final = Capabilities(
    text=TextLimit(max=4, unit=TextUnit.SEGMENTS), history=True, lookup=True, cost_unit="segment"
)

_STAND_INS: Final[Mapping[str, tuple[str, Capabilities]]] = {
    "discord": ("Discord", _CHAT),
    "email": ("E-mail", _LETTERS),
    "sms": ("Phone", _TEXTS),
    "slack": ("Slack", _CHAT),
}
"""Title and capabilities: Discord's 2,000 characters, mail without edits, texts that are counted in segments."""


def simulator_for(platform: str) -> Simulator:
    """The platform's own simulator, or the stand-in. Raises KeyError for a platform nobody knows."""
    return find_simulator(platform) or PlainSimulator(*_STAND_INS[platform])


class PlainSimulator:
    """A platform of plain text. Implements :class:`tieline.ports.simulation.Simulator`."""

    def __init__(self, title: str, capabilities: Capabilities) -> None:
        self._title = title
        self._capabilities = capabilities

    @property
    def title(self) -> str:
        """The pane's name."""
        return self._title

    def dialect(self) -> Dialect:
        """Plain text."""
        return Plain()

    def capabilities(self) -> Capabilities:
        """The platform's limits, with what plain text can show."""
        return self._capabilities

    def typed(
        self, conversation: str, user: str, text: str, native_id: str, *, thread: str | None = None
    ) -> InboundEvent:
        """The text as it stands."""
        return InboundMessage(
            conversation=conversation,
            native_id=native_id,
            author=NativeAuthor(native_id=user, display=user),
            content=plain(text),
            sent_at=0,
            thread=thread,
        )

    def shown(self, outgoing: Outgoing) -> str:
        """The author's name where the platform has one for a message, and the text."""
        named = self._capabilities.identity.level >= Support.PARTIAL and outgoing.author is not None
        name = outgoing.author.display if named and outgoing.author is not None else "Tieline"
        text = escape(outgoing.frame.text)
        return (
            f'<div class="plain-message"><b class="sim-name">{escape(name)}</b><div class="sim-text">{text}</div></div>'
        )


def is_stand_in(simulator: Simulator) -> bool:
    """True where the platform has no adapter yet, and its pane shows plain text."""
    return isinstance(simulator, PlainSimulator)
