"""Plain text out: what a person reads where nothing is rendered. Total.

Lists keep bullets and numbers, quotations ``> ``, tables stand aligned, a link is ``label (url)``. Code stands as it
is, without indentation, so that what is copied is right. Text is never altered: nothing here is markup to anyone.
"""

from __future__ import annotations

from collections.abc import Sequence

from tieline.model.content import (
    Block,
    Break,
    Code,
    CodeBlock,
    Emoji,
    Emphasis,
    Heading,
    Hyperlink,
    Image,
    Inline,
    ListBlock,
    ListItem,
    Mention,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
)
from tieline.render.normal import at_name, normal_blocks
from tieline.render.tables import aligned


class Plain:
    """The dialect ``plain``."""

    @property
    def name(self) -> str:
        """``plain``."""
        return "plain"

    def write(self, blocks: tuple[Block, ...]) -> str:
        """Blocks as readable text."""
        return _blocks(normal_blocks(blocks))


def _blocks(blocks: Sequence[Block]) -> str:
    return "\n\n".join(_block(block) for block in blocks)


def _block(block: Block) -> str:
    match block:
        case Paragraph() | Heading():
            return inline_text(block.children)
        case CodeBlock():
            return block.text
        case Quote():
            return "\n".join(f"> {line}" if line else ">" for line in _blocks(block.children).split("\n"))
        case ListBlock():
            return "\n".join(_item(item, number, block.start) for number, item in enumerate(block.items))
        case Table():
            return aligned(block)
        case Rule():
            return "-" * 10


def _item(item: ListItem, number: int, start: int | None) -> str:
    marker = "•" if start is None else f"{start + number}."
    box = {None: "", True: "[x] ", False: "[ ] "}[item.checked]
    parts = [_block(child) for child in item.children]
    text = ("\n" if not _is_loose(item) else "\n\n").join(parts)
    indent = " " * (len(marker) + 1)
    first, *rest = (box + text).split("\n")
    return "\n".join([f"{marker} {first}".rstrip(), *(indent + line if line else "" for line in rest)])


def _is_loose(item: ListItem) -> bool:
    return sum(isinstance(child, Paragraph) for child in item.children) > 1


def inline_text(children: Sequence[Inline]) -> str:
    """Inlines as plain text."""
    return "".join(_inline(child) for child in children)


def _inline(inline: Inline) -> str:
    match inline:
        case Text() | Code():
            return inline.text
        case Break():
            return "\n"
        case Strong() | Emphasis() | Strike():
            return inline_text(inline.children)
        case Hyperlink():
            return labelled(inline_text(inline.children), inline.url)
        case Image():
            return labelled(inline.alt, inline.url)
        case Mention():
            return at_name(inline)
        case Emoji():
            return f":{inline.name}:"


def labelled(label: str, url: str) -> str:
    """``label (url)``, or the URL alone where the label says nothing else."""
    address = url.removeprefix("mailto:")
    return address if label in {"", url, address} else f"{label} ({address})"
