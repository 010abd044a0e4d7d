"""HTML of a mail in: pieces with their styles, and what clients' structure says of them. Total and pure.

The rules: the tree is justhtml's (a browser's algorithm, in Python; linear where C parsers are not). Scripts, styles,
comments and hidden text are left out. A quotation is a ``blockquote`` or a client's container; a client's header marks
all that follows. ``div.gmail_quote`` is no quotation: answers between its blockquotes stand in it. A table is a table
where it has cells of text in rows and columns, else layout. Links are checked by :func:`tieline.render.urls.safe_url`.

Not promised: colours, fonts, CSS in style sheets, pictures without a description.
Next stop: :mod:`tieline_email.reply_cut`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from justhtml import JustHTML, Node

from tieline.model.base import Value
from tieline.model.content import (
    Block,
    Break,
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    Hyperlink,
    Image,
    Inline,
    ListBlock,
    ListItem,
    Rule,
    Strike,
    Strong,
    Text,
)
from tieline.render.urls import safe_url
from tieline_email import reply_structure as structure
from tieline_email.reply_lines import Line, Mark, read_plain
from tieline_email.reply_pieces import Piece, plain_pieces, to_document
from tieline_email.reply_tables import data_rows, make_table

MAX_TAGS: Final = 30_000
"""HTML with more tags is read as its text; the parser takes about 20 microseconds for one."""
MAX_LENGTH: Final = 2_000_000
_MAX_LEVEL: Final = 120

_SPACES: Final = re.compile(r"[ \t\r\n\f]+")
_TAG: Final = re.compile(r"<[^<>]*>")
_STYLES: Final[dict[str, type[Strong | Emphasis | Strike]]] = {
    "b": Strong, "strong": Strong, "i": Emphasis, "em": Emphasis, "cite": Emphasis, "var": Emphasis,
    "s": Strike, "strike": Strike, "del": Strike,
}  # fmt: skip
_CODE: Final = frozenset({"code", "tt", "kbd", "samp"})
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_SPACED: Final = frozenset({"p", "dl", "figure", "fieldset"})
_BLOCKS: Final = _SPACED | frozenset(
    [
        "div",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "aside",
        "nav",
        "center",
        "address",
        "dt",
        "dd",
        "li",
        "tr",
        "td",
        "th",
        "tbody",
        "thead",
        "tfoot",
        "caption",
        "body",
        "form",
        "details",
        "summary",
        "legend",
        "figcaption",
        "hgroup",
    ]
)


class _Where(Value, kw_only=True, frozen=True):
    """What holds for a place in the tree."""

    depth: int = 0
    mark: Mark = Mark.NONE
    styles: tuple[type[Strong | Emphasis | Strike], ...] = ()
    url: str = ""
    tiny: bool = False
    level: int = 0


def read_html(html: str) -> tuple[list[Piece], bool]:
    """Pieces of a mail in order; False where it was too much to read by its structure."""
    if len(html) > MAX_LENGTH or html.count("<") > MAX_TAGS:
        return plain_pieces(read_plain(_TAG.sub("", html).splitlines())), False
    root = JustHTML(html, sanitize=False).root
    only = structure.only_preformatted(root)
    if only is not None:
        return plain_pieces(read_plain(structure.text_of(only).splitlines())), True
    reader = _Reader()
    reader.walk(root, _Where())
    return reader.done(), True


class _Reader:
    """Collects pieces; inlines wait in ``_line`` until their line ends."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._line: list[tuple[_Where, Inline]] = []
        self._paragraph = 0

    def done(self) -> list[Piece]:
        """All pieces; the reader is used up."""
        self._flush(_Where())
        return self._pieces

    # ----------------------------------------------------------------------------------------------------- the tree

    def walk(self, node: Node, where: _Where) -> None:
        """Read a node and what it holds."""
        name = node.name
        if name == "#text":
            self._text(str(node.data or ""), where)
        elif name.startswith(("#comment", "!", "?")) or name in structure.SKIPPED or structure.is_hidden(node):
            return
        elif where.level > _MAX_LEVEL:
            self._text(structure.text_of(node), where)
        else:
            self._element(node, name, _inner(node, where))

    def _children(self, node: Node, where: _Where) -> None:
        for child in node.children or ():
            self.walk(child, where)

    def _element(self, node: Node, name: str, where: _Where) -> None:
        if name == "br":
            self._line.append((where, Break()))
        elif name == "hr":
            self._block(Rule(), "_" * 20, structure_after(node, where))
        elif name == "img":
            self._image(node, where)
        elif name in _CODE:
            self._line.append((where, Code(text=_SPACES.sub(" ", structure.text_of(node)))))
        elif name == "pre":
            self._preformatted(node, where)
        elif name in _HEADINGS:
            self._heading(node, where, _HEADINGS[name])
        elif name in {"ul", "ol", "menu", "dir"}:
            self._list(node, where)
        elif name == "table":
            self._table(node, where)
        elif name in _BLOCKS or name == "blockquote":
            self._section(node, where, spaced=name in _SPACED or name == "blockquote")
        else:
            self._children(node, where)

    def _section(self, node: Node, where: _Where, *, spaced: bool) -> None:
        self._flush(where)
        begun = len(self._pieces)
        self._children(node, where)
        self._flush(where)
        if spaced and len(self._pieces) > begun and not self._pieces[-1].line.is_blank:
            self._blank(where)

    def _heading(self, node: Node, where: _Where, level: int) -> None:
        if structure.holds_blocks(node):
            self._section(node, where, spaced=True)
            return
        inlines = _one_line(node.children or (), where)
        text = "".join(structure.text_of(node).split("\n"))
        if text.strip():
            self._block(Heading(level=level, children=inlines), text, where)

    def _list(self, node: Node, where: _Where) -> None:
        items = [child for child in node.children or () if child.name in {"li", "ul", "ol"}]
        read = [_item(item, where) for item in items]
        if not any(text for _, text in read):
            return
        start = structure.number(node, "start", 1) if node.name == "ol" else None
        block = ListBlock(items=tuple(ListItem(children=blocks) for blocks, _ in read), start=start)
        self._block(block, " ".join(text for _, text in read), where)

    def _table(self, node: Node, where: _Where) -> None:
        rows = data_rows(node)
        if rows is None:
            self._section(node, where, spaced=False)
            return
        cells = [[_one_line([cell], where) for cell in row] for row in rows]
        text = " ".join(structure.text_of(cell) for row in rows for cell in row)
        self._block(make_table(cells), text, where)

    def _preformatted(self, node: Node, where: _Where) -> None:
        text = structure.text_of(node).strip("\n")
        self._flush(where)
        if where.mark is Mark.NONE and not where.depth and not structure.is_mail(node):
            self._block(CodeBlock(text=text), text, where)
            return
        for line in text.split("\n"):
            self._line.append((where, Text(text=line)))
            self._line.append((where, Break()))
        self._flush(where)

    def _image(self, node: Node, where: _Where) -> None:
        alt = _SPACES.sub(" ", structure.attribute(node, "alt")).strip()
        url = safe_url(structure.attribute(node, "src"))
        if alt:
            self._line.append((where, Text(text=alt) if url is None or where.url else Image(url=url, alt=alt)))

    # ----------------------------------------------------------------------------------------------- lines and pieces

    def _text(self, text: str, where: _Where) -> None:
        if where.tiny:
            return
        text = _SPACES.sub(" ", text).replace("\xa0", " ")
        if text.startswith(" ") and self._ends_with_space():
            text = text[1:]
        if text:
            self._line.append((where, Text(text=text)))

    def _ends_with_space(self) -> bool:
        last = self._line[-1][1] if self._line else None
        return last is None or isinstance(last, Break) or (isinstance(last, Text) and last.text.endswith(" "))

    def _block(self, block: Block, text: str, where: _Where) -> None:
        self._flush(where)
        self._paragraph += 1
        line = Line(text=_SPACES.sub(" ", text).strip(), depth=where.depth, mark=where.mark)
        self._pieces.append(Piece(line=line, block=block, paragraph=self._paragraph))
        self._blank(where)

    def _blank(self, where: _Where) -> None:
        self._paragraph += 1
        self._pieces.append(Piece(line=Line(text="", depth=where.depth, mark=where.mark), paragraph=self._paragraph))

    def _flush(self, where: _Where) -> None:
        """End the line that waits."""
        waiting, self._line = self._line, []
        part: list[tuple[_Where, Inline]] = []
        for item in waiting:
            if isinstance(item[1], Break):
                self._end(part, item[0])
                part = []
            else:
                part.append(item)
        if part and (len(part) > 1 or not _is_space(part[0][1])):
            self._end(part, where)

    def _end(self, part: Sequence[tuple[_Where, Inline]], where: _Where) -> None:
        at = next((inner for inner, inline in part if not _is_space(inline)), where)
        text = "".join(_seen(inline) for _, inline in part)
        if not text.strip():
            self._blank(at)
            return
        line = Line(text=text.lstrip(" "), depth=at.depth, mark=at.mark)
        self._pieces.append(Piece(line=line, inlines=tuple(_styled(part)), paragraph=self._paragraph))


