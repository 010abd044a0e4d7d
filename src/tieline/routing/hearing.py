"""Deciders for messages that people write on channels: whose they are, where they belong, what they answer. Pure.

Rule: identity is the native id at the place it was written (repeats and echoes find themselves, laws 5 and 9); where a
conversation is a person's address (e-mail), that address is the place. What is not believed, and what strangers write
to a channel that answers none, is kept aside. A bare word that answers a message with actions is a press.
Next stop: :mod:`tieline.routing.writing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from tieline.model.base import Value
from tieline.model.channels import Trait
from tieline.model.content import Document, Inline, Text
from tieline.model.content import Mention as MentionNode
from tieline.model.delivery import Cursor, Delivery, Part, PartDirection
from tieline.model.inbound import InboundMessage, NativeAuthor, Receipt
from tieline.model.keeping import Original
from tieline.model.members import Member
from tieline.model.message import Format, Message, Origin
from tieline.model.rooms import AUTO, Direction, Link, MessageType, Room
from tieline.packets import Verdict, explain
from tieline.ports.deciding import Decision, View
from tieline.render.commonmark import CommonMark
from tieline.render.walk import change_inlines
from tieline.routing import attachments, direct, joining, keeping, router
from tieline.routing.checks import storable
from tieline.routing.people import actor_of, author_there, member_there
from tieline.routing.words import action_in, word_of
from tieline.routing.writing import codes, judged, mentions_in, written

_WRITER: Final = CommonMark()
ALIAS_INDEX: Final = 2000
"""Index of a part that is only another name of one."""

Act = Callable[[str, NativeAuthor, Message, View], Decision]
"""What a press of an action does: channel, who, the message that offers it, view."""
Acts = Mapping[str, Act]
"""By the names of actions."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as it was heard, and what was found out about it."""

    channel: str
    event: InboundMessage
    place: str
    """The conversation of its parts."""
    member: Member | None
    text: str
    replied: Message | None
    """What it answers, whoever says so: a reply, references, a token."""
    via: str = AUTO


def hear(channel: str, event: InboundMessage, view: View) -> Heard:
    """Find out about a message."""
    place = event.author.native_id if has(channel, Trait.CONTACTS, view) else event.conversation
    return Heard(
        channel=channel,
        event=event,
        place=place,
        member=member_there(channel, event.author, view),
        text=storable(text_of(event.content, channel, view)),
        replied=_replied(channel, place, event, view),
    )


def has(channel: str, trait: Trait, view: View) -> bool:
    """Tell whether a channel has a trait."""
    record = view.directory.channel(channel)
    return record is not None and trait in record.traits


def said(channel: str, event: InboundMessage, view: View, acts: Acts) -> Decision:
    """Decide a message; answers a Receipt."""
    heard, cursor = hear(channel, event, view), _cursor(channel, event, view)
    known = view.get(Part, channel, heard.place, event.native_id)
    if known is not None:
        status = "echo" if known.direction is PartDirection.OUT else "repeat"
        return _and(_nothing(status, known.message_id or None), *cursor)
    if event.author.is_self or event.delivery_id is not None:
        return _and(_nothing("echo"), *cursor)
    return _and(_placed(heard, view, acts), *cursor)


def _and(decision: Decision, *more: Value) -> Decision:
    return msgspec.structs.replace(decision, puts=(*decision.puts, *more)) if more else decision


def _nothing(status: str, message_id: str | None = None) -> Decision:
    return Decision(value=Receipt(status=status, message_id=message_id))


def _cursor(channel: str, event: InboundMessage, view: View) -> tuple[Value, ...]:
    if event.cursor is None:
        return ()
    return (Cursor(channel=channel, conversation=event.conversation, cursor=event.cursor, updated_at=view.now),)


# ── where it belongs ─────────────────────────────────────────────────────────────────────────────────────────────────


