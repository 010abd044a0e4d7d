"""What goes out on a channel that costs: counted by day and receiver, and stopped where the budget is spent.

Rule: what was sent is counted in the transaction that says it was sent; what the budget does not allow waits, visibly,
for the next UTC day. Next stop: :mod:`tieline.routing.lane` asks before each send.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from tieline.model.capabilities import Capabilities
from tieline.model.channels import Trait
from tieline.model.delivery import Delivery, Fault, Operation
from tieline.model.keeping import Usage
from tieline.ports.deciding import View
from tieline.ports.reading import Reader

SPENT: Final = "budget_spent"
_SPENDS: Final = frozenset({Operation.SEND, Operation.NOTICE})


def day_of(now: int) -> str:
    """The UTC day of a time in milliseconds."""
    return datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%d")


def next_day(now: int) -> int:
    """When the next UTC day begins, milliseconds."""
    today = datetime.fromtimestamp(now / 1000, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return round((today + timedelta(days=1)).timestamp() * 1000)


def counted(delivery: Delivery, sent: int, view: View) -> tuple[Usage, ...]:
    """The day's usage after ``sent`` more frames of a delivery went out."""
    record = view.directory.channel(delivery.channel)
    if not sent or record is None or Trait.METERED not in record.traits:
        return ()
    frames = (delivery.frames or ())[delivery.sent : delivery.sent + sent]
    units, day = sum(frame.units for frame in frames), day_of(view.now)
    rows = []
    for receiver in ("", delivery.conversation):
        old = view.get(Usage, delivery.channel, receiver, day)
        row = old or Usage(channel=delivery.channel, conversation=receiver, day=day)
        rows.append(msgspec.structs.replace(row, units=row.units + units, messages=row.messages + sent))
    return tuple(rows)


async def spent(delivery: Delivery, capabilities: Capabilities, reader: Reader, now: int) -> Fault | None:
    """Why a delivery has to wait for tomorrow; None: it may go."""
    budget = capabilities.budget
    if budget is None or delivery.operation not in _SPENDS or delivery.sent:
        return None
    usage = {row.conversation: row.units for row in await reader.usage(delivery.channel, day_of(now))}
    unit = capabilities.cost_unit or "message"
    for receiver, most, whose in (
        ("", budget.per_day, "the channel's"),
        (delivery.conversation, budget.per_receiver, "this receiver's"),
    ):
        if most is not None and usage.get(receiver, 0) >= most:
            return Fault(
                code=SPENT,
                detail=f"{whose.capitalize()} budget of today is spent: {most} {unit}s.",
                fix="it goes on tomorrow (UTC); raise the channel's budget to go on at once",
            )
    return None
