"""CommonMark in: text to content, with tables, strike-through and task lists.

The rules: reading never fails and takes time about linear in the text; raw HTML is text; a line break is a line break
(chat's custom, not CommonMark's); a bare ``http(s)://`` URL is a link; ``[label]: text`` is text and not a link
definition, since packets look like that. Text nested deeper than anyone means is read as it stands.

Next stop: :mod:`tieline.render.commonmark_writer`, the way back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from tieline.model.content import (
    Block,
    Break,
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
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
    plain,
)
from tieline.model.message import Format
from tieline.render.commonmark_writer import CommonMark
from tieline.render.normal import normalise, visible
from tieline.render.urls import BARE, bare_end, safe_url

__all__ = ["CommonMark", "has_many_brackets", "is_deep", "make_parser", "parse", "read"]

_MAX_COLUMNS: Final = 120
_MAX_INLINE_DEPTH: Final = 32
_MAX_BRACKET_WORK: Final = 8_000_000
_MARKERS: Final = re.compile(r"^(?:[ \t]*(?:>|[-+*](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$)))+", re.MULTILINE)
_TASK: Final = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
_FENCE_INFO: Final = re.compile(r"\S+")
_SCHEME_BEFORE: Final = re.compile(r"(?<![a-z0-9+.\-])https?$", re.IGNORECASE)


def read(text: str, text_format: Format) -> Document:
    """The content of a message's text."""
    return parse(text) if text_format is Format.MARKDOWN else normalise(plain(text))


def parse(text: str) -> Document:
    """Read CommonMark. Total: any text gives a document, in normal form."""
    if is_deep(text):
        return normalise(plain(text))
    parser = _UNLABELLED if has_many_brackets(text) else _PARSER
    try:
        return normalise(Document(blocks=_build(parser.parse(text))))
    except RecursionError:  # a text made to hurt; what it says still stands
        return normalise(plain(text))


def is_deep(text: str) -> bool:
    """True where some line opens more quotes and lists than the parser follows."""
    return any(_columns(found.group()) > _MAX_COLUMNS for found in _MARKERS.finditer(text))


def _columns(prefix: str) -> int:
    return len(prefix) + 3 * prefix.count("\t")


# ------------------------------------------------------------------------------------------------------ the parser


def has_many_brackets(text: str) -> bool:
    """True where looking for labelled links would take time quadratic in the text; it is read without them."""
    return text.count("[") * len(text) > _MAX_BRACKET_WORK


def make_parser(*, labels: bool = True) -> MarkdownIt:
    """A parser with the house's rules; :mod:`tieline.render.html` has its own. ``labels``: links with labels."""
    parser = MarkdownIt(
        "commonmark", {"html": False, "breaks": True, "xhtmlOut": False, "maxNesting": 2 * _MAX_COLUMNS}
    )
    parser.enable(["table", "strikethrough", "linkify"]).disable(["reference", "html_block", "html_inline"])
    if not labels:
        parser.disable(["link", "image"])
    parser.inline.ruler.at("linkify", _bare_url)
    # mypy sees methods; markdown-it documents them as places to put one's own functions.
    parser.validateLink = _is_safe  # type: ignore[method-assign]
    parser.normalizeLink = _same_url  # type: ignore[method-assign]
    parser.normalizeLinkText = _same_link  # type: ignore[method-assign]
    return parser


def _is_safe(url: str) -> bool:
    return safe_url(url) is not None


def _same_url(url: str) -> str:
    return url


def _same_link(link: str) -> str:
    return link


def _bare_url(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature of a rule
    if state.linkLevel > 0 or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME_BEFORE.search(state.src, max(0, state.pos - 6), state.pos)
    if scheme is None or not (silent or state.pending.lower().endswith(scheme.group().lower())):
        return False
    found = BARE.match(state.src, scheme.start(), state.posMax)
    end = bare_end(state.src, scheme.start(), found.end()) if found else 0
    if end <= state.pos:
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme.group())]
        _push_link(state, state.src[scheme.start() : end])
    state.pos = end
    return True


def _push_link(state: StateInline, url: str) -> None:
    opening = state.push("link_open", "a", 1)
    opening.attrs = {"href": url}
    state.push("text", "", 0).content = url
    state.push("link_close", "a", -1)


_PARSER: Final = make_parser()
_UNLABELLED: Final = make_parser(labels=False)


# ------------------------------------------------------------------------------------------------- tokens to blocks


class _Frame:
    """What was read in an open token so far."""

    __slots__ = ("align", "blocks", "cells", "inlines", "items", "rows", "task", "token")

    def __init__(self, token: Token | None) -> None:
        self.token = token
        self.blocks: list[Block] = []
        self.inlines: tuple[Inline, ...] = ()
        self.items: list[ListItem] = []
        self.cells: list[tuple[Inline, ...]] = []
        self.rows: list[tuple[tuple[Inline, ...], ...]] = []
        self.align: list[str] = []
        self.task: bool | None = None


