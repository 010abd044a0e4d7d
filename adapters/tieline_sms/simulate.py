"""A phone in the demo: the real inbound parser and the real rendering, without Twilio.

Rule: what is typed goes through :mod:`tieline_sms.inbound` as the form that Twilio would post; what is shown is the
text that a phone would get, with the segments it costs. The demo's pane is one conversation of several people, which a
phone is not: so what they type stands in the pane's conversation, and is nobody's direct one.
Next stop: the demo's page shows the HTML.
"""

from __future__ import annotations

from html import escape

import msgspec

from tieline.model.capabilities import Capabilities
from tieline.model.content import Document
from tieline.model.inbound import InboundEvent, InboundMessage, NativeAuthor
from tieline.ports.adapter import Outgoing
from tieline.ports.rendering import Dialect
from tieline.render.segments import count
from tieline_sms import inbound, render
from tieline_sms.abilities import Terms, capabilities
from tieline_sms.ids import Own


class PhoneSimulator:
    """Twilio's side of the demo."""

    @property
    def title(self) -> str:
        """The pane's name."""
        return "Phone"

    def dialect(self) -> Dialect:
        """Plain text in few segments."""
        return render.Texts()

    def capabilities(self) -> Capabilities:
        """Those of SMS."""
        return capabilities(Terms())

    def typed(
        self, conversation: str, user: str, text: str, native_id: str, *, thread: str | None = None
    ) -> InboundEvent:
        """What Twilio would post: a message, a command (``1 ack``), or a person's wish (STOP)."""
        del thread  # phones have none
        read = inbound.read_form({"MessageSid": native_id, "From": user, "To": conversation, "Body": text})
        if read is None:  # only an empty id or user; the demo has neither
            return _unread(conversation, user, native_id)
        event = inbound.event_of(read, Own(), now=0)
        if isinstance(event, InboundMessage):
            return msgspec.structs.replace(event, conversation=conversation, direct=False, cursor=None)
        return msgspec.structs.replace(event, conversation=conversation)

    def shown(self, outgoing: Outgoing) -> str:
        """The text as a phone shows it, and what it costs."""
        said = render.body(outgoing)
        segments = count(said)
        return (
            f'<div class="plain-message phone-message"><div class="sim-text">{escape(said)}</div>'
            f'<small class="sim-cost">{segments} segment{"" if segments == 1 else "s"}</small></div>'
        )


def simulator() -> PhoneSimulator:
    """Made by the manifest's name."""
    return PhoneSimulator()


def _unread(conversation: str, user: str, native_id: str) -> InboundMessage:
    author = NativeAuthor(native_id=user, display=user)
    return InboundMessage(conversation=conversation, native_id=native_id, author=author, content=Document(), sent_at=0)
