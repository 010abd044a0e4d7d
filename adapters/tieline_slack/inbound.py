"""Slack's events, read into the hub's words. Pure.

Rule: total. Any JSON goes in; an event of ours or None comes out, and nothing is raised. Own messages are known by bot
and user id, never by name (law 5). What Slack tells twice is told once: ``app_mention`` repeats a message, and an
"edit" by which Slack only adds a link preview is none (matterbridge fork #199).
Files come beside the text, for the hub to fetch; one that cannot be had is a line in it.
Not promised: who deleted a message; Slack does not say, so its author stands for it.
Next stop: :mod:`tieline_slack.wire` hands what is read to the hub's session.

Source of the shapes: docs.slack.dev, "Events", ``message`` and its subtypes, ``reaction_added``, "Slash commands".
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

from tieline.model.base import Value
from tieline.model.content import Document, Emphasis, Paragraph
from tieline.model.inbound import (
    InboundCommand,
    InboundDelete,
    InboundEdit,
    InboundEvent,
    InboundMessage,
    InboundReaction,
    NativeAuthor,
)
from tieline.render.normal import normalise
from tieline_slack import blocks, emoji, files, ids, legacy, mrkdwn
from tieline_slack.names import People, name_mentions
from tieline_slack.shapes import flag, mapping, sequence, text


class Me(Value, kw_only=True, frozen=True):
    """Who we are on this workspace, as ``auth.test`` says. ``url`` is the workspace's address."""

    user_id: str
    bot_id: str
    team_id: str = ""
    url: str = ""


_SAID: Final = frozenset({"", "bot_message", "file_share", "me_message", "thread_broadcast"})
"""Subtypes of ``message`` in which somebody says something; all others are Slack's own notices."""
_MENTION: Final = re.compile(r"<@([UW][A-Z0-9]{1,20})")
_MOST_LOOKED_AT: Final = 2_000
_COMMAND_KINDS: Final = ("channel_id", "user_id", "command")


def conversation_of(payload: object) -> str:
    """The conversation that a payload belongs to: what must stay in order. Empty where there is none."""
    body = mapping(payload)
    event = mapping(body.get("event"))
    item = mapping(event.get("item"))
    return text(event, "channel") or text(item, "channel") or text(body, "channel_id")


def people_in(event: Mapping[str, object]) -> tuple[str, ...]:
    """Ids of the people whose names reading the event needs."""
    message = mapping(event.get("message"))
    authors = (text(event, "user"), text(message, "user"), text(mapping(message.get("edited")), "user"))
    mentioned = (*_mentioned(event), *_mentioned(message))
    return tuple(dict.fromkeys(user for user in (*authors, *mentioned) if user))


def _mentioned(message: Mapping[str, object]) -> Iterator[str]:
    """Ids of those named in the text, else in the blocks and attachments of a bot that repeats nothing in its text."""
    yield from _MENTION.findall(text(message, "text"))
    todo: list[object] = [message.get("attachments"), message.get("blocks")]
    for _ in range(_MOST_LOOKED_AT):
        if not todo:
            return
        match todo.pop():
            case str() as words:
                yield from _MENTION.findall(words)
            case list() as members:
                todo.extend(members[:_MOST_LOOKED_AT])
            case dict() as shape:
                if shape.get("type") == "user":
                    yield text(shape, "user_id")
                todo.extend(shape.values())
            case _:
                pass


def read(event: object, me: Me, people: People) -> InboundEvent | None:
    """An event (the ``event`` member of a callback, or a message of the history with its ``channel``) in our words."""
    body = mapping(event)
    match text(body, "type"):
        case "message":
            return _message_event(body, me, people)
        case "reaction_added":
            return _reaction(body, me, people, on=True)
        case "reaction_removed":
            return _reaction(body, me, people, on=False)
        case _:
            return None


def read_command(payload: object, me: Me) -> InboundCommand | None:
    """A slash command; its text is what follows ``/tieline``."""
    body = mapping(payload)
    if not all(text(body, name) for name in _COMMAND_KINDS):
        return None
    user = text(body, "user_id")
    author = NativeAuthor(native_id=user, display=text(body, "user_name") or user, is_self=user == me.user_id)
    return InboundCommand(
        conversation=text(body, "channel_id"),
        native_id=text(body, "trigger_id") or f"{user}:{text(body, 'text')}",
        author=author,
        text=text(body, "text").strip(),
    )


def read_edit(conversation: str, message: Mapping[str, object], me: Me, people: People) -> InboundEdit | None:
    """The last edit that a message of the history shows (its ``edited`` member), if any."""
    edited = mapping(message.get("edited"))
    if not text(edited, "ts") or text(message, "subtype") not in _SAID:
        return None
    return _edit(conversation, message, "", me, people)


def _message_event(event: Mapping[str, object], me: Me, people: People) -> InboundEvent | None:
    match text(event, "subtype"):
        case "message_changed":
            return _changed(event, me, people)
        case "message_deleted":
            return _deleted(event, text(event, "deleted_ts"), mapping(event.get("previous_message")), me, people)
        case subtype if subtype in _SAID:
            return _said(event, me, people)
        case _:
            return None


