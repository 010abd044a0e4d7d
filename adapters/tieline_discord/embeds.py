"""What stands beside a message's text: embeds, polls and forwarded messages, as content. Total.

The rules: an embed that a bot made says something, and is read; one that Discord made of a link repeats the link, and
is read only where the message says nothing else. Width is capped; hostile shapes never raise.
Not promised: pictures of embeds as files (they are linked), votes of polls.

Source: Discord, "Message: Embed Object", "Poll resource", "Message Snapshot".
Next stop: :mod:`tieline_discord.inbound`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tieline.model.content import (
    Block,
    Break,
    Emphasis,
    Hyperlink,
    Image,
    Inline,
    ListBlock,
    ListItem,
    Paragraph,
    Strong,
    Text,
)
from tieline_discord import markup
from tieline_discord.markup import Entities
from tieline_discord.shapes import mapping, sequence, text

_MAX_EMBEDS: Final = 10
_MAX_FIELDS: Final = 25
_MAX_ANSWERS: Final = 20
_BY_BOTS: Final = frozenset({"", "rich"})
_POLL_RESULT: Final = "poll_result"

_Shape = Mapping[str, object]


def embeds(message: _Shape, entities: Entities, *, previews: bool) -> Iterator[Block]:
    """Blocks of a message's embeds; ``previews``: those that Discord made of links too."""
    for embed in map(mapping, sequence(message.get("embeds"))[:_MAX_EMBEDS]):
        kind = text(embed, "type")
        if kind in _BY_BOTS or (previews and kind != _POLL_RESULT):
            yield from _embed(embed, entities)


def poll(message: _Shape) -> Iterator[Block]:
    """A poll: its question, and a list of what may be answered."""
    shape = mapping(message.get("poll"))
    question = text(mapping(shape.get("question")), "text")
    if not question:
        return
    yield Paragraph(children=(Text(text="Poll: "), Strong(children=(Text(text=question),))))
    answers = [_answer(mapping(answer)) for answer in sequence(shape.get("answers"))[:_MAX_ANSWERS]]
    items = tuple(ListItem(children=(Paragraph(children=(Text(text=answer),)),)) for answer in answers if answer)
    if items:
        yield ListBlock(items=items)


def _answer(answer: _Shape) -> str:
    media = mapping(answer.get("poll_media"))
    emoji = mapping(media.get("emoji"))
    shown = text(emoji, "name")
    shown = f":{shown}:" if shown and text(emoji, "id") else shown
    return " ".join(part for part in (shown, text(media, "text")) if part)


def _embed(embed: _Shape, entities: Entities) -> Iterator[Block]:
    author = text(mapping(embed.get("author")), "name")
    if author:
        yield Paragraph(children=(Text(text=author),))
    title = _title(embed)
    if title is not None:
        yield Paragraph(children=(Strong(children=(title,)),))
    yield from markup.parse(text(embed, "description"), entities).blocks
    for field in map(mapping, sequence(embed.get("fields"))[:_MAX_FIELDS]):
        yield from _field(field, entities)
    image = text(mapping(embed.get("image")), "url")
    if image:
        yield Paragraph(children=(Image(url=image),))
    footer = text(mapping(embed.get("footer")), "text")
    if footer:
        yield Paragraph(children=(Emphasis(children=(Text(text=footer),)),))


def _title(embed: _Shape) -> Inline | None:
    title, url = text(embed, "title"), text(embed, "url")
    if url:
        return Hyperlink(url=url, children=(Text(text=title),) if title else ())
    return Text(text=title) if title else None


def _field(field: _Shape, entities: Entities) -> Iterator[Block]:
    """Name and value; on one line where the value begins with one."""
    name: tuple[Inline, ...] = (Strong(children=(Text(text=text(field, "name") or "–"),)), Break())
    match markup.parse(text(field, "value"), entities).blocks:
        case (Paragraph(children=children), *rest):
            yield Paragraph(children=(*name, *children))
            yield from rest
        case found:
            yield Paragraph(children=name)
            yield from found
