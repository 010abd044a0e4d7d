"""Old-style attachments in: what bots put beside or instead of a text. Total and pure.

Rule: what the author put there is read (pretext, title, text, fields, blocks, picture, footer; the fallback where
there is nothing else), a message that a person passed on is quoted, and what Slack itself unfolded of a link is left
out: it comes and goes, and nobody wrote it (matterbridge fork #199).
Next stop: :mod:`tieline_slack.inbound`.

Source: docs.slack.dev, "Legacy: attachments".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tieline.model.content import Block, Hyperlink, Image, Inline, Paragraph, Quote, Strong, Text
from tieline_slack import blocks, mrkdwn
from tieline_slack.rich_text import Shape, shapes, text_of

_MOST: Final = 50
_MAX_FIELDS: Final = 25


def parse(message: Mapping[str, object]) -> tuple[Block, ...]:
    """Blocks of a message's attachments."""
    return tuple(made for one in shapes(message.get("attachments"), _MOST) for made in _attachment(one))


def _attachment(attachment: Shape) -> Sequence[Block]:
    if attachment.get("is_share") is True:
        return _passed_on(attachment)
    if _is_unfolded(attachment):
        return ()
    found = [
        *mrkdwn.parse(text_of(attachment, "pretext")).blocks,
        Paragraph(children=_title(attachment)),
        *_body(attachment),
        *[made for field in shapes(attachment.get("fields"), _MAX_FIELDS) for made in _field(field)],
        Paragraph(children=_picture(attachment)),
        *mrkdwn.parse(text_of(attachment, "footer")).blocks,
    ]
    said = [block for block in found if not (isinstance(block, Paragraph) and not block.children)]
    return said or mrkdwn.parse(text_of(attachment, "fallback")).blocks


def _is_unfolded(attachment: Shape) -> bool:
    """Slack unfolded a link: it names the address, or says so."""
    return bool(text_of(attachment, "from_url", "original_url")) or any(
        attachment.get(mark) is True for mark in ("is_app_unfurl", "is_msg_unfurl", "is_thread_root_unfurl")
    )


def _passed_on(attachment: Shape) -> Sequence[Block]:
    """A message that somebody shared: its author, its words, where it stands."""
    author, url = text_of(attachment, "author_name", "author_subname"), text_of(attachment, "from_url")
    head: tuple[Inline, ...] = (Strong(children=(Text(text=author),)),) if author else ()
    if url:
        head = (*head, Text(text=" "), Hyperlink(url=url)) if head else (Hyperlink(url=url),)
    said = mrkdwn.parse(text_of(attachment, "text", "fallback")).blocks
    return [Quote(children=(*([Paragraph(children=head)] if head else []), *said))]


def _title(attachment: Shape) -> tuple[Inline, ...]:
    author, title = text_of(attachment, "author_name"), text_of(attachment, "title")
    url = text_of(attachment, "title_link")
    words: tuple[Inline, ...] = (Strong(children=mrkdwn.with_emoji(mrkdwn.unescape(title))),) if title else ()
    linked: tuple[Inline, ...] = (Hyperlink(url=url, children=words),) if url and words else words
    if author:
        return (Text(text=author), *((Text(text=": "), *linked) if linked else ()))
    return linked


def _body(attachment: Shape) -> Sequence[Block]:
    native = attachment.get("blocks")
    document = blocks.parse(native) if isinstance(native, list) else None
    return document.blocks if document is not None else mrkdwn.parse(text_of(attachment, "text")).blocks


def _field(field: Shape) -> Sequence[Block]:
    title, value = text_of(field, "title"), mrkdwn.parse(text_of(field, "value")).blocks
    if not title:
        return value
    head: tuple[Inline, ...] = (Strong(children=mrkdwn.with_emoji(mrkdwn.unescape(title))),)
    match value:
        case (Paragraph(children=children), *rest):
            return [Paragraph(children=(*head, Text(text=": "), *children)), *rest]
        case _:
            return [Paragraph(children=head), *value]


def _picture(attachment: Shape) -> tuple[Inline, ...]:
    url = text_of(attachment, "image_url", "thumb_url")
    return (Image(url=url, alt=mrkdwn.unescape(text_of(attachment, "title", "fallback"))),) if url else ()
