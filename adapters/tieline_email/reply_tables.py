"""Tables of HTML: those that are tables, apart from the many that lay out a mail.

The rule: at least two rows of at least two cells, nothing but text in them, and a size that somebody could read.
Next stop: :mod:`tieline_email.replies_html`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from justhtml import Node

from tieline.model.content import Inline, Table
from tieline_email.reply_structure import attribute

_LEAST: Final = 2
_MAX_ROWS: Final = 200
_MAX_COLUMNS: Final = 20
_MAX_NODES: Final = 5_000
_LAYOUT: Final = frozenset(
    ["table", "blockquote", "pre", "ul", "ol", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "img", "form"]
)
_GROUPS: Final = frozenset({"thead", "tbody", "tfoot"})


def data_rows(table: Node) -> list[list[Node]] | None:
    """The cells of a table, row by row; None where it is layout."""
    if _has_layout(table):
        return None
    rows = [[cell for cell in row.children or () if cell.name in {"td", "th"}] for row in _rows(table)]
    rows = [row for row in rows if row]
    fits = _LEAST <= len(rows) <= _MAX_ROWS and all(len(row) <= _MAX_COLUMNS for row in rows)
    return rows if fits and min(len(row) for row in rows) >= _LEAST else None


def _rows(table: Node) -> list[Node]:
    out: list[Node] = []
    for child in table.children or ():
        if child.name == "tr":
            out.append(child)
        elif child.name in _GROUPS:
            out += [row for row in child.children or () if row.name == "tr"]
    return out


def _has_layout(table: Node) -> bool:
    todo = list(table.children or ())
    seen = 0
    while todo:
        node = todo.pop()
        seen += 1
        if node.name in _LAYOUT or seen > _MAX_NODES or attribute(node, "role") == "presentation":
            return True
        todo.extend(node.children or ())
    return False


def make_table(cells: Sequence[Sequence[tuple[Inline, ...]]]) -> Table:
    """A table whose first row is its header: the content tree has no table without one."""
    return Table(header=tuple(cells[0]), rows=tuple(tuple(row) for row in cells[1:]))
