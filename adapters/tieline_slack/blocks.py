"""Slack's blocks in: rich text as people's clients send it, and the blocks that apps build. Total.

The rules (Slack, "Block Kit: blocks"): what is known is read with its styles; of what is not known its text is read;
hostile shapes never raise; depth and width are capped. Buttons are shown as their labels, inputs are not shown.
None where nothing readable is in the blocks: the caller reads the message's mrkdwn then.

Next stop: ``tieline_slack/inbound``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from tieline.model.content import (
    Block,
    Code,
    CodeBlock,
    Document,
    Heading,
    Hyperlink,
    Image,
    Inline,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Strong,
    Table,
    Text,
)
from tieline.render import commonmark
from tieline.render.normal import normalise
from tieline_slack import mrkdwn, rich_text
from tieline_slack.rich_text import Shape, is_shape, number_of, shapes, text_of

_MAX_BLOCKS: Final = 200
_MAX_BUTTONS: Final = 25
_MAX_ROWS: Final = 200
_MAX_COLUMNS: Final = 20
_MAX_MARKDOWN: Final = 40_000


def parse(blocks: Sequence[Shape]) -> Document | None:
    """Read blocks; None where there is nothing to read in them."""
    found = [made for block in shapes(blocks, _MAX_BLOCKS) for made in _block(block)]
    document = normalise(Document(blocks=tuple(found)))
    return document if document.blocks else None


def plain_text(value: object) -> tuple[Inline, ...]:
    """A ``plain_text`` object: nothing in it is markup but emoji, unless it says ``emoji: false``."""
    text = mrkdwn.unescape(text_of(value, "text")) if is_shape(value) else ""
    if is_shape(value) and value.get("emoji") is False:
        return (Text(text=text),) if text else ()
    return mrkdwn.with_emoji(text)


def image(shape: Shape) -> Inline:
    """A picture with its description; one that Slack holds itself has none but that."""
    title, held = shape.get("title"), shape.get("slack_file")
    alt = text_of(shape, "alt_text") or (text_of(title, "text") if is_shape(title) else "")
    url = text_of(shape, "image_url", "url") or (text_of(held, "url") if is_shape(held) else "")
    return Image(url=url, alt=alt)


# -------------------------------------------------------------------------------------------------------------- blocks


def _block(block: Shape) -> Sequence[Block]:
    kind = block.get("type")
    return _READERS.get(kind if isinstance(kind, str) else "", _unknown)(block)


def _section(block: Shape) -> Sequence[Block]:
    return [*_text_object(block.get("text")), *_fields(block.get("fields")), *_accessory(block)]


def _nothing(block: Shape) -> Sequence[Block]:
    """An input asks for something here and now; a ``file`` block repeats what stands in the message's ``files``."""
    del block
    return ()


def _text_object(value: object) -> Sequence[Block]:
    if isinstance(value, str):
        return mrkdwn.parse(value).blocks
    if not is_shape(value):
        return ()
    if value.get("type") == "mrkdwn":
        return mrkdwn.parse(text_of(value, "text")).blocks
    return (Paragraph(children=plain_text(value)),)


def _fields(value: object) -> Sequence[Block]:
    return [made for field in shapes(value) for made in _text_object(field)]


def _accessory(block: Shape) -> Sequence[Block]:
    accessory = block.get("accessory")
    if not is_shape(accessory):
        return ()
    if accessory.get("type") == "image":
        return [Paragraph(children=(image(accessory),))]
    return _buttons((accessory,))


def _context(block: Shape) -> Sequence[Block]:
    children: list[Inline] = []
    for element in shapes(block.get("elements")):
        if children:
            children.append(Text(text=" "))
        if element.get("type") == "image":
            children.append(image(element))
        elif element.get("type") == "mrkdwn":
            children.extend(mrkdwn.inlines(text_of(element, "text")))
        else:
            children.extend(plain_text(element))
    return [Paragraph(children=tuple(children))]


