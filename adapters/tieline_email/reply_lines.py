"""Lines of a mail as the cutting sees them, and what a few lines together are: an attribution, a block of headers.

The rules: plain text and HTML are both read into :class:`Line`, so that one decision serves both. An attribution needs
an opening, a date, and an address or a verb with a time; a block of headers needs the sender, the subject, and a date
or addressee. Looking around a line is bounded, so that reading is linear.

Next stop: :mod:`tieline_email.reply_cut`, which decides with this what goes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from tieline.model.base import Value
from tieline_email import reply_marks as marks

_LONGEST: Final = 1_000
"""A longer line is no mark of a client."""
_WRAPPED: Final = 5
_MAX_HEADERS: Final = 16
_MAX_NAME_WORDS: Final = 6
_EMPTY: Final = " \t\r\n\v\f\xa0\u200b\u200c\u200e\u200f\u2060\ufeff"
_QUOTED: Final = re.compile(r"[ \t]{0,3}((?:> ?)+)")
_SENTENCE: Final = re.compile(r"[!?] |\b[^\W\d_]{4,}\. (?=[^\W\d_])")


class Mark(StrEnum):
    """What the structure of HTML says of a line."""

    NONE = ""
    CITE = "cite"
    """Quoted by a client, not by the author's own hand."""
    ATTRIBUTION = "attribution"
    HEADER = "header"
    """All from here on is the message that is answered."""
    SIGNATURE = "signature"


class Line(Value, kw_only=True, frozen=True):
    """A line: its text without quotation marks, how deep it is quoted, what HTML said of it."""

    text: str
    depth: int = 0
    mark: Mark = Mark.NONE

    @property
    def is_blank(self) -> bool:
        """Nothing to see."""
        return not self.text.strip(_EMPTY)

    @property
    def bare(self) -> str:
        """The text to compare with marks: trimmed, without emphasis; empty where it is too long to be one."""
        return self.text.strip(_EMPTY).strip("*").strip(_EMPTY) if len(self.text) <= _LONGEST else ""


def read_plain(raw: Sequence[str]) -> list[Line]:
    """Lines of plain text, with their ``>`` as depth."""
    return [_read(line) for line in raw]


def _read(raw: str) -> Line:
    found = _QUOTED.match(raw)
    if found is None:
        return Line(text=raw.rstrip("\r\n"))
    return Line(text=raw[found.end() :].rstrip("\r\n"), depth=found.group(1).count(">"))


def is_forward_mark(line: Line) -> bool:
    """``---------- Forwarded message ---------`` and its like."""
    text = line.bare
    return bool(marks.FORWARDED.fullmatch(text) or marks.BEGIN_FORWARDED.fullmatch(text))


def next_said(lines: Sequence[Line], at: int, end: int, within: int = 6) -> int | None:
    """The next line from ``at`` on that is not blank, at most ``within`` lines away."""
    return next((i for i in range(at, min(end, at + within)) if not lines[i].is_blank), None)


def before(lines: Sequence[Line], at: int) -> int:
    """The end of what stands before ``at``, without blank lines that are not quoted."""
    while at > 0 and lines[at - 1].is_blank and not lines[at - 1].depth:
        at -= 1
    return at


# -------------------------------------------------------------------------------------------------------- attributions


def attribution_before(lines: Sequence[Line], end: int) -> tuple[int, int] | None:
    """Where the attribution begins whose last line is ``end - 1``, and how sure: 1 before a quotation, 2 by itself."""
    if end <= 0 or lines[end - 1].depth or not marks.COLON_END.search(lines[end - 1].text[-20:]):
        return None
    joined = ""
    for start in range(end - 1, max(end - 1 - _WRAPPED, -1), -1):
        line = lines[start]
        if line.is_blank or line.depth or len(joined) > _LONGEST:
            return None
        joined = f"{line.bare} {joined}".strip()
        strength = _strength(joined)
        if strength:
            return _whole(lines, start, joined), strength
    return None


def looks_like_attribution(line: Line) -> bool:
    """True of one line that may be one in a language not known here: for where HTML says what follows is quoted."""
    text = line.bare
    ends = len(text) < _LONGEST and marks.COLON_END.search(text[-20:])
    return bool(ends and marks.DATE.search(text) and marks.ADDRESS.search(text) and not _SENTENCE.search(text))


def _strength(text: str) -> int:
    named = marks.NAME_FIRST.match(text)
    if named is not None and not _is_name(text[: text.find("@")]):
        named = None
    if (named is None and not marks.OPENER.match(text)) or _SENTENCE.search(text) or not marks.DATE.search(text):
        return 0
    address, verb, time = (found.search(text) for found in (marks.ADDRESS, marks.VERB, marks.TIME))
    if address and verb and time:
        return 2
    return 1 if address or (verb and time) else 0


def _is_name(text: str) -> bool:
    return len(text.split()) <= _MAX_NAME_WORDS


def _whole(lines: Sequence[Line], start: int, joined: str) -> int:
    """One line more, where the date was wrapped."""
    if start == 0 or not joined[0].isdigit():
        return start
    above = lines[start - 1]
    is_start = marks.OPENER.match(above.bare) and not above.bare[:1].isdigit() and not above.depth
    is_date = marks.DATE.search(above.bare) and above.bare[-1:] not in ".!?:"
    return start - 1 if is_start and is_date and _strength(f"{above.bare} {joined}") else start


# --------------------------------------------------------------------------------------------------- blocks of headers


def headers_end(lines: Sequence[Line], at: int, *, announced: bool = False) -> int | None:
    """Where the block of headers that begins at ``at`` ends; ``announced``: a line of separation stands above."""
    kinds: list[str] = []
    values: dict[str, str] = {}
    end = last = at
    while end < len(lines) and end - at <= 2 * _MAX_HEADERS and end - last <= 2:  # noqa: PLR2004 - one folded line
        kind, value = _header(lines[end])
        if kind is not None:
            kinds.append(kind)
            values[kind] = value
            last = end
        elif end == at:
            return None
        end += 1
    if not kinds or not (announced or kinds[0] == "from"):
        return None
    dated = any(digit.isdigit() for digit in values.get("date", ""))
    known = {"from", "subject"} <= set(kinds) and (dated or "to" in kinds)
    return last + 1 if known or (announced and "from" in kinds and (dated or "to" in kinds)) else None


def _header(line: Line) -> tuple[str | None, str]:
    if line.depth:
        return None, ""
    found = marks.LABEL_LINE.match(line.text.strip(_EMPTY)[:_LONGEST])
    if found is None:
        return None, ""
    label = found.group(1).lower().replace("'", ".").replace("’", ".").strip()
    return marks.LABEL_OF.get(label), found.group(2)


def is_header(line: Line) -> bool:
    """True of one line that looks like a header."""
    return _header(line)[0] is not None
