"""What a send becomes when Twilio refuses, fails, or does not answer; and how it is found again."""

from __future__ import annotations

import time

import pytest

from tests.contract.sms.sms_making import connected, make, outgoing
from tests.services.scripted_twilio import ANA, BO, OURS, PUBLIC, SERVICE, Hang, Lose, Reply, ScriptedTwilio
from tieline.errors import (
    AdapterError,
    DeliveryError,
    Misconfigured,
    NotDispatched,
    OptedOut,
    Permanent,
    Throttled,
    Uncertain,
)
from tieline.model.inbound import InboundConsent
from tieline.testing.bench import eventually
from tieline.testing.session import RecordingSession
from tieline_sms.adapter import SmsAdapter


async def test_one_send_is_one_request_with_all_that_twilio_needs(
    twilio: ScriptedTwilio, adapter: SmsAdapter, session: RecordingSession
) -> None:
    sent = await adapter.send(outgoing("disk full on db-3"))
    assert twilio.requests == [
        {
            "To": ANA,
            "From": OURS,
            "Body": "disk full on db-3",
            "ValidityPeriod": "14400",
            "StatusCallback": f"{PUBLIC}/api/v1/channels/test/status?delivery=dlv_1",
        }
    ]
    assert sent.native_id == twilio.sent()[0]["sid"]


async def test_a_messaging_service_picks_the_sender_and_without_public_url_nothing_calls_back(
    twilio: ScriptedTwilio,
) -> None:
    async with connected(make(twilio, public_url=None, **{"from": SERVICE, "validity": "10m"})) as _:
        assert twilio.adapter is not None
        await twilio.adapter.send(outgoing("hello"))  # type: ignore[attr-defined]
    assert twilio.requests == [{"To": ANA, "MessagingServiceSid": SERVICE, "Body": "hello", "ValidityPeriod": "600"}]


REFUSED = [
    (Reply.error(21211), Permanent, "invalid_number", "lane"),
    (Reply.error(21614), Permanent, "not_a_mobile_number", "lane"),
    (Reply.error(21408, 403), Permanent, "country_not_allowed", "lane"),
    (Reply.error(21602), Permanent, "empty_text", ""),
    (Reply.error(21617), Permanent, "too_long", ""),
    (Reply.error(21606), Permanent, "not_our_number", "channel"),
    (Reply.error(20003, 401), Permanent, "unauthorized", "channel"),
    (Reply(401), Permanent, "http_401", "channel"),
    (Reply.error(20404, 404), Permanent, "unknown_account", "channel"),
    (Reply.error(63016), Permanent, "outside_window", ""),
    (Reply.error(99999), Permanent, "twilio_99999", ""),
    (Reply.error(21610), OptedOut, "opted_out", ""),
    (Reply.error(20429, 429), Throttled, "throttled", ""),
    (Reply(429), Throttled, "throttled", ""),
    (Reply.error(21611), Throttled, "queue_full", ""),
    (Reply(500), Uncertain, "http_500", ""),
    (Reply.error(20500, 503), Uncertain, "http_503", ""),
    (Reply(201, b"not JSON"), Uncertain, "bad_answer", ""),
    (Reply(201, b"[]"), Uncertain, "bad_answer", ""),
    (Reply(201, b'{"sid": null}'), Uncertain, "bad_answer", ""),
    (Reply(201, b'{"sid": {"a": 1}, "date_created": 7}'), Uncertain, "bad_answer", ""),
    (Reply(302, b"", {"Location": "https://evil.example/"}), Uncertain, "bad_answer", ""),
    (Hang(), Uncertain, "lost_answer", ""),
    (Lose(), Uncertain, "lost_answer", ""),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[2]}")
async def test_each_refusal_says_what_a_retry_may_do(
    case: tuple[Reply | Lose | Hang, type[DeliveryError], str, str],
    twilio: ScriptedTwilio,
    adapter: SmsAdapter,
    session: RecordingSession,
) -> None:
    scripted, kind, code, stops = case
    twilio.script.append(scripted)
    with pytest.raises(kind) as raised:
        await adapter.send(outgoing("hello"))
    assert raised.value.code == code
    assert len(twilio.requests) == 1, "no retry inside"
    if isinstance(raised.value, Permanent):
        assert (raised.value.stops_lane, raised.value.stops_channel) == (stops == "lane", stops == "channel")
        assert raised.value.fix or not stops


