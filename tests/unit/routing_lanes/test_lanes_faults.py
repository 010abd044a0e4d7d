"""What lanes do when channels fail: the fault tests F3 to F8 of the reliability plan, in virtual time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import msgspec
import pytest

from tests.unit.routing_lanes.rig import Rig
from tieline.directory.memory import MemoryDirectory
from tieline.errors import StoreError
from tieline.model.capabilities import RateLimit
from tieline.model.channels import ChannelRecord
from tieline.model.delivery import DeliveryState
from tieline.ports.channels import OnDoubt
from tieline.testing import scripted
from tieline.testing.scripted_adapter import CAPABILITIES

MakeRig = Callable[..., Rig]


# ── F3: lost answers ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_lost_answer_is_looked_up_and_people_see_one_message(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].script(scripted.LOST_ANSWER)
    rig.post("deploy is done")
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["deploy is done"]
    assert rig.states() == ["sent"]
    assert rig.platforms["slack"].count(operation="send") == 1


async def test_an_uncertain_send_that_did_not_happen_is_sent_after_the_look_up(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].script(scripted.BROKEN)
    rig.post("once")
    await rig.clock.settle()
    assert rig.states() == ["uncertain"]
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["once"]
    assert [name for _, name, _ in rig.platforms["slack"].calls] == ["send", "find", "send"]


async def test_a_thousand_sends_with_every_third_answer_lost_show_each_message_once_in_order(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    script = [scripted.LOST_ANSWER, scripted.OK, scripted.OK, scripted.OK]
    rig.platforms["slack"].script(*script * 250)
    for number in range(300):
        rig.post(f"message {number}")
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == [f"message {number}" for number in range(300)]


async def test_silence_is_uncertain_after_a_minute_and_then_looked_up(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].script(scripted.SILENCE)
    rig.post("anybody there?")
    await rig.clock.advance(59)
    assert rig.states() == ["sending"]
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["anybody there?"]
    assert rig.hub.all()[0].attempts == 2


async def test_without_look_up_a_doubtful_send_is_repeated_and_marked(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start(msgspec.structs.replace(CAPABILITIES, lookup=False))
    rig.platforms["slack"].script(scripted.LOST_ANSWER)
    rig.post("twice perhaps")
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["twice perhaps", "twice perhaps"]
    (delivery,) = rig.hub.all()
    assert [mark.feature for mark in delivery.degradations] == ["once"]


async def test_without_look_up_a_channel_may_hold_what_is_in_doubt_until_a_person_decides(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.channels.doubt = OnDoubt.HOLD
    await rig.start(msgspec.structs.replace(CAPABILITIES, lookup=False))
    rig.platforms["slack"].script(scripted.LOST_ANSWER)
    rig.post("expensive")
    rig.post("next")
    await rig.clock.run_until(lambda: rig.states() == ["held", "sent"])
    assert rig.texts("slack") == ["expensive", "next"]
    held = rig.hub.all()[0]
    assert held.fault is not None
    assert held.fault.code == "in_doubt"
    rig.discard(held)
    await rig.clock.run_until(rig.settled)
    assert rig.states() == ["expired", "sent"]


async def test_garbage_that_goes_on_is_bounded_and_ends_as_a_dead_letter(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].always(scripted.GARBAGE)
    rig.post("hello")
    await rig.clock.run_until(rig.settled)
    (delivery,) = rig.hub.all()
    assert delivery.state is DeliveryState.FAILED
    assert delivery.attempts == 12
    assert delivery.fault is not None
    assert "may have been shown" in delivery.fault.detail


# ── F4: down for ten minutes ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_channel_that_was_down_drains_in_order_at_its_pace_while_another_flows(make_rig: MakeRig) -> None:
    rig = make_rig("slack", "guild")
    paced = msgspec.structs.replace(CAPABILITIES, rate=RateLimit(per_second=10, burst=5))
    await rig.start(paced)
    rig.channels.set_down("slack")
    for number in range(1_000):
        rig.post(f"m{number}")
    await rig.clock.advance(600)
    assert rig.texts("slack") == []
    assert rig.texts("guild") == [f"m{number}" for number in range(1_000)], "the other channel flowed"
    up_at = rig.clock.monotonic()
    rig.channels.set_down("slack", down=False)
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == [f"m{number}" for number in range(1_000)]
    times = [at for at, name, _ in rig.platforms["slack"].calls if name == "send"]
    assert times[0] >= up_at
    for first, sixteenth in zip(times, times[15:], strict=False):
        assert sixteenth - first >= 0.99, "never more than ten a second and the burst"
    assert rig.clock.monotonic() - up_at == pytest.approx(99.5, abs=1)


async def test_a_slow_channel_delays_no_other(make_rig: MakeRig) -> None:
    rig = make_rig("slow", "fast")
    await rig.start()
    rig.platforms["slow"].always(scripted.slow(20))
    for number in range(10):
        rig.post(f"m{number}")
    await rig.clock.settle()
    await rig.clock.advance(0.001)
    assert len(rig.texts("fast")) == 10
    assert rig.texts("slow") == []
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slow") == [f"m{number}" for number in range(10)]


async def test_a_throttled_conversation_delays_no_other_of_its_channel(make_rig: MakeRig) -> None:
    rig = make_rig("slack", conversations=2)
    await rig.start()
    rig.platforms["slack"].script(scripted.throttled("100"), conversation="C0")
    for number in range(3):
        rig.post(f"m{number}")
    await rig.clock.advance(1)
    assert rig.texts("slack", "C1") == ["m0", "m1", "m2"]
    assert rig.texts("slack", "C0") == []
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack", "C0") == ["m0", "m1", "m2"]


# ── F5: Retry-After ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("1", 1.0),
        ("30", 30.0),
        ("1336", 1336.0),
        ("2.75", 2.75),
        (None, 1.0),
        ("-5", 1.0),
        ("nan", 1.0),
        ("soon", 1.0),
        ("Mon, 21 Sep 2026 14:15:20 GMT", 120.0),
    ],
)
async def test_no_call_is_made_before_the_platform_allows_it(
    make_rig: MakeRig, header: str | None, seconds: float
) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].script(scripted.throttled(header))
    rig.post("one")
    rig.post("two")
    await rig.clock.advance(seconds - 0.05)
    assert rig.platforms["slack"].count() == 1
    waiting = rig.hub.all()[0]
    assert (waiting.state, waiting.attempts) == (DeliveryState.QUEUED, 0)
    await rig.clock.advance(0.1)
    assert rig.texts("slack") == ["one", "two"]


@pytest.mark.parametrize("header", ["1e300", "inf", "99999999999"])
async def test_a_huge_retry_after_is_shown_and_kept(make_rig: MakeRig, header: str) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].script(scripted.throttled(header))
    rig.post("one")
    if header == "inf":  # no number of seconds at all
        await rig.clock.advance(1.1)
        assert rig.texts("slack") == ["one"]
        return
    await rig.clock.advance(86_400 * 300)
    assert rig.platforms["slack"].count() == 1
    (delivery,) = rig.hub.all()
    assert delivery.fault is not None
    assert delivery.fault.code == "ratelimited"
    assert delivery.next_at == pytest.approx(rig.clock.now() + 66 * 86_400_000, abs=1000)


async def test_a_jump_of_the_wall_clock_neither_hastens_nor_holds_a_throttled_lane(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].script(scripted.throttled("30"))
    rig.post("one")
    await rig.clock.settle()
    rig.clock.jump(3600)
    await rig.clock.advance(29)
    rig.post("two")  # wakes the lane
    await rig.clock.settle()
    assert rig.platforms["slack"].count() == 1
    rig.clock.jump(-7200)
    await rig.clock.advance(1.1)
    assert rig.texts("slack") == ["one", "two"]


# ── F6: refused for good ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "answer", [scripted.UNAUTHORIZED, scripted.FORBIDDEN, scripted.UNKNOWN_PLACE, scripted.GONE], ids=lambda a: a.error
)
async def test_a_refusing_platform_is_not_hammered(make_rig: MakeRig, answer: scripted.Behaviour) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].always(answer)
    for number in range(100):
        rig.post(f"m{number}")
    await rig.clock.advance(60)
    assert rig.platforms["slack"].count() <= 3
    assert {fault.code for _, fault, _ in rig.channels.reports if fault} == {answer.error}
    await rig.clock.advance(540)
    assert rig.platforms["slack"].count() <= 6, "the limit of Discord is 10,000 in ten minutes"
    assert set(rig.states()) == {"queued"}, "no message is to blame"


async def test_a_conversation_that_lets_us_in_again_gets_what_waited(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].always(scripted.FORBIDDEN)
    rig.post("one")
    rig.post("two")
    await rig.clock.advance(300)
    rig.platforms["slack"].always(None)
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["one", "two"]


async def test_many_refused_messages_in_a_row_slow_their_lane_down(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].always(scripted.REJECTED)
    for number in range(1000):
        rig.post(f"m{number}")
    await rig.clock.advance(600)
    assert rig.platforms["slack"].count() < 40


async def test_a_persons_retry_does_not_wait_for_what_was_refused_before(make_rig: MakeRig) -> None:
    rig = make_rig("slack")
    await rig.start()
    rig.platforms["slack"].always(scripted.REJECTED)
    for number in range(12):
        rig.post(f"m{number}")
    await rig.clock.run_until(lambda: rig.states().count("failed") >= 9)
    rig.platforms["slack"].always(None)
    failed = next(delivery for delivery in rig.hub.all() if delivery.state is DeliveryState.FAILED)
    rig.retry(failed)
    await rig.clock.advance(0.5)
    assert any("m0" in text for text in rig.texts("slack"))


async def test_a_bad_credential_costs_one_call_however_many_lanes_there_are(make_rig: MakeRig) -> None:
    rig = make_rig("slack", conversations=20)
    await rig.start()
    rig.platforms["slack"].always(scripted.UNAUTHORIZED)
    rig.post("hello")
    await rig.clock.advance(600)
    assert rig.platforms["slack"].count() == 1
    assert rig.channels.reports[-1][2], "the channel is stopped"
    assert set(rig.states()) == {"queued"}, "no message is to blame"
    rig.platforms["slack"].always(None)
    rig.channels.set_down("slack", down=False)
    await rig.clock.run_until(rig.settled)
    assert all(rig.texts("slack", f"C{n}") == ["hello"] for n in range(20))


# ── F7: broken answers ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_server_errors_are_tried_again_with_growing_waits_and_end_as_a_dead_letter(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].always(scripted.BROKEN)
    rig.post("hello")
    await rig.clock.run_until(rig.settled)
    (delivery,) = rig.hub.all()
    assert delivery.state is DeliveryState.FAILED
    assert delivery.attempts == 12
    assert rig.platforms["slack"].count() <= 12
    assert rig.clock.monotonic() < 12 * 300


async def test_no_connection_is_tried_again_until_it_is_back(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].down = True
    rig.post("hello")
    await rig.clock.advance(10)
    assert rig.hub.all()[0].attempts > 1
    rig.platforms["slack"].down = False
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["hello"]


async def test_the_breaker_lets_one_probe_at_a_time_through(make_rig: MakeRig) -> None:
    rig = make_rig("slack", conversations=30)
    await rig.start()
    rig.post("warm")
    await rig.clock.run_until(rig.settled)
    rig.platforms["slack"].always(scripted.REFUSED)
    before = rig.platforms["slack"].count()
    rig.post("hello")
    await rig.clock.advance(60)
    calls = rig.platforms["slack"].count() - before
    assert 30 <= calls <= 30 + 10, "the first of each lane, then probes only"
    rig.platforms["slack"].always(None)
    await rig.clock.run_until(rig.settled)
    assert all(rig.texts("slack", f"C{n}") == ["warm", "hello"] for n in range(30))


async def test_a_bug_in_an_adapter_is_a_doubt_with_its_own_code(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig()
    await rig.start()
    adapter = rig.channels.adapters["slack"]
    real = adapter.send
    calls = 0

    async def buggy(outgoing: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise KeyError("ts")
        return await real(outgoing)  # type: ignore[arg-type]

    monkeypatch.setattr(adapter, "send", buggy)
    rig.post("hello")
    await rig.clock.settle()
    (delivery,) = rig.hub.all()
    assert delivery.state is DeliveryState.UNCERTAIN
    assert delivery.fault is not None
    assert delivery.fault.code == "adapter_bug"
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["hello"]


# ── F8: poison ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_poisoned_message_is_parked_and_the_queue_behind_it_flows_in_order(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].poison("m3")
    for number in range(8):
        rig.post(f"m{number}")
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["m0", "m1", "m2", "m4", "m5", "m6", "m7"]
    parked = rig.hub.all()[3]
    assert (parked.state, parked.attempts) == (DeliveryState.FAILED, 1)
    assert parked.fault is not None
    assert parked.fault.code == "invalid_blocks"


async def test_a_retried_dead_letter_goes_out_late_and_marked(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].poison("m0", scripted.REJECTED)
    rig.post("m0")
    rig.post("m1")
    await rig.clock.run_until(rig.settled)
    rig.platforms["slack"]._poison.clear()
    rig.retry(rig.hub.all()[0])
    await rig.clock.run_until(rig.settled)
    first, second = rig.texts("slack")
    assert first == "m1"
    assert "late" in second
    assert second.endswith("m0")
    assert rig.states() == ["sent", "sent"]


async def test_a_discarded_dead_letter_ends_as_expired_with_its_reason(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].poison("m0", scripted.REJECTED)
    rig.post("m0")
    await rig.clock.run_until(rig.settled)
    rig.discard(rig.hub.all()[0])
    (delivery,) = rig.hub.all()
    assert delivery.state is DeliveryState.EXPIRED
    assert delivery.fault is not None
    assert delivery.fault.code == "discarded"


# ── restart, store, epoch ────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_was_being_sent_when_the_hub_ended_is_looked_up_after_the_restart(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].always(scripted.Behaviour(done=True, silent=False, delay=5.0))
    rig.post("hello")
    await rig.clock.advance(1)
    assert rig.states() == ["sending"]
    await rig.restart()
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["hello"]
    (delivery,) = rig.hub.all()
    assert delivery.attempts == 2


async def test_a_message_that_was_out_when_the_hub_ended_is_not_sent_again(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].script(scripted.LOST_ANSWER)
    rig.post("hello")
    await rig.clock.settle()
    rig.hub.put(msgspec.structs.replace(rig.hub.all()[0], state=DeliveryState.SENDING))  # no outcome was written
    await rig.restart()
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["hello"]
    assert rig.platforms["slack"].count(operation="send") == 1


async def test_a_crash_between_two_parts_resumes_behind_the_first(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].script(scripted.OK, scripted.OK, scripted.SILENCE)
    rig.post(" ".join(f"word{number}" for number in range(120)))
    await rig.clock.advance(1)
    assert len(rig.texts("slack")) == 2
    await rig.restart()
    await rig.clock.run_until(rig.settled)
    texts = rig.texts("slack")
    (delivery,) = rig.hub.all()
    assert delivery.frames is not None
    assert texts == [frame.text for frame in delivery.frames]
    assert delivery.sent == len(texts) > 3


async def test_an_outcome_is_written_as_soon_as_the_store_takes_it(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.post("hello")
    rig.hub.errors = [StoreError("disk full"), StoreError("disk full")]
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["hello"]
    assert rig.states() == ["sent"]


async def test_a_lane_stops_when_another_hub_has_its_channel(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.platforms["slack"].always(scripted.slow(5))
    rig.post("one")
    rig.post("two")
    await rig.clock.advance(1)
    rig.hub.directory = MemoryDirectory([ChannelRecord(name="slack", adapter="scripted", epoch=2)])  # its database
    await rig.clock.advance(60)
    assert rig.texts("slack") == ["one"], "the call in flight; nothing after it"
    assert rig.lanes.working == frozenset()


async def test_a_lane_goes_on_after_its_own_hub_began_the_channel_anew(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    rig.channels.set_down("slack")
    rig.post("one")
    await rig.clock.settle()
    record = rig.directory.channel("slack")
    assert record is not None
    rig.directory.apply([msgspec.structs.replace(record, epoch=2)])
    rig.channels.set_down("slack", down=False)
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack") == ["one"]


async def test_lanes_are_gone_when_there_is_no_work(make_rig: MakeRig) -> None:
    rig = make_rig("slack", conversations=5)
    await rig.start()
    rig.post("hello")
    await rig.clock.run_until(rig.settled)
    await rig.clock.settle()
    assert rig.lanes.working == frozenset()
    rig.post("again")
    await rig.clock.run_until(rig.settled)
    assert rig.texts("slack", "C3") == ["hello", "again"]


async def test_ten_minutes_of_virtual_time_pass_in_seconds_of_real_time(make_rig: MakeRig) -> None:
    rig = make_rig()
    await rig.start()
    began = time.perf_counter()
    await rig.clock.advance(600)
    assert time.perf_counter() - began < 5
    assert math.isclose(rig.clock.monotonic(), 600)


# ── law 5: loops that identity did not stop ──────────────────────────────────────────────────────────────────────────


async def test_two_bots_that_answer_each_other_are_held_and_a_person_can_let_one_through(make_rig: MakeRig) -> None:
    rig = make_rig("slack")
    await rig.start()
    for number in range(40):
        rig.hear(f"bot says {number}", number, is_bot=True)
    await rig.clock.advance(5)
    assert rig.texts("slack") == [f"bot says {number}" for number in range(20)]
    held = [delivery for delivery in rig.hub.all() if delivery.state is DeliveryState.HELD]
    assert len(held) == 20
    assert {delivery.fault.code for delivery in held if delivery.fault} == {"loop_suspected"}
    rig.hear("a person goes on", 99, is_bot=False)
    rig.retry(held[0])
    await rig.clock.run_until(lambda: len(rig.texts("slack")) == 22)
    assert {text.rpartition("]")[2].lstrip("* ") for text in rig.texts("slack")[20:]} == {
        "a person goes on",
        "bot says 20",
    }
