"""Content out as Discord's markdown.

The rules (Discord, "Message Formatting" and "Markdown Text 101"): a backslash before any punctuation makes it text; so
what has a meaning is escaped, and the rest stays readable. ``@everyone`` and ``@here`` get a zero-width space behind
the ``@`` everywhere, in code too; the only ``<@…>`` written is a mention with a native id (law 6). Addresses stand in
``<…>``, where no underscore of theirs is markup and no preview is shown. Italics are ``*…*`` inside of words, and
``_…_`` around what has a ``*`` in it; a zero-width space parts delimiters that would run together, and code or an
address that holds a delimiter stands outside of the span around it. :mod:`tieline_discord.markup` reads all this back.

Not promised, as Discord has none: tables (aligned code), rules (a line), headings below the third level or in lists
(bold), quotations in quotations, task lists (a box), labels with brackets or addresses in them (the address follows).

Next stop: :mod:`tieline_discord.render` makes the request's body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

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
from tieline.render.normal import at_name, normal_blocks, visible
from tieline.render.tables import aligned

GAP: Final = "\u200b"
"""Zero-width space: parts what Discord would join."""
RULE: Final = "─" * 10
BOXES: Final = {True: "☑ ", False: "☐ "}

_HEADINGS: Final = 3
_FENCE: Final = 3
_MARKS: Final = "*_~`"
_USER: Final = re.compile(r"\d{1,20}")
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9_+\-.#]{1,40}")
_MAIL: Final = re.compile(r"[A-Za-z0-9._+\-]{1,64}@[A-Za-z0-9.\-]{1,255}")
_BROADCAST: Final = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_LIVE: Final = re.compile(r"@(?=everyone|here|[!&]?\d)", re.IGNORECASE)
_SPECIAL: Final = re.compile(
    r"[\\*_`]|(?<=\])\(|<(?=\S|$)|~(?=~|$)|(?<=~)~|^~|\|(?=\||$)|(?<=\|)\||^\||(?<=http):(?=//)|(?<=https):(?=//)",
    re.IGNORECASE,
)
_LINE_MARK: Final = re.compile(r"(?=>|#{1,3}\s|-#|[-+]\s|[☑☐]\s|─{10}$)|(\d{1,9})(?=\.\s)")
_TICKS: Final = re.compile(r"`+")
_TWO_TICKS: Final = re.compile(r"``(?=`)")
_NO_LABEL: Final = re.compile(r"[\[\]]|://")
_BARE_END: Final = re.compile(r"[A-Za-z0-9/=&#%+\-]$")
_IN_SPAN: Final[dict[type, frozenset[str]]] = {
    Strong: frozenset("*"),
    Emphasis: frozenset("*_"),
    Strike: frozenset("~"),
}

Span = Strong | Emphasis | Strike


class DiscordDialect:
    """The dialect ``discord``. ``previews``: addresses are written so that Discord shows previews of them."""

    def __init__(self, *, previews: bool = False) -> None:
        self._previews = previews

    @property
    def name(self) -> str:
        """``discord``."""
        return "discord"

    def write(self, blocks: tuple[Block, ...]) -> str:
        """Blocks as Discord's markdown."""
        return unlive(_Writer(previews=self._previews).blocks(normal_blocks(blocks)))


def unlive(text: str) -> str:
    """Text in which no ``@everyone`` or ``@here`` is left."""
    return _BROADCAST.sub(f"@{GAP}", text)


