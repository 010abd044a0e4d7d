"""Slack's mrkdwn in: text to content. Total, in about linear time.

The rules (Slack, "Formatting text for app surfaces" and "Retrieving messages"): ``&amp; &lt; &gt;`` are the only
entities; ``<…>`` is a mention, a channel, a link or a special; a broadcast becomes the text ``@here``, which pings
nobody (law 6); bold, italic and struck-out text begin and end beside words, on one line; Unicode emoji are read from
their names, custom ones stay names; zero-width spaces that :mod:`tieline_slack.dialect` put in are taken away.

Not promised: what Slack's own client shows for every odd nesting; where blocks are present,
:mod:`tieline_slack.blocks` reads those instead. Next stop: ``tieline_slack/inbound``.
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
    Document,
    Emoji,
    Emphasis,
    Hyperlink,
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
from tieline.render.normal import clean, normalise
from tieline.render.urls import safe_url
from tieline_slack.dialect import BULLETS, GAP, RULE
from tieline_slack.emoji import from_slack

_FENCE: Final = re.compile(r"```(.*?)```", re.DOTALL)
_TOKEN: Final = re.compile(
    r"<(?P<angle>[^<>\n]{1,4000})>"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<![\w:]):(?P<emoji>[a-z0-9_+'\-]{1,80}(?:::skin-tone-[2-6])?):(?!\w)"
    r"|(?P<object>\ufffc)"
)
_EMOJI: Final = re.compile(r"(?<![\w:]):([a-z0-9_+'\-]{1,80}(?:::skin-tone-[2-6])?):(?!\w)")
_SPAN: Final = re.compile(
    r"\u200b?(?<![^\W_])(?:"
    r"\*(?!\u200b)(?P<strong>[^\s*\n](?:[^*\n]*[^\s*\n])?)\*"
    r"|_(?!\u200b)(?P<emphasis>[^\s_\n](?:(?:[^_\n]|(?<=[^\W_])_(?=[^\W_]))*[^\s_\n])?)_"
    r"|~(?!\u200b)(?P<strike>[^\s~\n](?:[^~\n]*[^\s~\n])?)~"
    r")(?![^\W_])\u200b?"
)
_GAPS: Final = re.compile(r"(?<=[*_~`@])\u200b|\u200b(?=\ufffc)|(?<=\ufffc)\u200b")
_QUOTE: Final = re.compile(r"(?:>|&gt;) ?")
_LONG_QUOTE: Final = re.compile(r"(?:>|&gt;){3}")
_ITEM: Final = re.compile(rf"( *)(?:[{''.join(BULLETS)}]|(\d{{1,9}})\.) +(?=\S)")
_TASKS: Final = {"☑ ": True, "☐ ": False}
_OBJECT: Final = "\ufffc"
_MAX_SPANS: Final = 4
_MAX_DEPTH: Final = 12


def parse(text: str) -> Document:
    """Read mrkdwn. Total: any text gives a document, in normal form."""
    return normalise(Document(blocks=tuple(_blocks(clean(text)))))


def unescape(text: str) -> str:
    """Slack's three entities as characters."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


# ------------------------------------------------------------------------------------------------------------ blocks


def _blocks(text: str) -> Iterator[Block]:
    for number, piece in enumerate(_FENCE.split(text)):
        if number % 2:
            yield CodeBlock(text=_code_text(piece))
        else:
            yield from _lines(piece.split("\n"))


_CODE_GAP: Final = re.compile(rf"(?<=``){GAP}(?=`)")


def _code_text(text: str) -> str:
    text = text.removeprefix("\n").removesuffix("\n")
    return _CODE_GAP.sub("", unescape(re.sub(r"<([^<>\n]+)>", _bare, text)))


def _bare(found: re.Match[str]) -> str:
    """What Slack made a link or mention inside of code, as it was written."""
    target, _, label = found.group(1).partition("|")
    return label or target.removeprefix("mailto:")