def _placed(heard: Heard, view: View, acts: Acts) -> Decision:
    link = inward(heard, view)
    room = view.directory.room_by_id(link.room_id) if link else None
    if heard.event.suspect is not None:
        return _keep(heard, heard.event.suspect, room, view)
    if (pressed := _pressed(heard, view, acts)) is not None:
        return pressed
    if _is_private(heard, view):
        return stand(heard, view.directory.room_by_id(heard.replied.room_id), view)  # type: ignore[union-attr, arg-type]
    if link is None or room is None:
        return _unlinked(heard, view)
    refused = view.directory.authorize(actor_of(heard.member), "post", room=room) is not None
    if refused or not (heard.text.strip() or heard.event.files):
        return _nothing("ignored")
    if answer := joining.typed_code(heard.channel, heard.event, heard.text, view):
        return answer
    return stand(replace(heard, via=link.via), room, view)


def inward(heard: Heard, view: View) -> Link | None:
    """The link by which a message comes in: of its place, of its author, or of the channel's own address."""
    directory, event = view.directory, heard.event
    if heard.replied is not None and heard.place != event.conversation:
        of_room = [link for link in directory.links_of(heard.replied.room_id) if link.channel == heard.channel]
        if (found := _first(of_room)) is not None:
            return found
    at = [*directory.links_at(heard.channel, heard.place)]
    if heard.member is not None and heard.place != event.conversation:
        at += [link for link in directory.links_on(heard.channel) if link.member_id == heard.member.id]
    return _first([*at, *directory.links_at(heard.channel, event.conversation)])


def _first(links: Sequence[Link]) -> Link | None:
    return next((link for link in links if link.direction is not Direction.OUT), None)


def _is_private(heard: Heard, view: View) -> bool:
    """Tell whether it answers a direct message of its author's."""
    room = view.directory.room_by_id(heard.replied.room_id) if heard.replied else None
    return room is not None and room.is_direct and heard.member is not None and heard.member.id in room.members


def _unlinked(heard: Heard, view: View) -> Decision:
    if heard.member is None and has(heard.channel, Trait.KEEPS_STRANGERS, view):
        return _keep(heard, "the sender is not known here", None, view)
    return _to_the_bot(heard, view) if heard.event.direct else _nothing("ignored")


def _keep(heard: Heard, reason: str, room: Room | None, view: View) -> Decision:
    thread = heard.replied.id if heard.replied else None
    return keeping.keep(heard.channel, heard.place, heard.event, heard.text, reason, view, room=room, thread=thread)


def _to_the_bot(heard: Heard, view: View) -> Decision:
    """Written to the bot alone: a message to somebody, or a command."""
    to = direct.addressed(heard.text, heard.member, view) if heard.member is not None else None
    if heard.member is None or to is None:
        return direct.answered(heard.channel, heard.event, heard.text, view)
    room, known = direct.room_of_two(heard.member, to[0], view)
    decision = stand(replace(heard, text=to[1]), room, view)
    return decision if known else msgspec.structs.replace(decision, puts=(room, *decision.puts))


def _pressed(heard: Heard, view: View, acts: Acts) -> Decision | None:
    """A bare word that answers a message with actions."""
    word = word_of(heard.text)
    if heard.replied is None or word is None or heard.event.automated:
        return None
    action = action_in(word, heard.replied.actions)
    if action is None or action.name not in acts:
        return None
    decision = acts[action.name](heard.channel, heard.event.author, heard.replied, view)
    taken = direct.taken(heard.channel, heard.place, heard.event, view)
    return _and(decision, taken)


# ── what it becomes ──────────────────────────────────────────────────────────────────────────────────────────────────


def stand(heard: Heard, room: Room, view: View) -> Decision:
    """The message stands in a room."""
    event, member, replied = heard.event, heard.member, heard.replied
    verdict = judged(heard.text, room, member)
    message_id = view.new_id("msg")
    shown, rows = attachments.native(heard.channel, event, message_id, view)
    message = Message(
        id=message_id,
        room_id=room.id,
        seq=view.take_seq(room.id),
        type=MessageType.CHAT,
        text=heard.text,
        format=Format.MARKDOWN,
        author=author_there(event.author, member),
        author_id=member.id if member else None,
        origin=Origin(channel=heard.channel, conversation=heard.place, url=event.url),
        created_at=view.now,
        thread=_thread(heard, view),
        reply_to=replied.id if replied and not _is_thread(heard, replied) else None,
        mentions=mentions_in(heard.text, view),
        project=room.project,
        packet=verdict.packet,
        violations=codes(verdict),
        attachments=shown,
        hops=event.hops,
    )
    original = (Original(message_id=message_id, text=storable(event.original)),) if event.original else ()
    extra = (
        _part(heard, message, view),
        *rows,
        *original,
        *_alias(heard, view),
        *_told(heard, message, verdict, view),
    )
    decision = written(message, room, view, extra=extra)
    return msgspec.structs.replace(decision, value=Receipt(status="stored", message_id=message.id))


