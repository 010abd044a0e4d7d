"""What a delivery has to do on its channel now, from the message as it is now and from what is out already.

Rule: a retry resumes at the first unsent frame; frames are rendered anew only if none is out and none is in doubt.
Edits, deletes and reactions act on the parts that the identity map has for this endpoint, whatever capabilities were
then. What an endpoint cannot do becomes a degradation or a short follow-up note, never a silence.
Reads only. Next stop: :mod:`tieline.routing.lane`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from tieline.model.capabilities import Capabilities, Support
from tieline.model.delivery import (
    Degradation,
    Delivery,
    DeliveryState,
    Fault,
    Frame,
    Operation,
    Part,
    PartDirection,
)
from tieline.model.message import BOT, Message
from tieline.ports.abilities import Deletes, Edits, Reacts
from tieline.ports.adapter import ChannelAdapter, Outgoing, PartRef
from tieline.ports.clock import Clock
from tieline.ports.directory import Directory
from tieline.ports.reading import DeliveryFilter, Page, Reader
from tieline.ports.rendering import Plan, Rendered
from tieline.render.plan import render
from tieline.routing.guards import Guarded, LoopGuard
from tieline.routing.outbox_plan import native_names, notice_plan, plan_of
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
    Work,
)

LONG: Final = 4_000
"""Characters from which rendering is worth a thread: ten parts take some 100 milliseconds."""
_LOOP: Final = Fault(
    code="loop_suspected",
    detail="Two conversations seem to answer each other: machines wrote too much here in too short a time.",
    fix="look at both sides; then retry what is held, or remove one of the links",
)


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint as seen by one delivery: the adapter, and what it can do there."""

    delivery: Delivery
    adapter: ChannelAdapter
    capabilities: Capabilities

    def render(self, plan: Plan) -> Rendered:
        """Frames for this endpoint."""
        return render(plan, self.capabilities, self.adapter.dialect(self.delivery.endpoint))

    async def rendered(self, plan: Callable[[], Plan], length: int) -> Rendered:
        """Frames of a message of ``length`` characters: a long one takes a thread, so that nobody waits for it."""
        if length <= LONG:
            return self.render(plan())
        return await asyncio.to_thread(lambda: self.render(plan()))

    def outgoing(
        self, frame: Frame, index: int, message: Message | None, thread: str | None = None, reply: str | None = None
    ) -> Outgoing:
        """A frame as the adapter gets it; the key is stable over retries."""
        delivery = self.delivery
        return Outgoing(
            key=f"{delivery.id}:{index}",
            delivery_id=delivery.id,
            endpoint=delivery.endpoint,
            frame=frame,
            author=message.author if message else None,
            thread=thread,
            reply=reply if index in {0, NOTE_INDEX} else None,
            notice_for=delivery.notice_for,
        )

    def ref(self, part: Part) -> PartRef:
        """A part to act on."""
        return PartRef(endpoint=self.delivery.endpoint, part=part)

    def work(self, rendered: Rendered, steps: Sequence[Step], *more: Degradation) -> Work:
        """What to store and to do."""
        return Work(
            frames=rendered.frames,
            fingerprint=self.capabilities.fingerprint,
            steps=tuple(steps),
            degradations=rendered.degradations + more,
        )


