"""Deciders for post, edit, delete and react. Pure.

Who may: ``view.directory.authorize``. What follows from a message: :mod:`tieline.routing.writing`. Where it goes:
:mod:`tieline.routing.router`.
"""

from __future__ import annotations

import msgspec

from tieline.model.commands import DeleteMessage, EditMessage, PostDirect, PostMessage, React, SetInboxCursor
from tieline.model.delivery import Delivery, DeliveryState, Fault, InboxCursor, Operation
from tieline.model.events import Event, EventKind
from tieline.model.members import Actor, Via
from tieline.model.message import Author, Message, Origin, Reaction
from tieline.model.outcome import Refusal
from tieline.model.rooms import MessageType, Room, Severity
from tieline.packets import ORDINARY
from tieline.ports.deciding import Decision, Needs, View
from tieline.render import wire
from tieline.routing import attachments, direct, router
from tieline.routing.checks import check_text
from tieline.routing.offers import alert_actions
from tieline.routing.writing import (
    AGENTS,
    author_of,
    codes,
    judged,
    mentions_in,
    packet_refusal,
    room_event,
    written,
)

_WEB = Origin(channel="web")
DELETED = Fault(code="deleted", detail="The message was deleted before this was sent.")
NOBODY = "-"
"""Owner of what a guest wrote: no member owns it, so only L3 may change it through the API."""


def needs_post(command: PostMessage) -> Needs:
    """Messages and attachments that a post names."""
    named = [(Message, (name,)) for name in (command.thread, command.reply_to) if name is not None]
    return (*named, *attachments.needs_use(command.attachments)) if command.attachments else named


def needs_message(command: EditMessage | DeleteMessage | React) -> Needs:
    """The message that is changed."""
    return ((Message, (command.message_id,)),)


def recall(result: str, view: View) -> object:
    """The message a repeat is answered with, as it is now."""
    return view.get(Message, result)


# ── post ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def post(command: PostMessage, view: View) -> Decision | Refusal:
    """Post a message."""
    room = view.directory.room(command.room)
    return message_room_missing(command.room) if room is None else _post(command, room, view)


def post_direct(command: PostDirect, view: View) -> Decision | Refusal:
    """Post to a member: both see it in a room of their own, and the one posted to in the inbox."""
    sender, receiver = command.actor.member, view.directory.member(command.to)
    if receiver is None:
        return Refusal(status=404, code="member_not_found", detail=f"There is no member '@{command.to}'.")
    if sender is None or sender.id == receiver.id:
        return Refusal(status=422, code="direct_to_oneself", detail="A direct message goes from one member to another.")
    room, known = direct.room_of_two(sender, receiver, view)
    decision = _post(command, room, view)
    if known or isinstance(decision, Refusal):
        return decision
    return msgspec.structs.replace(decision, puts=(room, *decision.puts))


def _post(command: PostMessage, room: Room, view: View) -> Decision | Refusal:
    actor = command.actor
    if refusal := (
        view.directory.authorize(actor, "post", room=room)
        or check_text(command.text, may_be_empty=bool(command.attachments))
        or _check_fields(command, view)
    ):
        return refusal
    place = _place(command, room, view)
    if isinstance(place, Refusal):
        return place
    thread, reply_to = place
    verdict = ORDINARY if command.type is MessageType.ALERT else judged(command.text, room, actor.member)
    if verdict.violations and _refuses_bad_packets(actor):
        return packet_refusal(verdict)
    message_id = view.new_id("msg")
    files = attachments.used(command.attachments, actor, message_id, view)
    if isinstance(files, Refusal):
        return files
    message = Message(
        id=message_id,
        room_id=room.id,
        seq=view.take_seq(room.id),
        type=command.type,
        text=command.text,
        format=command.format,
        author=author_of(actor.member),
        author_id=actor.member.id if actor.member else None,
        origin=_WEB,
        created_at=view.now,
        thread=thread,
        reply_to=reply_to,
        mentions=mentions_in(command.text, view, command.mentions),
        severity=_severity(command),
        project=command.project or room.project,
        metadata=command.metadata,
        packet=verdict.packet,
        violations=codes(verdict),
        attachments=files[0],
        actions=alert_actions(message_id) if command.type is MessageType.ALERT else (),
        streaming=command.streaming,
    )
    return written(message, room, view, extra=files[1])


def message_room_missing(name: str) -> Refusal:
    """404 for a room."""
    return Refusal(status=404, code="room_not_found", detail=f"There is no room '{name}', or you may not see it.")


def _refuses_bad_packets(actor: Actor) -> bool:
    agent = actor.member is not None and actor.member.kind in AGENTS
    return agent and actor.via in (Via.HTTP, Via.WEBSOCKET)


