"""The simulated platform and its connection: the real parser in, the real rendering out, and failing as told."""

from collections.abc import AsyncIterator
from importlib.metadata import EntryPoint

import pytest

from tieline.errors import AdapterError, DeliveryError, Misconfigured, NotDispatched, Permanent, Throttled, Uncertain
from tieline.model.capabilities import Support
from tieline.model.content import Paragraph, Strong, Text
from tieline.model.delivery import Endpoint, Frame, Part, PartDirection
from tieline.model.inbound import InboundDelete, InboundEdit, InboundMessage, InboundReaction
from tieline.model.message import Author
from tieline.ports.abilities import Deletes, Edits, History, Looks, Reacts
from tieline.ports.adapter import AdapterContext, Outgoing, PartRef, Sent
from tieline.ports.simulation import find_simulator
from tieline.testing.clock import VirtualClock
from tieline.testing.session import RecordingSession
from tieline_simulated.adapter import SimulatedAdapter, SimulatedChat, create
from tieline_simulated.config import check
from tieline_simulated.platform import SimulatedPlatform, Switch
from tieline_simulated.simulators import is_stand_in, simulator_for

PLACE = "C0STUDIO"
PRIYA = "U0PRIYA"


@pytest.fixture
def platform() -> SimulatedPlatform:
    return SimulatedPlatform(
        simulator_for("slack"), VirtualClock(), conversation=PLACE, people={PRIYA: "Priya Nair", "U0MILO": "Milo"}
    )


@pytest.fixture
def session() -> RecordingSession:
    return RecordingSession()


@pytest.fixture
async def chat(platform: SimulatedPlatform, session: RecordingSession) -> AsyncIterator[SimulatedChat]:
    context = AdapterContext(channel="slack", settings={"platform": "slack", "pane": platform}, clock=VirtualClock())
    adapter = create(context)
    assert isinstance(adapter, SimulatedChat)
    await adapter.connect(session)
    yield adapter
    await adapter.disconnect()


def outgoing(text: str = "hello", key: str = "dlv_1:0", thread: str | None = None) -> Outgoing:
    return Outgoing(
        key=key,
        delivery_id=key.partition(":")[0],
        endpoint=Endpoint(channel="slack", conversation=PLACE),
        frame=Frame(text=text, index=0, total=1, units=len(text)),
        author=Author(handle="marcus", kind="ai", display="Marcus"),
        thread=thread,
    )


def ref_of(sent: Sent) -> PartRef:
    part = Part(
        channel="slack",
        conversation=PLACE,
        native_id=sent.native_id,
        message_id="m",
        room_id="r",
        direction=PartDirection.OUT,
    )
    return PartRef(endpoint=Endpoint(channel="slack", conversation=PLACE), part=part)


async def test_what_a_person_types_goes_through_slacks_own_parser(
    chat: SimulatedChat, platform: SimulatedPlatform, session: RecordingSession
) -> None:
    native = platform.say(PRIYA, "the *night bus* & <b>")
    (event,) = await session.wait_for(1)
    assert isinstance(event, InboundMessage)
    assert (event.native_id, event.author.display, event.conversation) == (native, "Priya Nair", PLACE)
    (block,) = event.content.blocks
    assert isinstance(block, Paragraph)
    assert Strong(children=(Text(text="night bus"),)) in block.children
    shown = platform.messages()[0].html
    assert "<strong>night bus</strong>" in shown
    assert "<b>" not in shown


async def test_edits_deletes_and_reactions_of_people_are_reported_in_order(
    chat: SimulatedChat, platform: SimulatedPlatform, session: RecordingSession
) -> None:
    native = platform.say(PRIYA, "on")
    assert platform.change(PRIYA, native, "one")
    assert platform.mark("U0MILO", native, "👍", on=True)
    assert platform.remove(PRIYA, native)
    kinds = [type(event) for event in await session.wait_for(4)]
    assert kinds == [InboundMessage, InboundEdit, InboundReaction, InboundDelete]


async def test_nobody_changes_what_somebody_else_wrote(platform: SimulatedPlatform) -> None:
    native = platform.say(PRIYA, "mine")
    assert not platform.change("U0MILO", native, "yours")
    assert not platform.remove("U0MILO", native)
    assert not platform.change(PRIYA, "0.0", "nothing there")


async def test_what_the_hub_sends_is_shown_rendered_and_can_be_changed(
    chat: SimulatedChat, platform: SimulatedPlatform
) -> None:
    sent = await chat.send(outgoing(f"*Found it*, <@{PRIYA}> &lt;script&gt;"))
    (shown,) = platform.messages()
    assert "<strong>Found it</strong>" in shown.html
    assert "Marcus" in shown.html
    assert "@Priya Nair" in shown.html
    assert "<script>" not in shown.html
    await chat.edit(ref_of(sent), outgoing("never mind"))
    assert shown.edited
    assert "never mind" in shown.html
    await chat.react(ref_of(sent), "🎉", on=True)
    assert shown.reactions == {"🎉": {"tieline"}}
    await chat.delete(ref_of(sent))
    await chat.delete(ref_of(sent))
    assert platform.messages() == []
    with pytest.raises(Permanent, match="part_gone"):
        await chat.edit(ref_of(sent), outgoing("too late"))