class _Writer:
    """Writes blocks in normal form."""

    def __init__(self, *, previews: bool) -> None:
        self._previews = previews

    # -------------------------------------------------------------------------------------------------------- blocks

    def blocks(self, blocks: Sequence[Block]) -> str:
        out = ""
        previous: Block | None = None
        for block in blocks:
            if previous is not None:
                out += "\n" if isinstance(previous, Heading) and previous.level <= _HEADINGS else "\n\n"
            out += self._block(block)
            previous = block
        return out

    def _block(self, block: Block, *, in_list: bool = False) -> str:
        match block:
            case Paragraph():
                return self._lines(block.children)
            case Heading():
                return self._heading(block, in_list=in_list)
            case CodeBlock():
                return _fenced(block.text, block.language)
            case Quote():
                return "\n".join(f"> {line}" for line in self.blocks(_unquoted(block.children)).split("\n"))
            case ListBlock():
                return self._list(block)
            case Table():
                return _fenced(aligned(block), "")
            case Rule():
                return RULE

    def _heading(self, heading: Heading, *, in_list: bool) -> str:
        if in_list or heading.level > _HEADINGS:
            return self.blocks(normal_blocks((Paragraph(children=(Strong(children=heading.children),)),)))
        text = self._lines(heading.children)
        return "#" * heading.level + (" \\" if text.startswith("#") else " ") + text

    def _list(self, block: ListBlock) -> str:
        if block.start is None:
            return "\n".join(self._item(item, "-") for item in block.items)
        return "\n".join(self._item(item, f"{block.start + number}.") for number, item in enumerate(block.items))

    def _item(self, item: ListItem, marker: str) -> str:
        indent = " " * (len(marker) + 1)
        out = f"{marker} " + ("" if item.checked is None else BOXES[item.checked])
        for number, child in enumerate(item.children):
            text = self._block(child, in_list=True)
            if number == 0 and isinstance(child, Paragraph | Heading):
                first, *rest = text.split("\n")
                out += "\n".join([first, *(indent + line for line in rest)])
                continue
            out += GAP if number == 0 else ""
            is_flush = isinstance(child, CodeBlock | Table | Quote)  # Discord shows these at the edge only
            out += "\n" + (text if is_flush else _indented(text, indent))
        return out if item.children else out + GAP

    # ------------------------------------------------------------------------------------------------------- inlines

    def _lines(self, children: tuple[Inline, ...]) -> str:
        freed = tuple(_freed(children))
        if freed != children:
            made = normal_blocks((Paragraph(children=freed),))
            children = made[0].children if made and isinstance(made[0], Paragraph) else children
        return "\n".join(_mark_start(line) for line in self._inlines(children).split("\n"))

    def _inlines(self, children: Sequence[Inline], spans: frozenset[type] = frozenset()) -> str:
        out = ""
        for number, child in enumerate(children):
            following = children[number + 1] if number + 1 < len(children) else None
            text = self._inline(child, spans)
            if (
                isinstance(child, Hyperlink)
                and not child.children
                and self._shows_preview(out, child, following, spans)
            ):
                text = _address(child.url)
            out += text if _apart(out, text) else GAP + text
            if text.endswith("_") and isinstance(following, Text) and following.text[:1].isalnum():
                out += GAP
        return out

    def _inline(self, inline: Inline, spans: frozenset[type]) -> str:
        match inline:
            case Text():
                return _text(inline.text)
            case Break():
                return "\n"
            case Code():
                return _code(inline.text)
            case Strong() | Emphasis() | Strike():
                return self._span(inline, spans)
            case Hyperlink():
                return self._link(inline, spans)
            case Image():
                alt = (Text(text=inline.alt),) if inline.alt else ()
                return self._link(Hyperlink(url=inline.url, children=alt), spans)
            case Mention():
                native = inline.native_id or ""
                return f"<@{native}>" if _USER.fullmatch(native) and native.isascii() else _text(at_name(inline))
            case Emoji():
                return _text(f":{inline.name}:")

    def _span(self, span: Span, spans: frozenset[type]) -> str:
        inner = self._inlines(span.children, spans | {type(span)})
        mark = {Strong: "**", Strike: "~~"}.get(type(span)) or ("_" if Strong in spans or "*" in inner else "*")
        clash = inner.endswith(mark[0]) or (mark == "_" and inner.endswith("~"))
        return f"{mark}{inner}{GAP if clash else ''}{mark}"

    def _link(self, link: Hyperlink, spans: frozenset[type]) -> str:
        bare = _bare(link.url)
        label = visible(link.children)
        if not label.strip():
            return bare
        written = self._inlines(_named(link.children), spans)
        url = _address(link.url)
        if not url.lower().startswith("http") or _NO_LABEL.search(label):
            return f"{written} ({bare})"
        target = url.replace("(", "%28").replace(")", "%29") if self._previews else f"<{url}>"
        return f"[{written}]({target})"

    def _shows_preview(self, out: str, link: Hyperlink, following: Inline | None, spans: frozenset[type]) -> bool:
        """True where an address may stand without brackets around it and is still read as a whole."""
        if not self._previews or spans or not link.url.lower().startswith("http"):
            return False
        starts = not out or out[-1].isspace()
        ends = (
            following is None
            or isinstance(following, Break)
            or (isinstance(following, Text) and following.text[:1].isspace())
        )
        return starts and ends and _BARE_END.search(link.url) is not None


