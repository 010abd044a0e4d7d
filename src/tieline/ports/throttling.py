"""``Retry-After`` as seconds, for adapters' ``errors`` modules. Pure.

Source: RFC 9110, section 10.2.3 (seconds or an HTTP date); platforms also send fractions of seconds.
"""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from typing import Final

UNTOLD: Final = 1.0
"""Seconds where the platform says nothing, or nonsense."""


def retry_after_seconds(header: str | float | None, now: int) -> float:
    """Seconds to wait, more than 0; ``now`` in milliseconds. Never raises."""
    if header is None:
        return UNTOLD
    try:
        seconds = float(header)
    except ValueError:
        seconds = _until(str(header), now)
    return seconds if math.isfinite(seconds) and seconds > 0 else UNTOLD


def _until(date: str, now: int) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - now / 1000
    except (ValueError, OverflowError, TypeError):
        return UNTOLD