def _build(tokens: Sequence[Token]) -> tuple[Block, ...]:
    stack = [_Frame(None)]
    for token in tokens:
        if token.nesting > 0:
            stack.append(_Frame(token))
        elif token.nesting < 0:
            done = stack.pop()
            _close(done, stack[-1])
        elif token.type == "inline":
            stack[-1].inlines = _task_cut(token, stack)
        else:
            stack[-1].blocks.append(_leaf(token))
    return tuple(stack[0].blocks)


def _leaf(token: Token) -> Block:
    if token.type == "hr":
        return Rule()
    language = _FENCE_INFO.search(token.info)
    text = token.content.removesuffix("\n")
    return CodeBlock(text=text, language=language.group() if language else "")


def _close(done: _Frame, parent: _Frame) -> None:
    if done.token is None:  # the outermost frame is never closed
        return
    match done.token.type:
        case "paragraph_open":
            parent.blocks.append(Paragraph(children=done.inlines))
        case "heading_open":
            parent.blocks.append(Heading(level=int(done.token.tag[1:]), children=done.inlines))
        case "blockquote_open":
            parent.blocks.append(Quote(children=tuple(done.blocks)))
        case "list_item_open":
            parent.items.append(ListItem(children=tuple(done.blocks), checked=done.task))
        case "bullet_list_open":
            parent.blocks.append(ListBlock(items=tuple(done.items)))
        case "ordered_list_open":
            start = done.token.attrGet("start")
            parent.blocks.append(ListBlock(items=tuple(done.items), start=1 if start is None else int(start)))
        case _:
            _close_table(done, done.token, parent)


def _close_table(done: _Frame, token: Token, parent: _Frame) -> None:
    match token.type:
        case "th_open" | "td_open":
            parent.cells.append(done.inlines)
            parent.align.append(str(token.attrGet("style") or "").removeprefix("text-align:"))
        case "tr_open":
            parent.rows.append(tuple(done.cells))
            parent.align = parent.align or done.align
        case "thead_open" | "tbody_open":
            parent.rows.extend(done.rows)
            parent.align = parent.align or done.align
        case "table_open":
            parent.blocks.append(Table(header=done.rows[0], rows=tuple(done.rows[1:]), align=tuple(done.align)))
        case _:
            parent.blocks.extend(done.blocks)


def _task_cut(token: Token, stack: Sequence[_Frame]) -> tuple[Inline, ...]:
    """The inlines of a token, without the box where it opens a task."""
    inlines = _inlines(token.children or ())
    item = stack[-2] if len(stack) > 1 else stack[-1]
    found = _TASK.match(token.content)
    if found is None or item.token is None or item.token.type != "list_item_open" or item.blocks:
        return inlines
    if not inlines or not isinstance(inlines[0], Text) or stack[-1].token is None or stack[-1].token.tag != "p":
        return inlines
    item.task = found.group(1) != " "
    return (Text(text=inlines[0].text[found.end() :]), *inlines[1:])


# ------------------------------------------------------------------------------------------------ tokens to inlines


def _inlines(tokens: Sequence[Token]) -> tuple[Inline, ...]:
    stack: list[tuple[Token | None, list[Inline]]] = [(None, [])]
    for token in tokens:
        if token.nesting > 0:
            stack.append((token, []))
        elif token.nesting < 0:
            opening, children = stack.pop()
            stack[-1][1].extend(_closed(opening, tuple(children), depth=len(stack)))
        else:
            stack[-1][1].append(_inline_leaf(token))
    return tuple(stack[0][1])


def _closed(opening: Token | None, children: tuple[Inline, ...], depth: int) -> tuple[Inline, ...]:
    kind = opening.type if opening is not None else ""
    if depth > _MAX_INLINE_DEPTH:
        kind = ""
    match kind:
        case "strong_open":
            return (Strong(children=children),)
        case "em_open":
            return (Emphasis(children=children),)
        case "s_open":
            return (Strike(children=children),)
        case "link_open" if opening is not None:
            url = str(opening.attrGet("href") or "")
            return (Hyperlink(url=url, children=() if visible(children) == url else children),)
        case _:
            return children


def _inline_leaf(token: Token) -> Inline:
    match token.type:
        case "softbreak" | "hardbreak":
            return Break()
        case "code_inline":
            return Code(text=token.content)
        case "image":
            alt = visible(_inlines(token.children or ()))
            return Image(url=str(token.attrGet("src") or ""), alt=alt)
        case _:
            return Text(text=token.content)
