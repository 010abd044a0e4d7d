"""Splitting content into parts that fit, measured after rendering.

The rules, in this order: every part fits its limit *as written in its dialect*, with its count; nothing visible is
lost; a part ends at the end of a block, else of a line, a sentence, a word, and only then inside a word, never inside
an escape, mention, link or emoji, because content is parted and not text; no part is shorter than it must be by more
than half for the sake of a nicer end.

Where one thing alone is longer than a part (a URL, a row of a table), it and what follows become plain text and go on.
Not promised: a limit that cannot hold one character and a count; there the character is left out, and that is told.

Next stop: :mod:`tieline.render.plan`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from tieline.model.base import Value
from tieline.model.capabilities import Overflow, TextLimit, TextUnit
from tieline.model.content import Block, Break, CodeBlock, Inline, Paragraph, Text
from tieline.render.cut import END, HEADING_END, cut, outline
from tieline.render.measure import units
from tieline.render.normal import normal_blocks
from tieline.render.plain import Plain

Write = Callable[[tuple[Block, ...]], str]

CUT_NOTE: Final = " … (cut)"
"""Stands where the rest of a text is missing."""

_SEPTETS: Final = 160
_SLACK: Final = 32
"""A part may be a 32nd shorter than it must be: a search to the last character costs twice as much."""

_CLUSTER: Final = 32
_SENTENCE: Final = re.compile(r"[.!?…。！？][\"'”’)\]]*\s")
_SPACE: Final = re.compile(r"\s")
_REGIONAL: Final = range(0x1F1E6, 0x1F200)
_MODIFIERS: Final = range(0x1F3FB, 0x1F400)
_JOINER: Final = "\u200d"


class Parts(Value, kw_only=True, frozen=True):
    """The parts' blocks without their counts; ``missing``: how many characters no part shows."""

    parts: tuple[tuple[Block, ...], ...]
    missing: int = 0
    cut: bool = False


