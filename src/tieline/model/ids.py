"""Identifiers: opaque, at most 40 characters, not guessable, sortable by time of making.

An id is ``<prefix>_<10 characters of milliseconds><16 random characters>`` in Crockford's base 32 (the ULID layout:
48 bits of time, 80 bits of randomness). Sortable ids keep the indexes of both databases dense.
Not promised: that ids of one millisecond sort in order of making; order comes from sequences, never from ids.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_CHARACTERS: Final = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
"""Any byte as a character; 256 is a multiple of 32, so that all are equally likely."""


def new_id(prefix: str, now: int) -> str:
    """Make an id such as ``msg_06e1…``; ``now`` is in milliseconds since 1970."""
    return f"{prefix}_{_time(now)}{os.urandom(16).translate(_CHARACTERS).decode()}"


@lru_cache(maxsize=8)  # a batch has one time; with this and translate an id costs 0.6 microseconds instead of 2
def _time(now: int) -> str:
    return "".join([_PAIRS[(now >> shift) & 1023] for shift in (40, 30, 20, 10, 0)])


def new_handle_suffix() -> str:
    """Three random characters, for a handle that is taken."""
    return _PAIRS[int.from_bytes(os.urandom(2), "big") & 1023] + _ALPHABET[os.urandom(1)[0] & 31]
