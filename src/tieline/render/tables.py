"""Tables as aligned text, for endpoints that show none.

Widths are counted in terminal columns: East Asian wide characters take two, combining ones none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from tieline.model.content import Inline, Table
from tieline.render.normal import visible


def aligned(table: Table) -> str:
    """The table as lines of text: header, a line of dashes, rows; columns padded to one width."""
    rows = [[_cell(cell) for cell in row] for row in (table.header, *table.rows)]
    count = max((len(row) for row in rows), default=0)
    rows = [row + [""] * (count - len(row)) for row in rows]
    widths = [max(columns(row[number]) for row in rows) for number in range(count)]
    align = [*table.align, *[""] * count]
    lines = [_row(row, widths, align) for row in rows]
    lines.insert(1, "-+-".join("-" * width for width in widths))
    return "\n".join(lines)


def _cell(children: tuple[Inline, ...]) -> str:
    return visible(children).replace("\n", " ")


def _row(cells: Sequence[str], widths: Sequence[int], align: Sequence[str]) -> str:
    return " | ".join(_pad(cell, width, how) for cell, width, how in zip(cells, widths, align, strict=False)).rstrip()


def _pad(text: str, width: int, align: str) -> str:
    gap = width - columns(text)
    if align == "right":
        return " " * gap + text
    if align == "center":
        return " " * (gap // 2) + text + " " * (gap - gap // 2)
    return text + " " * gap


def columns(text: str) -> int:
    """Width of a text in terminal columns."""
    return len(text) if text.isascii() else sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