class Splitter:
    """Splits content for one dialect and limit."""

    def __init__(self, write: Write, limit: TextLimit) -> None:
        self._write = write
        self._limit = limit
        self._max_parts = 1 if limit.overflow is Overflow.TRUNCATE else max(1, limit.max_parts)

    def size(self, text: str) -> int:
        """Length of a written text in the limit's unit."""
        return units(text, self._limit.unit)

    def fits(self, blocks: tuple[Block, ...], note: str = "") -> bool:
        """True where the blocks fit one part, with a note behind them."""
        return self.size(self._write(noted(blocks, note))) <= self._limit.max

    def split(self, blocks: tuple[Block, ...]) -> Parts:
        """The parts of content that does not fit as a whole."""
        parts: list[tuple[Block, ...]] = []
        rest, plain, lost = blocks, False, 0
        count = _placeholder(self._max_parts)
        while rest and len(parts) < self._max_parts - 1:
            size = self._longest(rest, count)
            if size:
                part, rest = cut(rest, size)
                parts.append(part if plain else normal_blocks(part))
                rest = _after_space(rest) if plain else (*normal_blocks(rest[:1]), *rest[1:])
            elif not plain:
                rest, plain = _as_text(rest), True
            else:
                _, rest = cut(rest, 1)
                lost += 1
        if rest:
            last, missing = self._last(rest, count)
            return Parts(parts=(*parts, last), missing=missing + lost, cut=missing > 0)
        return Parts(parts=tuple(parts), missing=lost)

    def first(self, blocks: tuple[Block, ...], note: str) -> tuple[Block, ...]:
        """As much of the beginning as fits one part, with a note behind it."""
        size = self._longest(blocks, note)
        return cut(blocks, size)[0] if size else ()

    def _last(self, rest: tuple[Block, ...], count: str) -> tuple[tuple[Block, ...], int]:
        """The last part that may be sent: the rest, or as much of it as fits, and how much that leaves out."""
        if self.fits(rest, count):
            return rest, 0
        note = CUT_NOTE + count
        size = self._longest(rest, note)
        if not size:
            rest = _as_text(rest)
            size = self._longest(rest, note)
        part, missing = cut(rest, size) if size else ((), rest)
        return part, len(outline(missing).strip(END))

    def _longest(self, blocks: tuple[Block, ...], note: str) -> int:
        """How many atoms the next part takes; 0 where not even the first fits."""
        atoms = outline(blocks)
        per_unit = _SEPTETS if self._limit.unit is TextUnit.SEGMENTS else 1
        high = min(len(atoms), max(1, self._limit.max) * per_unit)
        if high == len(atoms) and self.fits(blocks, note):
            return high
        low = self._search(blocks, note, high)
        best = _boundary(atoms, low)
        return best if best == low or self.fits(cut(blocks, best)[0], note) else low

    def _search(self, blocks: tuple[Block, ...], note: str, high: int) -> int:
        """About the most atoms that fit, at most ``high``; writing is dear, so the sizes seen guide the next guess."""
        low, guess = 0, high
        while low < high and (not low or high - low > low // _SLACK):
            size = self.size(self._write(noted(cut(blocks, guess)[0], note)))
            if size <= self._limit.max:
                low = guess
            else:
                high = guess - 1
            near = guess * self._limit.max // max(size, 1)
            guess = near if low < near <= high and size > self._limit.max else (low + high + 1) // 2
        return low


def noted(blocks: tuple[Block, ...], note: str) -> tuple[Block, ...]:
    """The blocks with a note at the end: of the last paragraph, or in one of its own."""
    if not note:
        return blocks
    last = blocks[-1] if blocks else None
    if isinstance(last, Paragraph):
        return (*blocks[:-1], Paragraph(children=(*last.children, Text(text=note))))
    return (*blocks, Paragraph(children=(Text(text=note.strip()),)))


def counted(index: int, total: int) -> str:
    """The count of a part: `` (2/5)``."""
    return f" ({index}/{total})"


def _placeholder(most: int) -> str:
    """A count as long as any that may come."""
    return counted(most, most) if most > 1 else ""


def _after_space(rest: tuple[Block, ...]) -> tuple[Block, ...]:
    """What is left to show; the normal form would make links of URLs again."""
    atoms = outline(rest)
    spaces = len(atoms) - len(atoms.lstrip())
    return cut(rest, spaces)[1] if spaces else rest


def _as_text(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks as one paragraph of plain lines, which can be parted anywhere."""
    children: list[Inline] = []
    for line in _lines(blocks):
        children += [Text(text=line)] if line else []
        children.append(Break())
    return (Paragraph(children=tuple(children[:-1])),) if children else ()


def _lines(blocks: Sequence[Block]) -> list[str]:
    return [line for block in blocks for line in _text_of(block).split("\n")]


def _text_of(block: Block) -> str:
    return block.text if isinstance(block, CodeBlock) else Plain().write((block,))


# --------------------------------------------------------------------------------------------------- where to part


def _boundary(atoms: str, most: int) -> int:
    """The best place at or before ``most`` to part at."""
    if most >= len(atoms) or most <= 1:
        return most
    for found in (_end_of_block, _end_of_line, _end_of_sentence, _end_of_word):
        place = found(atoms, most)
        if place:
            return place
    return _between_clusters(atoms, most)


def _end_of_block(atoms: str, most: int) -> int:
    place = atoms.rfind(END, most // 2, most + 1) + 1
    return min(place, most) if place and place < len(atoms) else 0


def _end_of_line(atoms: str, most: int) -> int:
    return max(0, atoms.rfind("\n", most // 2, most + 1))


def _end_of_sentence(atoms: str, most: int) -> int:
    start = most * 3 // 4
    return max((found.end() for found in _SENTENCE.finditer(atoms, start, most + 1) if found.end() <= most), default=0)


def _end_of_word(atoms: str, most: int) -> int:
    start = most // 4
    places = [found.start() for found in _SPACE.finditer(atoms, start, most + 1)]
    return places[-1] if places and places[-1] > 0 and atoms[places[-1]] != HEADING_END else 0


def _between_clusters(atoms: str, most: int) -> int:
    place = most
    while place > max(1, most - _CLUSTER) and _joined(atoms, place):
        place -= 1
    return place if not _joined(atoms, place) else most


def _joined(atoms: str, place: int) -> bool:
    """True where the characters beside ``place`` are one to the eye (a plain reading of UAX 29)."""
    if place >= len(atoms):
        return False
    before, after = atoms[place - 1], atoms[place]
    if _JOINER in {before, after} or ord(after) in _MODIFIERS or unicodedata.category(after) in {"Mn", "Me"}:
        return True
    if ord(before) not in _REGIONAL or ord(after) not in _REGIONAL:
        return False
    run = 0
    while run < place and ord(atoms[place - 1 - run]) in _REGIONAL:
        run += 1
    return run % 2 == 1