def _lines(lines: Sequence[str]) -> Iterator[Block]:
    """Blocks of lines. Slack quotes one level deep: a mark inside of a quotation is text."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if _LONG_QUOTE.match(line):
            rest = [_LONG_QUOTE.sub("", line, count=1), *lines[at + 1 :]]
            yield Quote(children=tuple(_quoted(rest)))
            return
        end = at + 1
        if not _QUOTE.match(line):
            while end < len(lines) and not _QUOTE.match(lines[end]):
                end += 1
            yield from _quoted(lines[at:end])
        else:
            while end < len(lines) and _QUOTE.match(lines[end]) and not _LONG_QUOTE.match(lines[end]):
                end += 1
            yield Quote(children=tuple(_quoted([_QUOTE.sub("", quoted, count=1) for quoted in lines[at:end]])))
        at = end


def _quoted(lines: Sequence[str]) -> Iterator[Block]:
    """Blocks of lines that are no quotation, or are in one."""
    at = 0
    while at < len(lines):
        line = lines[at]
        end = at + 1
        if _ITEM.match(line):
            while end < len(lines) and (_ITEM.match(lines[end]) or lines[end].startswith(" ")):
                end += 1
            yield from _lists(lines[at:end], 0)
        elif line.strip() == RULE:
            yield Rule()
        else:
            while end < len(lines) and not _opens(lines[end]):
                end += 1
            yield Paragraph(children=inlines("\n".join(lines[at:end])))
        at = end


def _opens(line: str) -> bool:
    return bool(_ITEM.match(line)) or line.strip() == RULE


def _lists(lines: Sequence[str], depth: int) -> Iterator[Block]:
    """Lists of lines at one indentation; deeper ones belong to the item before them."""
    items: list[ListItem] = []
    start: int | None = None
    for found, content in _groups(lines):
        number = int(found.group(2)) if found.group(2) else None
        if items and not _follows(number, start, len(items)):
            yield ListBlock(items=tuple(items), start=start)
            items = []
        start = start if items else number
        items.append(_item(content, depth))
    yield ListBlock(items=tuple(items), start=start)


def _groups(lines: Sequence[str]) -> list[tuple[re.Match[str], list[str]]]:
    """The lines of each item; the first line stands without its marker."""
    groups: list[tuple[re.Match[str], list[str]]] = []
    base = len(lines[0]) - len(lines[0].lstrip(" "))
    for line in lines:
        found = _ITEM.match(line)
        if found and (len(found.group(1)) <= base or not groups):
            groups.append((found, [line[found.end() :]]))
        else:
            groups[-1][1].append(line)
    return groups


def _follows(number: int | None, start: int | None, count: int) -> bool:
    return number is None if start is None else number == start + count


def _item(lines: Sequence[str], depth: int) -> ListItem:
    checked = _TASKS.get(lines[0][:2])
    first = lines[0] if checked is None else lines[0][2:]
    inner = () if depth >= _MAX_DEPTH else (number for number, line in enumerate(lines) if number and _ITEM.match(line))
    end = next(iter(inner), len(lines))
    text = "\n".join([first, *(line.strip() for line in lines[1:end])])
    nested = tuple(_lists(lines[end:], depth + 1)) if end < len(lines) else ()
    return ListItem(children=(Paragraph(children=inlines(text)), *nested), checked=checked)


# ----------------------------------------------------------------------------------------------------------- inlines


def inlines(text: str) -> tuple[Inline, ...]:
    """Read the inlines of some lines."""
    objects: list[Inline] = []
    out: list[str] = []
    done = 0
    for found in _TOKEN.finditer(text):
        out += [text[done : found.start()], _OBJECT]
        objects.append(_object(found))
        done = found.end()
    out.append(text[done:])
    return tuple(_spans("".join(out), iter(objects), 0))


def _object(found: re.Match[str]) -> Inline:
    match found.lastgroup:
        case "angle":
            return _angle(found.group("angle"))
        case "code":
            return Code(text=unescape(re.sub(r"<([^<>\n]+)>", _bare, found.group("code"))))
        case "object":
            return Text(text=_OBJECT)
        case _:
            return named_emoji(found.group("emoji"))


def named_emoji(name: str) -> Inline:
    """An emoji by Slack's name: Unicode as text, where the name is a common one, else a custom emoji."""
    character = from_slack(name)
    if not character.startswith(":"):
        return Text(text=character)
    return Emoji(name=name) if any(char.isalpha() for char in name) else Text(text=f":{name}:")


def with_emoji(text: str) -> tuple[Inline, ...]:
    """Text in which nothing is markup but ``:name:`` of emoji; line breaks are kept."""
    out: list[Inline] = []
    done = 0
    for found in _EMOJI.finditer(text):
        out += _plain(text[done : found.start()])
        out.append(named_emoji(found[1]))
        done = found.end()
    return (*out, *_plain(text[done:]))


def _plain(text: str) -> list[Inline]:
    return [Text(text=text)] if text else []


def _spans(text: str, objects: Iterator[Inline], depth: int) -> Iterator[Inline]:
    done = 0
    if depth < _MAX_SPANS:
        for found in _SPAN.finditer(text):
            yield from _leaves(text[done : found.start()], objects)
            children = tuple(_spans(found.group(found.lastgroup or 0), objects, depth + 1))
            yield _styled(found.lastgroup or "", children)
            done = found.end()
    yield from _leaves(text[done:], objects)


def _styled(kind: str, children: tuple[Inline, ...]) -> Inline:
    match kind:
        case "strong":
            return Strong(children=children)
        case "emphasis":
            return Emphasis(children=children)
        case _:
            return Strike(children=children)


def _leaves(text: str, objects: Iterator[Inline]) -> Iterator[Inline]:
    for number, line in enumerate(_GAPS.sub("", text).split("\n")):
        if number:
            yield Break()
        for part, piece in enumerate(line.removeprefix(GAP).split(_OBJECT)):
            if part:
                yield next(objects)
            if piece:
                yield Text(text=unescape(piece))


# -------------------------------------------------------------------------------------------------- what is in <…>


def _angle(inner: str) -> Inline:
    target, _, label = inner.partition("|")
    label = unescape(label)
    match target[:1]:
        case "@":
            return Mention(display=label.lstrip("@") or target[1:] or "?", native_id=target[1:] or None)
        case "#":
            return Text(text="#" + (label.lstrip("#") or target[1:]))
        case "!":
            return _special(target[1:], label)
        case _:
            return _link(unescape(target), label, inner)


def _special(target: str, label: str) -> Inline:
    if target in {"here", "channel", "everyone"}:
        return Text(text=f"@{target}")
    command, _, rest = target.partition("^")
    if command == "subteam":
        return Text(text="@" + (label.lstrip("@") or rest))
    return Text(text=label or target)


def _link(url: str, label: str, inner: str) -> Inline:
    if safe_url(url) is None:
        return Text(text=(label or url) if ":" in url or "/" in url else f"<{unescape(inner)}>")
    text = (Text(text=label),) if label and label not in {url, url.removeprefix("mailto:")} else ()
    return Hyperlink(url=url, children=text)
