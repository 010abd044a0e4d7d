"""Slack's rich text in: what people's clients send, with its styles. Total and pure.

The rules (Slack, "Block Kit: rich text block"): lists come flat, each with its indentation, and are nested again;
an emoji comes with its code points; a date is shown as its fallback, else as UTC; a broadcast becomes the text
``@here``, which pings nobody (law 6). Of an element that is not known its text is read. Depth and width are capped.

Not promised: names of channels and user groups (Slack gives their ids), underline, highlight, colours as colours.
Next stop: :mod:`tieline_slack.blocks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeGuard

from tieline.model.content import (
    Block,
    Code,
    CodeBlock,
    Emphasis,
    Hyperlink,
    Inline,
    ListBlock,
    ListItem,
    Mention,
    Paragraph,
    Quote,
    Strike,
    Strong,
    Text,
)
from tieline_slack import mrkdwn

MAX_ELEMENTS: Final = 5_000
_MAX_DEPTH: Final = 12

Shape = Mapping[str, object]


# ------------------------------------------------------------------------------------------------------ hostile shapes


def is_shape(value: object) -> TypeGuard[Shape]:
    """True of a JSON object."""
    return isinstance(value, Mapping)


def shapes(value: object, most: int = MAX_ELEMENTS) -> Iterator[Shape]:
    """The objects in a JSON array, the first ``most`` of its members looked at."""
    if isinstance(value, list | tuple):
        for item in value[:most]:
            if is_shape(item):
                yield item


def text_of(shape: Shape, *keys: str) -> str:
    """The first of the keys that holds a text."""
    for key in keys:
        value = shape.get(key)
        if isinstance(value, str) and value:
            return value
    return ""


def number_of(shape: Shape, key: str) -> int:
    """A whole number, else 0."""
    value = shape.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


# ------------------------------------------------------------------------------------------------------------- blocks


def parse(block: Shape) -> list[Block]:
    """The blocks of a ``rich_text`` block."""
    out: list[Block] = []
    flat: list[tuple[int, ListBlock]] = []
    for element in shapes(block.get("elements")):
        if element.get("type") == "rich_text_list":
            flat.append((min(max(number_of(element, "indent"), 0), _MAX_DEPTH), _list(element)))
            continue
        out += _nested(flat)
        flat = []
        out += _element(element)
    return out + _nested(flat)


def _element(element: Shape) -> Sequence[Block]:
    match element.get("type"):
        case "rich_text_section":
            return [Paragraph(children=_inlines(element))]
        case "rich_text_quote":
            return [Quote(children=(Paragraph(children=_inlines(element)),))]
        case "rich_text_preformatted":
            return [CodeBlock(text=_code_text(element), language=text_of(element, "language"))]
        case _:
            text = _inlines(element) if element.get("elements") else _inline(element)
            return [Paragraph(children=tuple(text))]


def _code_text(element: Shape) -> str:
    return "".join(text_of(child, "text", "url", "name", "user_id") for child in shapes(element.get("elements")))


def _list(element: Shape) -> ListBlock:
    items = [ListItem(children=tuple(_element(item))) for item in shapes(element.get("elements"))]
    ordered = element.get("style") == "ordered"
    return ListBlock(items=tuple(items), start=number_of(element, "offset") + 1 if ordered else None)


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
    if not before.items:
        return after
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


def _inlines(element: Shape) -> tuple[Inline, ...]:
    return tuple(made for child in shapes(element.get("elements")) for made in _styled(child))


def _styled(element: Shape) -> Sequence[Inline]:
    style = element.get("style")
    styles = style if is_shape(style) else {}
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


def _inline(element: Shape) -> Sequence[Inline]:
    match element.get("type"):
        case "link":
            return _link(element)
        case "user":
            user = text_of(element, "user_id")
            return (Mention(display=text_of(element, "name", "user_id") or "?", native_id=user or None),)
        case "channel":
            return (Text(text="#" + (text_of(element, "name", "channel_id") or "?")),)
        case "usergroup" | "team":
            return (Text(text="@" + (text_of(element, "name", "usergroup_id", "team_id") or "?")),)
        case "broadcast":
            return (Text(text="@" + (text_of(element, "range") or "here")),)
        case "emoji":
            return _emoji(element)
        case "date":
            return _date(element)
        case _:
            text = text_of(element, "text", "fallback", "value", "alt_text", "name")
            return (Text(text=text),) if text else ()


def _link(element: Shape) -> Sequence[Inline]:
    url, label = text_of(element, "url"), text_of(element, "text")
    children = (Text(text=label),) if label and label != url else ()
    return (Hyperlink(url=url, children=children),)


def _date(element: Shape) -> Sequence[Inline]:
    shown = (Text(text=text_of(element, "fallback") or _moment(number_of(element, "timestamp"))),)
    url = text_of(element, "url")
    return (Hyperlink(url=url, children=shown),) if url else shown


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "?"


def _emoji(element: Shape) -> Sequence[Inline]:
    """An emoji: Slack says its code points as ``1f44b-1f3fc``; a custom one has only its name."""
    character = _characters(text_of(element, "unicode"))
    if character:
        return (Text(text=character),)
    name = text_of(element, "name")
    return (mrkdwn.named_emoji(name),) if name else ()


def _characters(codes: str) -> str:
    try:
        return "".join(chr(int(code, 16)) for code in codes.split("-")) if codes else ""
    except (ValueError, OverflowError):
        return ""
