"""Content out as Slack's mrkdwn.

The rules (Slack, "Formatting text for app surfaces"): ``& < >`` are always escaped, so that no text becomes a
mention, a link or ``<!channel>``; the only angle brackets written are ``<@U…>`` for a mention with a native id and
``<url|label>`` for a link; ``@channel``, ``@here`` and ``@everyone`` get a zero-width space behind the ``@`` besides
(law 6). mrkdwn has no escape for ``* _ ~ ```, so a zero-width space parts such a character from the word it would
begin to format, and stands between a span and a word beside it, where Slack would not see the span.
:mod:`tieline_slack.mrkdwn` takes these spaces away again.

Not promised, as mrkdwn has none: headings (bold lines), tables (aligned code), lists (bullets and indentation),
languages of code, code in quotations (it stands between them), backticks inside inline code (it stands as text).

Next stop: ``tieline_slack/outbound`` posts the text with ``parse`` and ``link_names`` off.
"""

from __future__ import annotations

import re
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
from tieline.render.normal import at_name, normal_blocks, visible
from tieline.render.tables import aligned

GAP: Final = "\u200b"
"""Zero-width space: parts what Slack would join."""
RULE: Final = "─" * 10
BULLETS: Final = ("•", "◦", "▪")
INDENT: Final = " " * 4

_DELIMITERS: Final = {Strong: "*", Emphasis: "_", Strike: "~"}
_USER: Final = re.compile(r"[UW][A-Z0-9]{2,20}")
_EMOJI: Final = re.compile(r"[a-z0-9_+'\-]{1,80}")
_BROADCAST: Final = re.compile(r"@(?=(?:channel|here|everyone|group)\b)", re.IGNORECASE)
_OPENS: Final = re.compile(r"(?<![^\W_])[*_~](?=[^\s*_~])|`(?=[^\s])")
_LINE_MARK: Final = re.compile(r"(?=>|[•◦▪]\s|\d{1,9}\.\s|─{10}$)")


class SlackDialect:
    """The dialect ``slack``."""

    @property
    def name(self) -> str:
        """``slack``."""
        return "slack"

    def write(self, blocks: tuple[Block, ...]) -> str:
        """Blocks as mrkdwn."""
        return _blocks(normal_blocks(blocks))


