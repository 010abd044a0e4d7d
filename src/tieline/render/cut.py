"""Content cut in two at a place that a reader counts: the seam under splitting.

A document is a row of atoms: each code point of a text or of code is one, so is each line break, mention, custom emoji,
picture and bare link, and each end of a block or item. :func:`outline` writes one character per atom; :func:`cut`
parts blocks after ``n`` of them. Both halves are whole content: code keeps its language, a list goes on with its
number, a quotation goes on as one, a table repeats its header. What goes on of a list's item goes on without a marker.

Next stop: :mod:`tieline.render.split` chooses the places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tieline.model.content import (
    Block,
    Break,
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    Hyperlink,
    Inline,
    ListBlock,
    ListItem,
    Paragraph,
    Quote,
    Strike,
    Strong,
    Table,
    Text,
)

END: Final = "\x1e"
"""The end of a block, in an outline."""
HEADING_END: Final = "\x1d"
"""The end of a heading: no good place to part, what it heads comes next."""
OBJECT: Final = "\ufffc"
"""One thing that is not parted."""


def outline(blocks: Iterable[Block]) -> str:
    """One character per atom."""
    return "".join(_outline(block) for block in blocks)


def _outline(block: Block) -> str:
    match block:
        case Paragraph():
            return _inlines(block.children) + END
        case Heading():
            return _inlines(block.children) + HEADING_END
        case CodeBlock():
            return block.text + END
        case Quote():
            return outline(block.children) + END
        case ListBlock():
            return "".join(outline(item.children) + END for item in block.items) + END
        case Table():
            return (END * len(block.rows)) + END
        case _:
            return OBJECT + END


def _inlines(children: Iterable[Inline]) -> str:
    return "".join(_inline(child) for child in children)


def _inline(inline: Inline) -> str:
    match inline:
        case Text() | Code():
            return inline.text
        case Break():
            return "\n"
        case Strong() | Emphasis() | Strike():
            return _inlines(inline.children)
        case Hyperlink() if inline.children:
            return _inlines(inline.children)
        case _:
            return OBJECT


# --------------------------------------------------------------------------------------------------------------- cut


def cut(blocks: Sequence[Block], n: int) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """The blocks before atom ``n`` and those from it on."""
    head: list[Block] = []
    for number, block in enumerate(blocks):
        size = len(_outline(block))
        if n >= size - 1:  # the end of the block goes with it
            head.append(block)
            n -= size
        else:
            left, right = _cut(block, n) if n > 0 else ((), (block,))
            return (*head, *left), (*right, *blocks[number + 1 :])
        if n <= 0:
            return tuple(head), tuple(blocks[number + 1 :])
    return tuple(head), ()


_Halves = tuple[tuple[Block, ...], tuple[Block, ...]]


def _cut(block: Block, n: int) -> _Halves:
    match block:
        case Paragraph():
            left, right = _cut_inlines(block.children, n)
            return (Paragraph(children=left),), (Paragraph(children=right),)
        case Heading():
            left, right = _cut_inlines(block.children, n)
            return (Heading(level=block.level, children=left),), (Heading(level=block.level, children=right),)
        case CodeBlock():
            return _cut_code(block, n)
        case Quote():
            before, after = cut(block.children, n)
            return (Quote(children=before),), (Quote(children=after),)
        case ListBlock():
            return _cut_list(block, n)
        case Table():
            return (_rows(block, block.rows[:n]),), (_rows(block, block.rows[n:]),)
        case _:
            return (block,), ()


def _cut_code(block: CodeBlock, n: int) -> _Halves:
    """At a line break, which then is the end of the first half and is not written again."""
    before, after = block.text[:n], block.text[n:]
    if after.startswith("\n"):
        after = after.removeprefix("\n")
    else:
        before = before.removesuffix("\n")
    return (CodeBlock(text=before, language=block.language),), (CodeBlock(text=after, language=block.language),)


def _rows(table: Table, rows: tuple[tuple[tuple[Inline, ...], ...], ...]) -> Table:
    return Table(header=table.header, rows=rows, align=table.align)


def _cut_list(block: ListBlock, n: int) -> _Halves:
    for number, item in enumerate(block.items):
        size = len(outline(item.children)) + 1
        if n >= size - 1:
            n -= size
            if n <= 0:
                return (_items(block, 0, number + 1),), _list(block, number + 1)
            continue
        if n <= 0:
            return (_items(block, 0, number),), _list(block, number)
        before, after = cut(item.children, n)
        half = ListItem(children=before, checked=item.checked)
        whole = ListBlock(items=(*block.items[:number], half), start=block.start)
        return (whole,), (*after, *_list(block, number + 1))
    return (block,), ()


def _list(block: ListBlock, first: int) -> tuple[Block, ...]:
    return (_items(block, first, len(block.items)),) if first < len(block.items) else ()


def _items(block: ListBlock, first: int, end: int) -> ListBlock:
    start = None if block.start is None else block.start + first
    return ListBlock(items=block.items[first:end], start=start)


def _cut_inlines(children: Sequence[Inline], n: int) -> tuple[tuple[Inline, ...], tuple[Inline, ...]]:
    head: list[Inline] = []
    for number, child in enumerate(children):
        size = len(_inline(child))
        if n <= 0:
            return tuple(head), tuple(children[number:])
        if n >= size:
            head.append(child)
            n -= size
            continue
        left, right = _cut_inline(child, n)
        return (*head, left), (right, *children[number + 1 :])
    return tuple(head), ()


def _cut_inline(inline: Inline, n: int) -> tuple[Inline, Inline]:
    match inline:
        case Text() | Code():
            kind = type(inline)
            return kind(text=inline.text[:n]), kind(text=inline.text[n:])
        case Strong() | Emphasis() | Strike():
            before, after = _cut_inlines(inline.children, n)
            return type(inline)(children=before), type(inline)(children=after)
        case Hyperlink():
            before, after = _cut_inlines(inline.children, n)
            return Hyperlink(url=inline.url, children=before), Hyperlink(url=inline.url, children=after)
        case _:  # one atom is never parted
            return inline, Text(text="")
