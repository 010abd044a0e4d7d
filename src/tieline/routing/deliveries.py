"""Deciders for what lanes report and what people do to deliveries. Pure.

Rule: ``sending`` is durable before the effect, its outcome after it (law 1); states only move as :data:`_FROM` says, so
a late or stale report cannot bring a finished delivery back. A stale hub is refused by its channel's epoch.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tieline.model.commands import DiscardDelivery, FinishDelivery, RetryDelivery, StartDelivery
from tieline.model.delivery import Delivery, DeliveryState, Fault, Operation, Part, PartDirection
from tieline.model.outcome import Refusal
from tieline.ports.deciding import Decision, Needs, View
from tieline.routing import budgets

_STARTS: Final = frozenset({DeliveryState.QUEUED, DeliveryState.UNCERTAIN, DeliveryState.SENDING})
DISCARDED: Final = "discarded"


def needs(command: StartDelivery | FinishDelivery | RetryDelivery | DiscardDelivery) -> Needs:
    """The delivery itself."""
    return ((Delivery, (command.delivery_id,)),)


def start(command: StartDelivery, view: View) -> Decision | Refusal:
    """A lane is about to send."""
    delivery = _current(command.delivery_id, command.epoch, view)
    if isinstance(delivery, Refusal):
        return delivery
    if delivery.state not in _STARTS:
        return _moved_on(delivery)
    started = msgspec.structs.replace(
        delivery,
        state=DeliveryState.SENDING,
        frames=command.frames,
        fingerprint=command.fingerprint,
        degradations=command.degradations,
        updated_at=view.now,
    )
    return Decision(value=started, puts=(started,))


def finish(command: FinishDelivery, view: View) -> Decision | Refusal:
    """A lane reports an attempt: new parts enter the identity map with the new state."""
    delivery = _current(command.delivery_id, command.epoch, view)
    if isinstance(delivery, Refusal):
        return delivery
    parts = tuple(
        Part(
            channel=delivery.channel,
            conversation=delivery.conversation,
            native_id=sent.native_id,
            message_id=delivery.message_id,
            room_id=delivery.room_id,
            direction=PartDirection.OUT,
            via=delivery.via,
            delivery_id=delivery.id,
            index=sent.index,
            thread_native=sent.thread_native,
            url=sent.url,
            created_at=view.now,
        )
        for sent in command.parts
        if delivery.operation is not Operation.NOTICE
    )
    if delivery.state.is_final:  # discarded while it was under way: what is out stays known, the state stays
        if not parts:
            return _moved_on(delivery)
        known = msgspec.structs.replace(delivery, sent=delivery.sent + len(parts), attempts=delivery.attempts + 1)
        return Decision(value=known, puts=(known, *parts, *budgets.counted(delivery, len(parts), view)))
    finished = msgspec.structs.replace(
        delivery,
        state=command.state,
        attempts=delivery.attempts + (1 if command.counts_attempt else 0),
        next_at=command.next_at,
        fault=command.fault,
        sent=delivery.sent + len(command.parts),
        degradations=delivery.degradations + command.degradations,
        updated_at=view.now,
    )
    return Decision(value=finished, puts=(finished, *parts, *budgets.counted(delivery, len(command.parts), view)))


def retry(command: RetryDelivery, view: View) -> Decision | Refusal:
    """Try a dead letter again: it goes out late and says so."""
    delivery = _person(command, view)
    if isinstance(delivery, Refusal):
        return delivery
    if delivery.state not in (DeliveryState.FAILED, DeliveryState.HELD, DeliveryState.EXPIRED):
        return Refusal(
            status=409,
            code="not_retryable",
            detail=f"The delivery is '{delivery.state.value}'; only failed, held and expired ones can be retried.",
        )
    again = msgspec.structs.replace(
        delivery,
        state=DeliveryState.QUEUED,
        fault=None,
        next_at=0,
        attempts=0,
        late=True,
        frames=delivery.frames if delivery.sent else None,
        updated_at=view.now,
    )
    return Decision(value=again, puts=(again,), lanes=(again.lane,))


def discard(command: DiscardDelivery, view: View) -> Decision | Refusal:
    """Give a delivery up, visibly."""
    delivery = _person(command, view)
    if isinstance(delivery, Refusal):
        return delivery
    if delivery.state in (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ):
        return _moved_on(delivery)
    fault = Fault(code=DISCARDED, detail=delivery.fault.detail if delivery.fault else "")
    gone = msgspec.structs.replace(delivery, state=DeliveryState.EXPIRED, fault=fault, updated_at=view.now)
    return Decision(value=gone, puts=(gone,), lanes=(gone.lane,))


def _current(delivery_id: str, epoch: int, view: View) -> Delivery | Refusal:
    delivery = view.get(Delivery, delivery_id)
    if delivery is None:
        return _missing(delivery_id)
    record = view.directory.channel(delivery.channel)
    if record is not None and record.epoch != epoch:
        return Refusal(
            status=409,
            code="stale_epoch",
            detail=f"Another hub works channel '{delivery.channel}' now (epoch {record.epoch}, yours {epoch}).",
        )
    return delivery


def _person(command: RetryDelivery | DiscardDelivery, view: View) -> Delivery | Refusal:
    delivery = view.get(Delivery, command.delivery_id)
    room = view.directory.room_by_id(delivery.room_id) if delivery else None
    if refusal := view.directory.authorize(command.actor, "manage_deliveries", room=room):
        return refusal
    return delivery or _missing(command.delivery_id)


def _missing(delivery_id: str) -> Refusal:
    return Refusal(status=404, code="delivery_not_found", detail=f"There is no delivery '{delivery_id}'.")


def _moved_on(delivery: Delivery) -> Refusal:
    return Refusal(
        status=409,
        code="delivery_final",
        detail=f"The delivery is '{delivery.state.value}' already; nothing was changed.",
    )