def _actions(block: Shape) -> Sequence[Block]:
    return _buttons(shapes(block.get("elements"), _MAX_BUTTONS))


def _buttons(elements: Iterable[Shape]) -> Sequence[Block]:
    """Labels in brackets; a button that opens a page is a link. Menus and pickers say nothing by themselves."""
    children: list[Inline] = []
    for element in elements:
        label = plain_text(element.get("text")) if element.get("type") == "button" else ()
        if label:
            url = text_of(element, "url")
            shown = (Text(text="["), *label, Text(text="]"))
            children += [Text(text=" ")] if children else []
            children += [Hyperlink(url=url, children=label)] if url else shown
    return [Paragraph(children=tuple(children))]


def _video(block: Shape) -> Sequence[Block]:
    url = text_of(block, "title_url", "video_url")
    title = plain_text(block.get("title")) or mrkdwn.with_emoji(text_of(block, "alt_text"))
    head = (Hyperlink(url=url, children=title),) if url else title
    return [Paragraph(children=head), Paragraph(children=plain_text(block.get("description")))]


def _unknown(block: Shape) -> Sequence[Block]:
    """What can be read of a block that we do not know: its text, else the texts of its elements."""
    if isinstance(block.get("text"), str) or is_shape(block.get("text")):
        return _text_object(block.get("text"))
    return [made for element in shapes(block.get("elements")) for made in _text_object(element.get("text"))]


# -------------------------------------------------------------------------------------------------------------- tables


def _table(block: Shape) -> Sequence[Block]:
    """A table; its first row is its head, as Slack shows it."""
    rows = block.get("rows")
    lines = [_row(row) for row in rows[:_MAX_ROWS] if isinstance(row, list)] if isinstance(rows, list) else []
    caption = text_of(block, "caption")
    head: list[Block] = [Paragraph(children=(Text(text=caption),))] if caption else []
    if not lines:
        return head
    settings = block.get("column_settings")
    align = settings[:_MAX_COLUMNS] if isinstance(settings, list) else []
    sides = tuple(text_of(column, "align") if is_shape(column) else "" for column in align)
    return [*head, Table(header=lines[0], rows=tuple(lines[1:]), align=sides)]


def _row(row: Sequence[object]) -> tuple[tuple[Inline, ...], ...]:
    return tuple(_cell(cell) if is_shape(cell) else () for cell in row[:_MAX_COLUMNS])


def _cell(cell: Shape) -> tuple[Inline, ...]:
    if cell.get("type") == "rich_text":
        return tuple(_one_line(rich_text.parse(cell)))
    text = text_of(cell, "text") or (str(number_of(cell, "value")) if "value" in cell else "")
    return (Text(text=text),) if text else ()


def _one_line(blocks: Iterable[Block]) -> list[Inline]:
    """Blocks in one line, as a cell of a table needs them."""
    out: list[Inline] = []
    for block in blocks:
        if out:
            out.append(Text(text=" "))
        match block:
            case Paragraph():
                out += block.children
            case CodeBlock():
                out.append(Code(text=block.text))
            case Quote():
                out += _one_line(block.children)
            case ListBlock():
                out += _one_line([child for item in block.items for child in item.children])
            case Heading():
                out.append(Strong(children=block.children))
            case _:
                pass
    return out


_READERS: Final[Mapping[str, Callable[[Shape], Sequence[Block]]]] = {
    "rich_text": rich_text.parse,
    "section": _section,
    "header": lambda block: [Heading(level=2, children=plain_text(block.get("text")))],
    "context": _context,
    "divider": lambda _: [Rule()],
    "image": lambda block: [Paragraph(children=(image(block),))],
    "markdown": lambda block: commonmark.parse(text_of(block, "text")[:_MAX_MARKDOWN]).blocks,
    "table": _table,
    "data_table": _table,
    "video": _video,
    "actions": _actions,
    "input": _nothing,
    "file": _nothing,
}
