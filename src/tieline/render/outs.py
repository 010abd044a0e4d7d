"""What the API and the web socket both write besides messages: problems and deliveries. Pure.

Next stop: ``tieline.api`` and ``tieline_websocket`` write these out.
"""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from tieline.model.delivery import Degradation, Delivery, Fault
from tieline.model.outcome import Refusal
from tieline.model.shapes import DegradationOut, DeliveryOut, FaultOut, support_name
from tieline.render.wire import rfc3339

_encode = msgspec.json.Encoder().encode


def problem_body(refusal: Refusal) -> bytes:
    """A refusal as RFC 9457 JSON. Its ``extra`` members stand beside the standard ones and cannot replace them."""
    members: dict[str, object] = {**refusal.extra}
    members.update(
        type=f"urn:tieline:problem:{refusal.code}",
        title=HTTPStatus(refusal.status).phrase,
        status=refusal.status,
        code=refusal.code,
        detail=_printable(refusal.detail),
    )
    if refusal.violations:
        members["violations"] = refusal.violations
    return _encode(members)


def _printable(text: str) -> str:
    """Text that UTF-8 can write, whatever was in the caller's URL."""
    return text.encode("utf-8", "replace").decode("utf-8")


def fault_out(fault: Fault | None) -> FaultOut | None:
    """A fault as JSON readers get it."""
    return None if fault is None else FaultOut(code=fault.code, detail=fault.detail, fix=fault.fix)


def degradations_out(degradations: tuple[Degradation, ...]) -> tuple[DegradationOut, ...]:
    """Degradations as JSON readers get them."""
    return tuple(DegradationOut(feature=d.feature, level=support_name(d.level), detail=d.detail) for d in degradations)


def delivery_out(delivery: Delivery, room_name: str) -> DeliveryOut:
    """A delivery as JSON readers get it."""
    return DeliveryOut(
        id=delivery.id,
        operation=delivery.operation.value,
        room=room_name,
        message=delivery.message_id,
        seq=delivery.seq,
        channel=delivery.channel,
        conversation=delivery.conversation,
        via=delivery.via,
        state=delivery.state.value,
        attempts=delivery.attempts,
        next_at=rfc3339(delivery.next_at) if delivery.next_at and delivery.state.is_open else None,
        error=fault_out(delivery.fault),
        degradations=degradations_out(delivery.degradations),
        position=delivery.position,
        late=delivery.late,
        created_at=rfc3339(delivery.created_at),
        updated_at=rfc3339(delivery.updated_at),
    )
