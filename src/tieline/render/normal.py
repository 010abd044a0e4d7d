"""The normal form of content: what two trees that say the same have in common.

Adjacent texts are one, white space stands outside of spans and not at the edges of lines, bare URLs are links, links
are safe, spans do not hold themselves, blocks nest at most :data:`MAX_DEPTH` deep, nothing is empty. It is idempotent,
total, and loses no visible character; control characters and lone surrogates are not visible.

With ``names=False`` mentions and custom emoji become text, as CommonMark has neither.
Next stop: :mod:`tieline.render.commonmark`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from tieline.model.base import Value
from tieline.model.content import (
    Block,
    Break,
    Code,
    CodeBlock,
    Document,
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
from tieline.render.urls import find_bare, safe_url

MAX_DEPTH: Final = 20
"""Blocks deeper than this are shown at this depth."""

_MAX_START: Final = 999_999_999
_LINES: Final = re.compile(r"\r\n?|[\x85\u2028\u2029]")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_SPACES: Final = re.compile(r"[\x0b\x0c\x1c-\x1f]")
_PLANE_ENDS: Final = "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_NO_CHARACTERS: Final = re.compile(rf"[\ud800-\udfff\ufdd0-\ufdef{_PLANE_ENDS}]")

Span = Strong | Emphasis | Strike
_BREAK: Final = Break()
_SPACE: Final = Text(text=" ")


class _Context(Value, kw_only=True, frozen=True):
    names: bool
    inside: frozenset[type] = frozenset()
    link: bool = False
    breaks: bool = True


def normalise(document: Document, *, names: bool = True) -> Document:
    """The normal form of a document; ``names=False`` turns mentions and custom emoji into text."""
    return Document(blocks=normal_blocks(document.blocks, names=names))


def normal_blocks(blocks: Iterable[Block], *, names: bool = True) -> tuple[Block, ...]:
    """The normal form of blocks."""
    return _blocks(blocks, names=names, depth=0)


def clean(text: str) -> str:
    """Text with line feeds as line breaks and without control characters and lone surrogates."""
    if text.isprintable():
        return text
    text = _SPACES.sub(" ", _CONTROLS.sub("", _LINES.sub("\n", text)))
    return _NO_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", text)


# ------------------------------------------------------------------------------------------------------------ blocks


def _blocks(blocks: Iterable[Block], *, names: bool, depth: int) -> tuple[Block, ...]:
    out: list[Block] = []
    for block in blocks:
        out.extend(_block(block, names=names, depth=depth))
    return tuple(out)


def _block(block: Block, *, names: bool, depth: int) -> Iterable[Block]:
    match block:
        case Paragraph():
            return [Paragraph(children=line) for line in _paragraphs(block.children, _Context(names=names))]
        case Heading():
            children = _line(block.children, _Context(names=names, breaks=False))
            return [Heading(level=min(max(block.level, 1), 6), children=children)] if children else []
        case CodeBlock():
            return [CodeBlock(text=clean(block.text), language=_language(block.language))]
        case Quote() | ListBlock():
            return _container(block, names=names, depth=depth)
        case Table():
            return _table(block, names=names)
        case Rule():
            return [block]


def _container(block: Quote | ListBlock, *, names: bool, depth: int) -> Iterable[Block]:
    if depth >= MAX_DEPTH:
        parts = [block] if isinstance(block, Quote) else block.items
        return [inner for part in parts for inner in _blocks(_leaves(part), names=names, depth=depth)]
    if isinstance(block, Quote):
        children = _blocks(block.children, names=names, depth=depth + 1)
        return [Quote(children=children)] if children else []
    items = tuple(_item(item, names=names, depth=depth + 1) for item in block.items)
    start = None if block.start is None else min(max(block.start, 0), _MAX_START - len(items))
    return [ListBlock(items=items, start=start)] if items else []


def _leaves(part: Quote | ListItem) -> list[Block]:
    """The blocks in a container, with the containers among them opened; without recursion, trees may be deep."""
    out: list[Block] = []
    todo: list[Block] = [*reversed(part.children)]
    while todo:
        block = todo.pop()
        if isinstance(block, Quote):
            todo.extend(reversed(block.children))
        elif isinstance(block, ListBlock):
            todo.extend(child for item in reversed(block.items) for child in reversed(item.children))
        else:
            out.append(block)
    return out


def _item(item: ListItem, *, names: bool, depth: int) -> ListItem:
    children = _blocks(item.children, names=names, depth=depth)
    can_check = bool(children) and isinstance(children[0], Paragraph)
    return ListItem(children=children, checked=item.checked if can_check else None)


def _language(language: str) -> str:
    words = clean(language).split()
    return words[0].replace("`", "").lstrip("~").replace("\\", "").replace("&", "") if words else ""


def _table(table: Table, *, names: bool) -> Iterable[Block]:
    width = max([len(table.header), *(len(row) for row in table.rows)])
    if width == 0:
        return []
    context = _Context(names=names, breaks=False)

    def line(cells: Sequence[tuple[Inline, ...]]) -> tuple[tuple[Inline, ...], ...]:
        return tuple(_line(cell, context) for cell in cells) + ((),) * (width - len(cells))

    align = tuple(a if a in {"left", "right", "center"} else "" for a in table.align[:width])
    return [
        Table(
            header=line(table.header),
            rows=tuple(line(row) for row in table.rows),
            align=align + ("",) * (width - len(align)),
        )
    ]


# ----------------------------------------------------------------------------------------------------------- inlines


def _paragraphs(children: Iterable[Inline], context: _Context) -> list[tuple[Inline, ...]]:
    """Lines of inlines, cut where there are two line breaks in a row."""
    parts: list[list[Inline]] = [[]]
    for inline in _trim(_linked(_merge(_flat(children, context)))):
        if isinstance(inline, Break) and parts[-1] and isinstance(parts[-1][-1], Break):
            parts[-1].pop()
            parts.append([])
        elif not isinstance(inline, Break) or parts[-1]:
            parts[-1].append(inline)
    return [tuple(_without_edge_breaks(part)) for part in parts if _without_edge_breaks(part)]


def _line(children: Iterable[Inline], context: _Context) -> tuple[Inline, ...]:
    return tuple(_without_edge_breaks(_collapse(_trim(_linked(_merge(_flat(children, context)))))))


def _flat(children: Iterable[Inline], context: _Context) -> list[Inline]:
    out: list[Inline] = []
    for child in children:
        out.extend(_one(child, context))
    return out


def _one(inline: Inline, context: _Context) -> Sequence[Inline]:
    match inline:
        case Text():
            return _text(inline.text, context)
        case Break():
            return [_BREAK] if context.breaks else [_SPACE]
        case Code():
            text = clean(inline.text).replace("\n", " ")
            return [Code(text=text)] if text else []
        case Strong() | Emphasis() | Strike():
            return _span(inline, context)
        case Hyperlink():
            return _link(inline, context)
        case Image():
            return _image(inline)
        case Mention():
            return [inline] if context.names else _text(at_name(inline), context)
        case Emoji():
            return [inline] if context.names else _text(f":{inline.name}:", context)


def at_name(mention: Mention) -> str:
    """A mention as text: ``@handle`` where it is a member, else ``@display``; one line, never empty."""
    name = mention.handle or " ".join(clean(mention.display).split()).lstrip("@") or mention.native_id or "?"
    return "@" + name


def _text(text: str, context: _Context) -> Sequence[Inline]:
    text = clean(text)
    if "\n" not in text:
        return [Text(text=text)] if text else []
    gap = _BREAK if context.breaks else _SPACE
    out: list[Inline] = []
    for number, line in enumerate(text.split("\n")):
        if number:
            out.append(gap)
        if line:
            out.append(Text(text=line))
    return out


def _span(span: Span, context: _Context) -> Sequence[Inline]:
    kind = type(span)
    if kind in context.inside:
        return _flat(span.children, context)
    inner = _Context(names=context.names, inside=context.inside | {kind}, link=context.link, breaks=context.breaks)
    before, children, after = _lift(_collapse(_merge(_flat(span.children, inner))))
    return [*before, kind(children=tuple(children)), *after] if children else [*before, *after]


def _lift(children: list[Inline]) -> tuple[list[Inline], list[Inline], list[Inline]]:
    """White space at the edges, taken out of a span."""
    before: list[Inline] = []
    after: list[Inline] = []
    while children and (space := _edge(children, 0)) is not None:
        before.append(space)
    while children and (space := _edge(children, -1)) is not None:
        after.insert(0, space)
    return before, children, after


def _edge(children: list[Inline], at: int) -> Inline | None:
    inline = children[at]
    if isinstance(inline, Break):
        return children.pop(at)
    if not isinstance(inline, Text):
        return None
    rest = inline.text.lstrip() if at == 0 else inline.text.rstrip()
    if rest == inline.text:
        return None
    space = inline.text[: len(inline.text) - len(rest)] if at == 0 else inline.text[len(rest) :]
    children[at : (at + 1) or None] = [Text(text=rest)] if rest else []
    return Text(text=space)


def _link(link: Hyperlink, context: _Context) -> Sequence[Inline]:
    inner = _Context(names=context.names, inside=context.inside, link=True, breaks=False)
    label = _merge(_flat(link.children, inner))
    if context.link:
        return label or _text(link.url, context)
    before, children, after = _lift(label)
    url = safe_url(clean(link.url).replace("\n", ""))
    if url is None:
        return _unlinked(before + children + after, clean(link.url), context)
    if not children or visible(children) in {url, link.url}:
        return [*before, Hyperlink(url=url), *after]
    return [*before, Hyperlink(url=url, children=tuple(children)), *after]


def _unlinked(label: list[Inline], url: str, context: _Context) -> Sequence[Inline]:
    if not url.strip() or visible(label).strip() == url.strip():
        return label
    return [*label, *_text(f" ({url.strip()})" if label else url.strip(), context)]


def _image(image: Image) -> Sequence[Inline]:
    alt = " ".join(clean(image.alt).split())
    url = safe_url(image.url)
    if url is None:
        text = alt or " ".join(clean(image.url).split())
        return [Text(text=text)] if text else []
    return [Image(url=url, alt=alt)]


def _merge(children: Iterable[Inline]) -> list[Inline]:
    """Adjacent texts, codes and equal spans as one."""
    out: list[Inline] = []
    for child in children:
        last = out[-1] if out else None
        match last, child:
            case (Text(), Text()):
                out[-1] = Text(text=last.text + child.text)
            case (Code(), Code()):
                out[-1] = Code(text=last.text + child.text)
            case (Strong() | Emphasis() | Strike(), Strong() | Emphasis() | Strike()) if type(last) is type(child):
                out[-1] = type(child)(children=tuple(_merge([*last.children, *child.children])))
            case _:
                out.append(child)
    return out


def _linked(children: Iterable[Inline]) -> list[Inline]:
    """Bare URLs in texts as links, except in the labels of links."""
    out: list[Inline] = []
    for child in children:
        match child:
            case Text():
                out.extend(_bare(child))
            case Strong() | Emphasis() | Strike():
                out.append(type(child)(children=tuple(_linked(child.children))))
            case _:
                out.append(child)
    return out


def _bare(text: Text) -> Sequence[Inline]:
    places = find_bare(text.text)
    if not places:
        return [text]
    out: list[Inline] = []
    done = 0
    for start, end in places:
        if start > done:
            out.append(Text(text=text.text[done:start]))
        out.append(Hyperlink(url=safe_url(text.text[start:end]) or text.text[start:end]))
        done = end
    if done < len(text.text):
        out.append(Text(text=text.text[done:]))
    return out


def _trim(children: Sequence[Inline]) -> list[Inline]:
    """No white space at the start and end of lines."""
    out: list[Inline] = []
    last = len(children) - 1
    for number, child in enumerate(children):
        match child:
            case Text():
                text = child.text
                text = text.lstrip() if number == 0 or isinstance(children[number - 1], Break) else text
                text = text.rstrip() if number == last or isinstance(children[number + 1], Break) else text
                out.extend([Text(text=text)] if text else [])
            case Strong() | Emphasis() | Strike():
                out.append(type(child)(children=tuple(_collapse(_trim(child.children)))))
            case _:
                out.append(child)
    return out


def _collapse(children: Iterable[Inline]) -> list[Inline]:
    out: list[Inline] = []
    for child in children:
        if not (isinstance(child, Break) and out and isinstance(out[-1], Break)):
            out.append(child)
    return out


def _without_edge_breaks(children: list[Inline]) -> list[Inline]:
    start, end = 0, len(children)
    while start < end and isinstance(children[start], Break):
        start += 1
    while end > start and isinstance(children[end - 1], Break):
        end -= 1
    return children[start:end]


def visible(children: Iterable[Inline]) -> str:
    """The text that a reader sees of inlines."""
    out: list[str] = []
    for child in children:
        match child:
            case Text() | Code():
                out.append(child.text)
            case Break():
                out.append("\n")
            case Strong() | Emphasis() | Strike():
                out.append(visible(child.children))
            case Hyperlink():
                out.append(visible(child.children) or child.url)
            case Image():
                out.append(child.alt or child.url)
            case Mention():
                out.append(at_name(child))
            case Emoji():
                out.append(f":{child.name}:")
    return "".join(out)