async def test_retry_after_is_told_and_concerns_the_whole_account(
    twilio: ScriptedTwilio, adapter: SmsAdapter, session: RecordingSession
) -> None:
    twilio.script.append(Reply.error(20429, 429, **{"Retry-After": "11"}))
    with pytest.raises(Throttled) as raised:
        await adapter.send(outgoing("hello"))
    assert raised.value.retry_after == 11 and raised.value.account_wide


async def test_who_has_opted_out_at_twilio_is_reported_as_such(
    twilio: ScriptedTwilio, adapter: SmsAdapter, session: RecordingSession
) -> None:
    twilio.opted_out.add(ANA)
    with pytest.raises(OptedOut):
        await adapter.send(outgoing("hello"))
    await eventually(lambda: len(session.events) == 1, "the consent is handed over")
    [consent] = session.events
    assert isinstance(consent, InboundConsent)
    assert (consent.conversation, consent.author.native_id, consent.wanted) == (ANA, ANA, False)


async def test_without_a_server_nothing_was_dispatched(twilio: ScriptedTwilio) -> None:
    adapter = make(twilio)
    async with connected(adapter):
        adapter._open.api._transport._stand_in = adapter._open.api._transport._stand_in._replace(netloc="127.0.0.1:9")  # type: ignore[union-attr]
        with pytest.raises(NotDispatched):
            await adapter.send(outgoing("hello"))
    with pytest.raises(NotDispatched):
        await adapter.send(outgoing("hello"))


async def test_a_send_whose_answer_was_lost_is_found_once_and_no_other_is_taken_for_it(
    twilio: ScriptedTwilio, adapter: SmsAdapter, session: RecordingSession
) -> None:
    since = int(time.time() * 1000)
    twilio.put("disk full", sender=OURS, to=ANA, at=time.time() - 900, direction="outbound-api", status="sent")
    twilio.put("disk full", sender=ANA, to=OURS, direction="inbound", status="received")
    await adapter.send(outgoing("disk full", delivery="dlv_other"))
    await adapter.send(outgoing("disk full", BO, delivery="dlv_bo"))
    doubtful = outgoing("disk full", delivery="dlv_2")
    assert await adapter.look_up(doubtful, since) is None
    twilio.script.append(Lose())
    with pytest.raises(Uncertain):
        await adapter.send(doubtful)
    found = await adapter.look_up(doubtful, since)
    assert found is not None and found.native_id == twilio.sent()[-1]["sid"]
    assert await adapter.look_up(outgoing("disk full", delivery="dlv_3"), since) is None


async def test_a_list_that_does_not_answer_leaves_the_doubt(
    twilio: ScriptedTwilio, adapter: SmsAdapter, session: RecordingSession
) -> None:
    twilio.read_script.append(Reply(503))
    with pytest.raises(DeliveryError):
        await adapter.look_up(outgoing("hello"), 0)


async def test_a_wrong_credential_is_for_a_person_to_mend_and_a_sick_twilio_is_tried_again(
    twilio: ScriptedTwilio,
) -> None:
    for public_url in (None, PUBLIC):
        adapter = make(twilio, public_url=public_url, auth_token="wrong")
        with pytest.raises(Misconfigured) as raised:
            await adapter.connect(RecordingSession())
        await adapter.disconnect()
        assert "auth_token" in raised.value.fix
        twilio.read_script.append(Reply(500))
        adapter = make(twilio, public_url=public_url)
        with pytest.raises(AdapterError) as sick:
            await adapter.connect(RecordingSession())
        assert not isinstance(sick.value, Misconfigured)
        await adapter.disconnect()


async def test_what_is_to_be_acted_on_goes_as_one_segment_with_code_and_answers(
    twilio: ScriptedTwilio, adapter: SmsAdapter, session: RecordingSession
) -> None:
    from tieline.model.actions import Action
    from tieline.model.delivery import Frame

    actions = (Action(name="ack", label="Acknowledge", target="msg_1"),)
    frame = Frame(text="“disk full” on db-3 … " + "x" * 200, index=0, total=1, units=2, actions=actions)
    await adapter.send(outgoing("", code="7", machine=True, urgent=True, frame=frame))
    said = twilio.requests[0]["Body"]
    assert said.startswith('7: "disk full" on db-3 ... x') and said.endswith("... Reply 7 ack") and len(said) <= 160
