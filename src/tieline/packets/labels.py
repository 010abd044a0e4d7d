"""Find the lines that begin with one of the four labels, or with a near miss of one.

Rule: a label is *exact* when it reads `[TASK_ID]:` with decoration (bold, quotes, bullets, code marks, emoji) looked
away from; anything else that a reader would take for the label is a near miss. Every step is linear in the line. Not
promised: that near misses beyond two letters are seen. Next stop: `layout` for whose words they are, `fields` for
values.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from tieline.packets.values import Field

LABEL_LIMIT: Final = 64
"""Label lines looked at in one text; a packet has four."""

_PREFIX_LIMIT: Final = 64
_DECO: Final = r"[\s*_~`\"'\\]*+"
_EXACT: Final = r"TASK\\?_ID|CURRENT\\?_STATE|PAYLOAD\\?_PATH|NEXT\\?_HOP"
_HEAD: Final = re.compile(
    r"(?P<prefix>(?:[^A-Za-z0-9\[|:<]++|:[a-z0-9_+-]{2,50}+:|<a?:\w{2,32}+:\d{1,20}+>"
    r"|\d{1,3}+(?:[.)]|.?\u20e3)|\[[ xX]\]|[:<])*+)"
    rf"(?P<open>\[)?+(?P<d1>{_DECO})"
    rf"(?P<word>(?:{_EXACT})(?![A-Za-z0-9_])"
    r"|[A-Za-z][A-Za-z0-9]{1,14}+(?:[\\ _.*-]{1,3}+[A-Za-z0-9]{1,12}+){0,2}+)"
    rf"(?P<d2>{_DECO})(?P<close>\])?+(?P<d3>{_DECO})(?P<colon>[:=])?+[\s*`\"']*+"
)
_SIGN: Final = re.compile(r"[^\]:=_]{0,200}+[\]:=_]")
"""What every label has near its beginning; most lines of prose have not."""
_INNER: Final = re.compile(rf"\[{_DECO}(?P<word>{_EXACT}){_DECO}\]{_DECO}:{_DECO}")
_QUOTE: Final = re.compile(r"[ \t]*+(?:>[ \t]*+)*+")
_TARGETS: Final = {"TASKID": Field.TASK_ID, "CURRENTSTATE": Field.CURRENT_STATE} | {
    "PAYLOADPATH": Field.PAYLOAD_PATH,
    "NEXTHOP": Field.NEXT_HOP,
}
_SHORT_TARGET: Final = 8


class Hit(NamedTuple):
    """One label found: where, how well written, and what follows it. `row` counts lines from 0."""

    field: Field
    row: int
    depth: int
    written: str
    exact: bool
    strong: bool
    start: int
    end: int
    open_underscores: int


def find_labels(lines: list[str]) -> list[Hit]:
    """Return the labels that begin lines (of folded text), at most LABEL_LIMIT, in order."""
    hits: list[Hit] = []
    for row, line in enumerate(lines):
        if not _SIGN.match(line):
            continue
        match = _HEAD.match(line)
        if match is None or not _could_be_label(match):
            continue
        hits.extend(_hits_of_line(row, line, match))
        if len(hits) >= LABEL_LIMIT:
            break
    return hits


def quote_depth(line: str) -> int:
    """How many `>` quote a line."""
    match = _QUOTE.match(line)
    return match[0].count(">") if match else 0


def within(left: str, right: str, edits: int) -> bool:
    """Whether two short words differ by at most so many edits (insert, drop, change, swap). Cheap up to two."""
    same = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        same += 1
    left, right = left[same:], right[same:]
    if not left or not right:
        return len(left) + len(right) <= edits
    if edits == 0 or abs(len(left) - len(right)) > edits:
        return False
    swapped = left[:2] == right[1::-1] and len(right) > 1
    return (
        within(left[1:], right[1:], edits - 1)
        or within(left[1:], right, edits - 1)
        or within(left, right[1:], edits - 1)
        or (swapped and within(left[2:], right[2:], edits - 1))
    )


def _could_be_label(match: re.Match[str]) -> bool:
    if len(match["prefix"]) > _PREFIX_LIMIT:
        return False
    bracketed = match["open"] is not None and match["close"] is not None
    return bracketed or match["colon"] is not None or match["word"].replace("\\", "") in Field.__members__


def _hits_of_line(row: int, line: str, match: re.Match[str]) -> Iterator[Hit]:
    bracketed = match["open"] is not None and match["close"] is not None
    field = _field_of(match["word"].upper(), bracketed=bracketed)
    if field is None:
        return
    depth = quote_depth(line)
    start, open_underscores = _value_start(line, match)
    inner = list(_INNER.finditer(line, match.end())) if "[" in line[match.end() :] else []
    ends = [*(found.start() for found in inner), len(line)]
    yield Hit(
        field=field,
        row=row,
        depth=depth,
        written=line[match.start("open") if match["open"] else match.start("word") : match.end()].strip(),
        exact=bracketed and match["colon"] == ":" and match["word"].replace("\\", "") == field.value,
        strong=bracketed or (match["colon"] is not None and _deliberate(match)),
        start=start,
        end=ends[0],
        open_underscores=open_underscores,
    )
    for found, end in zip(inner, ends[1:], strict=True):
        label = Field(found["word"].replace("\\", ""))
        yield Hit(label, row, depth, found[0], exact=True, strong=True, start=found.end(), end=end, open_underscores=0)


def _deliberate(match: re.Match[str]) -> bool:
    """Whether a word without brackets is written as a label is: in capitals or with its underscore, and not as JSON."""
    word = match["word"]
    return word == word.upper() or ("_" in word and '"' not in match["d2"])


def _value_start(line: str, match: re.Match[str]) -> tuple[int, int]:
    """Where the value starts, and how long a run of `_` is that opens before it and is not closed: italics around all.

    Behind the colon only what no value begins with is passed over; `~` begins a path, `_` may only close a run.
    """
    around = " ".join((match["prefix"], match["d1"], match["d2"], match["d3"]))
    if "_" not in around:
        return match.end(), 0
    runs = re.findall("_+", around)
    run = runs[-1] if len(runs) % 2 else ""
    if run and line.startswith(run, match.end()):
        return match.end() + len(run), 0
    return match.end(), len(run)


@lru_cache(maxsize=512)
def _field_of(word: str, *, bracketed: bool) -> Field | None:
    """The field that a word (upper case) names. Short ones without brackets allow one edit: "Tasks:" is prose."""
    compact = re.sub("[^A-Z0-9]", "", word)
    exact = _TARGETS.get(compact)
    if exact is not None:
        return exact
    for target, field in _TARGETS.items():
        edits = 1 if len(target) < _SHORT_TARGET and not bracketed else 2
        if abs(len(target) - len(compact)) <= edits and within(compact, target, edits):
            return field
    return None