def escape(text: str) -> str:
    """Text with Slack's three control characters escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# ------------------------------------------------------------------------------------------------------------ blocks


def _blocks(blocks: Sequence[Block], level: int = 0) -> str:
    return "\n\n".join(_block(block, level) for block in blocks)


def _block(block: Block, level: int) -> str:
    match block:
        case Paragraph():
            return _line(block.children)
        case Heading():
            return _line((Strong(children=block.children),))
        case CodeBlock():
            return _fenced(block.text)
        case Quote():
            return _quote(block, level)
        case ListBlock():
            return _list(block, level)
        case Table():
            return _fenced(aligned(block))
        case Rule():
            return RULE


_TWO_TICKS: Final = re.compile(r"``(?=`)")
"""Two ticks before a third: three together would end the block."""


def _fenced(text: str) -> str:
    return f"```\n{escape(_TWO_TICKS.sub(f'``{GAP}', text))}\n```"


def _quote(quote: Quote, level: int) -> str:
    """Quoted lines; code blocks stand between them unquoted, since Slack shows none in a quotation."""
    pieces = [(isinstance(block, CodeBlock | Table), _block(block, level)) for block in _unquoted(quote.children)]
    out = ""
    quoting = False
    for is_code, piece in pieces:
        text = piece if is_code else _quoted(piece)
        out += (("\n>\n" if quoting and not is_code else "\n") if out else "") + text
        quoting = not is_code
    return out


def _unquoted(blocks: Sequence[Block]) -> list[Block]:
    """Slack has one level of quotation."""
    out: list[Block] = []
    for block in blocks:
        out.extend(_unquoted(block.children) if isinstance(block, Quote) else [block])
    return out


def _quoted(text: str) -> str:
    lines: list[str] = []
    fenced = False
    for line in text.split("\n"):
        mark = line.lstrip().startswith("```")
        lines.append(line if fenced or mark else f"> {line}".rstrip())
        fenced = fenced != mark
    return "\n".join(lines)


def _list(block: ListBlock, level: int) -> str:
    return "\n".join(_item(item, _marker(block, number, level), level) for number, item in enumerate(block.items))


def _marker(block: ListBlock, number: int, level: int) -> str:
    return BULLETS[level % len(BULLETS)] if block.start is None else f"{block.start + number}."


def _item(item: ListItem, marker: str, level: int) -> str:
    box = {None: "", True: "☑ ", False: "☐ "}[item.checked]
    out = f"{INDENT * level}{marker} {box}"
    for number, child in enumerate(item.children):
        text = _block(child, level + 1)
        if number == 0 and not isinstance(child, ListBlock | CodeBlock | Table):
            first, *rest = text.split("\n")
            out += "\n".join([first, *_indented(rest, level + 1)])
        elif isinstance(child, ListBlock | CodeBlock | Table | Quote):
            out += "\n" + text
        else:
            out += "\n" + "\n".join(_indented(text.split("\n"), level + 1))
    return out.rstrip()


def _indented(lines: Sequence[str], level: int) -> list[str]:
    return [INDENT * level + line if line else "" for line in lines]


# ----------------------------------------------------------------------------------------------------------- inlines


def _line(children: tuple[Inline, ...]) -> str:
    return "\n".join(_mark_start(line) for line in _inlines(children).split("\n"))


def _mark_start(line: str) -> str:
    """A line of text that Slack (or our own reading) would take for a quotation or a list."""
    plain = line.replace("&gt;", ">", 1) if line.startswith("&gt;") else line
    return GAP + line if _LINE_MARK.match(plain) else line


def _inlines(children: Sequence[Inline]) -> str:
    out = ""
    for number, child in enumerate(children):
        text = _inline(child)
        if isinstance(child, Strong | Emphasis | Strike | Code):
            after = children[number + 1] if number + 1 < len(children) else None
            text = _apart(out, text, after)
        out += text
    return out


def _apart(before: str, text: str, after: Inline | None) -> str:
    """A span with zero-width spaces where Slack would not see its ends."""
    if before and not before[-1].isspace() and before[-1] not in "([{>":
        text = GAP + text
    following = after.text[:1] if isinstance(after, Text | Code) else ("x" if after else "")
    closes = not following or following.isspace() or (following in ".,;:!?)]}" and not isinstance(after, Code))
    return text if closes or isinstance(after, Break) else text + GAP


def _inline(inline: Inline) -> str:
    match inline:
        case Text():
            return _text(inline.text)
        case Break():
            return "\n"
        case Code():
            return _text(inline.text) if "`" in inline.text else f"`{escape(inline.text)}`"
        case Strong() | Emphasis() | Strike():
            return _span(inline)
        case Hyperlink():
            return _link(inline.url, visible(inline.children))
        case Image():
            return _link(inline.url, inline.alt)
        case Mention():
            return _mention(inline)
        case Emoji():
            return f":{inline.name}:" if _EMOJI.fullmatch(inline.name) else _text(f":{inline.name}:")


def _span(span: Strong | Emphasis | Strike) -> str:
    """A span; one for each line, since Slack's do not go over lines."""
    mark = _DELIMITERS[type(span)]
    return "\n".join(f"{mark}{line}{mark}" if line.strip() else line for line in _inlines(span.children).split("\n"))


def _text(text: str) -> str:
    text = _OPENS.sub(rf"\g<0>{GAP}", text)
    return escape(_BROADCAST.sub(f"@{GAP}", text))


def _mention(mention: Mention) -> str:
    native = mention.native_id or ""
    return f"<@{native}>" if _USER.fullmatch(native) else _text(at_name(mention))


def _link(url: str, label: str) -> str:
    """A link; the normal form has let through only http, https and mailto, without space, ``|`` and brackets."""
    address = escape(_BROADCAST.sub("%40", url.replace("|", "%7C")))
    text = " ".join(_BROADCAST.sub(f"@{GAP}", label).split())
    return f"<{address}|{escape(text)}>" if text else f"<{address}>"