def _check_fields(command: PostMessage, view: View) -> Refusal | None:
    if command.severity is not None and command.type is not MessageType.ALERT:
        return Refusal(status=422, code="severity_without_alert", detail="$.severity: only alerts have a severity.")
    for handle in command.mentions:
        if view.directory.member(handle) is None:
            return Refusal(status=422, code="member_not_found", detail=f"$.mentions: there is no member '@{handle}'.")
    return None


def _severity(command: PostMessage) -> Severity | None:
    if command.type is not MessageType.ALERT:
        return None
    return command.severity or Severity.WARNING


def _place(command: PostMessage, room: Room, view: View) -> tuple[str | None, str | None] | Refusal:
    """Thread and reply of a post: a reply alone inherits its message's thread."""
    root = _named(command.thread, "thread", room, view)
    if isinstance(root, Refusal):
        return root
    replied = _named(command.reply_to, "reply_to", room, view)
    if isinstance(replied, Refusal):
        return replied
    if root is not None:
        return root.thread or root.id, command.reply_to
    return (replied.thread if replied else None), command.reply_to


def _named(message_id: str | None, field: str, room: Room, view: View) -> Message | Refusal | None:
    if message_id is None:
        return None
    message = view.get(Message, message_id)
    if message is None or message.room_id != room.id:
        return Refusal(
            status=422,
            code=f"{field}_not_found",
            detail=f"$.{field}: there is no message '{message_id}' in room '{room.name}'.",
        )
    return message


# ── change ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _changed(command: EditMessage | DeleteMessage | React, action: str, view: View) -> tuple[Message, Room] | Refusal:
    """The message that a command names and its room, if the actor may."""
    missing = Refusal(
        status=404,
        code="message_not_found",
        detail=f"There is no message '{command.message_id}', or you may not see it.",
    )
    message = view.get(Message, command.message_id)
    room = view.directory.room_by_id(message.room_id) if message else None
    if message is None or room is None:
        return missing
    owner = None if action == "react" else message.author_id or NOBODY
    refusal = view.directory.authorize(command.actor, action, room=room, owner=owner)
    if refusal is not None:
        return missing if refusal.status == missing.status else refusal
    return message, room


def _gone(message: Message) -> Refusal:
    return Refusal(status=409, code="message_deleted", detail=f"Message '{message.id}' is deleted.")


def edit(command: EditMessage, view: View) -> Decision | Refusal:
    """Change a message's text through the API."""
    found = _changed(command, "edit", view)
    if isinstance(found, Refusal):
        return found
    message, room = found
    if message.deleted_at is not None:
        return _gone(message)
    if refusal := check_text(command.text, may_be_empty=bool(message.attachments)):
        return refusal
    member = command.actor.member
    verdict = judged(command.text, room, member) if command.text != message.text else ORDINARY
    if verdict.violations and _refuses_bad_packets(command.actor):
        return packet_refusal(verdict)
    return edited(message, room, command.text, author_of(member), view, streaming=command.streaming)


def edited(message: Message, room: Room, text: str, by: Author, view: View, *, streaming: bool = False) -> Decision:
    """The decision that a message has a new text; the same text changes nothing, but that it grows no more."""
    if text == message.text and streaming == message.streaming:
        return Decision(value=message, result=message.id)
    writer = view.directory.member_by_id(message.author_id) if message.author_id else None
    verdict = ORDINARY if message.type is MessageType.ALERT else judged(text, room, writer)
    changed = msgspec.structs.replace(
        message,
        text=text,
        mentions=mentions_in(text, view),
        packet=verdict.packet,
        violations=codes(verdict),
        edited_at=view.now,
        streaming=streaming,
    )
    seq = view.take_seq(room.id)
    deliveries = router.follow(router.followers(message, view), Operation.EDIT, seq, view)
    event = room_event(EventKind.EDIT, changed, wire.edit_body(changed, message.text, by), seq, view)
    return _decision(changed, event, tuple(deliveries))


def delete(command: DeleteMessage, view: View) -> Decision | Refusal:
    """Make a message a tombstone through the API."""
    found = _changed(command, "delete", view)
    if isinstance(found, Refusal):
        return found
    message, _ = found
    return deleted(message, author_of(command.actor.member), view)


def deleted(message: Message, by: Author, view: View) -> Decision:
    """The decision that a message is a tombstone; what waited for it ends, what was sent is taken back."""
    if message.deleted_at is not None:
        return Decision(value=message, result=message.id)
    tombstone = msgspec.structs.replace(
        message,
        text="",
        mentions=(),
        metadata={},
        packet=None,
        violations=(),
        reactions=(),
        attachments=(),
        actions=(),
        streaming=False,
        deleted_at=view.now,
    )
    seq = view.take_seq(message.room_id)
    sends = router.followers(message, view)
    unsent = [d for d in view.find(Delivery, message_id=message.id) if _not_begun(d)]
    ended = [
        msgspec.structs.replace(d, state=DeliveryState.EXPIRED, fault=DELETED, updated_at=view.now) for d in unsent
    ]
    unsent_ids = {d.id for d in unsent}
    begun = [send for send in sends if send.id not in unsent_ids]
    deliveries = router.follow(begun, Operation.DELETE, seq, view)
    event = room_event(EventKind.DELETE, tombstone, wire.delete_body(tombstone, by), seq, view)
    decision = _decision(tombstone, event, (*ended, *deliveries), scrub=(message.id,))
    return msgspec.structs.replace(decision, puts=(*decision.puts, *attachments.released(message, view)))


