"""The signed address at which somebody ends the mails of a channel with one click. Pure.

Rule: the link names the contact and is signed, so nobody ends another's mails by guessing. A GET only shows a page
(mail scanners follow links); the POST of RFC 8058 does it.
Next stop: :mod:`tieline_email.compose` writes it; the adapter's route reads it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from tieline_email.me import Me

PATH: Final = "leave"
"""Of the route, below the channel's."""
_MAC: Final = 16
_LONGEST: Final = 600


def make(secret: bytes, contact: str) -> str:
    """The signed name of a contact, safe in a URL."""
    name = base64.urlsafe_b64encode(contact.encode("utf-8", "surrogatepass")).decode("ascii").rstrip("=")
    return f"{name}.{_mac(secret, name)}"


def read(secret: bytes, token: str) -> str | None:
    """The contact; None: nobody was given this. Total."""
    name, _, mac = token.rpartition(".")
    if len(token) > _LONGEST or not token.isascii() or not hmac.compare_digest(mac, _mac(secret, name)):
        return None
    try:
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return None


def url(me: Me, channel: str, contact: str) -> str | None:
    """Where a contact ends the mails of a channel; None: the hub has no address in the world."""
    if me.public_url is None or not me.public_url.startswith("https://"):
        return None
    return f"{me.public_url.rstrip('/')}/api/v1/channels/{channel}/{PATH}/{make(me.secret, contact)}"


def _mac(secret: bytes, name: str) -> str:
    made = hmac.digest(secret, b"tieline e-mail\0leave\0" + name.encode("utf-8", "surrogatepass"), "sha256")
    return base64.b32encode(made).decode("ascii")[:_MAC].lower()
