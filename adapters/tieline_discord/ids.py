"""Discord's identifiers: snowflakes, which hold their time, links to messages, and the nonce of what we send.

A message's id is a snowflake: the milliseconds since 2015 in its upper bits, so ids sort by time; compare them as
numbers. Pure; wrong input gives a defined answer, never an exception. Next stop: everywhere.

Source: Discord, "API Reference: Snowflakes", "Message: Create Message" (``nonce``).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final

NOTHING_READ: Final = "0"
"""The cursor before the first message of a channel."""

EPOCH: Final = 1_420_070_400_000
"""The first moment of 2015, in milliseconds since 1970."""
_TIME_BITS: Final = 22
_MAX_DIGITS: Final = 20  # 64 bits
_NONCE_BYTES: Final = 12
_DM: Final = "@me"


def is_id(text: str) -> bool:
    """True for what can be a snowflake."""
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


def order(native_id: str) -> int:
    """Key to sort ids by; what is none sorts first."""
    return int(native_id) if is_id(native_id) else 0


def milliseconds(native_id: str) -> int:
    """When it was made, in milliseconds since 1970; 0 for what is no id."""
    return (order(native_id) >> _TIME_BITS) + EPOCH if is_id(native_id) else 0


def from_milliseconds(now: int) -> str:
    """The smallest id of a moment, for ``after`` and ``before``."""
    return str(max(now - EPOCH, 0) << _TIME_BITS)


def timestamp(text: str) -> int:
    """A time as Discord writes it (ISO 8601), in milliseconds since 1970; 0 for what is none."""
    try:
        moment = datetime.fromisoformat(text)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0


def permalink(guild: str | None, channel: str, message: str) -> str:
    """The address of a message; ``channel`` is the thread where it stands in one, ``guild`` None a direct message."""
    return f"https://discord.com/channels/{guild or _DM}/{channel}/{message}"


def nonce(key: str) -> str:
    """24 characters that are the same for the same key: Discord makes one message of two sends with one nonce."""
    return hashlib.blake2s(key.encode("utf-8", "surrogatepass"), digest_size=_NONCE_BYTES).hexdigest()
