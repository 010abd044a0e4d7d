"""CommonMark out: content to text, such that ``parse(write(blocks))`` says the same as the blocks.

The rules: nothing in a Text becomes markup; what needs no escape gets none (``snake_case`` and ``[TASK_ID]: x`` stay
readable); spans get delimiters of their own (``**``, ``_``, ``~~``), and where CommonMark's flanking rules would not
see one, the letter beside it is written as an entity. Spec: https://spec.commonmark.org/0.31.2/, GFM for tables,
strike-through and task lists. Mentions and custom emoji become text (``@handle``, ``:name:``): CommonMark has neither.

Next stop: :mod:`tieline.render.plan` measures and splits what is written here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
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
from tieline.render.normal import normal_blocks
from tieline.render.urls import BARE, bare_end

_DELIMITERS: Final = {Strong: "**", Emphasis: "_", Strike: "~~"}

_RUNS: Final = re.compile(r"`+")
_PATTERN: Final = r"""
      \\(?=[!-/:-@\[-`{-~]|$)
    | `
    | (?<!\s)\* | \*(?!\s)
    | (?P<under> _+ )
    | ~{2,} | ^~ | ~$
    | <(?=[A-Za-z/!?]|$)
    | &(?=\#?\w+;|$)
"""
_SPECIAL: Final = re.compile(
    _PATTERN + r"| \](?=\(|$) | (?<=http):(?=//) | (?<=https):(?=//)", re.VERBOSE | re.IGNORECASE
)
_SPECIAL_IN_LABEL: Final = re.compile(_PATTERN + r"| [\[\]]", re.VERBOSE)
_RULE: Final = re.compile(r"^(?:(?:- *){3,}|(?:\* *){3,})$", re.MULTILINE)
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")
_LINE_MARK: Final = re.compile(r"(?=\#{1,6}(?:\s|$)|>|[-+](?:\s|$)|[-=:|][-=:|\ \t]*$)")
_NUMBER: Final = re.compile(r"(\d{1,9})(?=[.)](?:\s|$))")
_BOX: Final = re.compile(r"(?=\[[ xX]\](?:\s|$))")


class CommonMark:
    """The dialect ``commonmark``."""

    @property
    def name(self) -> str:
        """``commonmark``."""
        return "commonmark"

    def write(self, blocks: tuple[Block, ...]) -> str:
        """Blocks as CommonMark."""
        return _blocks(normal_blocks(blocks, names=False))


# ------------------------------------------------------------------------------------------------------------ blocks


def _blocks(blocks: Sequence[Block]) -> str:
    out: list[str] = []
    previous: Block | None = None
    alternate = False
    for block in blocks:
        alternate = _continues(previous, block) and not alternate
        out.append(_block(block, alternate=alternate))
        previous = block
    return "\n\n".join(out)


def _continues(previous: Block | None, block: Block) -> bool:
    """True where two lists would be read as one, unless their markers differ."""
    if not isinstance(previous, ListBlock) or not isinstance(block, ListBlock):
        return False
    return (previous.start is None) == (block.start is None)


def _block(block: Block, *, alternate: bool) -> str:
    match block:
        case Paragraph():
            return _Line().write(block.children, start=True)
        case Heading():
            return "#" * block.level + " " + _heading(_Line().write(block.children))
        case CodeBlock():
            return fenced(block)
        case Quote():
            return "\n".join(f"> {line}" if line else ">" for line in _blocks(block.children).split("\n"))
        case ListBlock():
            return _list(block, alternate=alternate)
        case Table():
            return _table(block)
        case Rule():
            return "___"


def _heading(text: str) -> str:
    return text[:-1] + "\\#" if text.endswith("#") else text


def fenced(block: CodeBlock) -> str:
    """A code block between fences that are longer than any run of backticks in it."""
    longest = max((len(run) for run in _RUNS.findall(block.text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{block.language}\n{block.text}\n{fence}"


def _list(block: ListBlock, *, alternate: bool) -> str:
    if block.start is None:
        bullet = "*" if alternate else "-"
        text = "\n".join(_item(item, bullet) for item in block.items)
        # Lists in lists of nothing would be a rule: "- - -".
        return "\n".join(_item(item, "+") for item in block.items) if _RULE.search(text) else text
    closing = ")" if alternate else "."
    return "\n".join(_item(item, f"{block.start + number}{closing}") for number, item in enumerate(block.items))


def _item(item: ListItem, marker: str) -> str:
    text = _item_text(item)
    if not text:
        return marker
    indent = " " * (len(marker) + 1)
    first, *rest = text.split("\n")
    return "\n".join([f"{marker} {first}", *(indent + line if line else "" for line in rest)])


def _item_text(item: ListItem) -> str:
    if not item.children:
        return ""
    first = item.children[0]
    box = {None: "", True: "[x] ", False: "[ ] "}[item.checked]
    head = box + _Line().write(first.children, start=True, item=not box) if isinstance(first, Paragraph) else ""
    if not head:
        return _blocks(item.children)
    if len(item.children) == 1:
        return head
    tail = _blocks(item.children[1:])
    return head + ("\n" if _is_tight(item.children[1:]) else "\n\n") + tail


def _is_tight(rest: Sequence[Block]) -> bool:
    """True where a list may follow a paragraph without an empty line (CommonMark, "Lists")."""
    first = rest[0]
    return (
        len(rest) == 1 and isinstance(first, ListBlock) and first.start in {None, 1} and bool(first.items[0].children)
    )


def _table(table: Table) -> str:
    rules = {"left": ":--", "right": "--:", "center": ":-:"}
    lines = [table.header, *table.rows]
    rows = ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines]
    rows.insert(1, "| " + " | ".join(rules.get(align, "---") for align in table.align) + " |")
    return "\n".join(rows)


def _cell(children: tuple[Inline, ...]) -> str:
    return _Line().write(children, start=True).replace("|", "\\|")


# ----------------------------------------------------------------------------------------------------------- inlines


class _Line:
    """Writes inlines and remembers what stands left of the next one."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._last = ""
        self._glue = False  # the next letter must be an entity, or the delimiter before it would not close
        self._label = False
        self._depth = 0  # spans around
        self._ends = False  # the inline after the next is the end of the block

    def write(self, children: tuple[Inline, ...], *, start: bool = False, item: bool = False) -> str:
        """The text; ``start``: at the start of a line, ``item``: of a list's item."""
        self._start = start
        self._item = item
        self._many(children)
        return "".join(self._out)

    def _put(self, text: str) -> None:
        if text:
            self._out.append(text)
            self._last = text[-1]

    def _many(self, children: tuple[Inline, ...]) -> None:
        last = len(children) - 1
        for number, child in enumerate(children):
            self._ends = not self._depth and number + 1 == last
            self._one(child, children[number + 1] if number < last else None)
            self._start = isinstance(child, Break)
            self._item = False

    def _one(self, child: Inline, following: Inline | None) -> None:
        match child:
            case Text():
                self._text(child.text, following)
            case Break():
                self._put("\n")
            case Code():
                self._put(_code(child.text))
            case Strong() | Emphasis() | Strike():
                self._span(child)
            case Hyperlink():
                self._link(child, following)
            case Image():
                self._put(f"![{_label(child.alt)}]({_target(child.url)})")
            case Mention() | Emoji():  # the normal form has none
                self._text("", following)
        if not isinstance(child, Text | Strong | Emphasis | Strike):
            self._glue = False

    def _text(self, text: str, following: Inline | None) -> None:
        if self._glue and not _is_outer(text[:1]):
            self._put(f"&#{ord(text[0])};")
            text = text[1:]
        self._glue = False
        escaped = _escape(text, start=self._start and self._last in {"", "\n"}, item=self._item)
        if self._label:
            escaped = _label(text)
        if isinstance(following, Hyperlink) and escaped.endswith("!"):
            escaped = escaped[:-1] + "\\!"
        self._put(escaped)

    def _span(self, span: Strong | Emphasis | Strike) -> None:
        mark = _DELIMITERS[type(span)]
        strict = mark == "_" or not _is_word(_first(span.children))
        if strict and not _is_outer(self._last):
            self._entity_before()
        self._put(mark)
        self._glue = False
        self._start = False
        self._depth += 1
        self._many(span.children)
        self._depth -= 1
        strict = mark == "_" or not _is_word(self._last) or self._glue
        self._put(mark)
        self._glue = strict

    def _entity_before(self) -> None:
        """Write the last letter as an entity, so that punctuation stands before the delimiter."""
        head = self._out[-1][:-1]
        backslashes = len(head) - len(head.rstrip("\\"))
        escape = "\\" if backslashes % 2 else ""  # a lone backslash was text; before the entity it would escape
        self._out[-1] = f"{head}{escape}&#{ord(self._last)};"
        self._last = ";"

    def _link(self, link: Hyperlink, following: Inline | None) -> None:
        if not link.children:
            self._put(link.url if self._may_be_bare(link.url, following) else f"<{link.url}>")
            return
        self._put("[")
        outer, self._label = self._label, True
        self._start = self._glue = False
        self._many(link.children)
        self._label = outer
        self._put(f"]({_target(link.url)})")

    def _may_be_bare(self, url: str, following: Inline | None) -> bool:
        """True where the reader will find the same URL without brackets around it."""
        if self._label or not (self._last in {"", "("} or self._last.isspace()):
            return False
        match following:
            case Break():
                after = ""
            case None if not self._depth:
                after = ""
            case Text() if self._ends or any(char.isspace() for char in following.text):
                after = following.text
            case _:
                return False
        found = BARE.match(url + after)
        return found is not None and bare_end(url + after, 0, found.end()) == len(url)


def _first(children: Sequence[Inline]) -> str:
    """The first character that will stand after an opening delimiter, if it is a Text's."""
    return children[0].text[:1] if children and isinstance(children[0], Text) else ""


def _is_word(char: str) -> bool:
    """True where no reading of CommonMark takes the character for punctuation or white space."""
    return bool(char) and unicodedata.category(char)[0] in "LMN"


def _is_outer(char: str) -> bool:
    """True where a delimiter beside the character is seen whatever stands on its other side."""
    return not char or char.isspace() or unicodedata.category(char)[0] == "P" or char in "$+<=>^`|~"


def _code(text: str) -> str:
    runs = {len(run) for run in _RUNS.findall(text)}
    size = next(size for size in range(1, len(runs) + 2) if size not in runs)
    pad = " " if text[0] == "`" or text[-1] == "`" or (text[0] == text[-1] == " " and text.strip(" ")) else ""
    return f"{'`' * size}{pad}{text}{pad}{'`' * size}"


def _label(text: str) -> str:
    return _SPECIAL_IN_LABEL.sub(lambda found: _escaped(found, text), text)


def _target(url: str) -> str:
    url = _ENTITY.sub("&amp;", url)
    return f"<{url}>" if "(" in url or ")" in url else url


# ---------------------------------------------------------------------------------------------------------- escaping


def _escape(text: str, *, start: bool, item: bool) -> str:
    escaped = _SPECIAL.sub(lambda found: _escaped(found, text), text)
    return _escape_start(text, escaped, item=item) if start else escaped


def _escaped(found: re.Match[str], text: str) -> str:
    if found.lastgroup == "under":
        before, after = text[: found.start()][-1:], text[found.end() :][:1]
        if (before.isspace() and after.isspace()) or (before.isalnum() and after.isalnum()):
            return found.group()
    return "".join("\\" + char for char in found.group())


def _escape_start(text: str, escaped: str, *, item: bool) -> str:
    if _LINE_MARK.match(text) or (item and _BOX.match(text)):
        return "\\" + escaped
    number = _NUMBER.match(text)
    return f"{number.group()}\\{escaped[number.end() :]}" if number else escaped
