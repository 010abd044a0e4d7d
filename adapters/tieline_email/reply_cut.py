"""The decision: which lines of a mail are the author's, which are quoted, which are a signature.

The rules, in this order:

1. A forwarded message is content: from its line on all is kept, and what stands above it too.
2. What a client announces without marking its lines (headers, ``-----Original Message-----``, an attribution with
   address, date and time) goes to the end, unless nothing is said above it or the author says that answers are below.
3. Footers and the signature at the end go.
4. A marked quotation at the end goes with its attribution; one above a single answer goes too. Between answers, the
   last paragraph of what each one answers stays.
5. Without a client's evidence (an attribution, a structure of HTML) a quotation is the author's own, and stays.

It never cuts all: where nothing would be left, everything stays and the verdict is not sure. Time is linear.
Next stop: :mod:`tieline_email.replies`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from tieline.model.base import Value
from tieline_email import reply_marks as marks
from tieline_email.reply_lines import (
    Line,
    Mark,
    attribution_before,
    before,
    headers_end,
    is_forward_mark,
    is_header,
    looks_like_attribution,
    next_said,
)
from tieline_email.reply_signatures import is_said, tail_start

_CONTEXT: Final = 4
"""So many quoted lines stay above an answer."""
_HINT_WITHIN: Final = 40
_BLANKS_BEFORE_QUOTE: Final = 6


class Role(StrEnum):
    """What becomes of a line."""

    KEEP = "keep"
    QUOTE = "quote"
    SIGNATURE = "signature"


class Verdict(Value, kw_only=True, frozen=True):
    """A role for each line, and whether nothing was in doubt."""

    roles: tuple[Role, ...]
    sure: bool


class _Segment(Value, kw_only=True, frozen=True):
    """A quotation: from its attribution on, from its first quoted line to behind its last."""

    whole: int
    start: int
    end: int
    evident: bool


def decide(lines: Sequence[Line], *, forwarded: bool = False) -> Verdict:
    """What goes. Total. ``forwarded``: the subject says that the mail forwards another."""
    kept = Verdict(roles=(Role.KEEP,) * len(lines), sure=True)
    forward = next((at for at, line in enumerate(lines) if not line.depth and is_forward_mark(line)), None)
    found = _announced(lines, len(lines) if forward is None else forward)
    if forwarded or (forward is not None and found is None):
        return kept
    if found is not None and not _may_go(lines[:found]):
        return Verdict(roles=kept.roles, sure=False)
    roles = list(kept.roles)
    end = len(lines) if found is None else found
    _mark(roles, end, len(lines), Role.QUOTE)
    sure = _inside(lines[:end], roles)
    if any(role is Role.KEEP and line.text.strip() for role, line in zip(roles, lines, strict=True)):
        return Verdict(roles=tuple(roles), sure=sure)
    return Verdict(roles=kept.roles, sure=not any(not line.is_blank for line in lines))


def _mark(roles: list[Role], start: int, end: int, role: Role) -> None:
    roles[start:end] = [role] * (end - start)


# ----------------------------------------------------------------------------------- quoted to the end without marks


def _announced(lines: Sequence[Line], limit: int) -> int | None:
    """Where the message that is answered begins, as a client announces it without marking the lines."""
    for at in range(limit):
        line = lines[at]
        if line.depth or line.is_blank:
            continue
        start = _announcement(lines, at)
        if start is not None:
            return _with_rule(lines, start)
    return None


def _announcement(lines: Sequence[Line], at: int) -> int | None:
    line = lines[at]
    if line.mark is Mark.HEADER or marks.ABOVE.fullmatch(line.bare):
        return at
    if is_header(line) and headers_end(lines, at) is not None:
        return at
    if marks.ORIGINAL.fullmatch(line.bare):
        return at if _follows_quoted(lines, at + 1) else None
    attribution = attribution_before(lines, at + 1)
    if attribution is None or attribution[1] < 2:  # noqa: PLR2004 - sure by itself
        return None
    quoted = next_said(lines, at + 1, len(lines), _BLANKS_BEFORE_QUOTE)
    return attribution[0] if quoted is not None and not lines[quoted].depth else None


def _follows_quoted(lines: Sequence[Line], at: int) -> bool:
    """After ``-----Original Message-----``: headers, an attribution, or nothing but quoted lines."""
    first = next_said(lines, at, len(lines))
    if first is None:
        return False
    if lines[first].depth:
        return not any(is_said(line) for line in lines[first:])
    if headers_end(lines, first, announced=True) is not None:
        return True
    return any(attribution_before(lines, end) is not None for end in range(first + 1, min(first + 4, len(lines)) + 1))


def _with_rule(lines: Sequence[Line], start: int) -> int:
    above = before(lines, start)
    ruled = above > 0 and not lines[above - 1].depth
    if ruled and (marks.RULE.fullmatch(lines[above - 1].bare) or marks.ORIGINAL.fullmatch(lines[above - 1].bare)):
        return above - 1
    return start


def _may_go(above: Sequence[Line]) -> bool:
    said = [line for line in above if is_said(line)]
    return bool(said) and not any(marks.INLINE_HINT.search(line.bare) for line in said[:_HINT_WITHIN])


# ------------------------------------------------------------------------------------------------------- marked quotes


def _inside(lines: Sequence[Line], roles: list[Role]) -> bool:
    """Give roles to the lines above an announced message; True where nothing was in doubt."""
    end = tail_start(lines, len(lines))
    _mark(roles, end, len(lines), Role.SIGNATURE)
    segments = _segments(lines, end)
    if not segments:
        return True
    if not any(segment.evident for segment in segments):
        return False
    if not any(is_said(line) for line in _outside(lines[:end], segments)):
        _mark(roles, end, len(lines), Role.KEEP)
        return False
    last = segments[-1]
    if not any(is_said(line) for line in lines[last.end : end]):
        _mark(roles, last.whole, end, Role.QUOTE)
        _sign(lines, roles, last.whole)
        segments = segments[:-1]
    elif len(segments) == 1 and not any(is_said(line) for line in lines[: last.whole]):
        _mark(roles, 0, last.end, Role.QUOTE)
        return True
    first = next((at for at, segment in enumerate(segments) if segment.evident), len(segments))
    for segment in segments[first:]:  # those above the first are the author's own
        _mark(roles, segment.whole, _context(lines, segment), Role.QUOTE)
    return True


def _sign(lines: Sequence[Line], roles: list[Role], end: int) -> None:
    """The signature above a quotation."""
    start = tail_start(lines, end)
    _mark(roles, start, end, Role.SIGNATURE)


def _outside(lines: Sequence[Line], segments: Sequence[_Segment]) -> list[Line]:
    out: list[Line] = []
    at = 0
    for segment in segments:
        out += lines[at : segment.whole]
        at = segment.end
    return out + list(lines[at:])


def _segments(lines: Sequence[Line], end: int) -> list[_Segment]:
    out: list[_Segment] = []
    at = 0
    while at < end:
        if not lines[at].depth:
            at += 1
            continue
        stop = at
        for i in range(at, end):
            if lines[i].depth:
                stop = i + 1
            elif not lines[i].is_blank:
                break
        out.append(_segment(lines, at, stop))
        at = stop
    return out


def _segment(lines: Sequence[Line], start: int, end: int) -> _Segment:
    above = before(lines, start)
    whole, evident = start, any(line.mark is Mark.CITE for line in lines[start:end])
    if above and start - above < _BLANKS_BEFORE_QUOTE:
        marked = above
        while marked and lines[marked - 1].mark is Mark.ATTRIBUTION:
            marked -= 1
        attribution = None if marked < above else attribution_before(lines, above)
        whole = marked if marked < above else attribution[0] if attribution else start
        if whole == start and evident and looks_like_attribution(lines[above - 1]):
            whole = above - 1
        evident = evident or whole < start
    return _Segment(whole=_with_rule(lines, whole) if whole < start else start, start=start, end=end, evident=evident)


def _context(lines: Sequence[Line], segment: _Segment) -> int:
    """Where the part of a quotation begins that stays: its last paragraph, a few lines of it."""
    at = segment.end
    while at > segment.start and lines[at - 1].is_blank:
        at -= 1
    depth = lines[at - 1].depth
    first = max(segment.start, at - _CONTEXT)
    while at > first and not lines[at - 1].is_blank and lines[at - 1].depth == depth:
        at -= 1
    return at
