"""Discord's markdown in: text to content. Total, in about linear time.

The rules (Discord, "Message Formatting" and "Markdown Text 101"): a backslash makes punctuation text; code first, then
addresses and mentions, then spans, each closed by the next mark of its kind. What the hub has no word for stays
visible: spoilers keep their bars (``||x||``: whoever reads sees that it was one, and elsewhere it is not hidden),
underlined text is emphasised, subtext (``-#``) is a plain line, a timestamp is a time in UTC, a channel is ``#name``.
A role is a mention without an id, so it notifies nobody anywhere. Zero-width spaces that
:mod:`tieline_discord.dialect` put in are taken away.

Not promised: what Discord's own client shows for every odd nesting; a doubt leaves the marks as text.
Next stop: :mod:`tieline_discord.inbound`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from tieline.model.base import Value
from tieline.model.content import (
    Block,
    Code,
    CodeBlock,
    Document,
    Emoji,
    Heading,
    Hyperlink,
    Inline,
    ListBlock,
    ListItem,
    Mention,
    Paragraph,
    Quote,
    Rule,
    Text,
)
from tieline.render.normal import clean, normalise
from tieline.render.urls import bare_end, safe_url
from tieline_discord.dialect import BOXES, GAP, RULE
from tieline_discord.emoji import address
from tieline_discord.spans import Spans


class Entities(Value, kw_only=True, frozen=True):
    """Names of what a text mentions, by id."""

    users: Mapping[str, str] = {}
    roles: Mapping[str, str] = {}
    channels: Mapping[str, str] = {}


_OUTER: Final = re.compile(
    r"(?<!\\)```(?P<code>.+?)```|^(?:>>> (?P<rest>.*)|(?P<quote>>(?: [^\n]*)?(?:\n>(?: [^\n]*)?(?=\n|\Z))*)(?=\n|\Z))",
    re.DOTALL | re.MULTILINE,
)
_LANGUAGE: Final = re.compile(r"([A-Za-z0-9_+\-.#]{1,40})\n")
_QUOTE: Final = re.compile(r"^> ?", re.MULTILINE)
_ITEM: Final = re.compile(r"( *)(?:[-*]|(\d{1,9})\.) +(?=\S)")
_HEADING: Final = re.compile(r"(#{1,3}) +(?!#)(?=\S)")
_SUBTEXT: Final = re.compile(r"^-# +(?=\S)")
_TOKEN: Final = re.compile(
    r"(?P<shrug>¯\\_\(ツ\)_/¯)"
    r"|\\(?P<escape>[^0-9A-Za-z\s])"
    r"|(?<!`)(?P<ticks>`++)(?P<code>.*?[^`])(?P=ticks)(?!`)"
    r"|<(?P<angle>@[!&]?\d{1,20}|\#\d{1,20}|a?:\w{1,64}:\d{1,20}|t:-?\d{1,17}(?::[A-Za-z])?|/[^<>\n]{1,100}:\d{1,20}"
    r"|id:[\w\-]{1,40}|https?://[^<>\s]{1,4000}|[^<>\s@]{1,64}@[^<>\s@]{1,255}|\+\d{4,20})>"
    r"|\[(?P<label>[^\[\]\n]++(?:\[[^\[\]\n]*+\][^\[\]\n]*+)*+)\]"
    r"\((?:<(?P<wrapped>https?://[^<>\s]++)>|(?P<open>https?://(?:[^<>\s()]++|\([^<>\s()]*+\))++))(?:\s+\"[^\"\n]{0,500}\")?\)"
    r"|(?<![A-Za-z0-9])(?P<url>https?://[^\s<>\"]++)",
    re.DOTALL | re.IGNORECASE,
)
_RUN: Final = re.compile(r"\*+|_+|~{2,}|\n")
_CODE_GAP: Final = re.compile(r"(?<=``)\u200b(?=`)|(?<=@)\u200b")
_BEGAN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_DEPTH: Final = 12
_NONE: Final = Entities()


def parse(text: str, entities: Entities | None = None) -> Document:
    """Read Discord's markdown. Total: any text gives a document, in normal form."""
    return normalise(Document(blocks=tuple(_outer(clean(text), entities or _NONE))))


