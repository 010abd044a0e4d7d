"""What an endpoint cannot show becomes its fallback, and a degradation says so.

The rules: nothing visible is dropped; a fallback is content again, so that every dialect writes it; a degradation is
told once for each feature. ``rich_text`` PARTIAL means spans and lists without headings; ``code_block`` PARTIAL means
without languages; FALLBACK and below leave it to the dialect to show the code as text.

Next stop: :mod:`tieline.render.plan`.
"""

from __future__ import annotations

from collections.abc import Sequence

from tieline.model.capabilities import Capabilities, Support
from tieline.model.content import (
    Block,
    Code,
    CodeBlock,
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
    Strike,
    Strong,
    Table,
    Text,
)
from tieline.model.delivery import Degradation
from tieline.render.normal import at_name, visible
from tieline.render.tables import aligned

_DETAILS = {
    "rich_text": "formatting is left out",
    "heading": "headings are shown as bold lines",
    "code_block": "code is shown as plain text",
    "code_language": "the language of code is left out",
    "table": "tables are shown as aligned text",
    "link": "links are shown as label and address",
    "image": "pictures are shown as links",
    "mention": "people are named, not notified",
    "reply": "the reply is shown under a quotation of what it answers",
    "identity": "the author's name stands in the text",
}


class Degradations:
    """Degradations, each feature once, in order of first appearance."""

    def __init__(self) -> None:
        self._found: dict[str, Degradation] = {}

    def add(self, feature: str, level: Support, detail: str = "") -> None:
        """Note a feature that was not shown whole."""
        if feature not in self._found:
            shown = detail or _DETAILS[feature]
            self._found[feature] = Degradation(feature=feature, level=level, detail=shown)

    def all(self) -> tuple[Degradation, ...]:
        """All of them."""
        return tuple(self._found.values())


class Negotiation:
    """Turns content into what one endpoint can show."""

    def __init__(self, capabilities: Capabilities, notes: Degradations) -> None:
        self._can = capabilities
        self._notes = notes

    def blocks(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """The blocks as the endpoint can show them."""
        return tuple(self._block(block) for block in blocks)

    def _block(self, block: Block) -> Block:
        match block:
            case Paragraph():
                return Paragraph(children=self._inlines(block.children))
            case Heading():
                return self._heading(block)
            case CodeBlock():
                return self._code(block)
            case Quote():
                return Quote(children=self.blocks(block.children))
            case ListBlock():
                return ListBlock(items=tuple(self._item(item) for item in block.items), start=block.start)
            case Table():
                return self._table(block)
            case _:
                return block

    def _item(self, item: ListItem) -> ListItem:
        return ListItem(children=self.blocks(item.children), checked=item.checked)

    def _heading(self, block: Heading) -> Block:
        children = self._inlines(block.children)
        if self._can.rich_text is Support.FULL:
            return Heading(level=block.level, children=children)
        if self._can.rich_text is Support.PARTIAL:
            self._notes.add("heading", Support.FALLBACK)
            return Paragraph(children=(Strong(children=children),))
        self._notes.add("rich_text", self._can.rich_text)
        return Paragraph(children=children)

    def _code(self, block: CodeBlock) -> Block:
        if self._can.code_block <= Support.FALLBACK:
            self._notes.add("code_block", self._can.code_block)
        elif self._can.code_block is Support.PARTIAL and block.language:
            self._notes.add("code_language", Support.DROPPED)
            return CodeBlock(text=block.text)
        return block

    def _table(self, table: Table) -> Block:
        if self._can.table > Support.FALLBACK:
            return Table(
                header=self._cells(table.header),
                rows=tuple(self._cells(row) for row in table.rows),
                align=table.align,
            )
        self._notes.add("table", self._can.table)
        return CodeBlock(text=aligned(table))

    def _cells(self, cells: Sequence[tuple[Inline, ...]]) -> tuple[tuple[Inline, ...], ...]:
        return tuple(self._inlines(cell) for cell in cells)

    def _inlines(self, children: Sequence[Inline]) -> tuple[Inline, ...]:
        return tuple(made for child in children for made in self._inline(child))

    def _inline(self, inline: Inline) -> Sequence[Inline]:
        match inline:
            case Strong() | Emphasis() | Strike():
                return self._span(inline)
            case Code() if self._can.rich_text <= Support.FALLBACK:
                self._notes.add("rich_text", self._can.rich_text)
                return [Text(text=inline.text)]
            case Hyperlink():
                return self._link(inline)
            case Image() if self._can.rich_text is not Support.FULL:
                self._notes.add("image", Support.FALLBACK)
                label = (Text(text=inline.alt),) if inline.alt else ()
                return self._link(Hyperlink(url=inline.url, children=label))
            case Mention() if self._can.mention.by_id <= Support.FALLBACK:
                return self._mention(inline)
            case _:
                return [inline]

    def _span(self, span: Strong | Emphasis | Strike) -> Sequence[Inline]:
        children = self._inlines(span.children)
        if self._can.rich_text > Support.FALLBACK:
            return [type(span)(children=children)]
        self._notes.add("rich_text", self._can.rich_text)
        return children

    def _link(self, link: Hyperlink) -> Sequence[Inline]:
        children = self._inlines(link.children)
        if self._can.link > Support.FALLBACK or not children:
            return [Hyperlink(url=link.url, children=children)]
        address = link.url.removeprefix("mailto:")
        if visible(children) in {link.url, address}:
            return children
        self._notes.add("link", self._can.link)
        return [*children, Text(text=" ("), Hyperlink(url=link.url), Text(text=")")]

    def _mention(self, mention: Mention) -> Sequence[Inline]:
        if mention.native_id is not None:
            self._notes.add("mention", self._can.mention.by_id)
        return [Mention(display=at_name(mention)[1:], handle=mention.handle)]