def _said(event: Mapping[str, object], me: Me, people: People) -> InboundMessage | None:
    conversation, ts = text(event, "channel"), text(event, "ts")
    author = _author(event, me, people)
    if not conversation or not ts or author is None or flag(event, "hidden"):
        return None
    thread = text(event, "thread_ts")
    return InboundMessage(
        conversation=conversation,
        native_id=ts,
        author=author,
        content=content(event, people),
        sent_at=ids.milliseconds(ts),
        thread=thread if thread and thread != ts else None,
        url=ids.permalink(me.url, conversation, ts, thread or None),
        delivery_id=(mark_of(event)[1] or None) if author.is_self else None,
        files=files.read(event),
        direct=text(event, "channel_type") == "im" or conversation.startswith("D"),
        cursor=ts,
    )


def _changed(event: Mapping[str, object], me: Me, people: People) -> InboundEvent | None:
    conversation = text(event, "channel")
    message, previous = mapping(event.get("message")), mapping(event.get("previous_message"))
    if text(message, "subtype") == "tombstone":  # the root of a thread was deleted: Slack leaves a gravestone
        return _deleted(event, text(message, "ts"), previous, me, people)
    if text(message, "subtype") not in _SAID or _says_the_same(message, previous):
        return None
    return _edit(conversation, message, text(event, "event_ts") or text(event, "ts"), me, people)


def _says_the_same(message: Mapping[str, object], previous: Mapping[str, object]) -> bool:
    """A preview was added, or a file's thumbnail came: nobody changed the words."""
    same_text = text(message, "text") == text(previous, "text")
    same_files = files.listed(message) == files.listed(previous)
    return bool(previous) and same_text and same_files and content(message, {}) == content(previous, {})


def _edit(
    conversation: str, message: Mapping[str, object], otherwise_at: str, me: Me, people: People
) -> InboundEdit | None:
    ts, edited = text(message, "ts"), mapping(message.get("edited"))
    author = _author({**message, "user": text(edited, "user") or text(message, "user")}, me, people)
    if not conversation or not ts or author is None:
        return None
    return InboundEdit(
        conversation=conversation,
        native_id=ts,
        author=author,
        content=content(message, people),
        edited_at=_edited_at(text(edited, "ts") or otherwise_at, text(message, "text")),
    )


def _edited_at(ts: str, said: str) -> int:
    """When, with what was said in the place of the milliseconds.

    Slack gives whole seconds, and the hub knows an edit by message and time: so two edits within a second stay two, and
    one edit seen live and again in the history stays one.
    """
    return ids.milliseconds(ts) // 1000 * 1000 + zlib.crc32(said.encode("utf-8", "surrogatepass")) % 1000


def _deleted(
    event: Mapping[str, object], ts: str, previous: Mapping[str, object], me: Me, people: People
) -> InboundDelete | None:
    conversation = text(event, "channel")
    if not conversation or not ts:
        return None
    return InboundDelete(conversation=conversation, native_id=ts, author=_author(previous, me, people))


def _reaction(event: Mapping[str, object], me: Me, people: People, *, on: bool) -> InboundReaction | None:
    item, user, name = mapping(event.get("item")), text(event, "user"), text(event, "reaction")
    conversation, ts = text(item, "channel"), text(item, "ts")
    if text(item, "type") != "message" or not (conversation and ts and user and name):
        return None
    author = _author(event, me, people)
    if author is None:
        return None
    return InboundReaction(conversation=conversation, native_id=ts, author=author, emoji=emoji.from_slack(name), on=on)


def _author(message: Mapping[str, object], me: Me, people: People) -> NativeAuthor | None:
    user, bot = text(message, "user"), text(message, "bot_id")
    if not (user or bot):
        return None
    profile, bot_profile = people.get(user), mapping(message.get("bot_profile"))
    chosen = text(message, "username") or (profile.display if profile else "") or text(bot_profile, "name")
    return NativeAuthor(
        native_id=user or bot,
        display=chosen or user or bot,
        avatar=profile.avatar if profile else None,
        is_bot=bool(bot) or (profile is not None and profile.is_bot),
        is_self=(bool(user) and user == me.user_id) or (bool(bot) and bot == me.bot_id),
    )


def mark_of(message: Mapping[str, object]) -> tuple[str, str]:
    """Key and delivery id that we left on a message when we sent it; empty where there are none."""
    metadata = mapping(message.get("metadata"))
    if text(metadata, "event_type") != ids.METADATA_EVENT:
        return "", ""
    payload = mapping(metadata.get("event_payload"))
    return text(payload, "key"), text(payload, "delivery")


def content(message: Mapping[str, object], people: People) -> Document:
    """What a message says: its blocks where they can be read, else its mrkdwn; what bots attached; lost files."""
    native = [block for block in sequence(message.get("blocks")) if isinstance(block, dict)]
    document = blocks.parse(native) if native else None
    if document is None or not document.blocks:
        document = mrkdwn.parse(text(message, "text"))
    if text(message, "subtype") == "me_message":
        document = _as_deed(document)
    more = (*legacy.parse(message), *files.lost(message))
    if more:
        document = normalise(Document(blocks=(*document.blocks, *more)))
    return name_mentions(document, people)


def _as_deed(document: Document) -> Document:
    """``/me waves`` stands in italics, as Slack shows it."""
    match document.blocks:
        case (Paragraph(children=children), *rest) if children:
            return Document(blocks=(Paragraph(children=(Emphasis(children=children),)), *rest))
        case _:
            return document