def _is_thread(heard: Heard, replied: Message) -> bool:
    """Tell whether what was found is the thread's root only, and no message that is replied to."""
    named = heard.event.reply_to or heard.event.answers or heard.event.references
    return not named and replied.thread is None


def _part(heard: Heard, message: Message, view: View) -> Part:
    event = heard.event
    return Part(
        channel=heard.channel,
        conversation=heard.place,
        native_id=event.native_id,
        message_id=message.id,
        room_id=message.room_id,
        direction=PartDirection.IN,
        via=heard.via,
        thread_native=event.thread,
        author_native=event.author.native_id,
        url=event.url,
        created_at=view.now,
    )


def _alias(heard: Heard, view: View) -> tuple[Value, ...]:
    """The other id that a provider gave to what we sent: a right token answers it under a name we do not know."""
    event, replied = heard.event, heard.replied
    named = event.reply_to or next(iter(event.references), None)
    if replied is None or event.answers is None or named is None:
        return ()
    if any(view.get(Part, heard.channel, heard.place, name) is not None for name in (named, *event.references)):
        return ()
    return (
        Part(
            channel=heard.channel,
            conversation=heard.place,
            native_id=named,
            message_id=replied.id,
            room_id=replied.room_id,
            direction=PartDirection.OUT,
            delivery_id=event.answers,
            index=ALIAS_INDEX,
            created_at=view.now,
        ),
    )


def _told(heard: Heard, message: Message, verdict: Verdict, view: View) -> tuple[Value, ...]:
    """The verdict for the author, where it was written: never to machines, so that nothing can answer it for ever."""
    author = heard.event.author
    if not verdict.violations or heard.event.automated or author.is_bot:
        return ()
    return (router.notice(message, explain(verdict), author.native_id, heard.via, view),)


def _replied(channel: str, place: str, event: InboundMessage, view: View) -> Message | None:
    """What a message answers: what it replies to, what it refers to (nearest first), what its token names."""
    for name in (event.reply_to, *event.references, event.thread):
        if (found := message_of(channel, place, name, view)) is not None:
            return found
    delivery = view.get(Delivery, event.answers) if event.answers else None
    if delivery is None or (delivery.channel, delivery.conversation) != (channel, place):
        return None
    return view.get(Message, delivery.message_id)


def message_of(channel: str, place: str, native_id: str | None, view: View) -> Message | None:
    """The message that a native one is part of."""
    part = view.get(Part, channel, place, native_id) if native_id is not None else None
    return view.get(Message, part.message_id) if part is not None and part.message_id else None


def _thread(heard: Heard, view: View) -> str | None:
    root = message_of(heard.channel, heard.place, heard.event.thread, view)
    if root is not None:
        return root.thread or root.id
    replied = heard.replied
    if replied is None:
        return None
    is_mail = heard.place != heard.event.conversation
    return replied.thread or (replied.id if is_mail else None)


def text_of(content: Document, channel: str, view: View) -> str:
    """Native content as CommonMark; people the directory knows are named by handle."""

    def named(inline: Inline) -> Sequence[Inline]:
        if not isinstance(inline, MentionNode):
            return (inline,)
        account = view.directory.account(channel, inline.native_id) if inline.native_id else None
        member = view.directory.member_by_id(account.member_id) if account else None
        return (Text(text=f"@{member.handle}" if member else f"@{inline.display.lstrip('@')}"),)

    return _WRITER.write(change_inlines(content.blocks, named, in_links=True)).strip("\n")
