"""Durations as people write them: `30s`, `15m`, `2h`, `1d`, `1h30m`.

A number without a unit is refused: nobody knows whether it meant seconds. In JSON of the API durations are seconds.
"""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_PATTERN: Final = r"^(?:\d{1,6}d)?(?:\d{1,6}h)?(?:\d{1,6}m)?(?:\d{1,6}s)?$"
_UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def parse_duration(value: object) -> timedelta:
    """Read a duration; `PydanticCustomError` says what would be right."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and value and re.fullmatch(_PATTERN, value, re.ASCII):
        seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([dhms])", value))
        if seconds > 0:
            return timedelta(seconds=seconds)
    raise PydanticCustomError(
        "duration", "is not a duration", {"fix": "write a number with a unit: 30s, 15m, 2h or 1d"}
    )


def format_duration(value: timedelta) -> str:
    """Write a duration with the fewest units: 5400 s is `1h30m`."""
    seconds = int(value.total_seconds())
    parts = []
    for unit, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts) or "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["15m", "1h30m"]}),
]