def structure_after(node: Node, where: _Where) -> _Where:
    """A rule by which old Hotmail begins the message that is answered."""
    if structure.attribute(node, "id").lower() not in {"stopspelling", "zwchr"}:
        return where
    return _Where(depth=where.depth, mark=Mark.HEADER, level=where.level)


def _inner(node: Node, where: _Where) -> _Where:
    """What holds inside of an element."""
    mark, deeper = structure.marks_of(node)
    style = _STYLES.get(node.name)
    url = where.url
    if node.name == "a":
        url = _url(node)
    return _Where(
        depth=where.depth + deeper,
        mark=mark if mark is not Mark.NONE and where.mark is not Mark.CITE else where.mark,
        styles=where.styles if style is None or style in where.styles else (*where.styles, style),
        url=url,
        tiny=structure.is_tiny(node, inherited=where.tiny),
        level=where.level + 1,
    )


def _url(node: Node) -> str:
    """The target of a link; an address that is its own label needs none."""
    url = safe_url(structure.attribute(node, "href")) or ""
    if url.lower().startswith("mailto:") and structure.text_of(node).strip().lower() == url[7:].lower():
        return ""
    return url


def _item(node: Node, where: _Where) -> tuple[tuple[Block, ...], str]:
    reader = _Reader()
    reader.walk(node, _Where(tiny=where.tiny, level=where.level))
    pieces = reader.done()
    return to_document(pieces).blocks, " ".join(piece.line.text for piece in pieces).strip()