def _unquoted(blocks: Sequence[Block]) -> list[Block]:
    """Discord has one level of quotation."""
    out: list[Block] = []
    for block in blocks:
        out.extend(_unquoted(block.children) if isinstance(block, Quote) else [block])
    return out


def _indented(text: str, indent: str) -> str:
    return "\n".join(indent + line if line else "" for line in text.split("\n"))


def _fenced(text: str, language: str) -> str:
    if not text.strip("\n"):
        return f"```\n{GAP}\n```"  # Discord takes empty fences for text, and a language alone for code
    shown = language if _LANGUAGE.fullmatch(language) else ""
    return f"```{shown}\n{_TWO_TICKS.sub(f'``{GAP}', _still(text))}\n```"


def _code(text: str) -> str:
    """Inline code between one or two backticks; as text where it has runs of both lengths, or of three: a block's."""
    runs = {len(run) for run in _TICKS.findall(text)}
    size = next((size for size in (1, 2) if size not in runs), 0) if max(runs, default=0) < _FENCE else 0
    if not size:
        return _text(text)
    pad = " " if text[0] == "`" or text[-1] == "`" or (text[0] == text[-1] == " " and text.strip(" ")) else ""
    return f"{'`' * size}{pad}{_still(text)}{pad}{'`' * size}"


def _mark_start(line: str) -> str:
    """A line of text that Discord (or our own reading) would take for a quotation, a heading or a list."""
    found = _LINE_MARK.match(line)
    if found is None:
        return line
    return f"{found.group(1)}\\{line[found.end() :]}" if found.group(1) else "\\" + line


def _freed(children: Sequence[Inline], around: frozenset[str] = frozenset()) -> Iterator[Inline]:
    """Inlines with code and addresses outside of the spans whose delimiter they hold; ``around``: delimiters so far."""
    for child in children:
        if not isinstance(child, Strong | Emphasis | Strike):
            yield child
            continue
        marks = around | _IN_SPAN[type(child)]
        run: list[Inline] = []
        for inner in _freed(child.children, marks):
            if not _holds(inner, marks):
                run.append(inner)
                continue
            if run:
                yield type(child)(children=tuple(run))
            yield inner
            run = []
        if run:
            yield type(child)(children=tuple(run))


def _holds(inline: Inline, marks: frozenset[str]) -> bool:
    match inline:
        case Code():
            return not marks.isdisjoint(inline.text)
        case Hyperlink() | Image():
            return not marks.isdisjoint(inline.url)
        case _:
            return False


def _named(label: Sequence[Inline]) -> tuple[Inline, ...]:
    """A label with the names of its pictures: a link holds no other."""
    out: list[Inline] = []
    for child in label:
        match child:
            case Image():
                out.append(Text(text=child.alt or child.url))
            case Strong() | Emphasis() | Strike():
                out.append(type(child)(children=_named(child.children)))
            case _:
                out.append(child)
    return tuple(out)


def _apart(before: str, text: str) -> bool:
    """False where two delimiters, or a word and an underscore, would run together."""
    if not before or not text or text[0] not in _MARKS:
        return True
    return not (before[-1] in _MARKS or (text[0] == "_" and before[-1].isalnum()))


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", _still(text))


def _still(text: str) -> str:
    """Text in which nothing mentions: neither by a word nor by an id."""
    return _LIVE.sub(f"@{GAP}", text)


def _address(url: str) -> str:
    """An address; the normal form has let through only http, https and mailto, without space and angle brackets."""
    return _LIVE.sub("%40", url)


def _bare(url: str) -> str:
    if url.lower().startswith("http"):
        return f"<{_address(url)}>"
    mail = url[len("mailto:") :]
    return f"<{mail}>" if _MAIL.fullmatch(mail) and not _LIVE.search(mail) else _text(mail)
