"""The content tree: what a text says, apart from any platform's dialect.

Adapters read native text into it, :mod:`tieline.render` writes it out. A :class:`Document` is blocks; blocks hold
inlines. Text is plain Unicode: nothing in it is markup, so a writer must escape what its dialect would read as such
(law 6: an ``@everyone`` in a Text pings no one).
"""

from __future__ import annotations

from tieline.model.base import Value


class Text(Value, tag="text", kw_only=True, frozen=True):
    """Plain text without line breaks."""

    text: str


class Break(Value, tag="break", kw_only=True, frozen=True):
    """A line break inside a block."""


class Code(Value, tag="code", kw_only=True, frozen=True):
    """Inline code."""

    text: str


class Strong(Value, tag="strong", kw_only=True, frozen=True):
    """Bold."""

    children: tuple[Inline, ...]


class Emphasis(Value, tag="emphasis", kw_only=True, frozen=True):
    """Italic."""

    children: tuple[Inline, ...]


class Strike(Value, tag="strike", kw_only=True, frozen=True):
    """Struck out."""

    children: tuple[Inline, ...]


class Hyperlink(Value, tag="link", kw_only=True, frozen=True):
    """A link with its label; an empty label means the URL itself."""

    url: str
    children: tuple[Inline, ...] = ()


class Image(Value, tag="image", kw_only=True, frozen=True):
    """A picture by URL."""

    url: str
    alt: str = ""


class Mention(Value, tag="mention", kw_only=True, frozen=True):
    """Somebody named: by ``handle`` where known as a member, by the platform's ``native_id`` as read from it."""

    display: str
    handle: str | None = None
    native_id: str | None = None


class Emoji(Value, tag="emoji", kw_only=True, frozen=True):
    """A custom emoji by name (without colons); Unicode emoji are Text."""

    name: str
    url: str | None = None


Inline = Text | Break | Code | Strong | Emphasis | Strike | Hyperlink | Image | Mention | Emoji


class Paragraph(Value, tag="paragraph", kw_only=True, frozen=True):
    """A paragraph."""

    children: tuple[Inline, ...]


class Heading(Value, tag="heading", kw_only=True, frozen=True):
    """A heading of level 1 to 6."""

    level: int
    children: tuple[Inline, ...]


class CodeBlock(Value, tag="code_block", kw_only=True, frozen=True):
    """A fenced block; ``text`` without the last line break."""

    text: str
    language: str = ""


class Quote(Value, tag="quote", kw_only=True, frozen=True):
    """A quotation."""

    children: tuple[Block, ...]


class ListItem(Value, tag="item", kw_only=True, frozen=True):
    """An item of a list; ``checked`` for task lists."""

    children: tuple[Block, ...]
    checked: bool | None = None


class ListBlock(Value, tag="list", kw_only=True, frozen=True):
    """A list; ``start`` is the first number of an ordered one, None: bullets."""

    items: tuple[ListItem, ...]
    start: int | None = None


class Table(Value, tag="table", kw_only=True, frozen=True):
    """A table; cells are inlines; ``align`` per column: ``left``, ``right``, ``center`` or empty."""

    header: tuple[tuple[Inline, ...], ...]
    rows: tuple[tuple[tuple[Inline, ...], ...], ...]
    align: tuple[str, ...] = ()


class Rule(Value, tag="rule", kw_only=True, frozen=True):
    """A horizontal rule."""


Block = Paragraph | Heading | CodeBlock | Quote | ListBlock | Table | Rule


class Document(Value, kw_only=True, frozen=True):
    """A whole text."""

    blocks: tuple[Block, ...] = ()


def plain(text: str) -> Document:
    """Read text as it stands: paragraphs of lines, no markup."""
    paragraphs = [part for part in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n") if part.strip("\n")]
    return Document(blocks=tuple(Paragraph(children=_lines(part.strip("\n"))) for part in paragraphs))


def _lines(text: str) -> tuple[Inline, ...]:
    out: list[Inline] = []
    for line in text.split("\n"):
        if out:
            out.append(Break())
        if line:
            out.append(Text(text=line))
    return tuple(out)
