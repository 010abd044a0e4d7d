"""Deciders for what channels report: a platform's event becomes a message, an edit, a deletion, a reaction.

Rule: identity is the native id in the durable map of parts - a repeat finds its part and changes nothing, our own echo
finds itself (laws 5 and 9). Who speaks is the account behind the native id (law 7); without a member it is a guest.
Nothing here is refused for being a bad packet: it is delivered, marked, and its author told once (law 8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from tieline.model.base import Value
from tieline.model.commands import NOT_YET, ReceiveEvent
from tieline.model.content import Document, Inline, Paragraph, Quote, Strong, Text
from tieline.model.content import Mention as MentionNode
from tieline.model.delivery import Cursor, Part, PartDirection
from tieline.model.inbound import (
    InboundCommand,
    InboundConsent,
    InboundDelete,
    InboundEdit,
    InboundForward,
    InboundInteraction,
    InboundMessage,
    InboundReaction,
    InboundStatus,
    Receipt,
)
from tieline.model.members import Member
from tieline.model.message import Format, Message, Origin
from tieline.model.outcome import Refusal
from tieline.model.rooms import AUTO, Direction, Link, MessageType, Room
from tieline.packets import Verdict, explain
from tieline.ports.deciding import Decision, Needs, View
from tieline.render.commonmark import CommonMark
from tieline.render.walk import change_inlines
from tieline.routing import attachments, direct, interactions, joining, router
from tieline.routing.checks import storable
from tieline.routing.messages import deleted, edited, reacted
from tieline.routing.people import actor_of, author_there, member_there, who_there
from tieline.routing.writing import codes, judged, mentions_in, written

_WRITER: Final = CommonMark()


def needs(command: ReceiveEvent) -> Needs:
    """The parts that an event names."""
    event = command.event
    if isinstance(event, InboundCommand | InboundInteraction | InboundForward | InboundStatus | InboundConsent):
        return ()
    names = [event.native_id]
    if isinstance(event, InboundMessage):
        names += [name for name in (event.thread, event.reply_to) if name]
    return tuple((Part, (command.channel, event.conversation, name)) for name in names)


def receive(command: ReceiveEvent, view: View) -> Decision | Refusal:
    """Decide what an event of a channel becomes; answers a Receipt."""
    if not command.final and _names_unknown(command, view):
        return _COME_AGAIN
    return _DECIDED[type(command.event)](command.channel, command.event, view)


_COME_AGAIN: Final = Refusal(
    status=409, code=NOT_YET, detail="The event names a message that may be on its way.", retry_after=0.1
)


def _names_unknown(command: ReceiveEvent, view: View) -> bool:
    """Tell whether an event that would count names a native message that the hub has not seen (yet)."""
    channel, event = command.channel, command.event
    match event:
        case InboundMessage():
            names = [name for name in (event.thread, event.reply_to) if name]
            if not names or event.author.is_self or view.get(Part, channel, event.conversation, event.native_id):
                return False
        case InboundReaction() if not event.author.is_self:
            names = [event.native_id]
        case _:
            return False
    is_direct = isinstance(event, InboundMessage) and event.direct
    if not is_direct and _inward(channel, event.conversation, view) is None:
        return False
    return any(view.get(Part, channel, event.conversation, name) is None for name in names)


def _nothing(status: str, message_id: str | None = None, *, puts: tuple[Value, ...] = ()) -> Decision:
    return Decision(value=Receipt(status=status, message_id=message_id), puts=puts)


# ── message ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _message(channel: str, event: InboundMessage, view: View) -> Decision | Refusal:
    cursor = _cursor(channel, event, view)
    known = view.get(Part, channel, event.conversation, event.native_id)
    if known is not None:
        status = "echo" if known.direction is PartDirection.OUT else "repeat"
        return _nothing(status, known.message_id, puts=cursor)
    if event.author.is_self or event.delivery_id is not None:
        return _nothing("echo", puts=cursor)
    link = _inward(channel, event.conversation, view)
    room = view.directory.room_by_id(link.room_id) if link else None
    if link is None or room is None:
        return _to_the_bot(channel, event, view) if event.direct else _nothing("ignored", puts=cursor)
    member = member_there(channel, event.author, view)
    refusal = view.directory.authorize(actor_of(member), "post", room=room)
    text = storable(text_of(event.content, channel, view))
    if refusal is not None or not (text.strip() or event.files):
        return _nothing("ignored", puts=cursor)
    if answer := joining.typed_code(channel, event, text, view):
        return msgspec.structs.replace(answer, puts=(*answer.puts, *cursor))
    return _stand(channel, event, link.via, room, member, text, view, cursor)


def _to_the_bot(channel: str, event: InboundMessage, view: View) -> Decision:
    """Written to the bot alone: an answer to a direct message, a message to somebody, or a command."""
    member = member_there(channel, event.author, view)
    text = storable(text_of(event.content, channel, view))
    replied = _message_of(channel, event.conversation, event.reply_to or event.thread, view)
    room = view.directory.room_by_id(replied.room_id) if replied else None
    if member is not None and room is not None and room.is_direct and member.id in room.members:
        return _stand(channel, event, AUTO, room, member, text, view)
    to = direct.addressed(text, member, view) if member is not None else None
    if member is None or to is None:
        return direct.answered(channel, event, text, view)
    room, known = direct.room_of_two(member, to[0], view)
    decision = _stand(channel, event, AUTO, room, member, to[1], view)
    return decision if known else msgspec.structs.replace(decision, puts=(room, *decision.puts))


def _stand(  # noqa: PLR0913, PLR0917 - one step of _message with all it found out; a bag would only hide that
    channel: str,
    event: InboundMessage,
    via: str,
    room: Room,
    member: Member | None,
    text: str,
    view: View,
    cursor: tuple[Value, ...] = (),
) -> Decision:
    verdict = judged(text, room, member)
    replied = _message_of(channel, event.conversation, event.reply_to, view)
    message_id = view.new_id("msg")
    shown, rows = attachments.native(channel, event, message_id, view)
    message = Message(
        id=message_id,
        room_id=room.id,
        seq=view.take_seq(room.id),
        type=MessageType.CHAT,
        text=text,
        format=Format.MARKDOWN,
        author=author_there(event.author, member),
        author_id=member.id if member else None,
        origin=Origin(channel=channel, conversation=event.conversation, url=event.url),
        created_at=view.now,
        thread=_thread(channel, event, replied, view),
        reply_to=replied.id if replied else None,
        mentions=mentions_in(text, view),
        project=room.project,
        packet=verdict.packet,
        violations=codes(verdict),
        attachments=shown,
    )
    part = Part(
        channel=channel,
        conversation=event.conversation,
        native_id=event.native_id,
        message_id=message.id,
        room_id=room.id,
        direction=PartDirection.IN,
        via=via,
        thread_native=event.thread,
        author_native=event.author.native_id,
        url=event.url,
        created_at=view.now,
    )
    decision = written(message, room, view, extra=(part, *rows, *cursor, *_told(event, message, verdict, via, view)))
    return msgspec.structs.replace(decision, value=Receipt(status="stored", message_id=message.id))


def _told(event: InboundMessage, message: Message, verdict: Verdict, via: str, view: View) -> tuple[Value, ...]:
    """The verdict for the author, where it was written: never to machines, so that nothing can answer it for ever."""
    if not verdict.violations or event.automated or event.author.is_bot:
        return ()
    return (router.notice(message, explain(verdict), event.author.native_id, via, view),)


def _cursor(channel: str, event: InboundMessage, view: View) -> tuple[Value, ...]:
    if event.cursor is None:
        return ()
    return (Cursor(channel=channel, conversation=event.conversation, cursor=event.cursor, updated_at=view.now),)


def _inward(channel: str, conversation: str, view: View) -> Link | None:
    links = view.directory.links_at(channel, conversation)
    return next((link for link in links if link.direction is not Direction.OUT), None)


def _message_of(channel: str, conversation: str, native_id: str | None, view: View) -> Message | None:
    if native_id is None:
        return None
    part = view.get(Part, channel, conversation, native_id)
    return view.get(Message, part.message_id) if part else None


def _thread(channel: str, event: InboundMessage, replied: Message | None, view: View) -> str | None:
    root = _message_of(channel, event.conversation, event.thread, view)
    if root is not None:
        return root.thread or root.id
    return replied.thread if replied else None


def text_of(content: Document, channel: str, view: View) -> str:
    """Native content as CommonMark; people the directory knows are named by handle."""

    def named(inline: Inline) -> Sequence[Inline]:
        if not isinstance(inline, MentionNode):
            return (inline,)
        account = view.directory.account(channel, inline.native_id) if inline.native_id else None
        member = view.directory.member_by_id(account.member_id) if account else None
        return (Text(text=f"@{member.handle}" if member else f"@{inline.display.lstrip('@')}"),)

    return _WRITER.write(change_inlines(content.blocks, named, in_links=True)).strip("\n")


# ── forward ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _forward(channel: str, event: InboundForward, view: View) -> Decision:
    """Somebody sends a native message to a room: it stands there as theirs, with its words quoted."""
    member = member_there(channel, event.author, view)
    room = view.directory.room(event.room)
    refusal = view.directory.authorize(actor_of(member), "post", room=room) if room else None
    if room is None or refusal is not None:
        return _said(refusal.detail if refusal else f"There is no room '{event.room}'.")
    original = event.original
    if view.get(Part, channel, event.conversation, f"forward:{event.native_id}") is not None:
        return _said(f"It is in {room.name} already.")
    quoted = Quote(children=original.content.blocks or (Paragraph(children=(Text(text="(no text)"),)),))
    lead = Paragraph(children=(Strong(children=(Text(text=original.author.display),)), Text(text=" wrote:")))
    content = Document(blocks=(lead, quoted) if original.content.blocks or not original.files else (lead,))
    sent = msgspec.structs.replace(
        original, author=event.author, native_id=f"forward:{event.native_id}", content=content, thread=None
    )
    text = storable(text_of(content, channel, view))
    decision = _stand(channel, sent, AUTO, room, member, text, view)
    answer = f"Sent to {room.name}."
    return msgspec.structs.replace(decision, value=Receipt(status="stored", answer=answer))


def _said(answer: str) -> Decision:
    return Decision(value=Receipt(status="answered", answer=answer))


# ── edit, delete, reaction ───────────────────────────────────────────────────────────────────────────────────────────


def _theirs(channel: str, conversation: str, native_id: str, view: View) -> tuple[Part, Message, Room] | None:
    """The message that people wrote as this native one; None for unknown ones and for our own parts."""
    part = view.get(Part, channel, conversation, native_id)
    if part is None or part.direction is not PartDirection.IN:
        return None
    message = view.get(Message, part.message_id)
    room = view.directory.room_by_id(part.room_id)
    return (part, message, room) if message is not None and room is not None else None


def _edit(channel: str, event: InboundEdit, view: View) -> Decision | Refusal:
    found = _theirs(channel, event.conversation, event.native_id, view)
    if found is None or event.author.is_self:
        return _nothing("ignored")
    part, message, room = found
    foreign = part.author_native is not None and part.author_native != event.author.native_id
    text = storable(text_of(event.content, channel, view))
    if foreign or message.deleted_at is not None or not text.strip() or text == message.text:
        return _nothing("ignored", message.id)
    decision = edited(message, room, text, message.author, view)
    return msgspec.structs.replace(decision, value=Receipt(status="stored", message_id=message.id))


def _delete(channel: str, event: InboundDelete, view: View) -> Decision | Refusal:
    found = _theirs(channel, event.conversation, event.native_id, view)
    if found is None:
        return _nothing("ignored")
    _, message, _ = found
    if message.deleted_at is not None:
        return _nothing("repeat", message.id)
    decision = deleted(message, message.author, view)
    return msgspec.structs.replace(decision, value=Receipt(status="stored", message_id=message.id))


def _reaction(channel: str, event: InboundReaction, view: View) -> Decision | Refusal:
    part = view.get(Part, channel, event.conversation, event.native_id)
    message = view.get(Message, part.message_id) if part else None
    room = view.directory.room_by_id(message.room_id) if message else None
    if message is None or room is None or event.author.is_self or message.deleted_at is not None:
        return _nothing("ignored")
    member = member_there(channel, event.author, view)
    if view.directory.authorize(actor_of(member), "react", room=room) is not None:
        return _nothing("ignored")
    decision = reacted(
        message,
        event.emoji,
        who_there(channel, event.author, member),
        author_there(event.author, member),
        view,
        on=event.on,
        seen_at=(channel, event.conversation),
    )
    if isinstance(decision, Refusal):
        return _nothing("ignored")
    return msgspec.structs.replace(decision, value=Receipt(status="stored", message_id=message.id))


def _unheard(channel: str, event: InboundStatus | InboundConsent, view: View) -> Decision:
    del channel, event, view
    return _nothing("ignored")


_DECIDED: Final[Mapping[type, Callable[[str, Any, View], Decision | Refusal]]] = {
    InboundMessage: _message,
    InboundEdit: _edit,
    InboundDelete: _delete,
    InboundReaction: _reaction,
    InboundCommand: joining.command,
    InboundInteraction: interactions.pressed,
    InboundForward: _forward,
    InboundStatus: _unheard,
    InboundConsent: _unheard,
}
"""What each kind of event is decided by."""
