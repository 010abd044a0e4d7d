"""Walk a content tree and write its mentions as text."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tieline.model.content import (
    Block,
    CodeBlock,
    Emphasis,
    Heading,
    Hyperlink,
    Inline,
    ListBlock,
    Mention,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
)

Namer = Callable[[Mention], str]


def map_mentions(blocks: tuple[Block, ...], name: Namer) -> tuple[Block, ...]:
    """The same blocks with each Mention as the Text that ``name`` gives it."""
    return tuple(_block(block, name) for block in blocks)


def _block(block: Block, name: Namer) -> Block:
    match block:
        case Paragraph() | Heading():
            return msgspec.structs.replace(block, children=_inlines(block.children, name))
        case Quote():
            return msgspec.structs.replace(block, children=map_mentions(block.children, name))
        case ListBlock():
            items = tuple(
                msgspec.structs.replace(item, children=map_mentions(item.children, name)) for item in block.items
            )
            return msgspec.structs.replace(block, items=items)
        case Table():
            return msgspec.structs.replace(
                block,
                header=tuple(_inlines(cell, name) for cell in block.header),
                rows=tuple(tuple(_inlines(cell, name) for cell in row) for row in block.rows),
            )
        case CodeBlock() | Rule():
            return block


def _inlines(inlines: tuple[Inline, ...], name: Namer) -> tuple[Inline, ...]:
    return tuple(_inline(inline, name) for inline in inlines)


def _inline(inline: Inline, name: Namer) -> Inline:
    match inline:
        case Mention():
            return Text(text=name(inline))
        case Strong() | Emphasis() | Strike() | Hyperlink():
            return msgspec.structs.replace(inline, children=_inlines(inline.children, name))
        case _:
            return inline
