"""Signed names of our deliveries: the plus part a reply comes back to, and the Message-ID of what we send. Pure.

Rules: a token (``hub+TOKEN@example.org``) names the delivery and is bound to the contact it was sent to: from anybody
else it is *forged*, whoever forwarded it. A Message-ID names the delivery and its frame, and is the same for every try.
Both are base 32 in lower case, since providers change the case of addresses, and are compared in constant time.

A token is 26 characters of delivery id, 5 that show that it is ours at all (so that a forged one can be told from
rubbish; they give no right), and 16 (80 bits) of HMAC-SHA256 over delivery and contact: 47 characters. With ``hub+``
that is 51 of the 64 a local part may have.
Not promised: a token does not expire by itself; the hub knows how old its delivery is.

Sources: RFC 5233 (subaddresses), RFC 5321 4.5.3.1.1. Next stop: :mod:`tieline_email.inbound`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import Final

from tieline.model.base import Value
from tieline_email import addresses

_OURS: Final = 5
_MAC: Final = 16
_LONGEST: Final = 200
_ID: Final = re.compile(r"dlv_([0-7][0-9a-hjkmnp-tv-z]{25})")
_COMPACT: Final = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}")
_OTHER: Final = "x"
"""Begins an id that is not of our usual form, which no usual one does."""


class Token(Value, kw_only=True, frozen=True):
    """What a token says. ``forged``: it is ours, but was given to another contact than the sender."""

    delivery_id: str
    forged: bool = False


class OwnId(Value, kw_only=True, frozen=True):
    """What one of our Message-IDs says: the delivery and which of its frames."""

    delivery_id: str
    index: int


def make(secret: bytes, delivery_id: str, contact: str) -> str:
    """The token of a delivery for one contact (an address)."""
    name = _pack(delivery_id)
    return f"{name}{_mac(secret, 'ours', name)[:_OURS]}{_mac(secret, 'reply', name, _contact(contact))}"


def read(secret: bytes, token: str, sender: str) -> Token | None:
    """What a token says where ``sender`` brings it back; None: it is none of ours. Total."""
    token = token.lower()
    if len(token) > _LONGEST or not token.isascii():
        return None
    name, ours, mac = token[: -_OURS - _MAC], token[-_OURS - _MAC : -_MAC], token[-_MAC:]
    delivery_id = _unpack(name)
    if delivery_id is None or not hmac.compare_digest(ours, _mac(secret, "ours", name)[:_OURS]):
        return None
    right = hmac.compare_digest(mac, _mac(secret, "reply", name, _contact(sender)))
    return Token(delivery_id=delivery_id, forged=not right)


def sign(secret: bytes, delivery_id: str, index: int) -> str:
    """The left side of the Message-ID of one frame: the same whenever it is asked."""
    name = f"{_pack(delivery_id)}.{index}"
    return f"{name}.{_mac(secret, 'id', name)}"


def verify(secret: bytes, signed: str) -> OwnId | None:
    """What :func:`sign` made; None: it did not make this. Total."""
    signed = signed.lower()
    name, _, mac = signed.rpartition(".")
    packed, _, index = name.rpartition(".")
    if len(signed) > _LONGEST or not signed.isascii() or not re.fullmatch(r"[0-9]{1,6}", index):
        return None
    delivery_id = _unpack(packed)
    if delivery_id is None or not hmac.compare_digest(mac, _mac(secret, "id", name)):
        return None
    return OwnId(delivery_id=delivery_id, index=int(index))


def _pack(delivery_id: str) -> str:
    found = _ID.fullmatch(delivery_id)
    return found.group(1) if found else _OTHER + _base32(delivery_id.encode("utf-8", "surrogatepass"))


def _unpack(name: str) -> str | None:
    if _COMPACT.fullmatch(name):
        return f"dlv_{name}"
    if not name.startswith(_OTHER):
        return None
    text = name[1:].upper()
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8)).decode("utf-8") or None
    except (binascii.Error, ValueError):
        return None


def _mac(secret: bytes, use: str, *parts: str) -> str:
    said = "\0".join(("tieline e-mail", use, *parts)).encode("utf-8", "surrogatepass")
    return _base32(hmac.digest(secret, said, "sha256")[:10])


def _contact(address: str) -> str:
    return addresses.normal(address) or address.strip().lower()


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()
