"""Slack's blocks in: rich text as people's clients send it, and the blocks that apps build. Total.

The rules (Slack, "Block Kit: blocks"): what is known is read with its styles; of what is not known its text is read;
hostile shapes never raise; depth and width are capped. A broadcast becomes the text ``@here``, which pings nobody.
None where nothing readable is in the blocks: the caller reads the message's mrkdwn then.

Next stop: ``tieline_slack/inbound``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeGuard

from tieline.model.content import (
    Block,
    Code,
    CodeBlock,
    Document,
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
    Text,
)
from tieline.render.normal import normalise
from tieline_slack import mrkdwn

_MAX_BLOCKS: Final = 200
_MAX_ELEMENTS: Final = 5_000
_MAX_DEPTH: Final = 12

_Shape = Mapping[str, object]


def parse(blocks: Sequence[Mapping[str, object]]) -> Document | None:
    """Read blocks; None where there is nothing to read in them."""
    found = [made for block in _shapes(blocks, _MAX_BLOCKS) for made in _block(block)]
    document = normalise(Document(blocks=tuple(found)))
    return document if document.blocks else None


# ------------------------------------------------------------------------------------------------------ hostile shapes


def _is_shape(value: object) -> TypeGuard[_Shape]:
    return isinstance(value, Mapping)


def _shapes(value: object, most: int = _MAX_ELEMENTS) -> Iterator[_Shape]:
    if isinstance(value, list | tuple):
        for item in value[:most]:
            if _is_shape(item):
                yield item


def _text(shape: _Shape, *keys: str) -> str:
    """The first of the keys that holds a text."""
    for key in keys:
        value = shape.get(key)
        if isinstance(value, str) and value:
            return value
    return ""


def _number(shape: _Shape, key: str) -> int:
    value = shape.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


# -------------------------------------------------------------------------------------------------------------- blocks


def _block(block: _Shape) -> Sequence[Block]:
    match block.get("type"):
        case "rich_text":
            return _rich_text(block)
        case "section":
            return [*_text_object(block.get("text")), *_fields(block.get("fields"))]
        case "header":
            return [Heading(level=2, children=_plain(block.get("text")))]
        case "context":
            return _context(block)
        case "divider":
            return [Rule()]
        case "image":
            return [Paragraph(children=(_image(block),))]
        case _:
            return [*_text_object(block.get("text")), *_any_text(block)]


def _text_object(value: object) -> Sequence[Block]:
    if isinstance(value, str):
        return mrkdwn.parse(value).blocks
    if not _is_shape(value):
        return ()
    text = _text(value, "text")
    if value.get("type") == "mrkdwn":
        return mrkdwn.parse(text).blocks
    return (Paragraph(children=(*_plain(value),)),)


def _plain(value: object) -> tuple[Inline, ...]:
    """A ``plain_text`` object: nothing in it is markup; emoji stay ``:name:``."""
    text = _text(value, "text") if _is_shape(value) else ""
    pieces = mrkdwn.unescape(text)
    return (Text(text=pieces),) if pieces else ()


def _fields(value: object) -> Sequence[Block]:
    return [made for field in _shapes(value) for made in _text_object(field)]


def _context(block: _Shape) -> Sequence[Block]:
    children: list[Inline] = []
    for element in _shapes(block.get("elements")):
        if children:
            children.append(Text(text=" "))
        if element.get("type") == "image":
            children.append(_image(element))
        elif element.get("type") == "mrkdwn":
            children.extend(mrkdwn.inlines(_text(element, "text")))
        else:
            children.extend(_plain(element))
    return [Paragraph(children=tuple(children))]


def _image(shape: _Shape) -> Inline:
    title = shape.get("title")
    alt = _text(shape, "alt_text") or (_text(title, "text") if _is_shape(title) else "")
    return Image(url=_text(shape, "image_url", "url"), alt=alt)


def _any_text(block: _Shape) -> Sequence[Block]:
    """What can be read of a block that we do not know: the texts of its elements."""
    if isinstance(block.get("text"), str | Mapping):
        return ()
    return [made for element in _shapes(block.get("elements")) for made in _text_object(element.get("text"))]


# ----------------------------------------------------------------------------------------------------------- rich text


def _rich_text(block: _Shape) -> Sequence[Block]:
    out: list[Block] = []
    flat: list[tuple[int, ListBlock]] = []
    for element in _shapes(block.get("elements")):
        if element.get("type") == "rich_text_list":
            flat.append((min(max(_number(element, "indent"), 0), _MAX_DEPTH), _list(element)))
            continue
        out += _nested(flat)
        flat = []
        out += _element(element)
    return out + _nested(flat)


def _element(element: _Shape) -> Sequence[Block]:
    match element.get("type"):
        case "rich_text_section":
            return [Paragraph(children=_inlines(element))]
        case "rich_text_quote":
            return [Quote(children=(Paragraph(children=_inlines(element)),))]
        case "rich_text_preformatted":
            return [CodeBlock(text=_code_text(element), language=_text(element, "language"))]
        case _:
            text = _inlines(element) if element.get("elements") else _inline(element)
            return [Paragraph(children=tuple(text))]


def _code_text(element: _Shape) -> str:
    return "".join(_text(child, "text", "url", "name", "user_id") for child in _shapes(element.get("elements")))


def _list(element: _Shape) -> ListBlock:
    items = [ListItem(children=tuple(_item(item))) for item in _shapes(element.get("elements"))]
    ordered = element.get("style") == "ordered"
    return ListBlock(items=tuple(items), start=_number(element, "offset") + 1 if ordered else None)


def _item(item: _Shape) -> Sequence[Block]:
    return _element(item)


def _nested(flat: Sequence[tuple[int, ListBlock]]) -> list[Block]:
    """Slack sends nested lists flat, each with its indentation: a deeper one belongs to the last item before it."""
    out: list[Block] = []
    at = 0
    while at < len(flat):
        indent, block = flat[at]
        end = at + 1
        while end < len(flat) and flat[end][0] > indent:
            end += 1
        inner = _nested(flat[at + 1 : end])
        joined = _joined(out[-1], block) if out and isinstance(out[-1], ListBlock) else None
        if joined is not None:
            out.pop()
        out.append(_with_inner(joined or block, inner))
        at = end
    return out


def _joined(before: Block, after: ListBlock) -> ListBlock | None:
    """Two lists at one depth that are one list, parted by the deeper list between them."""
    if not isinstance(before, ListBlock) or (before.start is None) != (after.start is None):
        return None
    if before.start is not None and after.start not in {1, before.start + len(before.items)}:
        return None
    if after.start == 1 and not any(isinstance(child, ListBlock) for child in before.items[-1].children):
        return None
    return ListBlock(items=(*before.items, *after.items), start=before.start)


def _with_inner(block: ListBlock, inner: Sequence[Block]) -> ListBlock:
    if not inner:
        return block
    *items, last = block.items or (ListItem(children=()),)
    return ListBlock(
        items=(*items, ListItem(children=(*last.children, *inner), checked=last.checked)), start=block.start
    )


# ------------------------------------------------------------------------------------------------------------- inlines


def _inlines(element: _Shape) -> tuple[Inline, ...]:
    return tuple(made for child in _shapes(element.get("elements")) for made in _styled(child))


def _styled(element: _Shape) -> Sequence[Inline]:
    style = element.get("style")
    styles = style if _is_shape(style) else {}
    made = _inline(element)
    if styles.get("code"):
        made = tuple(Code(text=child.text) if isinstance(child, Text) else child for child in made)
    wrappers: tuple[tuple[str, Callable[[tuple[Inline, ...]], Inline]], ...] = (
        ("strike", lambda children: Strike(children=children)),
        ("italic", lambda children: Emphasis(children=children)),
        ("bold", lambda children: Strong(children=children)),
    )
    for name, wrap in wrappers:
        if styles.get(name) and made:
            made = (wrap(tuple(made)),)
    return made


def _inline(element: _Shape) -> Sequence[Inline]:
    match element.get("type"):
        case "link":
            return _link(element)
        case "user":
            user = _text(element, "user_id")
            return (Mention(display=_text(element, "name", "user_id") or "?", native_id=user or None),)
        case "channel":
            return (Text(text="#" + (_text(element, "name", "channel_id") or "?")),)
        case "usergroup" | "team":
            return (Text(text="@" + (_text(element, "name", "usergroup_id", "team_id") or "?")),)
        case "broadcast":
            return (Text(text="@" + (_text(element, "range") or "here")),)
        case "emoji":
            return _emoji(element)
        case _:
            text = _text(element, "text", "fallback", "value", "alt_text", "name")
            return (Text(text=text),) if text else ()


def _link(element: _Shape) -> Sequence[Inline]:
    url, label = _text(element, "url"), _text(element, "text")
    children = (Text(text=label),) if label and label != url else ()
    return (Hyperlink(url=url, children=children),)


def _emoji(element: _Shape) -> Sequence[Inline]:
    """An emoji: Slack says its code points as ``1f44b-1f3fc``; a custom one has only its name."""
    character = _characters(_text(element, "unicode"))
    if character:
        return (Text(text=character),)
    name = _text(element, "name")
    return (mrkdwn.named_emoji(name),) if name else ()


def _characters(codes: str) -> str:
    try:
        return "".join(chr(int(code, 16)) for code in codes.split("-")) if codes else ""
    except (ValueError, OverflowError):
        return ""
