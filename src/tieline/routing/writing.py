"""From a text to a message with its events: shared by the API's posts and by what channels report.

Rule: everything that follows from a message - its place in the room, who is told in the inbox, which links carry it -
is decided here, once, and lands in one transaction.
"""

from __future__ import annotations

from tieline.model.base import Value
from tieline.model.delivery import Delivery
from tieline.model.events import Event, EventKind, inbox_stream
from tieline.model.members import Member, MemberKind
from tieline.model.message import Author, Mention, Message
from tieline.model.outcome import Refusal
from tieline.model.rooms import Access, Room
from tieline.packets import Verdict, judge
from tieline.ports.deciding import Decision, View
from tieline.render import wire
from tieline.render.mentions import find_mentions
from tieline.routing import direct, router
from tieline.routing.codes import coded as codes_of

AGENTS = frozenset({MemberKind.AI, MemberKind.SERVICE})


def mentions_in(text: str, view: View, named: tuple[str, ...] = ()) -> tuple[Mention, ...]:
    """Members named in the text, then those named beside it (with an empty range)."""
    found = find_mentions(text, lambda handle: view.directory.member(handle) is not None) if "@" in text else ()
    seen = {mention.handle for mention in found}
    return found + tuple(Mention(handle=handle, start=0, end=0) for handle in named if handle not in seen)


def judged(text: str, room: Room, member: Member | None) -> Verdict:
    """The verdict on a text in its room."""
    return judge(text, room.packets, member.kind if member else None)


def packet_refusal(verdict: Verdict) -> Refusal:
    """422 ``packet_violation`` with everything needed to mend it (law 8)."""
    first = verdict.violations[0]
    return Refusal(
        status=422,
        code="packet_violation",
        detail=f"{first.code}: {first.message}. Fix: {first.fix}.",
        violations=verdict.violations,
        extra={"corrected": verdict.corrected, "template": verdict.template},
    )


def codes(verdict: Verdict) -> tuple[str, ...]:
    """Codes of the violations, as a message keeps them."""
    return tuple([violation.code for violation in verdict.violations])


def written(message: Message, room: Room, view: View, extra: tuple[Value, ...] = ()) -> Decision:
    """The decision that a new message stands in its room."""
    deliveries = direct.deliveries_to(message, room, view) if room.is_direct else router.deliveries_of(message, view)
    routed: list[Value] = codes_of(deliveries, view) if message.actions else [*deliveries]
    lanes = {value.lane for value in (*deliveries, *extra) if isinstance(value, Delivery)}
    event = Event(
        stream=room.id,
        seq=message.seq,
        kind=EventKind.MESSAGE,
        at=message.created_at,
        message_id=message.id,
        body=wire.message_body(message),
    )
    return Decision(
        value=message,
        result=message.id,
        events=(event, *_inbox(message, room, view)),
        puts=(message, *routed, *extra),
        lanes=tuple(lanes),
    )


def _inbox(message: Message, room: Room, view: View) -> list[Event]:
    """One inbox event for each member whom the message concerns, with the strongest reason."""
    reasons = dict.fromkeys(room.members, "direct") if room.is_direct else {}
    if message.reply_to is not None or message.thread is not None:
        replied = view.get(Message, message.reply_to or message.thread or "")
        if replied is not None and replied.author_id is not None:
            reasons[replied.author_id] = "reply"
    for mention in message.mentions:
        member = view.directory.member(mention.handle)
        if member is not None:
            reasons[member.id] = "mention"
    if message.packet is not None:
        hop = view.directory.member(message.packet.next_hop)
        if hop is not None:
            reasons[hop.id] = "packet"
    reasons.pop(message.author_id or "", None)
    return [
        Event(
            stream=inbox_stream(member_id),
            seq=view.take_seq(inbox_stream(member_id)),
            kind=EventKind.INBOX,
            at=message.created_at,
            message_id=message.id,
            body=wire.inbox_body(reason, room.name, message),
        )
        for member_id, reason in reasons.items()
        if _may_see(member_id, room)
    ]


def _may_see(member_id: str, room: Room) -> bool:
    return room.access is Access.OPEN or member_id in room.members


def room_event(kind: EventKind, message: Message, body: bytes, seq: int, view: View) -> Event:
    """A later event of a message's room."""
    return Event(stream=message.room_id, seq=seq, kind=kind, at=view.now, message_id=message.id, body=body)


def author_of(member: Member | None) -> Author:
    """Author value of a member, or of the hub itself."""
    return Author.of(member) if member else Author(handle=None, kind="service", display="Tieline")
