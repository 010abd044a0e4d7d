"""Discord's dispatches, read into the hub's words. Pure.

Rule: total. Any JSON goes in; an event of ours or None comes out, and nothing is raised. Own messages are known by the
bot's id and the webhooks' ids, never by name (law 5). A conversation is a channel; what is written in one of its
threads belongs to it, with the thread's id as root: Discord gives a thread the id of the message it was made from, and
a forum's post the id of its first message. An update by which Discord only adds a preview is no edit (matterbridge fork
#199); one that repeats an old edit has that edit's time, and the hub knows it by that.
Not promised: who deleted a message (Discord does not say), names in reactions that are taken back (nor there), a root
for a thread that was made from no message: its id is one that no message has.
Next stop: the adapter hands what is read to the hub's session.

Source of the shapes: Discord, "Gateway Events", "Message resource", "Message Types".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from tieline.model.attachments import NativeFile
from tieline.model.base import Value
from tieline.model.content import Block, Document, Paragraph, Quote, Text
from tieline.model.inbound import (
    InboundDelete,
    InboundEdit,
    InboundEvent,
    InboundMessage,
    InboundReaction,
    NativeAuthor,
)
from tieline.render.normal import normalise
from tieline_discord import embeds, emoji, ids, markup
from tieline_discord.markup import Entities
from tieline_discord.shapes import flag, mapping, number, sequence, text


class Me(Value, kw_only=True, frozen=True):
    """Who we are: the bot's user, its application, and the webhooks that are ours."""

    user_id: str
    application_id: str = ""
    webhook_ids: frozenset[str] = frozenset()


class Places(Protocol):
    """What is known of channels and roles. Synchronous, from a cache."""

    def parent_of(self, channel_id: str) -> str | None:
        """The channel that a thread belongs to; None: it is no thread, or not known."""
        ...

    def name_of(self, channel_id: str) -> str | None:
        """A channel's name without ``#``; None: not known."""
        ...

    def role_name(self, role_id: str) -> str | None:
        """A role's name; None: not known."""
        ...

    def is_direct(self, channel_id: str) -> bool:
        """True for a direct conversation with one person."""
        ...


class Nowhere:
    """Places of which nothing is known."""

    def parent_of(self, channel_id: str) -> str | None:  # noqa: ARG002 - the protocol's
        """None."""
        return None

    def name_of(self, channel_id: str) -> str | None:  # noqa: ARG002 - the protocol's
        """None."""
        return None

    def role_name(self, role_id: str) -> str | None:  # noqa: ARG002 - the protocol's
        """None."""
        return None

    def is_direct(self, channel_id: str) -> bool:  # noqa: ARG002 - the protocol's
        """False."""
        return False


_SAID: Final = frozenset({0, 19, 20, 23})
"""Types in which somebody says something: default, reply, answers to slash and context-menu commands."""
_REPLY: Final = 19
_FORWARD: Final = 1
_STICKERS: Final = {1: ("png", "image/png"), 2: ("png", "image/png"), 4: ("gif", "image/gif")}
_SAYS: Final = (
    "content",
    "attachments",
    "embeds",
    "sticker_items",
    "stickers",
    "poll",
    "message_snapshots",
    "components",
)
_MOST_FILES: Final = 50
_CHANNEL: Final = re.compile(r"<#(\d{1,20})>")
_ROLE: Final = re.compile(r"<@&(\d{1,20})>")

_Shape = Mapping[str, object]


def read(event_type: str, data: object, me: Me, places: Places) -> InboundEvent | None:
    """One dispatch in our words; None where it says nothing to us. For MESSAGE_DELETE_BULK see :func:`read_many`."""
    body = mapping(data)
    match event_type:
        case "MESSAGE_CREATE":
            return _message(body, me, places, text(body, "guild_id"), direct=not text(body, "guild_id"))
        case "MESSAGE_UPDATE":
            return read_edit(body, me, places)
        case "MESSAGE_DELETE":
            return _deleted(text(body, "channel_id"), text(body, "id"), places)
        case "MESSAGE_REACTION_ADD":
            return _reaction(body, me, places, on=True)
        case "MESSAGE_REACTION_REMOVE":
            return _reaction(body, me, places, on=False)
        case _:
            return None


