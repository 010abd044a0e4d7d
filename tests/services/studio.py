"""A studio: the real store with the real deciders on a temporary SQLite file, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

from tieline.directory import MemoryDirectory
from tieline.model.base import Value
from tieline.model.channels import ChannelRecord
from tieline.model.commands import (
    Command,
    CreateLink,
    CreateMember,
    CreateRoom,
    PostMessage,
    ReceiveEvent,
    RegisterChannel,
    ResolveLink,
)
from tieline.model.content import Document, plain
from tieline.model.delivery import Delivery
from tieline.model.events import Event
from tieline.model.inbound import InboundEvent, InboundMessage, NativeAuthor, Receipt
from tieline.model.members import Actor, Level, Member, MemberKind, Via
from tieline.model.message import Message
from tieline.model.outcome import Accepted, Outcome, Refusal
from tieline.model.rooms import Link, Room
from tieline.ports.hub import Committed
from tieline.ports.reading import DeliveryFilter, Page, Reader
from tieline.store import Store

ALL = Page(after=0, limit=500)


@dataclass
class Studio:
    """The hub's inside, with short words for what tests do."""

    store: Store
    directory: MemoryDirectory
    heard: list[Committed] = field(default_factory=list)

    @property
    def reader(self) -> Reader:
        return self.store.reader

    async def run(self, command: Command) -> Outcome:
        return await self.store.hub.execute(command)

    async def done(self, command: Command) -> object:
        outcome = await self.run(command)
        assert isinstance(outcome, Accepted), outcome
        return outcome.value

    async def refused(self, command: Command) -> Refusal:
        outcome = await self.run(command)
        assert isinstance(outcome, Refusal), outcome
        return outcome

    async def member(self, handle: str, kind: MemberKind = MemberKind.HUMAN, **fields: object) -> Member:
        value = await self.done(CreateMember(handle=handle, kind=kind, **fields))  # type: ignore[arg-type]
        assert isinstance(value, Member)
        return value

    async def room(self, name: str = "studio", **fields: object) -> Room:
        value = await self.done(CreateRoom(name=name, **fields))  # type: ignore[arg-type]
        assert isinstance(value, Room)
        return value

    async def link(self, conversation: str, room: str = "studio", channel: str = "slack", **fields: object) -> Link:
        if self.directory.channel(channel) is None:
            assert isinstance(await self.done(RegisterChannel(name=channel, adapter=channel)), ChannelRecord)
        command = CreateLink(room=room, channel=channel, conversation=conversation, **fields)  # type: ignore[arg-type]
        value = await self.done(command)
        assert isinstance(value, Link)
        resolved = await self.done(ResolveLink(link_id=value.id, conversation=conversation))
        assert isinstance(resolved, Link)
        return resolved

    def actor(self, handle: str, level: Level | None = None, via: Via = Via.HTTP) -> Actor:
        member = self.directory.member(handle)
        assert member is not None
        return Actor(member=member, level=level or member.level, via=via)

    async def post(self, handle: str, text: str, room: str = "studio", **fields: object) -> Message:
        command = PostMessage(actor=self.actor(handle), room=room, text=text, **fields)  # type: ignore[arg-type]
        value = await self.done(command)
        assert isinstance(value, Message)
        return value

    async def receive(self, event: InboundEvent, channel: str = "slack") -> Receipt:
        value = await self.done(ReceiveEvent(channel=channel, event=event, final=True))
        assert isinstance(value, Receipt)
        return value

    async def typed(  # the platform's side: somebody writes
        self,
        text: str | Document,
        native_id: str,
        who: str = "U1",
        conversation: str = "C1",
        channel: str = "slack",
        **fields: object,
    ) -> Receipt:
        event = InboundMessage(
            conversation=conversation,
            native_id=native_id,
            author=NativeAuthor(native_id=who, display=who.title()),
            content=plain(text) if isinstance(text, str) else text,
            sent_at=1,
            **fields,  # type: ignore[arg-type]
        )
        return await self.receive(event, channel)

    async def messages(self, room: Room) -> list[Message]:
        return list(await self.reader.messages(room.id, ALL))

    async def events(self, stream: str) -> list[Event]:
        return list(await self.reader.events(stream, 0, 500))

    async def deliveries(self, message_id: str | None = None) -> list[Delivery]:
        return list(await self.reader.deliveries(DeliveryFilter(message_id=message_id), ALL))

    def changed(self, kind: type[Value]) -> list[Value]:
        return [value for committed in self.heard for value in committed.changed if isinstance(value, kind)]
