"""Reading of JSON and forms that may have any shape: what is not there, or is of another kind, reads as empty.

Rule: nothing here raises. Twilio's answers are a stranger's (OWASP API10). Next stop: :mod:`tieline_sms.inbound`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_NOTHING: Final[Mapping[str, object]] = {}


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def sequence(value: object) -> Sequence[object]:
    """A JSON array, else an empty one."""
    return value if isinstance(value, list) else ()


def text(source: Mapping[str, object], name: str) -> str:
    """A string member, else an empty string."""
    value = source.get(name)
    return value if isinstance(value, str) else ""


def whole(value: object) -> int:
    """A whole number, or one written in digits; else 0."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:  # noqa: PLR2004 - sane
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