def read_many(event_type: str, data: object, me: Me, places: Places) -> tuple[InboundEvent, ...]:
    """All that a dispatch says: one event, none, or many (MESSAGE_DELETE_BULK)."""
    if event_type != "MESSAGE_DELETE_BULK":
        one = read(event_type, data, me, places)
        return () if one is None else (one,)
    body = mapping(data)
    gone = (_deleted(text(body, "channel_id"), found, places) for found in sequence(body.get("ids")))
    return tuple(event for event in gone if event is not None)


def read_message(data: object, me: Me, places: Places, *, guild: str | None = None) -> InboundMessage | None:
    """A message of the REST history, which does not name its server (``guild``)."""
    body = mapping(data)
    named = guild or text(body, "guild_id")
    return _message(body, me, places, named, direct=places.is_direct(text(body, "channel_id")))


def read_edit(data: object, me: Me, places: Places) -> InboundEdit | None:
    """The last edit that a message shows (``edited_timestamp``), live or in the history, if any."""
    body = mapping(data)
    at, channel, native_id = ids.timestamp(text(body, "edited_timestamp")), text(body, "channel_id"), text(body, "id")
    author = _author(body, me)
    if not (at and channel and native_id) or author is None or not isinstance(body.get("content"), str):
        return None
    if number(body, "type") not in _SAID:
        return None
    conversation, _ = _place(channel, native_id, places)
    content = _content(body, author, places)
    return InboundEdit(conversation=conversation, native_id=native_id, author=author, content=content, edited_at=at)


def conversation_of(data: object, places: Places) -> str:
    """The conversation that a dispatch or interaction belongs to: what must stay in order. Empty: none."""
    channel = text(mapping(data), "channel_id")
    return places.parent_of(channel) or channel


def lacks_content(data: object) -> bool:
    """True for a MESSAGE_CREATE that says nothing at all: the Message Content intent is missing."""
    body = mapping(data)
    can_say = number(body, "type") in {0, _REPLY} and bool(text(body, "id")) and bool(text(body, "guild_id"))
    return can_say and not any(body.get(name) for name in _SAYS)


# ------------------------------------------------------------------------------------------------------------- events


def _place(channel: str, native_id: str, places: Places) -> tuple[str, str | None]:
    """Conversation and thread of a message."""
    parent = places.parent_of(channel)
    if parent is None:
        return channel, None
    return parent, channel if channel != native_id else None


def _message(body: _Shape, me: Me, places: Places, guild: str, *, direct: bool) -> InboundMessage | None:
    channel, native_id, author = text(body, "channel_id"), text(body, "id"), _author(body, me)
    if not channel or not native_id or author is None or number(body, "type") not in _SAID:
        return None
    conversation, thread = _place(channel, native_id, places)
    reference = mapping(body.get("message_reference"))
    replies = number(body, "type") == _REPLY and number(reference, "type") != _FORWARD
    return InboundMessage(
        conversation=conversation,
        native_id=native_id,
        author=author,
        content=_content(body, author, places),
        sent_at=ids.timestamp(text(body, "timestamp")) or ids.milliseconds(native_id),
        thread=thread,
        reply_to=(text(reference, "message_id") or None) if replies else None,
        url=ids.permalink(guild or None, channel, native_id) if guild or direct else None,
        files=tuple(file for said in (body, *_forwarded(body)) for file in _files(said)),
        direct=direct,
        cursor=native_id,
    )


def _deleted(channel: str, native_id: object, places: Places) -> InboundDelete | None:
    if not channel or not isinstance(native_id, str) or not native_id:
        return None
    return InboundDelete(conversation=_place(channel, native_id, places)[0], native_id=native_id)


def _reaction(body: _Shape, me: Me, places: Places, *, on: bool) -> InboundReaction | None:
    channel, native_id, user = text(body, "channel_id"), text(body, "message_id"), text(body, "user_id")
    named = emoji.from_discord(mapping(body.get("emoji")))
    if not (channel and native_id and user and named):
        return None
    member = mapping(body.get("member"))
    author = author_of({"id": user, **mapping(member.get("user"))}, member, me)
    conversation, _ = _place(channel, native_id, places)
    return InboundReaction(conversation=conversation, native_id=native_id, author=author, emoji=named, on=on)


# ------------------------------------------------------------------------------------------------------------ authors