# ------------------------------------------------------------------------------------------------------------ blocks


def _outer(text: str, entities: Entities) -> Iterator[Block]:
    done = 0
    for found in _OUTER.finditer(text):
        yield from _lines(text[done : found.start()].split("\n"), entities)
        if found.lastgroup == "code":
            yield _code_block(found.group("code"))
        else:
            quoted = found.group("rest") or _QUOTE.sub("", found.group("quote") or "")
            yield Quote(children=tuple(_quoted(quoted, entities)))
        done = found.end()
    yield from _lines(text[done:].split("\n"), entities)


def _quoted(text: str, entities: Entities) -> Iterator[Block]:
    """Blocks in a quotation, which has none inside of it."""
    done = 0
    for found in re.finditer(r"(?<!\\)```(.+?)```", text, re.DOTALL):
        yield from _lines(text[done : found.start()].split("\n"), entities)
        yield _code_block(found.group(1))
        done = found.end()
    yield from _lines(text[done:].split("\n"), entities)


def _code_block(text: str) -> CodeBlock:
    named = _LANGUAGE.match(text)
    body = text[named.end() :] if named and text[named.end() :].strip("\n") else text
    language = named.group(1) if named and body is not text else ""
    body = body.removeprefix("\n").removesuffix("\n") if not language else body.removesuffix("\n")
    return CodeBlock(text="" if body == GAP else _code_text(body), language=language)


def _code_text(text: str) -> str:
    return _CODE_GAP.sub("", text)


def _lines(lines: Sequence[str], entities: Entities) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        line = lines[at]
        end = at + 1
        if _ITEM.match(line):
            while end < len(lines) and (_ITEM.match(lines[end]) or lines[end].startswith(" ")):
                end += 1
            yield from _lists(lines[at:end], entities, 0)
        elif found := _HEADING.match(line):
            yield Heading(level=len(found.group(1)), children=inlines(line[found.end() :], entities))
        elif line.strip() == RULE:
            yield Rule()
        else:
            while end < len(lines) and not _opens(lines[end]):
                end += 1
            said = "\n".join(_SUBTEXT.sub("", line, count=1) for line in lines[at:end])
            yield Paragraph(children=inlines(said, entities))
        at = end


def _opens(line: str) -> bool:
    return bool(_ITEM.match(line) or _HEADING.match(line)) or line.strip() == RULE


def _lists(lines: Sequence[str], entities: Entities, depth: int) -> Iterator[Block]:
    """Lists of lines at one indentation; deeper ones belong to the item before them."""
    items: list[ListItem] = []
    start: int | None = None
    for number, content in _groups(lines):
        if items and not (number is None if start is None else number == start + len(items)):
            yield ListBlock(items=tuple(items), start=start)
            items = []
        start = start if items else number
        items.append(_item(content, entities, depth))
    yield ListBlock(items=tuple(items), start=start)


def _groups(lines: Sequence[str]) -> list[tuple[int | None, list[str]]]:
    """Number and lines of each item; the first line stands without its marker."""
    groups: list[tuple[int | None, list[str]]] = []
    base = len(lines[0]) - len(lines[0].lstrip(" "))
    for line in lines:
        found = _ITEM.match(line)
        if found and (len(found.group(1)) <= base or not groups):
            groups.append((int(found.group(2)) if found.group(2) else None, [line[found.end() :]]))
        else:
            groups[-1][1].append(line)
    return groups


