"""An endpoint as seen by one delivery: the adapter, what it can do there, and what is handed to it.

Rule: files are opened anew for each attempt, from the hub's own store, and read in pieces. Next stop:
:mod:`tieline.routing.outbox_compose` and :mod:`tieline.routing.outbox_change` make steps of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from tieline.errors import NotDispatched, Permanent
from tieline.model.capabilities import Capabilities, Support
from tieline.model.delivery import Degradation, Delivery, Frame, FrameFile, Part
from tieline.model.message import Message
from tieline.model.rooms import MessageType
from tieline.ports.adapter import ChannelAdapter, Outgoing, OutgoingFile, PartRef
from tieline.ports.files import Files, FilesError, NoSuchFile
from tieline.ports.rendering import Plan, Rendered
from tieline.render.plan import render
from tieline.routing.outbox_steps import NOTE_INDEX, SendStep, Step, Work

LONG: Final = 4_000
"""Characters from which rendering is worth a thread: ten parts take some 100 milliseconds."""
_FOR_PEOPLE_TO_ACT_ON: Final = frozenset({MessageType.ALERT, MessageType.HANDOFF})


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint as seen by one delivery."""

    delivery: Delivery
    adapter: ChannelAdapter
    capabilities: Capabilities
    files: Files
    room: str = ""
    """Title of the room, or its name."""
    topic: str = ""
    """The beginning of the thread's first message."""

    def render(self, plan: Plan) -> Rendered:
        """Frames for this endpoint."""
        return render(plan, self.capabilities, self.adapter.dialect(self.delivery.endpoint))

    async def rendered(self, plan: Callable[[], Plan], length: int) -> Rendered:
        """Frames of a message of ``length`` characters: a long one takes a thread, so that nobody waits for it."""
        if length <= LONG:
            return self.render(plan())
        return await asyncio.to_thread(lambda: self.render(plan()))

    def outgoing(
        self,
        frame: Frame,
        index: int,
        message: Message | None,
        thread: str | None = None,
        reply: str | None = None,
        references: tuple[str, ...] = (),
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
            files=tuple(self._opened(file, message) for file in frame.files),
            streaming=message is not None and message.streaming,
            references=references,
            room=self.room,
            topic=self.topic,
            hops=message.hops if message else 0,
            code=delivery.code,
            urgent=self._is_urgent(message),
            machine=message is None or message.type in _FOR_PEOPLE_TO_ACT_ON,
        )

    def _is_urgent(self, message: Message | None) -> bool:
        return message is None or message.type in _FOR_PEOPLE_TO_ACT_ON or bool(message.mentions)

    def _opened(self, file: FrameFile, message: Message | None) -> OutgoingFile:
        if not file.id:
            whole = (message.text if message else self.delivery.text or "").encode()
            return OutgoingFile(
                name=file.name, mime=file.mime, size=len(whole), alt=file.alt, read=partial(_pieces, whole)
            )
        read = partial(_read, self.files, file)
        return OutgoingFile(name=file.name, mime=file.mime, size=file.size, alt=file.alt, read=read)

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


async def _pieces(whole: bytes) -> AsyncIterator[bytes]:
    yield whole


async def _read(files: Files, file: FrameFile) -> AsyncIterator[bytes]:
    try:
        async for piece in files.read(file.id):
            yield piece
    except NoSuchFile as error:
        raise Permanent("file_gone", f"{file.name} is no longer in the file store") from error
    except FilesError as error:
        raise NotDispatched("file_store", f"{file.name} cannot be read: {error}", fix=error.fix) from error


def degraded(feature: str, level: Support, detail: str) -> Degradation:
    """Something that is not shown as it is."""
    return Degradation(feature=feature, level=level, detail=detail)


def send_steps(
    place: Place,
    message: Message | None,
    frames: Sequence[Frame],
    thread: str | None,
    reply: str | None,
    references: tuple[str, ...] = (),
) -> list[Step]:
    """Send these frames."""
    return [
        SendStep(outgoing=place.outgoing(frame, frame.index, message, thread, reply, references), index=frame.index)
        for frame in frames
    ]


def parts_here(parts: Sequence[Part], delivery: Delivery) -> list[Part]:
    """Parts of a message in the delivery's conversation, whoever made them."""
    here = (delivery.channel, delivery.conversation)
    return [part for part in parts if (part.channel, part.conversation) == here]
