"""Deciders for what channels report: a platform's event becomes a message, an edit, a deletion, a reaction.

Rule: identity is the native id in the durable map of parts - a repeat finds its part and changes nothing, our own echo
finds itself (laws 5 and 9). Who speaks is the account behind the native id (law 7); without a member it is a guest.
Nothing here is refused for being a bad packet: it is delivered, marked, and its author told once (law 8).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from tieline.model.commands import NOT_YET, DecideKept, ReceiveEvent
from tieline.model.content import Document, Paragraph, Quote, Strong, Text
from tieline.model.delivery import Part, PartDirection
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
from tieline.model.message import Message
from tieline.model.outcome import Refusal
from tieline.model.rooms import Room
from tieline.ports.deciding import Decision, Needs, View
from tieline.routing import answering, interactions, joining, keeping, statuses
from tieline.routing.checks import storable
from tieline.routing.hearing import Acts, hear, said, stand, text_of
from tieline.routing.messages import deleted, edited, reacted
from tieline.routing.people import actor_of, author_there, member_there, who_there


def needs(command: ReceiveEvent) -> Needs:
    """The parts that an event names."""
    event = command.event
    if isinstance(event, InboundCommand | InboundInteraction | InboundForward | InboundStatus | InboundConsent):
        return ()
    names = [event.native_id]
    if isinstance(event, InboundMessage):
        names += [name for name in (event.thread, event.reply_to) if name]
    return tuple((Part, (command.channel, event.conversation, name)) for name in names)


def receiver(acts: Acts) -> Callable[[ReceiveEvent, View], Decision | Refusal]:
    """What decides events where the actions of messages do what ``acts`` says."""

    def receive(command: ReceiveEvent, view: View) -> Decision | Refusal:
        """Decide what an event of a channel becomes; answers a Receipt."""
        if not command.final and _names_unknown(command, view):
            return _COME_AGAIN
        channel = command.channel
        match command.event:
            case InboundMessage() as event:
                return said(channel, event, view, acts)
            case InboundInteraction() as event:
                return interactions.pressed(channel, event, view, acts)
            case InboundCommand() as event:
                if (not_done := answering.before(channel, event, view)) is not None:
                    return not_done
                done = interactions.by_code(channel, event, view, acts) or joining.command(channel, event, view)
                return answering.after(channel, event, done, view)
            case event:
                return _DECIDED[type(event)](channel, event, view)

    return receive


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
    if not is_direct and not view.directory.links_at(channel, event.conversation):
        return False
    return any(view.get(Part, channel, event.conversation, name) is None for name in names)


def _nothing(status: str, message_id: str | None = None) -> Decision:
    return Decision(value=Receipt(status=status, message_id=message_id))


def release(command: DecideKept, view: View) -> Decision | Refusal:
    """Post what was kept aside, or discard it. Answers the Kept."""
    found = keeping.released(command, view)
    if isinstance(found, Refusal):
        return found
    row, room, event = found
    who = command.actor.member.handle if command.actor.member else "hub"
    decided = msgspec.structs.replace(
        row, state=command.state, decided_by=who, room_id=room.id if room else row.room_id
    )
    if room is None or event is None:
        return Decision(value=decided, puts=(decided,))
    heard = hear(row.channel, event, view)
    replied = view.get(Message, row.thread) if row.thread else None
    decision = stand(dataclasses.replace(heard, replied=replied, place=row.conversation), room, view)
    return msgspec.structs.replace(decision, value=decided, puts=(*decision.puts, decided))


# ── forward ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _forward(channel: str, event: InboundForward, view: View) -> Decision:
    """Somebody sends a native message to a room: it stands there as theirs, with its words quoted."""
    member = member_there(channel, event.author, view)
    room = view.directory.room(event.room)
    refusal = view.directory.authorize(actor_of(member), "post", room=room) if room else None
    if room is None or refusal is not None:
        return interactions.said(refusal.detail if refusal else f"There is no room '{event.room}'.")
    original = event.original
    if view.get(Part, channel, event.conversation, f"forward:{event.native_id}") is not None:
        return interactions.said(f"It is in {room.name} already.")
    quoted = Quote(children=original.content.blocks or (Paragraph(children=(Text(text="(no text)"),)),))
    lead = Paragraph(children=(Strong(children=(Text(text=original.author.display),)), Text(text=" wrote:")))
    content = Document(blocks=(lead, quoted) if original.content.blocks or not original.files else (lead,))
    sent = msgspec.structs.replace(
        original,
        author=event.author,
        native_id=f"forward:{event.native_id}",
        content=content,
        thread=None,
        reply_to=None,
    )
    decision = stand(hear(channel, sent, view), room, view)
    answer = f"Sent to {room.name}."
    return msgspec.structs.replace(decision, value=Receipt(status="stored", answer=answer))


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


_DECIDED: Final[Mapping[type, Callable[[str, Any, View], Decision | Refusal]]] = {
    InboundEdit: _edit,
    InboundDelete: _delete,
    InboundReaction: _reaction,
    InboundForward: _forward,
    InboundStatus: statuses.told,
    InboundConsent: keeping.consent,
}
"""What each kind of event is decided by."""
