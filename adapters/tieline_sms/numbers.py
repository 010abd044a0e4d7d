"""Telephone numbers and addresses, in one spelling each. Pure, total.

Rule: a number is international, ``+`` and digits (E.164); an address is a number, a short code, or either with
``whatsapp:`` in front, as Twilio writes it. A number without its country is nobody's number here: it is refused, not
guessed, so no table of the world's numbering plans is needed.
Not promised: that a number is in use, or belongs to a phone. Next stop: :mod:`tieline_sms.inbound`.

Sources: ITU-T E.164 (at most 15 digits); Twilio, "What is E.164?".
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

WHATSAPP: Final = "whatsapp:"
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT: Final = re.compile(r"[1-9][0-9]{2,7}")
_TRUNK: Final = re.compile(r"\(0\)")
_BETWEEN: Final = re.compile(r"[\s().\-/]+")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212]")
_LONGEST: Final = 64


def normalise(written: str) -> str | None:
    """``+44 (0)20 7946-0018``, ``0044 20…`` or ``tel:+44…`` as ``+442079460018``; None: it is no such number."""
    text = unicodedata.normalize("NFKC", written[:_LONGEST]).strip()
    text = _DASHES.sub("-", text)
    if text[:4].lower() == "tel:":
        text = text[4:]
    text = _BETWEEN.sub("", _TRUNK.sub("", text))
    if text.startswith("00"):
        text = "+" + text[2:]
    return text if _E164.fullmatch(text) else None


def address(written: str, *, whatsapp: bool = False) -> str | None:
    """What a person wrote as an address; ``whatsapp``: a bare number is one there. None: it is no address."""
    text = written.strip()
    on_whatsapp = text[: len(WHATSAPP)].lower() == WHATSAPP
    if on_whatsapp:
        text = text[len(WHATSAPP) :]
    number = normalise(text)
    if number is None and not on_whatsapp and not whatsapp and _SHORT.fullmatch(text):
        return text  # a short code
    if number is None:
        return None
    return WHATSAPP + number if on_whatsapp or whatsapp else number


def number_of(conversation: str) -> str:
    """The number of an address: what a member's account names, on SMS and WhatsApp alike."""
    return conversation.removeprefix(WHATSAPP)


def heard(sender: str) -> str:
    """The address that Twilio names as a sender: in our spelling where it is a number, else as it stands, clipped."""
    known = address(sender)
    return known if known is not None else sender.strip()[:_LONGEST]
