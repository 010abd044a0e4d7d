"""WhatsApp's window: free text may be sent for 24 hours after the person wrote.

Rule: what is known of a person is remembered, what is not is asked of Twilio's list once; where that cannot be told
now, Twilio decides. Next stop: :mod:`tieline_sms.outbound` sends a template outside the window, or says that it cannot.

Source: Twilio, "Send WhatsApp notification messages with templates".
"""

from __future__ import annotations

from typing import Final

from tieline.errors import DeliveryError
from tieline_sms import inbound
from tieline_sms.client import Api
from tieline_sms.ids import Own

OPEN_FOR: Final = 24 * 3600
"""Seconds."""
_MOST: Final = 10_000


class Window:
    """When each person last wrote to us."""

    def __init__(self) -> None:
        self._wrote: dict[str, int] = {}
        """Second of the last message by address; 0: none in the last day."""

    def heard(self, conversation: str, at: int) -> None:
        """Somebody wrote, at a second."""
        self._wrote[conversation] = max(at, self._wrote.pop(conversation, 0))
        while len(self._wrote) > _MOST:
            del self._wrote[next(iter(self._wrote))]

    async def is_open(self, conversation: str, own: Own, api: Api) -> bool:
        """True where free text may be sent, or nobody can tell."""
        since = api.now() - OPEN_FOR
        if self._wrote.get(conversation, 0) > since:
            return True
        try:
            records = await api.messages(sender=own.there(conversation), to=own.address, since=since)
        except DeliveryError:
            return True
        told = (inbound.seconds_of(one) for one in records if not inbound.is_outbound(one))
        self.heard(conversation, max(told, default=0))
        return self._wrote[conversation] > since
