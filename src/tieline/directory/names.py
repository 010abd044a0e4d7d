"""The form of room names and handles."""

from __future__ import annotations

import re
from typing import Final

from tieline.model.base import NAME_PATTERN
from tieline.model.outcome import Refusal

_NAME: Final = re.compile(NAME_PATTERN)


def bad_name(what: str, name: str) -> Refusal | None:
    """Refuse what is not of the form of names."""
    if _NAME.fullmatch(name):
        return None
    return Refusal(
        status=422,
        code="bad_name",
        detail=f"'{name}' is no {what}: use lower-case letters, digits and hyphens, at most 64, not a hyphen first.",
    )
