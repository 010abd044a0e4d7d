"""The calls that a delivery is made of, as values: what to do on the channel, in order, before any of it is done.

Next stop: :mod:`tieline.routing.outbox_compose` makes them, :mod:`tieline.routing.lane` carries them out.
"""

from __future__ import annotations

from typing import Final

from tieline.model.base import Value
from tieline.model.delivery import Degradation, DeliveryState, Fault, Frame
from tieline.ports.abilities import Deletes, Edits, Reacts
from tieline.ports.adapter import ChannelAdapter, Outgoing, PartRef, Sent

NOTE_INDEX: Final = 1000
"""Index of the first part of a follow-up note: it belongs to the message, but is none of its frames."""


class SendStep(Value, kw_only=True, frozen=True):
    """Make one native message."""

    outgoing: Outgoing
    index: int


class EditStep(Value, kw_only=True, frozen=True):
    """Replace one part's text."""

    ref: PartRef
    outgoing: Outgoing


class DeleteStep(Value, kw_only=True, frozen=True):
    """Remove one part."""

    ref: PartRef


class ReactStep(Value, kw_only=True, frozen=True):
    """Set or take back a reaction."""

    ref: PartRef
    emoji: str
    on: bool


Step = SendStep | EditStep | DeleteStep | ReactStep


class Work(Value, kw_only=True, frozen=True):
    """A delivery ready to go: what is stored before the first call, and the calls that are left."""

    frames: tuple[Frame, ...]
    fingerprint: str
    steps: tuple[Step, ...]
    degradations: tuple[Degradation, ...] = ()
    abandon: Fault | None = None
    """Set: nothing new is to be sent; only what is in doubt is looked up."""


class End(Value, kw_only=True, frozen=True):
    """A delivery that needs no call: how it ends."""

    state: DeliveryState
    fault: Fault | None = None
    degradations: tuple[Degradation, ...] = ()


class Wait(Value, kw_only=True, frozen=True):
    """A delivery that waits for another of its message (a dead letter, or one that is held)."""

    fault: Fault


class Later(Value, kw_only=True, frozen=True):
    """A delivery whose turn has come too early: seconds until it goes in any case; its lane waits."""

    delay: float


Composed = Work | End | Wait | Later


async def perform(adapter: ChannelAdapter, step: Step) -> Sent | None:
    """Make one call. Raises what the adapter raises.

    That the adapter has the ability was seen when the step was composed; the asserts only tell the type checker.
    """
    match step:
        case SendStep():
            return await adapter.send(step.outgoing)
        case EditStep():
            assert isinstance(adapter, Edits)  # noqa: S101 - see above
            await adapter.edit(step.ref, step.outgoing)
        case DeleteStep():
            assert isinstance(adapter, Deletes)  # noqa: S101 - see above
            await adapter.delete(step.ref)
        case ReactStep():
            assert isinstance(adapter, Reacts)  # noqa: S101 - see above
            await adapter.react(step.ref, step.emoji, on=step.on)
    return None
