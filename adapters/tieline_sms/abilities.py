"""What a phone can show and do, as levels; and what that costs. Pure.

Rule: a text cannot be changed, taken back or reacted to, has no threads, and shows no file: the hub's files are
private, and Twilio takes a picture only by a public address. Twilio takes 1,600 characters of text at once, ten
segments of GSM-7; longer text is split and counted. WhatsApp counts characters, and tells what was read.
Next stop: the conformance kit proves each level.
"""

from __future__ import annotations

from typing import Final

from tieline.model.base import Value
from tieline.model.capabilities import (
    Budget,
    Bundle,
    Capabilities,
    RateLimit,
    ReactionSupport,
    Receipts,
    Support,
    TextLimit,
    TextUnit,
    Timed,
)
from tieline_sms.render import BODY_MAX

SEGMENTS_MAX: Final = 10
PARTS_MAX: Final = 5
"""More texts than this for one message, and the rest is cut, and says so: each costs."""
_ROOM: Final = 100
"""Characters kept free for a code and its answers."""


class Terms(Value, kw_only=True, frozen=True):
    """What a channel's configuration says of pace and money; ``pace`` in texts a second, ``price`` of one segment."""

    pace: float = 1.0
    price: float | None = None
    currency: str = ""
    budget: Budget | None = None
    bundle: Bundle | None = Bundle()


def capabilities(terms: Terms, *, whatsapp: bool = False) -> Capabilities:
    """Capabilities of one conversation. What a message on WhatsApp costs depends on more than its length."""
    sms = TextLimit(max=SEGMENTS_MAX, unit=TextUnit.SEGMENTS, max_parts=PARTS_MAX)
    characters = TextLimit(max=BODY_MAX - _ROOM, unit=TextUnit.UTF16, max_parts=PARTS_MAX)
    return Capabilities(
        text=characters if whatsapp else sms,
        dialect="plain" if whatsapp else "sms",
        thread=Support.REJECTED,
        reply=Support.FALLBACK,
        edit=Timed(level=Support.REJECTED),
        delete=Timed(level=Support.REJECTED),
        reaction=ReactionSupport(level=Support.DROPPED),
        receipts=Receipts(accepted=True, delivered=True, read=whatsapp),
        inbound_attachment=True,
        history=True,
        lookup=True,
        buttons=Support.FALLBACK,
        direct=Support.FULL,
        cost_unit=None if whatsapp else "segment",
        price=None if whatsapp else terms.price,
        currency="" if whatsapp else terms.currency,
        budget=None if whatsapp else terms.budget,
        bundle=terms.bundle,
        rate=RateLimit(per_second=terms.pace, burst=max(1, int(terms.pace))),
    )