def _one_line(nodes: Iterable[Node], where: _Where) -> tuple[Inline, ...]:
    """What nodes say, on one line."""
    reader = _Reader()
    for node in nodes:
        reader.walk(node, _Where(tiny=where.tiny, level=where.level))
    out: list[Inline] = []
    for piece in reader.done():
        out += [*([Text(text=" ")] if out and piece.inlines else []), *piece.inlines]
    return tuple(out)


def _styled(part: Iterable[tuple[_Where, Inline]]) -> Iterable[Inline]:
    link: list[Inline] = []
    url = ""
    for where, inline in part:
        if where.url != url:
            yield from _linked(link, url)
            link, url = [], where.url
        for style in reversed(where.styles):
            inline = style(children=(inline,))  # noqa: PLW2901 - wrapped once for each style
        link.append(inline)
    yield from _linked(link, url)


def _linked(children: Sequence[Inline], url: str) -> Iterable[Inline]:
    return (Hyperlink(url=url, children=tuple(children)),) if url and children else children


def _is_space(inline: Inline) -> bool:
    return isinstance(inline, Text) and not inline.text.strip()


def _seen(inline: Inline) -> str:
    match inline:
        case Text() | Code():
            return inline.text
        case Image():
            return inline.alt
        case _:
            return ""
