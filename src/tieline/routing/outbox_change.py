"""What a later operation does to the parts of a message: edits, deletions, reactions.

Rule: it acts on what the identity map has for the endpoint, whatever capabilities were when it was sent. What cannot be
changed becomes a short follow-up note or a degradation, never a silence. Reads only.
Next stop: :mod:`tieline.routing.lane`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from tieline.model.capabilities import Support
from tieline.model.delivery import Delivery, DeliveryState, Fault, Frame, Operation, Part, PartDirection
from tieline.model.message import Message
from tieline.ports.abilities import Deletes, Edits, Reacts
from tieline.ports.adapter import Outgoing
from tieline.ports.clock import Clock
from tieline.ports.directory import Directory
from tieline.ports.reading import DeliveryFilter, Page, Reader
from tieline.ports.rendering import Rendered
from tieline.render.files import FILE_INDEX, TEXT_FILE_INDEX
from tieline.routing.outbox_place import Place, degraded, parts_here
from tieline.routing.outbox_plan import native_names, plan_of
from tieline.routing.outbox_steps import (
    NOTE_INDEX,
    Composed,
    DeleteStep,
    EditStep,
    End,
    ReactStep,
    SendStep,
    Step,
    Wait,
)

EDIT_CLOSED: Final = "edit_window_closed"
"""The platform no longer lets this message be changed: what an adapter's Permanent says, and the delivery remembers."""


class Changes:
    """Composes what acts on parts; holds nothing of its own."""

    def __init__(self, reader: Reader, directory: Directory, clock: Clock) -> None:
        self._reader = reader
        self._directory = directory
        self._clock = clock

    async def compose(self, place: Place, message: Message, thread: str | None) -> Composed:
        """Steps of a delivery that follows a send; ``thread`` is the native root that new parts need."""
        delivery = place.delivery
        parts = await self.parts(delivery)
        if delivery.operation is Operation.DELETE:
            return self._delete(place, parts)
        original = await self._original(delivery)
        if original is not None and original.state not in _OUT:
            return _without_original(original)
        if not parts:
            return _NEVER_SHOWN
        if delivery.operation is Operation.EDIT:
            return await self._edit(place, message, parts, original, thread)
        return _react(place, message, parts)

    async def parts(self, delivery: Delivery) -> list[Part]:
        """Parts of the message at this endpoint; those that people wrote there stand for all endpoints of it."""
        here = parts_here(await self._reader.parts(delivery.message_id), delivery)
        ours = [part for part in here if part.via == delivery.via or part.direction is PartDirection.IN]
        return sorted(ours, key=lambda part: part.index)

    async def _original(self, delivery: Delivery) -> Delivery | None:
        """The delivery that sent the message here."""
        which = DeliveryFilter(message_id=delivery.message_id, channel=delivery.channel)
        for other in await self._reader.deliveries(which, Page(limit=500)):
            if other.lane == delivery.lane and other.operation is Operation.SEND:
                return other
        return None

    async def _edit(
        self, place: Place, message: Message, parts: list[Part], original: Delivery | None, thread: str | None
    ) -> Composed:
        if message.deleted_at is not None:
            return End(state=DeliveryState.EXPIRED, fault=_DELETED)
        if not self._may(place, parts, Operation.EDIT):
            return self._edit_note(place, message, parts, thread)
        names = native_names(message, place.delivery.channel, self._directory)
        plan = partial(plan_of, message, place.capabilities, names, files=False)
        rendered = await place.rendered(plan, len(message.text))
        unchanged = original is not None and _shows_the_same(original.frames or (), rendered.frames)
        if unchanged and not message.streaming and not await self._edited(place.delivery):
            return End(state=DeliveryState.SENT, degradations=rendered.degradations)
        return place.work(rendered, edit_steps(place, message, rendered.frames, parts, thread))

    async def _edited(self, delivery: Delivery) -> bool:
        """True if an edit (this one's earlier attempt too) may have changed what is shown."""
        which = DeliveryFilter(message_id=delivery.message_id, channel=delivery.channel)
        return any(
            other.lane == delivery.lane and other.operation is Operation.EDIT and other.frames is not None
            for other in await self._reader.deliveries(which, Page(limit=500))
        )

    def _edit_note(self, place: Place, message: Message, parts: list[Part], thread: str | None) -> Composed:
        """The text cannot be changed: say the new one below the old, where that is the platform's way."""
        if place.capabilities.edit.level < Support.FALLBACK:
            lost = degraded("edit", place.capabilities.edit.level, "the change is not shown here")
            return End(state=DeliveryState.SENT, degradations=(lost,))
        names = native_names(message, place.delivery.channel, self._directory)
        plan = plan_of(message, place.capabilities, names, extra_marks=("edited",), files=False)
        rendered = place.render(plan)
        reply = parts[0].native_id if place.capabilities.reply >= Support.PARTIAL else None
        steps = [
            SendStep(
                outgoing=place.outgoing(frame, NOTE_INDEX + frame.index, message, thread, reply),
                index=NOTE_INDEX + frame.index,
            )
            for frame in rendered.frames
            if not _is_out(parts, place.delivery, NOTE_INDEX + frame.index)
        ]
        return place.work(rendered, steps, degraded("edit", Support.FALLBACK, "shown as a follow-up"))

    def _delete(self, place: Place, parts: list[Part]) -> Composed:
        """Remove what is out; a message that is not out yet finds itself deleted when its turn comes."""
        gone = [part for part in parts if self._may(place, [part], Operation.DELETE)]
        lost = (
            ()
            if len(gone) == len(parts)
            else (degraded("delete", place.capabilities.delete.level, "it is still shown here"),)
        )
        if not gone:
            return End(state=DeliveryState.SENT, degradations=lost)
        return place.work(Rendered(frames=()), [DeleteStep(ref=place.ref(part)) for part in gone], *lost)

    def _may(self, place: Place, parts: list[Part], operation: Operation) -> bool:
        """True if the endpoint lets us change these parts: level, ability, ownership, age."""
        editing = operation is Operation.EDIT
        timed = place.capabilities.edit if editing else place.capabilities.delete
        able = isinstance(place.adapter, Edits if editing else Deletes)
        fault = place.delivery.fault
        if editing and fault is not None and fault.code == EDIT_CLOSED:
            return False
        if not able or timed.level < Support.PARTIAL:
            return False
        if timed.own_only and any(part.direction is PartDirection.IN for part in parts):
            return False
        if timed.max_age is None:
            return True
        return all(part.created_at + timed.max_age * 1000 >= self._clock.now() for part in parts)


