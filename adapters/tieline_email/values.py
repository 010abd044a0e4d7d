"""Plain values out of a channel's block of the configuration: read totally, whatever stands there. Pure.

Rule: nothing raises; what is not what it should be reads as absent. Next stop: :mod:`tieline_email.config`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Final

Raw = Mapping[str, object]

_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?")
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE: Final = re.compile(r"(\d{1,12})\s*(B|KB|MB|KIB|MIB)?", re.IGNORECASE)
_BYTES: Final = {"B": 1, "KB": 1000, "MB": 1000**2, "KIB": 1024, "MIB": 1024**2}
_PORTS: Final = 65535


def text(raw: Raw, name: str) -> str:
    """A text, else empty. Numbers count as text: a password may be one."""
    value = raw.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def texts(raw: Raw, name: str) -> tuple[str, ...]:
    """A list of texts; one text is a list of one."""
    value = raw.get(name)
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(one for one in value if isinstance(one, str) and one) if isinstance(value, list | tuple) else ()


def item(raw: Raw, name: str) -> dict[str, object]:
    """A block of its own, else an empty one."""
    value = raw.get(name)
    return {str(key): one for key, one in value.items()} if isinstance(value, Mapping) else {}


def number(value: object) -> int | None:
    """A whole number above 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def port(value: object) -> int | None:
    """A TCP port, also where the environment gave it as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:6])
    found = number(value)
    return found if found is not None and found <= _PORTS else None


def seconds(value: object) -> float | None:
    """``5m``, ``90s``, ``90``: seconds above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = _DURATION.fullmatch(str(value).strip())
    made = float(found[1]) * _SECONDS[found[2] or "s"] if found else 0.0
    return made if made > 0 else None


def size(value: object) -> int | None:
    """``10MiB``, ``500000``: bytes above 0."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    found = _SIZE.fullmatch(str(value).strip())
    return (int(found[1]) * _BYTES[(found[2] or "B").upper()] or None) if found else None


def is_loopback(host: str) -> bool:
    """True for this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
