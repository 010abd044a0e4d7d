"""Change the inlines of a content tree, wherever they stand; everything else stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tieline.model.content import (
    Block,
    CodeBlock,
    Emphasis,
    Heading,
    Hyperlink,
    Inline,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
)

Change = Callable[[Inline], Sequence[Inline]]
"""What stands for an inline that holds no others (a Text, a Mention): itself, something else, or several."""


def change_inlines(blocks: tuple[Block, ...], change: Change, *, in_links: bool) -> tuple[Block, ...]:
    """The blocks with ``change`` applied to every leaf; ``in_links``: in the labels of links too. Code stays."""
    return tuple(_block(block, change, in_links=in_links) for block in blocks)


def _block(block: Block, change: Change, *, in_links: bool) -> Block:
    def inlines(children: Sequence[Inline]) -> tuple[Inline, ...]:
        return _inlines(children, change, in_links=in_links)

    def blocks(children: tuple[Block, ...]) -> tuple[Block, ...]:
        return change_inlines(children, change, in_links=in_links)

    replace = msgspec.structs.replace
    match block:
        case Paragraph() | Heading():
            return replace(block, children=inlines(block.children))
        case Quote():
            return replace(block, children=blocks(block.children))
        case ListBlock():
            return replace(block, items=tuple(replace(item, children=blocks(item.children)) for item in block.items))
        case Table():
            rows = tuple(tuple(inlines(cell) for cell in row) for row in block.rows)
            return replace(block, header=tuple(inlines(cell) for cell in block.header), rows=rows)
        case CodeBlock() | Rule():
            return block


def _inlines(children: Sequence[Inline], change: Change, *, in_links: bool) -> tuple[Inline, ...]:
    out: list[Inline] = []
    for child in children:
        match child:
            case Strong() | Emphasis() | Strike():
                out.append(msgspec.structs.replace(child, children=_inlines(child.children, change, in_links=in_links)))
            case Hyperlink() if in_links:
                out.append(msgspec.structs.replace(child, children=_inlines(child.children, change, in_links=in_links)))
            case Hyperlink():
                out.append(child)
            case _:
                out.extend(change(child))
    return tuple(out)
