"""``format=flowed``: paragraphs that a mail program broke into lines, put together again. Pure, total.

Rule (RFC 3676): a line that ends in a space goes on in the next of the same quotation depth, one leading space is
stuffing, and ``-- `` is a signature's line, never a paragraph's. Next stop: :mod:`tieline_email.mime`.
"""

from __future__ import annotations

import re
from typing import Final

_SIGNATURE: Final = "-- "
_QUOTE: Final = re.compile(r">*")


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Text with one line for each paragraph; quotation marks stay. ``delete_space``: the space was put in (DelSp)."""
    out: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        marks = _QUOTE.match(line)
        depth = marks.end() if marks else 0
        said = line[depth:].removeprefix(" ")
        flows = said.endswith(" ") and said != _SIGNATURE
        kept = said[:-1] if flows and delete_space else said
        if open_depth == depth and said != _SIGNATURE:
            out[-1] += kept
        else:
            out.append(">" * depth + (" " if depth else "") + kept)
        open_depth = depth if flows else None
    return "\n".join(out)
