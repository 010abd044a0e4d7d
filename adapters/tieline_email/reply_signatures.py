"""What stands below what was said: signatures, footers of phones and of mailing lists, lawyers' paragraphs.

The rules: only what a client or a list wrote goes, or what stands below the delimiter of RFC 3676 (``-- ``) and looks
like a signature: at most 30 lines, no question, no postscript. A greeting and a name are the author's words and stay.
Looking back is bounded. Next stop: :mod:`tieline_email.reply_cut`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tieline_email import reply_marks as marks
from tieline_email.reply_lines import Line, Mark, before

_SIGNATURE_LINES: Final = 30
_UNSURE_LINES: Final = 8
_WIDEST: Final = 80
_FOOTER_LINES: Final = 12
_ROUNDS: Final = 6


def is_said(line: Line) -> bool:
    """True of a line that a person may have written: not quoted, not blank, no client's footer or rule."""
    if line.depth or line.is_blank or line.mark is not Mark.NONE:
        return False
    text = line.bare
    return not text or not (
        marks.RULE.fullmatch(text)
        or marks.MOBILE.fullmatch(text)
        or marks.DELIMITER.fullmatch(text)
        or marks.ABOVE.fullmatch(text)
    )


def tail_start(lines: Sequence[Line], end: int) -> int:
    """Where the signature and the footers before ``end`` begin; ``end`` where there are none."""
    start = end
    for _ in range(_ROUNDS):
        below = before(lines, start)
        found = _one(lines, below)
        if found is None:
            break
        start = found
    if start == end or not _stands(lines, start):
        return end
    return before(lines, start)


def _stands(lines: Sequence[Line], start: int) -> bool:
    """True where something is left above, be it quoted: a signature alone is a message."""
    return any(line.depth or is_said(line) for line in reversed(lines[:start]))


def _one(lines: Sequence[Line], end: int) -> int | None:
    if not end or lines[end - 1].depth:
        return None
    if lines[end - 1].mark is Mark.SIGNATURE:
        return next((at + 1 for at in range(end - 1, -1, -1) if lines[at].mark is not Mark.SIGNATURE), 0)
    if marks.MOBILE.fullmatch(lines[end - 1].bare):
        return end - 1
    for look in (_footer, _delimited, _disclaimer):
        found = look(lines, end)
        if found is not None:
            return found
    return None


def _footer(lines: Sequence[Line], end: int) -> int | None:
    """A mailing list's footer: a rule, and a line that only lists write."""
    for at in range(end - 1, max(end - 1 - _FOOTER_LINES, -1), -1):
        line = lines[at]
        if line.depth:
            return None
        if marks.UNDERSCORES.fullmatch(line.bare) or marks.DELIMITER.fullmatch(line.bare) or line.bare in {"---", "—"}:
            listed = any(marks.LIST_FOOTER.fullmatch(below.bare) for below in lines[at + 1 : end])
            return at if listed else None
    return None


def _delimited(lines: Sequence[Line], end: int) -> int | None:
    for at in range(end - 1, max(end - 2 - _SIGNATURE_LINES, -1), -1):
        line = lines[at]
        if line.depth:
            return None
        if marks.DELIMITER.fullmatch(line.text.strip("*")):
            return at if _is_signature(lines, at, end) else None
    return None


def _is_signature(lines: Sequence[Line], at: int, end: int) -> bool:
    """Below a delimiter. Without its space it may be a rule: then a blank line stands above and little below."""
    below = lines[at + 1 : end]
    if not below or any(marks.NOTE.fullmatch(line.text[:400]) for line in below):
        return False
    if lines[at].text.endswith(("-- ", "--\xa0")):
        return True
    alone = at == 0 or lines[at - 1].is_blank or bool(lines[at - 1].depth)
    short = len(below) <= _UNSURE_LINES and all(len(line.text) <= _WIDEST for line in below)
    return alone and short and not below[0].is_blank


def _disclaimer(lines: Sequence[Line], end: int) -> int | None:
    start = end
    while start and end - start < _SIGNATURE_LINES and not lines[start - 1].is_blank and not lines[start - 1].depth:
        start -= 1
    return start if marks.is_disclaimer(" ".join(line.text[:4_000] for line in lines[start:end])) else None