_OUT = frozenset({DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ})
_DELETED = Fault(code="message_deleted", detail="The message was deleted before it went out.")


_NEVER_SHOWN = End(
    state=DeliveryState.EXPIRED,
    fault=Fault(code="original_not_sent", detail="The message itself was never shown here."),
)


def _without_original(original: Delivery) -> Composed:
    """The message is not out here: wait for a dead letter or a held one, else there is nothing to change."""
    if original.state is DeliveryState.EXPIRED:
        return _NEVER_SHOWN
    return Wait(
        fault=Fault(
            code="waits_for_original",
            detail=f"The message itself is {original.state.value} here.",
            fix=f"retry or discard delivery {original.id}",
        )
    )


def edit_steps(
    place: Place, message: Message, frames: tuple[Frame, ...], parts: list[Part], thread: str | None
) -> list[Step]:
    """Edit what is there, send what is missing, remove what is left over; attachments stay as they are."""
    texts = [frame for frame in frames if frame.index < FILE_INDEX]
    ours = [part for part in parts if part.index < FILE_INDEX]
    steps: list[Step] = [
        EditStep(ref=place.ref(part), outgoing=place.outgoing(frame, frame.index, message, thread))
        for frame, part in zip(texts, ours, strict=False)
    ]
    steps += [
        SendStep(outgoing=place.outgoing(frame, frame.index, message, thread), index=frame.index)
        for frame in texts[len(ours) :]
    ]
    can_delete = isinstance(place.adapter, Deletes) and place.capabilities.delete.level >= Support.PARTIAL
    surplus = ours[len(texts) :]
    if not can_delete:
        return steps + [EditStep(ref=place.ref(part), outgoing=_blank(place, message, part)) for part in surplus]
    surplus += [part for part in parts if TEXT_FILE_INDEX <= part.index < NOTE_INDEX]  # the text as it was, as a file
    steps += [DeleteStep(ref=place.ref(part)) for part in surplus]
    steps += [
        SendStep(outgoing=place.outgoing(frame, frame.index, message, thread), index=frame.index)
        for frame in frames
        if frame.index >= TEXT_FILE_INDEX
    ]
    return steps


def _shows_the_same(sent: Sequence[Frame], now: Sequence[Frame]) -> bool:
    """Tell whether an edit would change nothing; of a text that is a file only its beginning can be compared."""
    if any(not file.id for frame in now for file in frame.files):
        return False
    texts = [[frame.text for frame in frames if frame.index < FILE_INDEX] for frames in (sent, now)]
    return texts[0] == texts[1]


def _blank(place: Place, message: Message, part: Part) -> Outgoing:
    """What stands in a part that the edited text no longer fills and that cannot be removed."""
    return place.outgoing(Frame(text="…", index=part.index, total=part.index + 1, units=1), part.index, message)


def _is_out(parts: Sequence[Part], delivery: Delivery, index: int) -> bool:
    return any(part.delivery_id == delivery.id and part.index == index for part in parts)


def _react(place: Place, message: Message, parts: list[Part]) -> Composed:
    delivery = place.delivery
    support = place.capabilities.reaction
    emoji = delivery.emoji or ""
    on = delivery.operation is Operation.REACT
    if not isinstance(place.adapter, Reacts) or support.level < Support.PARTIAL:
        lost = degraded("reaction", support.level, f"{emoji} is not shown here")
        return End(state=DeliveryState.SENT, degradations=(lost,))
    here = f"{delivery.channel}|{delivery.conversation}"
    others = any(reaction.emoji == emoji and reaction.from_elsewhere(here) for reaction in message.reactions)
    if not on and support.as_bot and others:
        return End(state=DeliveryState.SENT)  # one of ours stands for all who still have it set
    steps = [ReactStep(ref=place.ref(parts[0]), emoji=emoji, on=on)]
    return place.work(Rendered(frames=()), steps)
