"""What an outage hides from a history: deletions, edits and reactions, found by asking how messages are now."""

from __future__ import annotations

from collections.abc import Sequence

from tests.unit.routing_lanes.rig import Rig
from tieline.errors import NotDispatched
from tieline.model.commands import ReceiveEvent
from tieline.model.content import plain
from tieline.model.delivery import Part
from tieline.model.inbound import InboundDelete, InboundEdit, InboundMessage, InboundReaction, NativeAuthor
from tieline.model.message import Message
from tieline.model.rooms import Direction, Link
from tieline.plugins.surveying import APART, missed
from tieline.ports.abilities import NativeState

DANA = NativeAuthor(native_id="U7", display="Dana")


class Told:
    """A platform that says how its messages are."""

    def __init__(self, *states: NativeState, down: bool = False) -> None:
        self.states = states
        self.down = down

    async def survey(self, conversation: str, parts: Sequence[Part]) -> Sequence[NativeState]:
        if self.down:
            raise NotDispatched("down")
        return self.states


def rig_with_three() -> Rig:
    rig = Rig("slack")
    rig.directory.apply(
        [Link(id="lnk_g", room_id="room_1", channel="guild", conversation="D", direction=Direction.BOTH)]
    )
    for number in range(3):
        event = InboundMessage(
            conversation="D", native_id=f"m{number}", author=DANA, content=plain(f"text {number}"), sent_at=1
        )
        rig.hub.decide(ReceiveEvent(channel="guild", event=event))
    return rig


async def ask(rig: Rig, told: Told) -> Sequence[object]:
    events = await missed("guild", "D", told, rig.directory, rig.hub)
    for event in events:
        rig.hub.decide(ReceiveEvent(channel="guild", event=event))
    return events


async def test_what_is_gone_was_deleted_and_what_is_there_stays() -> None:
    rig = rig_with_three()
    told = Told(NativeState(native_id="m0"), NativeState(native_id="m2"))
    events = await ask(rig, told)
    assert [(type(event), event.native_id) for event in events if isinstance(event, InboundDelete)] == [
        (InboundDelete, "m1")
    ]
    assert len(events) == 1
    assert list(await ask(rig, told)) == []


async def test_reactions_that_were_missed_are_set_and_those_of_guests_taken_back() -> None:
    rig = rig_with_three()
    states = [NativeState(native_id=f"m{number}") for number in range(3)]
    loved = [NativeState(native_id="m0", reactions=(("🐟", DANA),)), *states[1:]]
    first = await ask(rig, Told(*loved))
    assert [(e.native_id, e.emoji, e.on) for e in first if isinstance(e, InboundReaction)] == [("m0", "🐟", True)]
    assert list(await ask(rig, Told(*loved))) == []
    back = await ask(rig, Told(*states))
    assert [(e.native_id, e.emoji, e.on) for e in back if isinstance(e, InboundReaction)] == [("m0", "🐟", False)]


def edited(native_id: str, text: str, at: int) -> NativeState:
    edit = InboundEdit(conversation="D", native_id=native_id, author=DANA, content=plain(text), edited_at=at)
    return NativeState(native_id=native_id, edited=edit)


async def test_an_edit_that_is_newer_than_what_the_hub_knows_was_missed() -> None:
    rig = rig_with_three()
    now = rig.hub.now
    told = Told(edited("m0", "new", now), edited("m1", "old", now - APART), NativeState(native_id="m2"))
    events = await ask(rig, told)
    assert [event.native_id for event in events if isinstance(event, InboundEdit)] == ["m0"]
    assert sorted(message.text for message in rig.hub.find(Message)) == ["new", "text 1", "text 2"]
    assert await rig.hub.last_seq("room_1") == 4
    await ask(rig, told)
    assert await rig.hub.last_seq("room_1") == 4, "the same text changes nothing"


async def test_a_platform_that_cannot_tell_deletes_nothing() -> None:
    rig = rig_with_three()
    assert list(await ask(rig, Told(down=True))) == []