def _item(lines: Sequence[str], entities: Entities, depth: int) -> ListItem:
    checked = next((state for state, box in BOXES.items() if lines[0].startswith(box)), None)
    first = lines[0] if checked is None else lines[0][len(BOXES[checked]) :]
    end = 1
    while end < len(lines) and not (depth < _MAX_DEPTH and _ITEM.match(lines[end])):
        end += 1
    said = "\n".join(line.lstrip(" ") for line in [first, *lines[1:end]])
    inner = tuple(_lists(lines[end:], entities, depth + 1)) if end < len(lines) else ()
    paragraph = () if said == GAP else (Paragraph(children=inlines(said, entities)),)
    return ListItem(children=(*paragraph, *inner), checked=checked)


# ----------------------------------------------------------------------------------------------------------- inlines


def inlines(text: str, entities: Entities, *, in_label: bool = False) -> tuple[Inline, ...]:
    """Read the inlines of some lines."""
    spans = Spans()
    done = at = 0
    while (found := _TOKEN.search(text, at)) is not None:
        end = bare_end(text, found.start(), found.end()) if found.lastgroup == "url" else found.end()
        if end == found.start() or (in_label and found.group("label")):
            at = found.start() + 1
            continue
        _runs(spans, text, done, found.start())
        spans.add(_object(found, text[found.start() : end], entities))
        done = at = end
    _runs(spans, text, done, len(text))
    return spans.close()


def _runs(spans: Spans, text: str, start: int, end: int) -> None:
    """The texts, line breaks and delimiters of a piece without objects."""
    done = start
    for found in _RUN.finditer(text, start, end):
        spans.say(_plain(text[done : found.start()]))
        spans.mark(found.group(), text[max(found.start() - 1, 0) : found.start()], text[found.end() : found.end() + 1])
        done = found.end()
    spans.say(_plain(text[done:end]))


def _plain(text: str) -> str:
    return text.removeprefix(GAP).removesuffix(GAP).replace(f"@{GAP}", "@")


def _object(found: re.Match[str], whole: str, entities: Entities) -> Inline:
    if found.group("shrug"):
        return Text(text=whole)
    if found.group("escape"):
        return Text(text=found.group("escape"))
    if found.group("ticks"):
        return _code(found.group("code"))
    if found.group("angle"):
        return _angle(found.group("angle"), entities)
    if found.group("label"):
        label = inlines(found.group("label"), entities, in_label=True)
        return Hyperlink(url=found.group("wrapped") or found.group("open"), children=label)
    return Hyperlink(url=safe_url(whole) or whole)


def _code(text: str) -> Code:
    """One space beside a backtick at either end is not of the code."""
    if text[0] == text[-1] == " " and text.strip(" "):
        text = text[1:-1]
    return Code(text=_code_text(text).replace("\n", " "))


def _angle(inner: str, entities: Entities) -> Inline:
    key = inner.lstrip("@!&#")
    match inner[0]:
        case "@" if inner[1] == "&":
            return Mention(display=entities.roles.get(key) or key)
        case "@":
            return Mention(display=entities.users.get(key) or key, native_id=key)
        case "#":
            return Text(text="#" + (entities.channels.get(key) or key))
        case "/":
            return Text(text=inner.rpartition(":")[0])
        case "+":
            return Text(text=inner)
        case _:
            return _named(inner)


def _named(inner: str) -> Inline:
    kind, _, rest = inner.partition(":")
    if inner.lower().startswith("http") and "://" in inner:
        return Hyperlink(url=inner)
    if "@" in inner:
        return Hyperlink(url=f"mailto:{inner}", children=(Text(text=inner),))
    if kind in {"", "a", "A"}:
        name, _, native = rest.partition(":")
        return Emoji(name=name, url=address(native, animated=bool(kind)))
    return Text(text=_time(rest.partition(":")[0]) if kind in {"t", "T"} else f"#{rest}")


def _time(seconds: str) -> str:
    """A moment in UTC, readable; what no calendar has stays a number."""
    try:
        return f"{_BEGAN + timedelta(seconds=int(seconds)):%Y-%m-%d %H:%M} UTC"
    except OverflowError:
        return seconds