class Composer:
    """Composes deliveries; holds nothing of its own."""

    def __init__(self, reader: Reader, directory: Directory, clock: Clock, guard: LoopGuard) -> None:
        self._reader = reader
        self._directory = directory
        self._clock = clock
        self._guard = guard

    async def compose(self, delivery: Delivery, adapter: ChannelAdapter) -> Composed:
        """What ``delivery`` has to do now. Raises :class:`~tieline.errors.StoreError`."""
        place = Place(delivery, adapter, adapter.capabilities(delivery.endpoint))
        if delivery.operation is Operation.NOTICE:
            return await self._notice(place)
        message = await self._reader.message(delivery.message_id)
        if message is None:
            return End(state=DeliveryState.EXPIRED, fault=Fault(code="message_gone", detail="The message is no more."))
        if delivery.operation is Operation.SEND:
            return await self._send(place, message)
        return await self._change(place, message)

    # ── new messages ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _send(self, place: Place, message: Message) -> Composed:
        delivery = place.delivery
        kept = delivery.frames if delivery.sent or delivery.state is DeliveryState.UNCERTAIN else None
        if message.deleted_at is not None and kept is None:
            return End(state=DeliveryState.EXPIRED, fault=_DELETED)
        if self._loops(delivery, message):
            return End(state=DeliveryState.HELD, fault=_LOOP)
        thread, lost_thread = await self._thread(place, message)
        reply, quoted = await self._reply(place, message)
        if kept is not None and not (delivery.late and message.edited_at):
            rendered = Rendered(frames=kept, degradations=delivery.degradations)
            work = place.work(rendered, _send_steps(place, message, kept[delivery.sent :], thread, reply))
            return work if message.deleted_at is None else _only_look(work)
        names = native_names(message, delivery.channel, self._directory)
        plan = partial(plan_of, message, place.capabilities, names, quoted=quoted, late=delivery.late)
        rendered = await place.rendered(plan, len(message.text))
        steps = _send_steps(place, message, rendered.frames, thread, reply)
        if delivery.sent:  # a dead letter that was half out, and was edited since
            steps = _edit_steps(place, message, rendered.frames, await self._parts(delivery), thread)
        return place.work(rendered, steps, *lost_thread)

    def _loops(self, delivery: Delivery, message: Message) -> bool:
        """Tell whether two conversations answer each other (law 5): asked once per send, of machines' texts only."""
        if message.author.kind != BOT or message.origin.conversation is None:
            return False
        if delivery.late or delivery.frames is not None or delivery.attempts:
            return False  # a person wants it sent, or it passed already
        source = f"{message.origin.channel}|{message.origin.conversation}"
        target = f"{delivery.channel}|{delivery.conversation}"
        return self._guard.check(source, target, self._clock.now()) is not Guarded.PASS

    async def _notice(self, place: Place) -> Composed:
        delivery = place.delivery
        about = await self._native(delivery, delivery.message_id) if delivery.message_id else None
        thread = about.thread_native if about and place.capabilities.supports_threads else None
        reply = about.native_id if about and place.capabilities.reply >= Support.PARTIAL else None
        rendered = (
            Rendered(frames=delivery.frames, degradations=delivery.degradations)
            if delivery.frames and (delivery.sent or delivery.state is DeliveryState.UNCERTAIN)
            else place.render(notice_plan(delivery.text or ""))
        )
        return place.work(rendered, _send_steps(place, None, rendered.frames[delivery.sent :], thread, reply))

    async def _thread(self, place: Place, message: Message) -> tuple[str | None, tuple[Degradation, ...]]:
        if message.thread is None or message.thread == message.id:
            return None, ()
        if not place.capabilities.supports_threads:
            return None, (_degraded("thread", place.capabilities.thread, "shown outside its thread"),)
        root = await self._native(place.delivery, message.thread)
        if root is None:
            return None, (_degraded("thread", Support.FALLBACK, "the thread's first message is not here"),)
        return root.thread_native or root.native_id, ()

    async def _reply(self, place: Place, message: Message) -> tuple[str | None, Message | None]:
        """The native message replied to, or the message to quote instead."""
        target = message.reply_to or (None if place.capabilities.supports_threads else message.thread)
        if target is None or target == message.id or place.capabilities.reply < Support.FALLBACK:
            return None, None
        if place.capabilities.reply >= Support.PARTIAL:
            native = await self._native(place.delivery, target)
            if native is not None:
                return native.native_id, None
        quoted = await self._reader.message(target)
        return None, quoted if quoted is not None and quoted.deleted_at is None else None

    async def _native(self, delivery: Delivery, message_id: str) -> Part | None:
        """The first native message of a message in this conversation, whoever made it."""
        parts = [
            part
            for part in await self._reader.parts(message_id)
            if (part.channel, part.conversation) == (delivery.channel, delivery.conversation)
        ]
        return min(parts, key=lambda part: part.index, default=None)

    # ── what acts on parts ───────────────────────────────────────────────────────────────────────────────────────

    async def _change(self, place: Place, message: Message) -> Composed:
        delivery = place.delivery
        parts = await self._parts(delivery)
        if delivery.operation is Operation.DELETE:
            return self._delete(place, parts)
        original = await self._original(delivery)
        if original is not None and original.state not in _OUT:
            return _without_original(original)
        if not parts:
            return _NEVER_SHOWN
        if delivery.operation is Operation.EDIT:
            return await self._edit(place, message, parts, original)
        return _react(place, message, parts)

    async def _parts(self, delivery: Delivery) -> list[Part]:
        """Parts of the message at this endpoint; those that people wrote there stand for all endpoints of it."""
        here = [
            part
            for part in await self._reader.parts(delivery.message_id)
            if (part.channel, part.conversation) == (delivery.channel, delivery.conversation)
            and (part.via == delivery.via or part.direction is PartDirection.IN)
        ]
        return sorted(here, key=lambda part: part.index)

    async def _original(self, delivery: Delivery) -> Delivery | None:
        """The delivery that sent the message here."""
        which = DeliveryFilter(message_id=delivery.message_id, channel=delivery.channel)
        for other in await self._reader.deliveries(which, Page(limit=500)):
            if other.lane == delivery.lane and other.operation is Operation.SEND:
                return other
        return None

    async def _edit(self, place: Place, message: Message, parts: list[Part], original: Delivery | None) -> Composed:
        if message.deleted_at is not None:
            return End(state=DeliveryState.EXPIRED, fault=_DELETED)
        thread, _lost = await self._thread(place, message)
        if not self._may(place, parts, Operation.EDIT):
            return self._edit_note(place, message, parts, thread)
        names = native_names(message, place.delivery.channel, self._directory)
        rendered = place.render(plan_of(message, place.capabilities, names))
        if original is not None and original.frames == rendered.frames and not await self._edited(place.delivery):
            return End(state=DeliveryState.SENT, degradations=rendered.degradations)
        return place.work(rendered, _edit_steps(place, message, rendered.frames, parts, thread))

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
            lost = _degraded("edit", place.capabilities.edit.level, "the change is not shown here")
            return End(state=DeliveryState.SENT, degradations=(lost,))
        names = native_names(message, place.delivery.channel, self._directory)
        plan = plan_of(message, place.capabilities, names, extra_marks=("edited",))
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
        return place.work(rendered, steps, _degraded("edit", Support.FALLBACK, "shown as a follow-up"))

    def _delete(self, place: Place, parts: list[Part]) -> Composed:
        """Remove what is out; a message that is not out yet finds itself deleted when its turn comes."""
        gone = [part for part in parts if self._may(place, [part], Operation.DELETE)]
        lost = (
            ()
            if len(gone) == len(parts)
            else (_degraded("delete", place.capabilities.delete.level, "it is still shown here"),)
        )
        if not gone:
            return End(state=DeliveryState.SENT, degradations=lost)
        return place.work(Rendered(frames=()), [DeleteStep(ref=place.ref(part)) for part in gone], *lost)

    def _may(self, place: Place, parts: list[Part], operation: Operation) -> bool:
        """True if the endpoint lets us change these parts: level, ability, ownership, age."""
        editing = operation is Operation.EDIT
        timed = place.capabilities.edit if editing else place.capabilities.delete
        able = isinstance(place.adapter, Edits if editing else Deletes)
        if not able or timed.level < Support.PARTIAL:
            return False
        if timed.own_only and any(part.direction is PartDirection.IN for part in parts):
            return False
        if timed.max_age is None:
            return True
        return all(part.created_at + timed.max_age * 1000 >= self._clock.now() for part in parts)