@pytest.mark.parametrize(
    ("switch", "error", "dispatched"),
    [
        (Switch.CUT, NotDispatched, False),
        (Switch.THROTTLED, Throttled, False),
        (Switch.FAILING, Permanent, False),
        (Switch.FLAKY, Uncertain, None),
    ],
)
async def test_a_switch_fails_sends_as_law_2_has_them(
    chat: SimulatedChat,
    platform: SimulatedPlatform,
    switch: Switch,
    error: type[DeliveryError],
    dispatched: bool | None,
) -> None:
    platform.set_switch(switch)
    with pytest.raises(error) as caught:
        await chat.send(outgoing())
    assert caught.value.dispatched is dispatched
    assert len(platform.messages()) == (1 if dispatched is None else 0)


async def test_a_lost_answer_is_found_again_by_its_key(chat: SimulatedChat, platform: SimulatedPlatform) -> None:
    platform.set_switch(Switch.FLAKY)
    with pytest.raises(Uncertain):
        await chat.send(outgoing(key="dlv_7:0"))
    found = await chat.look_up(outgoing(key="dlv_7:0"), 0)
    assert found is not None
    assert found.native_id == platform.messages()[0].native_id
    assert await chat.look_up(outgoing(key="dlv_8:0"), 0) is None


async def test_what_is_written_while_the_line_is_cut_is_history_and_not_reported(
    chat: SimulatedChat, platform: SimulatedPlatform, session: RecordingSession
) -> None:
    platform.say(PRIYA, "before")
    await session.wait_for(1)
    cursor = (await chat.resync(PLACE, None)).cursor
    platform.set_switch(Switch.CUT)
    assert session.downs == ["the connection is cut"]
    assert not chat.is_connected()
    missed = [platform.say(PRIYA, f"meanwhile {number}") for number in range(60)]
    with pytest.raises(NotDispatched):
        await chat.resync(PLACE, cursor)
    platform.set_switch(Switch.OK)
    await VirtualClock().settle()
    assert session.ups == 1
    first = await chat.resync(PLACE, cursor)
    second = await chat.resync(PLACE, first.cursor)
    assert first.more
    assert not second.more
    assert [event.native_id for event in (*first.events, *second.events)] == missed
    assert len(session.events) == 1


async def test_a_cut_platform_cannot_be_connected_to(platform: SimulatedPlatform, session: RecordingSession) -> None:
    platform.set_switch(Switch.CUT)
    adapter = create(
        AdapterContext(channel="slack", settings={"platform": "slack", "pane": platform}, clock=VirtualClock())
    )
    with pytest.raises(AdapterError, match="refused"):
        await adapter.connect(session)
    await adapter.disconnect()


@pytest.mark.parametrize("name", ["slack", "discord", "email", "sms"])
def test_abilities_and_declared_capabilities_agree(name: str) -> None:
    adapter = create(AdapterContext(channel="x", settings={"platform": name}, clock=VirtualClock()))
    can = adapter.capabilities(Endpoint(channel="x", conversation="y"))
    assert isinstance(adapter, Edits) == (can.edit.level >= Support.PARTIAL)
    assert isinstance(adapter, Deletes) == (can.delete.level >= Support.PARTIAL)
    assert isinstance(adapter, Reacts) == (can.reaction.level >= Support.PARTIAL)
    assert isinstance(adapter, History) == can.history
    assert isinstance(adapter, Looks) == can.lookup
    assert isinstance(adapter, SimulatedAdapter)


def test_what_has_an_adapter_is_played_by_it_and_the_others_by_stand_ins_that_say_so() -> None:
    assert [is_stand_in(simulator_for(name)) for name in ("slack", "discord")] == [False, False]
    with pytest.raises(KeyError):
        simulator_for("pager")


def test_a_simulator_whose_sdk_is_not_installed_is_none() -> None:
    point = EntryPoint(name="slack", value="tieline_simulated.manifest:MANIFEST", group="tieline.adapters")
    assert find_simulator("slack", [point]) is None
    assert find_simulator("nothing", [point]) is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "missing"),
        ({"platform": "fax"}, "fax"),
        ({"platform": "sms", "colour": 1}, "colour"),
        ({"platform": "sms", "pane": 7}, "pane"),
    ],
)
def test_wrong_settings_are_named_with_their_mend(settings: dict[str, object], said: str) -> None:
    (problem,) = check(settings)
    assert said in problem.message
    with pytest.raises(Misconfigured):
        create(AdapterContext(channel="x", settings=settings, clock=VirtualClock()))


def test_stand_ins_escape_what_they_show() -> None:
    platform = SimulatedPlatform(simulator_for("sms"), VirtualClock(), conversation="+1")
    shown = platform.post(outgoing("<img src=x onerror=alert(1)>"))
    assert "<img" not in shown.html


def test_a_word_that_means_something_on_a_phone_is_no_message_and_its_answer_is_shown() -> None:
    phone = SimulatedPlatform(
        simulator_for("sms"), VirtualClock(), conversation="+15005550006", people={"+447700900123": "Priya"}
    )
    phone.say("+447700900123", "1 ack")
    phone.say("+447700900123", "STOP")
    kinds = [type(entry.event).__name__ for entry in phone.after(0, 10)]
    assert kinds == ["InboundCommand", "InboundConsent"]
    phone.answer("Nothing here has the code **1**.")
    assert "<strong>1</strong>" in phone.messages()[-1].html
