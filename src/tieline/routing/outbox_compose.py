"""What a delivery has to do on its channel now, from the message as it is now and from what is out already.

Rule: a retry resumes at the first unsent frame; frames are rendered anew only if none is out and none is in doubt.
Edits, deletes and reactions act on the parts that the identity map has for this endpoint, whatever capabilities were
then. What an endpoint cannot do becomes a degradation or a short follow-up note, never a silence.
Reads only. Next stop: :mod:`tieline.routing.lane`.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Final

import msgspec

from tieline.model.attachments import FileState
from tieline.model.capabilities import Support
from tieline.model.delivery import Degradation, Delivery, DeliveryState, Fault, Operation, Part
from tieline.model.message import BOT, Message
from tieline.ports.adapter import ChannelAdapter
from tieline.ports.clock import Clock
from tieline.ports.directory import Directory
from tieline.ports.files import Files
from tieline.ports.reading import Reader
from tieline.ports.rendering import Plan, Rendered
from tieline.routing.guards import Guarded, LoopGuard
from tieline.routing.outbox_change import Changes, edit_steps
from tieline.routing.outbox_place import Place, degraded, parts_here, send_steps
from tieline.routing.outbox_plan import native_names, notice_plan, plan_of
from tieline.routing.outbox_steps import Composed, End, Later, Work

TOPIC: Final = 1_000
"""Characters of the first message that a subject may be made of."""
REFERENCES: Final = 20
"""Native messages of a thread that the next one names."""
FILES_WITHIN: Final = 20_000
"""Milliseconds after which a message goes without the files that a platform has not given out yet."""
_LOOP: Final = Fault(
    code="loop_suspected",
    detail="Two conversations seem to answer each other: machines wrote too much here in too short a time.",
    fix="look at both sides; then retry what is held, or remove one of the links",
)


class Composer:
    """Composes deliveries; holds nothing of its own."""

    def __init__(self, reader: Reader, directory: Directory, clock: Clock, guard: LoopGuard, files: Files) -> None:
        self._reader = reader
        self._directory = directory
        self._clock = clock
        self._guard = guard
        self._files = files
        self._changes = Changes(reader, directory, clock)

    async def compose(self, delivery: Delivery, adapter: ChannelAdapter) -> Composed:
        """What ``delivery`` has to do now. Raises :class:`~tieline.errors.StoreError`."""
        place = Place(delivery, adapter, adapter.capabilities(delivery.endpoint), self._files, self._title(delivery))
        if delivery.operation is Operation.NOTICE:
            return await self._notice(place)
        message = await self._reader.message(delivery.message_id)
        if message is None:
            return End(state=DeliveryState.EXPIRED, fault=Fault(code="message_gone", detail="The message is no more."))
        if delivery.operation is Operation.SEND:
            return await self._send(place, message)
        thread = (await self._thread(place, message))[0] if delivery.operation is Operation.EDIT else None
        return await self._changes.compose(place, message, thread)

    # ── new messages ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _send(self, place: Place, message: Message) -> Composed:
        place = await self._in_thread(place, message)
        delivery = place.delivery
        kept = delivery.frames if delivery.sent or delivery.state is DeliveryState.UNCERTAIN else None
        if message.deleted_at is not None and kept is None:
            return End(state=DeliveryState.EXPIRED, fault=_DELETED)
        if self._loops(delivery, message):
            return End(state=DeliveryState.HELD, fault=_LOOP)
        if kept is None and (delay := self._files_due(message)) > 0:
            return Later(delay=delay)
        thread, lost_thread = await self._thread(place, message)
        reply, quoted = await self._reply(place, message)
        if kept is not None and not (delivery.late and message.edited_at):
            rendered = Rendered(frames=kept, degradations=delivery.degradations)
            refs = await self._references(place, message)
            work = place.work(rendered, send_steps(place, message, kept[delivery.sent :], thread, reply, refs))
            return work if message.deleted_at is None else _only_look(work)
        names = native_names(message, delivery.channel, self._directory)

        def plan() -> Plan:
            shown = plan_of(message, place.capabilities, names, quoted=quoted, late=delivery.late)
            return msgspec.structs.replace(shown, code=delivery.code, room=place.room)

        rendered = await place.rendered(plan, len(message.text))
        refs = await self._references(place, message)
        steps = send_steps(place, message, rendered.frames, thread, reply, refs)
        if delivery.sent:  # a dead letter that was half out, and was edited since
            steps = edit_steps(place, message, rendered.frames, await self._changes.parts(delivery), thread)
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
            else await place.rendered(partial(notice_plan, delivery.text or ""), len(delivery.text or ""))
        )
        return place.work(rendered, send_steps(place, None, rendered.frames[delivery.sent :], thread, reply))

    async def _thread(self, place: Place, message: Message) -> tuple[str | None, tuple[Degradation, ...]]:
        if message.thread is None or message.thread == message.id:
            return None, ()
        if not place.capabilities.supports_threads:
            return None, (degraded("thread", place.capabilities.thread, "shown outside its thread"),)
        root = await self._native(place.delivery, message.thread)
        if root is None:
            return None, (degraded("thread", Support.FALLBACK, "the thread's first message is not here"),)
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

    def _title(self, delivery: Delivery) -> str:
        room = self._directory.room_by_id(delivery.room_id)
        return (room.title or room.name) if room else ""

    async def _in_thread(self, place: Place, message: Message) -> Place:
        """The place, with what the thread is about where that is shown with every message."""
        root = message.thread or message.reply_to
        if root is None or not place.capabilities.references:
            return place
        first = await self._reader.message(root)
        return dataclasses.replace(place, topic=first.text[:TOPIC] if first else "")

    async def _references(self, place: Place, message: Message) -> tuple[str, ...]:
        """Native ids of what the message follows in its thread here, oldest first."""
        if not place.capabilities.references:
            return ()
        root, here = message.thread or message.reply_to, place.delivery
        if root is None:
            return ()
        parts = await self._reader.parts_of_thread(root, here.channel, here.conversation, REFERENCES)
        before = [part.native_id for part in parts if part.message_id != message.id]
        if message.reply_to and (replied := await self._native(here, message.reply_to)) is not None:
            before.append(replied.native_id)
        return tuple(dict.fromkeys(before))

    async def _native(self, delivery: Delivery, message_id: str) -> Part | None:
        """The first native message of a message in this conversation, whoever made it."""
        parts = parts_here(await self._reader.parts(message_id), delivery)
        return min(parts, key=lambda part: part.index, default=None)

    def _files_due(self, message: Message) -> float:
        """Seconds for which a message waits for its files: they come with it, unless they take too long."""
        if all(file.state is not FileState.RECEIVING for file in message.attachments):
            return 0.0
        return (message.created_at + FILES_WITHIN - self._clock.now()) / 1000


_DELETED = Fault(code="message_deleted", detail="The message was deleted before it went out.")


def _only_look(work: Work) -> Work:
    return Work(
        frames=work.frames,
        fingerprint=work.fingerprint,
        steps=work.steps[:1],
        degradations=work.degradations,
        abandon=_DELETED,
    )
