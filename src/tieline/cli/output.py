"""What is printed: plain aligned tables, JSON, and nothing that could drive a terminal.

Rule: `--json` prints what the hub said, a table what a person needs of it; text by others is shown with its control
characters visible. Colour is for terminals only, and `NO_COLOR` switches it off (no-color.org).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import Final, TextIO

import msgspec

_GAP: Final = "  "
_COLOURS: Final = {"red": "31", "green": "32", "yellow": "33", "dim": "2", "bold": "1"}
# Control and direction characters, as in `tieline.config.masking`, which would load the whole configuration.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    r"""Make control and direction characters visible (`\x1b`); line breaks and tabs stay."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def one_line(text: str, width: int = 0) -> str:
    """The text as one line, cut to a width where one is given."""
    line = clean(" ".join(text.split()))
    return line if not width or len(line) <= width else line[: width - 1] + "…"


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Colour a text for a terminal."""
    out = sys.stdout if stream is None else stream
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not out.isatty():
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def print_json(value: object) -> None:
    """Print one JSON document, indented on a terminal, else on one line."""
    data = msgspec.json.encode(value)
    print((msgspec.json.format(data, indent=2) if sys.stdout.isatty() else data).decode(), flush=True)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their headings, each column as wide as its widest cell."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in [columns, *cells]) for at in range(len(columns))]
    print(paint(_row([name.upper() for name in columns], widths), "dim"))
    for row in cells:
        print(_row(row, widths))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
