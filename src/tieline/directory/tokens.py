"""Tokens: opaque random secrets, kept as SHA-256, shown once; and who a secret is.

No JWT: an opaque token can be revoked at once and says nothing about its bearer.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from tieline.model.members import Actor, Level, Via
from tieline.model.outcome import Refusal
from tieline.ports.directory import Directory

PREFIX: Final = "tl_"
"""Lets log masking and secret scanners know a token."""

INVALID: Final = Refusal(
    status=401,
    code="invalid_token",
    detail="The token is unknown, revoked or expired. Make one with: tieline token create HANDLE",
)


def new_secret(prefix: str = PREFIX) -> str:
    """A fresh secret of 256 random bits; the prefix says what it is for."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a token: SHA-256, hexadecimal. Tokens are random, so no salt or stretching is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def authenticate(directory: Directory, secret: str, now: int, via: Via = Via.HTTP) -> Actor | Refusal:
    """Who bears this token; one answer for all that is wrong with it, so that nothing can be guessed."""
    token = directory.token(digest(secret))
    if token is None or token.revoked_at is not None:
        return INVALID
    if token.expires_at is not None and token.expires_at <= now:
        return INVALID
    member = directory.member_by_id(token.member_id)
    if member is None or member.archived_at is not None:
        return INVALID
    return Actor(member=member, level=Level(min(token.level, member.level)), via=via, rooms=token.rooms)