def _not_begun(delivery: Delivery) -> bool:
    return delivery.state in (DeliveryState.QUEUED, DeliveryState.HELD) and delivery.sent == 0


def react(command: React, view: View) -> Decision | Refusal:
    """Set or take back a reaction through the API."""
    if not command.emoji or len(command.emoji) > MAX_EMOJI or command.emoji.isspace():
        return Refusal(status=422, code="bad_emoji", detail=f"An emoji, or :name:, of at most {MAX_EMOJI} characters.")
    found = _changed(command, "react", view)
    if isinstance(found, Refusal):
        return found
    message, _ = found
    member = command.actor.member
    return reacted(
        message, command.emoji, member.handle if member else "tieline", author_of(member), view, on=command.on
    )


MAX_EMOJI = 64
_MAX_REACTIONS = 50


def reacted(
    message: Message,
    emoji: str,
    who: str,
    by: Author,
    view: View,
    *,
    on: bool,
    seen_at: tuple[str, str] | None = None,
) -> Decision | Refusal:
    """The decision that a reaction is set or taken back.

    A conversation sees the first of an emoji from elsewhere come, and the last go: one of ours stands for all of them.

    ``seen_at`` is the conversation (channel and id) where it was set, which needs no telling.
    """
    if message.deleted_at is not None:
        return _gone(message)
    before = next((r for r in message.reactions if r.emoji == emoji), Reaction(emoji=emoji, by=()))
    if (who in before.by) == on:
        return Decision(value=message, result=message.id)
    after = _set(before, who, "|".join(seen_at) if seen_at else "") if on else _unset(before, who)
    reactions = _with(message.reactions, after)
    if len(reactions) > _MAX_REACTIONS:
        return Refusal(status=409, code="too_many_reactions", detail=f"At most {_MAX_REACTIONS} different emoji.")
    changed = msgspec.structs.replace(message, reactions=reactions)
    seq = view.take_seq(message.room_id)
    operation = Operation.REACT if on else Operation.UNREACT
    ends = [*router.followers(message, view), *router.origin_endpoint(message, view)]
    told = [end for end in ends if before.from_elsewhere(place_of(end)) != after.from_elsewhere(place_of(end))]
    deliveries = router.follow(told, operation, seq, view, emoji=emoji)
    event = room_event(EventKind.REACTION, changed, wire.reaction_body(changed, emoji, by, on=on), seq, view)
    return _decision(changed, event, tuple(deliveries))


def place_of(end: Delivery) -> str:
    """A delivery's conversation, as reactions name it."""
    return f"{end.channel}|{end.conversation}"


def _set(reaction: Reaction, who: str, place: str) -> Reaction:
    return msgspec.structs.replace(reaction, by=(*reaction.by, who), at=(*reaction.places, place))


def _unset(reaction: Reaction, who: str) -> Reaction:
    kept = [(name, at) for name, at in zip(reaction.by, reaction.places, strict=True) if name != who]
    return msgspec.structs.replace(reaction, by=tuple(n for n, _ in kept), at=tuple(at for _, at in kept))


def _with(reactions: tuple[Reaction, ...], changed: Reaction) -> tuple[Reaction, ...]:
    if not changed.by:
        return tuple(r for r in reactions if r.emoji != changed.emoji)
    if any(r.emoji == changed.emoji for r in reactions):
        return tuple(changed if r.emoji == changed.emoji else r for r in reactions)
    return (*reactions, changed)


def _decision(
    message: Message, event: Event, deliveries: tuple[Delivery, ...], scrub: tuple[str, ...] = ()
) -> Decision:
    return Decision(
        value=message,
        result=message.id,
        events=(event,),
        puts=(message, *deliveries),
        scrub=scrub,
        lanes=tuple({delivery.lane for delivery in deliveries}),
    )


# ── inbox ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def set_inbox_cursor(command: SetInboxCursor, view: View) -> Decision | Refusal:
    """Remember how far the actor has read."""
    member = command.actor.member
    if member is None:
        return Refusal(status=403, code="no_member", detail="Only members have an inbox.")
    cursor = InboxCursor(member_id=member.id, after=command.after, updated_at=view.now)
    return Decision(value=cursor, puts=(cursor,))