_OUT = frozenset({DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ})
_DELETED = Fault(code="message_deleted", detail="The message was deleted before it went out.")


def _degraded(feature: str, level: Support, detail: str) -> Degradation:
    return Degradation(feature=feature, level=level, detail=detail)


def _only_look(work: Work) -> Work:
    return Work(
        frames=work.frames,
        fingerprint=work.fingerprint,
        steps=work.steps[:1],
        degradations=work.degradations,
        abandon=_DELETED,
    )


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


def _send_steps(
    place: Place, message: Message | None, frames: Sequence[Frame], thread: str | None, reply: str | None
) -> list[Step]:
    return [
        SendStep(outgoing=place.outgoing(frame, frame.index, message, thread, reply), index=frame.index)
        for frame in frames
    ]


def _edit_steps(
    place: Place, message: Message, frames: tuple[Frame, ...], parts: list[Part], thread: str | None
) -> list[Step]:
    """Edit what is there, send what is missing, remove what is left over."""
    ours = [part for part in parts if part.index < NOTE_INDEX]
    steps: list[Step] = [
        EditStep(ref=place.ref(part), outgoing=place.outgoing(frame, frame.index, message, thread))
        for frame, part in zip(frames, ours, strict=False)
    ]
    steps += [
        SendStep(outgoing=place.outgoing(frame, frame.index, message, thread), index=frame.index)
        for frame in frames[len(ours) :]
    ]
    can_delete = isinstance(place.adapter, Deletes) and place.capabilities.delete.level >= Support.PARTIAL
    surplus = ours[len(frames) :]
    if can_delete:
        steps += [DeleteStep(ref=place.ref(part)) for part in surplus]
    else:
        steps += [EditStep(ref=place.ref(part), outgoing=_blank(place, message, part)) for part in surplus]
    return steps


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
        lost = _degraded("reaction", support.level, f"{emoji} is not shown here")
        return End(state=DeliveryState.SENT, degradations=(lost,))
    if not on and support.as_bot and any(reaction.emoji == emoji and reaction.by for reaction in message.reactions):
        return End(state=DeliveryState.SENT)  # one of ours stands for all who still have it set
    steps = [ReactStep(ref=place.ref(parts[0]), emoji=emoji, on=on)]
    return place.work(Rendered(frames=()), steps)
