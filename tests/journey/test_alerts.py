"""Alerts on the real store: raised, climbing, answered from anywhere, once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.services.databases import database, migrated_file, postgres
from tests.services.studio import Studio
from tieline.coordination.deciders import ACTS
from tieline.coordination.deciders import deciders as coordination_deciders
from tieline.directory import MemoryDirectory
from tieline.directory import deciders as directory_deciders
from tieline.model.alerts import Alert, AlertState, Climb, ClimbState
from tieline.model.channels import Trait
from tieline.model.commands import AnswerAlert, ApplyConfig, ClimbOn, RaiseAlert, ReceiveEvent, RegisterChannel
from tieline.model.content import plain
from tieline.model.delivery import DeliveryState, Operation
from tieline.model.inbound import (
    InboundCommand,
    InboundConsent,
    InboundInteraction,
    InboundMessage,
    InboundStatus,
    NativeAuthor,
    Receipt,
)
from tieline.model.keeping import Kept, KeptState
from tieline.model.policies import Notify, PolicySet, QuietHours, Rung
from tieline.model.rooms import Severity
from tieline.ports.local_bus import LocalBus
from tieline.ports.reading import Page
from tieline.routing.deciders import deciders as routing_deciders
from tieline.store import Store
from tieline.testing.clock import VirtualClock

__all__ = ["database", "migrated_file", "postgres"]

PRIYA = NativeAuthor(native_id="+447700900123", display="+447700900123")
MAIL = RegisterChannel(
    name="mail", adapter="email", traits=(Trait.CONTACTS, Trait.KEEPS_STRANGERS), own="hub@example.org"
)
LADDER = (Rung(via="mention", wait=60_000), Rung(via="sms", wait=120_000))


@pytest.fixture
async def studio(database: str) -> AsyncIterator[Studio]:
    clock = VirtualClock()
    directory, bus = MemoryDirectory(), LocalBus()
    deciders = {**directory_deciders(), **routing_deciders(ACTS), **coordination_deciders()}
    store = Store(database, directory=directory, deciders=deciders, bus=bus, clock=clock)
    await store.start()
    made = Studio(store=store, directory=directory)
    made.clock = clock  # type: ignore[attr-defined]
    bus.subscribe(made.heard.append)
    await made.done(RegisterChannel(name="phones", adapter="sms", traits=(Trait.WORDS, Trait.KEEPS_STRANGERS)))
    await made.done(RegisterChannel(name="slack", adapter="slack", traits=(Trait.DIRECT,)))
    await made.member("priya", accounts={"phones": PRIYA.native_id, "slack": "U1"})
    await made.member("rowan", accounts={"phones": "+447700900999"})
    await made.member("ops")
    await made.room("dj-waste")
    yield made
    await store.close()


async def policies(studio: Studio, **fields: object) -> None:
    await studio.done(ApplyConfig(file="f", policies=PolicySet(**fields)))  # type: ignore[arg-type]


async def raised(studio: Studio, **fields: object) -> Alert:
    fields = {"summary": "disk full on db-3", "room": "dj-waste", **fields}
    value = await studio.done(RaiseAlert(actor=studio.actor("ops"), **fields))  # type: ignore[arg-type]
    assert isinstance(value, Alert)
    return value


async def said(studio: Studio) -> str:
    """The last line of the hub to a phone."""
    notices = [d for d in await studio.deliveries() if d.operation is Operation.NOTICE and d.channel == "phones"]
    return notices[-1].text or ""


async def climb_on(studio: Studio) -> Climb:
    (climb,) = await studio.reader.climbs(10)
    studio.clock.jump((climb.due_at - studio.clock.now()) / 1000)  # type: ignore[attr-defined]
    value = await studio.done(ClimbOn(climb_id=climb.id, rung=climb.rung))
    assert isinstance(value, Climb)
    return value


async def test_an_alert_is_a_message_that_offers_an_answer_and_tells_its_state_everywhere(studio: Studio) -> None:
    await studio.link("C1", room="dj-waste")
    alert = await raised(studio, details="97 %", severity=Severity.CRITICAL)
    message = await studio.reader.message(alert.message_id)
    assert message is not None
    assert (message.text, message.severity) == ("disk full on db-3\n\n97 %", Severity.CRITICAL)
    assert [action.name for action in message.actions] == ["ack", "close"]
    assert {action.target for action in message.actions} == {message.id}
    press = InboundInteraction(
        conversation="C1",
        native_id="p",
        author=NativeAuthor(native_id="U1", display="P"),
        action="ack",
        target=message.id,
    )
    assert "it was you" in ((await studio.receive(press)).answer or "")
    assert "already by **priya** via slack" in ((await studio.receive(press)).answer or "")
    after = await studio.reader.message(alert.message_id)
    assert after is not None
    assert "*Acknowledged by **priya** via slack, " in after.text
    assert [action.name for action in after.actions] == ["close"]
    edits = [d for d in await studio.deliveries(message.id) if d.operation is Operation.EDIT]
    assert [d.conversation for d in edits] == ["C1"]


async def test_the_same_trouble_counts_and_disturbs_nobody_again_until_it_is_closed(studio: Studio) -> None:
    await policies(studio, ladder=LADDER, on_call=("priya",))
    first = await raised(studio, dedup="disk")
    again = await raised(studio, dedup="disk")
    other = await raised(studio, dedup="cpu")
    assert (again.id, again.count) == (first.id, 2)
    assert other.id != first.id
    assert len(await studio.reader.climbs(10)) == 2
    message = await studio.reader.message(first.message_id)
    assert message is not None
    assert message.text == "disk full on db-3 (×2)"
    closed = await studio.done(
        AnswerAlert(actor=studio.actor("rowan"), room="dj-waste", dedup="disk", state=AlertState.CLOSED)
    )
    assert isinstance(closed, Alert)
    assert (closed.state, closed.by, closed.via) == (AlertState.CLOSED, "rowan", "api")
    assert (await raised(studio, dedup="disk")).id != first.id


async def test_a_climb_goes_from_rung_to_rung_to_the_next_on_call_and_stops_at_the_first_answer(studio: Studio) -> None:
    await policies(studio, ladder=LADDER, on_call=("priya", "nobody", "rowan"))
    alert = await raised(studio)
    (climb,) = await studio.reader.climbs(10)
    assert (climb.reached, climb.rung) == (("mention",), 1)
    stale = await studio.done(ClimbOn(climb_id=climb.id, rung=1))
    assert stale == climb  # too early: nothing
    up = await climb_on(studio)
    assert up.reached == ("mention", "phones")
    (sms,) = [d for d in await studio.deliveries(alert.message_id) if d.channel == "phones"]
    assert (sms.conversation, sms.code, sms.link_id) == (PRIYA.native_id, "1", None)
    assert (await studio.done(ClimbOn(climb_id=climb.id, rung=1))) == up  # a repeat: nothing
    tired = await climb_on(studio)
    assert tired.state is ClimbState.EXHAUSTED
    (after,) = await studio.reader.climbs(10)
    rowan = studio.directory.member("rowan")
    assert rowan is not None
    assert (after.member_id, after.turn) == (rowan.id, 2)
    command = InboundCommand(conversation=PRIYA.native_id, native_id="SM1", author=PRIYA, text="1 ack")
    receipt = await studio.receive(command, "phones")
    assert receipt.answer is None  # it goes out like everything that costs
    assert await said(studio) == "Acknowledged: disk full on db-3. Everybody sees that it was you."
    assert await studio.reader.climbs(10) == []
    known = await studio.reader.alert(alert.id)
    assert known is not None
    assert (known.state, known.by, known.via) == (AlertState.ACKNOWLEDGED, "priya", "phones")
    states = {d.channel: d.state for d in await studio.deliveries(alert.message_id)}
    assert states["phones"] is DeliveryState.EXPIRED  # it was not begun
    await studio.receive(msgspec.structs.replace(command, native_id="SM2"), "phones")
    assert "already by **priya** via phones" in await said(studio)
    await studio.receive(msgspec.structs.replace(command, native_id="SM3", text="7 ok"), "phones")
    assert "has the code 7" in await said(studio)
    again = await studio.receive(msgspec.structs.replace(command, native_id="SM3", text="7 ok"), "phones")
    assert again.status == "repeat"


async def test_codes_count_up_for_each_receiver(studio: Studio) -> None:
    await policies(studio, notify={"priya": Notify(ladder=(Rung(via="phones", wait=60_000),))}, on_call=("priya",))
    alerts = [await raised(studio, summary=f"trouble {n}") for n in range(3)]
    codes = [d.code for alert in alerts for d in await studio.deliveries(alert.message_id)]
    assert codes == ["1", "2", "3"]
    direct = await raised(studio, room="", to="rowan", summary="for you")
    assert [d.code for d in await studio.deliveries(direct.message_id) if d.channel == "phones"] in (["1"], [])


async def test_quiet_hours_put_off_what_is_not_critical(studio: Studio) -> None:
    now = studio.clock.now()  # type: ignore[attr-defined]
    minute = now // 60_000 % 1440
    quiet = QuietHours(start=(minute - 60) % 1440, end=(minute + 60) % 1440)
    ladder = (Rung(via="phones", wait=60_000),)
    await policies(studio, notify={"priya": Notify(ladder=ladder, quiet=quiet)}, on_call=("priya",))
    calm = await raised(studio)
    assert await studio.deliveries(calm.message_id) == []
    (climb,) = await studio.reader.climbs(10)
    assert 59 * 60_000 <= climb.due_at - now <= 61 * 60_000
    await climb_on(studio)
    assert [d.channel for d in await studio.deliveries(calm.message_id)] == ["phones"]
    await studio.done(AnswerAlert(actor=studio.actor("ops"), alert_id=calm.id, state=AlertState.CLOSED))
    studio.clock.jump(-3600)  # type: ignore[attr-defined]
    loud = await raised(studio, severity=Severity.CRITICAL)
    assert [d.channel for d in await studio.deliveries(loud.message_id)] == ["phones"]


async def test_who_says_stop_hears_no_more_until_start(studio: Studio) -> None:
    await policies(studio, notify={"priya": Notify(ladder=(Rung(via="phones", wait=60_000),))}, on_call=("priya",))
    first = await raised(studio)
    stop = InboundConsent(conversation=PRIYA.native_id, native_id="SM9", author=PRIYA, wanted=False, word="STOP")
    await studio.receive(stop, "phones")
    (ended,) = await studio.deliveries(first.message_id)
    assert (ended.state, ended.fault and ended.fault.code) == (DeliveryState.EXPIRED, "opted_out")
    second = await raised(studio)
    (never,) = await studio.deliveries(second.message_id)
    assert (never.state, never.fault and never.fault.code) == (DeliveryState.EXPIRED, "opted_out")
    await studio.receive(msgspec.structs.replace(stop, wanted=True, word="START"), "phones")
    third = await raised(studio)
    assert [d.state for d in await studio.deliveries(third.message_id)] == [DeliveryState.QUEUED]


async def test_statuses_only_move_forward_in_whatever_order_they_come(studio: Studio) -> None:
    await policies(studio, notify={"priya": Notify(ladder=(Rung(via="phones", wait=60_000),))}, on_call=("priya",))
    alert = await raised(studio)
    (sms,) = await studio.deliveries(alert.message_id)

    async def told(state: DeliveryState, **more: object) -> DeliveryState:
        event = InboundStatus(
            conversation=sms.conversation,
            native_id="SM7",
            state=state,
            at=1,
            delivery_id=sms.id,
            **more,  # type: ignore[arg-type]
        )
        await studio.receive(event, "phones")
        now = await studio.reader.delivery(sms.id)
        assert now is not None
        return now.state

    assert await told(DeliveryState.DELIVERED) is DeliveryState.DELIVERED
    assert await told(DeliveryState.SENT) is DeliveryState.DELIVERED
    assert await told(DeliveryState.FAILED, code="30003") is DeliveryState.DELIVERED
    assert await told(DeliveryState.READ) is DeliveryState.READ
    ghost = InboundStatus(conversation="+1", native_id="SM0", state=DeliveryState.SENT, at=1, delivery_id="dlv_none")
    assert (await studio.receive(ghost, "phones")).status == "ignored"


async def test_strangers_are_kept_and_shown_and_never_answered_and_people_decide(studio: Studio) -> None:
    event = InboundMessage(
        conversation="+15550001", native_id="SM1", author=NativeAuthor(native_id="+15550001", display="+15550001"),
        content=plain("who is this?"), sent_at=1, direct=True,
    )  # fmt: skip
    assert (await studio.receive(event, "phones")).status == "kept"
    assert (await studio.receive(event, "phones")).status == "repeat"
    assert await studio.deliveries() == []
    (kept,) = await studio.reader.kept((KeptState.KEPT,), Page())
    assert (kept.author_native, kept.text, kept.reason) == ("+15550001", "who is this?", "the sender is not known here")
    from tieline.model.commands import DecideKept

    rowan = studio.actor("rowan")
    low = await studio.refused(DecideKept(actor=rowan, kept_id=kept.id, state=KeptState.RELEASED, room="dj-waste"))
    assert low.code == "level_too_low"
    chief = msgspec.structs.replace(rowan, level=3)
    decided = await studio.done(DecideKept(actor=chief, kept_id=kept.id, state=KeptState.RELEASED, room="dj-waste"))
    assert isinstance(decided, Kept)
    room = studio.directory.room("dj-waste")
    assert room is not None
    assert [m.text for m in await studio.messages(room)] == ["who is this?"]
    again = await studio.refused(DecideKept(actor=chief, kept_id=kept.id, state=KeptState.DISCARDED))
    assert again.code == "kept_decided"


async def test_a_forged_answer_is_kept_with_what_it_would_have_answered(studio: Studio) -> None:
    await studio.done(MAIL)
    await studio.link("hub@example.org", room="dj-waste", channel="mail")
    client = NativeAuthor(native_id="client@example.net", display="Client")

    async def mailed(number: str, who: NativeAuthor, text: str, **more: object) -> Receipt:
        event = InboundMessage(
            conversation="hub@example.org",
            native_id=number,
            author=who,
            content=plain(text),
            sent_at=1,
            **more,  # type: ignore[arg-type]
        )
        return await studio.receive(event, "mail")

    first = await mailed("<1@x>", client, "hello")
    room = studio.directory.room("dj-waste")
    assert room is not None
    assert first.status == "stored"
    second = await mailed("<2@x>", client, "more", references=("<1@x>",), original="more\n\n> hello")
    message = await studio.reader.message(second.message_id or "")
    assert message is not None
    assert message.thread == first.message_id
    assert await studio.reader.original(message.id) == "more\n\n> hello"
    mallory = NativeAuthor(native_id="mallory@example.net", display="Client")
    forged = await mailed("<3@x>", mallory, "send me the keys", suspect="the token was given to somebody else")
    assert forged.status == "kept"
    assert len(await studio.messages(room)) == 2


async def test_an_answer_in_the_room_goes_to_the_contact_of_the_thread_alone(studio: Studio) -> None:
    await studio.done(MAIL)
    await studio.link("hub@example.org", room="dj-waste", channel="mail")
    event = InboundMessage(
        conversation="hub@example.org", native_id="<1@x>", author=NativeAuthor(native_id="client@example.net", display="C"),
        content=plain("hello"), sent_at=1,
    )  # fmt: skip
    first = await studio.receive(event, "mail")
    answer = await studio.post("priya", "hi there", room="dj-waste", thread=first.message_id)
    talk = await studio.post("priya", "between us", room="dj-waste")
    assert [d.conversation for d in await studio.deliveries(answer.id)] == ["client@example.net"]
    assert await studio.deliveries(talk.id) == []
    command = ReceiveEvent(channel="mail", event=event, final=True)
    assert (await studio.done(command)).status == "repeat"  # type: ignore[attr-defined]


async def test_another_id_that_a_provider_gave_our_mail_is_learnt_from_a_reply_with_its_token(studio: Studio) -> None:
    await studio.done(MAIL)
    await studio.link("client@example.net", room="dj-waste", channel="mail")
    sent = await studio.post("priya", "hello", room="dj-waste")
    (delivery,) = await studio.deliveries(sent.id)
    client = NativeAuthor(native_id="client@example.net", display="C")

    async def replies(number: str, **more: object) -> str | None:
        event = InboundMessage(
            conversation="hub@example.org",
            native_id=number,
            author=client,
            content=plain("yes"),
            sent_at=1,
            references=("<ses-1@provider>",),
            **more,  # type: ignore[arg-type]
        )
        message = await studio.reader.message((await studio.receive(event, "mail")).message_id or "")
        return message.thread if message else None

    assert await replies("<1@x>", answers=delivery.id) == sent.id
    assert await replies("<2@x>") == sent.id
