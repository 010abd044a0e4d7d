"""What platforms tell of what we sent: receipts, bounces, callbacks that come twice, late, or before the answer. Pure.

Rule: a state only moves forward. "Delivered" outranks "failed": it is what happened. A status that names a send in
doubt ends the doubt. Next stop: readers who watch deliveries.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tieline.model.base import Value
from tieline.model.delivery import Delivery, DeliveryState, Fault, Operation, Part, PartDirection
from tieline.model.inbound import InboundStatus, Receipt
from tieline.ports.deciding import Decision, View

_RANK: Final = {
    DeliveryState.SENT: 1,
    DeliveryState.FAILED: 2,
    DeliveryState.DELIVERED: 3,
    DeliveryState.READ: 4,
}
"""Open states and what people ended rank 0: a platform knows better."""


def told(channel: str, event: InboundStatus, view: View) -> Decision:
    """Decide a status; answers a Receipt."""
    delivery = _delivery(channel, event, view)
    if delivery is None or delivery.channel != channel or _RANK.get(event.state, 0) <= _RANK.get(delivery.state, 0):
        return Decision(value=Receipt(status="ignored"))
    if delivery.state.is_open and len(delivery.frames or ()) > 1:
        return Decision(value=Receipt(status="ignored"))  # it speaks of one part, and others are to come
    in_doubt = delivery.state in {DeliveryState.SENDING, DeliveryState.UNCERTAIN}
    if delivery.state is DeliveryState.SENDING and event.state is DeliveryState.SENT:
        return Decision(value=Receipt(status="ignored"))  # the call itself is about to say so
    failed = event.state is DeliveryState.FAILED
    fault = Fault(code=event.code or "not_delivered", detail=event.detail) if failed else None
    moved = msgspec.structs.replace(delivery, state=event.state, fault=fault, updated_at=view.now)
    parts = (_part(delivery, event, view),) if in_doubt and event.native_id else ()
    receipt = Receipt(status="stored", message_id=delivery.message_id or None)
    return Decision(value=receipt, puts=(moved, *parts), lanes=(delivery.lane,))


def _delivery(channel: str, event: InboundStatus, view: View) -> Delivery | None:
    if event.delivery_id is not None:
        return view.get(Delivery, event.delivery_id)
    part = view.get(Part, channel, event.conversation, event.native_id)
    return view.get(Delivery, part.delivery_id) if part is not None and part.delivery_id else None


def _part(delivery: Delivery, event: InboundStatus, view: View) -> Value:
    return Part(
        channel=delivery.channel,
        conversation=delivery.conversation,
        native_id=event.native_id,
        message_id=delivery.message_id if delivery.operation is not Operation.NOTICE else "",
        room_id=delivery.room_id,
        direction=PartDirection.OUT,
        via=delivery.via,
        delivery_id=delivery.id,
        created_at=view.now,
    )
