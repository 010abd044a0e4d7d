"""Sizes of files as people write them: `25MB`, `512kB`, of 1,000s; inside they are bytes."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_UNITS: Final = {"B": 1, "kB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}
_PATTERN: Final = r"^\d{1,6}(B|kB|MB|GB)$"


def parse_size(value: object) -> int:
    """Read a size; `PydanticCustomError` says what would be right."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if isinstance(value, str) and re.fullmatch(_PATTERN, value, re.ASCII):
        number, unit = re.sub(r"\D", "", value), re.sub(r"\d", "", value)
        if int(number) > 0:
            return int(number) * _UNITS[unit]
    raise PydanticCustomError("size", "is not a size", {"fix": "write a number with a unit: 512kB, 25MB or 1GB"})


def format_size(value: int) -> str:
    """Write a size in the largest unit that leaves it whole."""
    unit, size = next((unit, size) for unit, size in reversed(_UNITS.items()) if value % size == 0)
    return f"{value // size}{unit}"


Size = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(format_size, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["25MB"]}),
]