def author_of(user: _Shape, member: _Shape, me: Me) -> NativeAuthor:
    """A person or bot: shown as their name on the server, else their own, else the account's."""
    native = text(user, "id")
    picture = text(user, "avatar")
    return NativeAuthor(
        native_id=native,
        display=text(member, "nick") or text(user, "global_name") or text(user, "username") or native,
        avatar=f"https://cdn.discordapp.com/avatars/{native}/{picture}.png" if picture else None,
        is_bot=flag(user, "bot"),
        is_self=bool(native) and native == me.user_id,
    )


def _author(body: _Shape, me: Me) -> NativeAuthor | None:
    """Who wrote. A webhook's author is a name it gave: another name is another guest."""
    user, webhook = mapping(body.get("author")), text(body, "webhook_id")
    if not text(user, "id"):
        return None
    author = author_of(user, mapping(body.get("member")), me)
    if not webhook:
        return author
    is_own = author.is_self or webhook in me.webhook_ids or (bool(me.application_id) and webhook == me.application_id)
    # An application answers an interaction through a webhook of its own id, which may be its bot's id too.
    is_named = text(user, "id") == webhook != text(body, "application_id")
    name = text(user, "username")
    return NativeAuthor(
        native_id=f"{webhook}/{name}" if is_named else author.native_id,
        display=(name or webhook) if is_named else author.display,
        avatar=author.avatar,
        is_bot=True,
        is_self=is_own,
    )


# ------------------------------------------------------------------------------------------------------------ content


def _content(body: _Shape, author: NativeAuthor, places: Places) -> Document:
    blocks = [*_said(body, places, by_bot=author.is_bot)]
    for snapshot in _forwarded(body):
        quoted = tuple(_said(snapshot, places, by_bot=True))
        blocks += [Quote(children=quoted)] if quoted else []
    return normalise(Document(blocks=tuple(blocks)))


def _said(body: _Shape, places: Places, *, by_bot: bool) -> Iterator[Block]:
    entities = _entities(body, places)
    written = text(body, "content")
    yield from markup.parse(written, entities).blocks
    yield from embeds.poll(body)
    for sticker in _stickers(body):
        if number(sticker, "format_type") not in _STICKERS:
            yield Paragraph(children=(Text(text=f"[sticker: {text(sticker, 'name') or '?'}]"),))
    if by_bot or not written:
        yield from embeds.embeds(body, entities, previews=not written)


def _forwarded(body: _Shape) -> list[_Shape]:
    return [mapping(mapping(one).get("message")) for one in sequence(body.get("message_snapshots"))[:1]]


def _entities(body: _Shape, places: Places) -> Entities:
    """Names of whom and what a message mentions: people as the message itself says, channels and roles as known."""
    users = map(mapping, sequence(body.get("mentions")))
    shown = [text(body, "content"), *(text(mapping(embed), "description") for embed in sequence(body.get("embeds")))]
    said = "\n".join(shown)
    channels = {found: places.name_of(found) or found for found in _CHANNEL.findall(said)}
    roles = {found: places.role_name(found) or found for found in _ROLE.findall(said)}
    return Entities(users={text(user, "id"): _name(user) for user in users}, roles=roles, channels=channels)


def _name(user: _Shape) -> str:
    nick = text(mapping(user.get("member")), "nick")
    return nick or text(user, "global_name") or text(user, "username") or text(user, "id")


def _stickers(body: _Shape) -> list[_Shape]:
    return [mapping(one) for one in sequence(body.get("sticker_items"))[:_MOST_FILES]]


def _files(body: _Shape) -> Iterator[NativeFile]:
    for file in map(mapping, sequence(body.get("attachments"))[:_MOST_FILES]):
        if text(file, "id"):
            yield NativeFile(
                id=text(file, "id"),
                name=text(file, "filename"),
                mime=text(file, "content_type").partition(";")[0].strip(),
                size=number(file, "size") if "size" in file else None,
                url=text(file, "url") or None,
                alt=text(file, "description"),
            )
    for sticker in _stickers(body):
        native, kind = text(sticker, "id"), _STICKERS.get(number(sticker, "format_type"))
        if native and kind is not None:
            name = text(sticker, "name")
            yield NativeFile(
                id=native,
                name=f"{name or 'sticker'}.{kind[0]}",
                mime=kind[1],
                url=f"https://media.discordapp.net/stickers/{native}.{kind[0]}",
                alt=name,
            )
