"""The base of every value: a frozen struct that compares by content.

All of ``tieline.model`` is values: no I/O, no asyncio, no clock. Times are ``int`` milliseconds since 1970 UTC and are
written as RFC 3339 only at the edge (:mod:`tieline.render.wire`).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Value(msgspec.Struct, kw_only=True, frozen=True):
    """A frozen value; change it with :func:`msgspec.structs.replace`.

    Subclasses repeat ``kw_only=True, frozen=True``: msgspec does not inherit the first.
    """


class ManagedBy(StrEnum):
    """Who owns a room, member or link: the configuration file or the API. Each changes only its own."""

    CONFIG = "config"
    API = "api"


NAME_PATTERN = r"[a-z0-9][a-z0-9-]{0,63}"
"""Form of room names and handles."""
