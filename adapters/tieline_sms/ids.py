"""Ids of ours: what stands in a callback's address, how far a list was read, and who we are. Pure.

Rule: Twilio's message ids (SIDs) are native ids. Its times are whole seconds and its list may show a message late, so a
cursor is a time with the ids read around it: reading begins :data:`OVERLAP` seconds before it, and tells none of these.
Next stop: :mod:`tieline_sms.history`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from tieline.model.base import Value
from tieline_sms import numbers

OVERLAP: Final = 120
"""Seconds before the cursor that are read again."""
_MOST: Final = 100
_SID: Final = re.compile(r"[A-Za-z0-9]{2,64}")
_DELIVERY: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Mark(Value, kw_only=True, frozen=True):
    """How far a list was read: ``at`` in seconds, and the ids around that time that were told."""

    at: int
    seen: frozenset[str] = frozenset()

    def behind(self, at: int, sid: str) -> Mark:
        """The mark once this one was told, too."""
        kept = self.seen if len(self.seen) < _MOST else frozenset()
        return Mark(at=max(self.at, at), seen=kept | {sid})

    def __str__(self) -> str:
        return f"{self.at}:{','.join(sorted(self.seen))}"


def read_mark(cursor: str) -> Mark:
    """A stored cursor. What is none of ours reads as the beginning of time."""
    at, _, seen = cursor.partition(":")
    known = frozenset(one for one in seen.split(",") if _SID.fullmatch(one))
    return Mark(at=int(at) if at.isdecimal() and len(at) < 12 else 0, seen=known)  # noqa: PLR2004 - digits of a time


def mark_of(told: Iterable[tuple[int, str]], before: Mark) -> Mark:
    """The mark after these (seconds, id) were told behind ``before``."""
    newest_first = sorted(told, reverse=True)
    at = max((second for second, _ in newest_first[:1]), default=before.at)
    at = max(at, before.at)
    around = [sid for second, sid in newest_first if second >= at - OVERLAP]
    kept = before.seen if at - before.at <= OVERLAP else frozenset()
    return Mark(at=at, seen=frozenset((*around[:_MOST], *sorted(kept)[: max(0, _MOST - len(around))])))


def callback_url(public_url: str, channel: str, delivery_id: str) -> str:
    """Where Twilio tells what became of a send: our own id stands in it, for it may tell before it answers us."""
    base = f"{public_url.rstrip('/')}/api/v1/channels/{quote(channel)}/status"
    return f"{base}?delivery={quote(delivery_id)}"


def inbound_url(public_url: str, channel: str) -> str:
    """Where Twilio posts what people write."""
    return f"{public_url.rstrip('/')}/api/v1/channels/{quote(channel)}/inbound"


def delivery_id(written: str | None) -> str | None:
    """The delivery that a callback's address names; None for what cannot be one."""
    return written if written and _DELIVERY.fullmatch(written) else None


class Own(Value, kw_only=True, frozen=True):
    """Who we are on Twilio: a sender's address, or a Messaging Service that picks one of its senders."""

    address: str | None = None
    service: str | None = None

    def is_whatsapp(self, conversation: str) -> bool:
        """True where texts to a conversation go by WhatsApp."""
        return any(one.startswith(numbers.WHATSAPP) for one in (self.address or "", conversation))

    def there(self, conversation: str) -> str:
        """A conversation's address on Twilio."""
        on_whatsapp = self.is_whatsapp(conversation) and not conversation.startswith(numbers.WHATSAPP)
        return numbers.WHATSAPP + conversation if on_whatsapp else conversation

    def here(self, address: str) -> str:
        """The conversation of an address: where we are on WhatsApp only, a number says it all."""
        return numbers.number_of(address) if self.is_whatsapp("") else address

    def is_own(self, other: str) -> bool:
        """True for our own address: what it sends is an echo."""
        return self.address is not None and other == self.address
