"""Which links an event goes to, and why. Pure; called inside ``decide``.

Rule: one delivery per link and event; never back to the conversation it came from (law 5: by the link table, not by
names). What cannot go anywhere is a failed delivery with its reason, not nothing (law 4).
Next stop: the lanes, which work what this queues.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tieline.model.delivery import Delivery, DeliveryState, Endpoint, Fault, Operation, Part
from tieline.model.message import Message
from tieline.model.rooms import Direction, Link, MessageType, Severity
from tieline.ports.deciding import View

OPTED_OUT = Fault(
    code="opted_out",
    detail="The receiver asked for nothing more from here.",
    fix="Only they can change that; on a phone by writing START.",
)
MOST_HOPS = 3
"""Hubs on a message's way after which it is shown and handed on no more (law 5)."""
TOO_FAR = Fault(
    code="too_many_hops",
    detail="It came through too many hubs already: handing it on could make a circle.",
    fix="Take one of the hubs' links out of the circle.",
)
NO_ACCOUNT = Fault(
    code="no_account",
    detail="The link names a member who has no account on this channel.",
    fix="Give the member an account on the channel, then retry the delivery.",
)
_OPEN_OR_SHOWN = frozenset(
    {
        DeliveryState.QUEUED,
        DeliveryState.SENDING,
        DeliveryState.UNCERTAIN,
        DeliveryState.HELD,
        DeliveryState.SENT,
        DeliveryState.DELIVERED,
        DeliveryState.READ,
    }
)


def admitted(delivery: Delivery, view: View) -> Delivery:
    """The delivery, or its end where the receiver wants nothing more."""
    if view.directory.may_write(delivery.channel, delivery.conversation):
        return delivery
    return msgspec.structs.replace(delivery, state=DeliveryState.EXPIRED, fault=OPTED_OUT)


def carries(link: Link, message: Message) -> bool:
    """Tell whether the link carries this message outwards."""
    if link.direction is Direction.IN:
        return False
    if link.carry is not None and message.type not in link.carry:
        return False
    if link.min_severity is not None and message.type is MessageType.ALERT:
        return (message.severity or Severity.INFO).rank >= link.min_severity.rank
    return True


def deliveries_of(message: Message, view: View) -> list[Delivery]:
    """Deliveries of a new message, one per link that carries it; what came too far ends here, visibly."""
    deliveries = _deliveries(message, view)
    if message.hops < MOST_HOPS:
        return deliveries
    return [msgspec.structs.replace(delivery, state=DeliveryState.EXPIRED, fault=TOO_FAR) for delivery in deliveries]


def _deliveries(message: Message, view: View) -> list[Delivery]:
    """Deliveries of a new message, one per link that carries it, in order of the links' making."""
    out: list[Delivery] = []
    for link in view.directory.links_of(message.room_id):
        if not carries(link, message):
            continue
        conversation = target(link, view)
        if conversation is not None and _is_own(link.channel, conversation, view):
            out += _to_contacts(message, link, view)
            continue
        if (link.channel, conversation) == (message.origin.channel, message.origin.conversation):
            continue
        out.append(admitted(_delivery(message, link, conversation, view), view))
    return out


def _is_own(channel: str, conversation: str, view: View) -> bool:
    record = view.directory.channel(channel)
    return record is not None and record.own == conversation.lower()


def _to_contacts(message: Message, link: Link, view: View) -> list[Delivery]:
    """A message for the channel's own address goes to the people of its thread there; without one to nobody."""
    places: dict[str, None] = {}
    for name in dict.fromkeys(name for name in (message.thread, message.reply_to) if name):
        for part in view.find(Part, message_id=name):
            if part.channel == link.channel:
                places[part.conversation] = None
    if message.origin.channel == link.channel:
        places.pop(message.origin.conversation or "", None)
    return [admitted(_delivery(message, link, place, view), view) for place in places]


def target(link: Link, view: View) -> str | None:
    """The conversation a link leads to: its own (or, until resolved, its label), or its member's account."""
    if link.member_id is None:
        return link.conversation or link.label
    accounts = view.directory.accounts_of(link.member_id)
    return next((account.native_id for account in accounts if account.channel == link.channel), None)


def _delivery(message: Message, link: Link, conversation: str | None, view: View) -> Delivery:
    endpoint = Endpoint(channel=link.channel, conversation=conversation or f"link:{link.id}", via=link.via)
    return Delivery(
        id=view.new_id("dlv"),
        position=view.take_position(),
        operation=Operation.SEND,
        room_id=message.room_id,
        message_id=message.id,
        seq=message.seq,
        link_id=link.id,
        channel=endpoint.channel,
        conversation=endpoint.conversation,
        via=endpoint.via,
        lane=endpoint.lane,
        state=DeliveryState.QUEUED if conversation else DeliveryState.FAILED,
        fault=None if conversation else NO_ACCOUNT,
        created_at=view.now,
        updated_at=view.now,
    )


def followers(message: Message, view: View) -> list[Delivery]:
    """The sends that later operations on a message follow: one per endpoint where it is, or is on its way."""
    sends = [d for d in view.find(Delivery, message_id=message.id) if d.operation is Operation.SEND]
    return [d for d in sends if d.state in _OPEN_OR_SHOWN and _link_lives(d, view)]


def _link_lives(delivery: Delivery, view: View) -> bool:
    if delivery.link_id is None:  # a direct message: there is no link that could be removed
        return True
    link = view.directory.link(delivery.link_id)
    return link is not None and link.archived_at is None


def follow(
    sends: Sequence[Delivery], operation: Operation, seq: int, view: View, *, emoji: str | None = None
) -> list[Delivery]:
    """Deliveries of a later operation, behind the sends in their lanes."""
    return [
        Delivery(
            id=view.new_id("dlv"),
            position=view.take_position(),
            operation=operation,
            room_id=send.room_id,
            message_id=send.message_id,
            seq=seq,
            link_id=send.link_id,
            channel=send.channel,
            conversation=send.conversation,
            via=send.via,
            lane=send.lane,
            emoji=emoji,
            created_at=view.now,
            updated_at=view.now,
        )
        for send in sends
    ]


def origin_endpoint(message: Message, view: View) -> list[Delivery]:
    """The conversation a message came from, shaped as a send to follow: only reactions go back there."""
    for link in view.directory.links_of(message.room_id):
        if link.direction is Direction.BOTH and (link.channel, link.conversation) == (
            message.origin.channel,
            message.origin.conversation,
        ):
            return [_delivery(message, link, link.conversation, view)]
    return []


def notice(message: Message, text: str, native_author: str, via: str, view: View) -> Delivery:
    """A line from the hub to the author of a message, where it was written (law 8)."""
    endpoint = Endpoint(channel=message.origin.channel, conversation=message.origin.conversation or "", via=via)
    return Delivery(
        id=view.new_id("dlv"),
        position=view.take_position(),
        operation=Operation.NOTICE,
        room_id=message.room_id,
        message_id=message.id,
        seq=message.seq,
        link_id=None,
        channel=endpoint.channel,
        conversation=endpoint.conversation,
        via=via,
        lane=endpoint.lane,
        text=text,
        notice_for=native_author,
        created_at=view.now,
        updated_at=view.now,
    )
