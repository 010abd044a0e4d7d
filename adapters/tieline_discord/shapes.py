"""Reading of JSON that may have any shape: what is not there, or is of another kind, reads as empty.

Rule: nothing here raises. Discord's payloads are a stranger's (OWASP API10). Next stop: :mod:`tieline_discord.inbound`.
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


def flag(source: Mapping[str, object], name: str) -> bool:
    """True only where the member is ``true``."""
    return source.get(name) is True


def number(source: Mapping[str, object], name: str) -> int:
    """A whole number, else 0."""
    value = source.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
