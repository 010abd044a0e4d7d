"""A room with scripted channels, lanes at work, and a clock that stands still until told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.unit.routing_lanes.memory_hub import MemoryBus, MemoryHub
from tieline.directory.memory import MemoryDirectory
from tieline.model.capabilities import Capabilities
from tieline.model.channels import ChannelHealth, ChannelRecord
from tieline.model.commands import (
    DeleteMessage,
    DiscardDelivery,
    EditMessage,
    PostMessage,
    React,
    ReceiveEvent,
    RetryDelivery,
)
from tieline.model.content import plain
from tieline.model.delivery import Delivery, Fault
from tieline.model.inbound import InboundMessage, NativeAuthor
from tieline.model.members import Actor, Level, Member, MemberKind, Via
from tieline.model.message import Message
from tieline.model.outcome import Accepted
from tieline.model.rooms import Direction, Link, Room
from tieline.ports.adapter import AdapterContext, ChannelAdapter
from tieline.ports.channels import ChannelListener, OnDoubt
from tieline.routing.deciders import deciders
from tieline.routing.lanes import Lanes
from tieline.routing.outbox import Outbox
from tieline.testing.clock import VirtualClock
from tieline.testing.files import MemoryFiles
from tieline.testing.scripted import ScriptedPlatform
from tieline.testing.scripted_adapter import CAPABILITIES, ScriptedAdapter
from tieline.testing.session import RecordingSession

PRIYA = Member(id="mem_priya", handle="priya", kind=MemberKind.HUMAN, level=Level.L4, display="Priya")
ROOM = Room(id="room_1", name="dj-waste")
ACTOR = Actor(member=PRIYA, level=Level.L4, via=Via.HTTP)


class SteadyChannels:
    """Channels that are up until a test says otherwise; implements ``ports.Channels``."""

    def __init__(self) -> None:
        self.adapters: dict[str, ChannelAdapter] = {}
        self.down: set[str] = set()
        self.doubt = OnDoubt.RESEND
        self.reports: list[tuple[str, Fault | None, bool]] = []
        self._listeners: list[ChannelListener] = []

    def adapter(self, channel: str) -> ChannelAdapter | None:
        return None if channel in self.down else self.adapters.get(channel)

    def known(self, channel: str) -> ChannelAdapter | None:
        return self.adapters.get(channel)

    def on_doubt(self, channel: str) -> OnDoubt:
        return self.doubt

    def health(self) -> Sequence[ChannelHealth]:
        return ()

    def report(self, channel: str, fault: Fault | None, *, stops: bool = False, retry_at: int | None = None) -> None:
        if fault is not None:
            self.reports.append((channel, fault, stops))
        if stops:
            self.set_down(channel)

    def subscribe(self, listener: ChannelListener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def set_down(self, channel: str, *, down: bool = True) -> None:
        (self.down.add if down else self.down.discard)(channel)
        for listener in list(self._listeners):
            listener(channel)


class Rig:
    """One room linked to conversation ``C`` of each channel."""

    def __init__(self, *channels: str, conversations: int = 1) -> None:
        self.clock = VirtualClock()
        self.bus = MemoryBus()
        links = [
            Link(id=f"lnk_{name}_{n}", room_id=ROOM.id, channel=name, conversation=f"C{n}")
            for name in channels
            for n in range(conversations)
        ]
        records = [ChannelRecord(name=name, adapter="scripted", epoch=1) for name in channels]
        self.directory = MemoryDirectory([PRIYA, ROOM, *links, *records])
        self.hub = MemoryHub(self.clock, deciders(), self.directory, self.bus)
        self.files = MemoryFiles()
        self.channels = SteadyChannels()
        self.platforms = {name: ScriptedPlatform(self.clock) for name in channels}
        self.random = Random(7)
        self.lanes = self.make_lanes()

    def make_lanes(self) -> Lanes:
        outbox = Outbox(
            hub=self.hub,
            reader=self.hub,
            directory=self.directory,
            channels=self.channels,
            clock=self.clock,
            files=self.files,
            random=self.random,
        )
        return Lanes(outbox, self.bus)

    async def start(self, capabilities: Capabilities = CAPABILITIES) -> None:
        for name, platform in self.platforms.items():
            settings = {"platform": platform, "capabilities": capabilities}
            adapter = ScriptedAdapter(AdapterContext(channel=name, settings=settings, clock=self.clock))
            await adapter.connect(RecordingSession())
            self.channels.adapters[name] = adapter
        await self.lanes.start()

    async def restart(self) -> None:
        """Kill the lanes as a crash would, and start anew from the rows."""
        await self.lanes.stop(grace=0)
        self.lanes = self.make_lanes()
        await self.lanes.start()

    async def stop(self) -> None:
        await self.lanes.stop(grace=0)

    def post(self, text: str, *, reply_to: str | None = None, thread: str | None = None) -> Message:
        command = PostMessage(actor=ACTOR, room="dj-waste", text=text, reply_to=reply_to, thread=thread)
        return self._message(command)

    def hear(self, text: str, number: int, *, is_bot: bool) -> None:
        """Somebody writes in conversation ``D`` of channel ``guild``, which speaks into the room."""
        link = Link(id="lnk_guild", room_id=ROOM.id, channel="guild", conversation="D", direction=Direction.IN)
        self.directory.apply([link])
        event = InboundMessage(
            conversation="D",
            native_id=str(number),
            author=NativeAuthor(native_id="B7", display="Bot", is_bot=is_bot),
            content=plain(text),
            sent_at=1,
        )
        assert isinstance(self.hub.decide(ReceiveEvent(channel="guild", event=event)), Accepted)

    def edit(self, message: Message, text: str) -> Message:
        return self._message(EditMessage(actor=ACTOR, message_id=message.id, text=text))

    def delete(self, message: Message) -> Message:
        return self._message(DeleteMessage(actor=ACTOR, message_id=message.id))

    def react(self, message: Message, emoji: str, *, on: bool = True) -> Message:
        return self._message(React(actor=ACTOR, message_id=message.id, emoji=emoji, on=on))

    def retry(self, delivery: Delivery) -> None:
        assert isinstance(self.hub.decide(RetryDelivery(actor=ACTOR, delivery_id=delivery.id)), Accepted)

    def discard(self, delivery: Delivery) -> None:
        assert isinstance(self.hub.decide(DiscardDelivery(actor=ACTOR, delivery_id=delivery.id)), Accepted)

    def texts(self, channel: str, conversation: str = "C0") -> list[str]:
        return self.platforms[channel].texts(conversation)

    def states(self) -> list[str]:
        return [row.state.value for row in self.hub.all()]

    def settled(self) -> bool:
        """True if no delivery is open."""
        return all(row.state.is_final for row in self.hub.all())

    def _message(self, command: PostMessage | EditMessage | DeleteMessage | React) -> Message:
        outcome = self.hub.decide(command)
        assert isinstance(outcome, Accepted), outcome
        assert isinstance(outcome.value, Message)
        return outcome.value
