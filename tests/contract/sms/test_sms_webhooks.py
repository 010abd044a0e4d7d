"""What Twilio posts: believed only with its signature, answered only after the hub has it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from tests.contract.sms.sms_making import connected, make, outgoing
from tests.services.scripted_twilio import ANA, INBOUND, OURS, PUBLIC, TOKEN, Reply, ScriptedTwilio, sign
from tieline.errors import StoreError
from tieline.model.delivery import DeliveryState
from tieline.model.inbound import InboundCommand, InboundConsent, InboundMessage, InboundStatus
from tieline.testing.bench import eventually, text_of
from tieline.testing.session import RecordingSession
from tieline_sms.adapter import SmsAdapter

FORM = {"MessageSid": "SM" + "1" * 32, "From": ANA, "To": OURS, "Body": "hello", "NumMedia": "0"}
TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


def signed(form: Mapping[str, str], url: str = INBOUND, token: str = TOKEN) -> dict[str, str]:
    return {**TYPE, "X-Twilio-Signature": sign(url, list(form.items()), token)}


def body(form: Mapping[str, str]) -> bytes:
    return urlencode(list(form.items())).encode()


async def test_a_text_arrives_with_its_number_as_author_and_conversation(
    twilio: ScriptedTwilio, session: RecordingSession
) -> None:
    sid = await twilio.write(ANA, "the stage is up\nreally")
    [event] = session.events
    assert isinstance(event, InboundMessage)
    assert (event.conversation, event.author.native_id, event.native_id) == (ANA, ANA, sid)
    assert text_of(event) == "the stage is up\nreally" and event.direct and event.cursor
    assert twilio.posted == [(200, '<?xml version="1.0" encoding="UTF-8"?><Response></Response>')]


async def test_a_number_that_nobody_knows_is_handed_over_and_never_answered(
    twilio: ScriptedTwilio, session: RecordingSession
) -> None:
    await twilio.write("+33612345678", "who is this?")
    assert len(session.events) == 1 and twilio.requests == []


async def test_twilio_is_answered_only_after_the_hub_has_it(twilio: ScriptedTwilio, session: RecordingSession) -> None:
    session.hold()
    posting = asyncio.create_task(twilio.write(ANA, "one"))
    done, _ = await asyncio.wait({posting}, timeout=0.2)
    assert not done and session.events == []
    session.release()
    await posting
    assert twilio.posted[0][0] == 200 and len(session.events) == 1


async def test_what_could_not_be_stored_is_503_and_read_again_from_history(
    twilio: ScriptedTwilio, adapter: SmsAdapter, session: RecordingSession
) -> None:
    begin = await adapter.resync(ANA, None)
    session.failures.append(StoreError("disk full"))
    sid = await twilio.write(ANA, "one")
    assert twilio.posted[0][0] == 503 and session.events == []
    page = await adapter.resync(ANA, begin.cursor)
    assert [event.native_id for event in page.events] == [sid]


async def test_before_and_after_the_connection_twilio_is_asked_to_come_again(twilio: ScriptedTwilio) -> None:
    adapter = make(twilio)
    assert (await twilio.post(INBOUND, FORM))[0] == 503
    async with connected(adapter):
        assert (await twilio.post(INBOUND, FORM))[0] == 200
    assert (await twilio.post(INBOUND, FORM))[0] == 503


FORGED: dict[str, dict[str, str]] = {
    "no signature": TYPE,
    "an empty one": {**TYPE, "X-Twilio-Signature": ""},
    "another token": signed(FORM, token="guess"),
    "another address": signed(FORM, "https://elsewhere.example/api/v1/channels/test/inbound"),
    "another route": signed(FORM, f"{PUBLIC}/api/v1/channels/test/status"),
    "another text": signed({**FORM, "Body": "hullo"}),
    "one field less": signed({key: value for key, value in FORM.items() if key != "NumMedia"}),
    "not ASCII": {**TYPE, "X-Twilio-Signature": "é" * 28},
    "another type of body": {**signed(FORM), "Content-Type": "text/plain"},
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_request_is_403_and_reaches_nobody(
    name: str, twilio: ScriptedTwilio, session: RecordingSession
) -> None:
    status, _ = await twilio.raw(INBOUND, body(FORM), FORGED[name])
    assert status == 403 and session.events == []


async def test_odd_bodies_are_refused_and_never_500(twilio: ScriptedTwilio, session: RecordingSession) -> None:
    for odd in (b"", b"\xff\xfe=1", b"%ff=%00", b"&&&", b"a=1&" * 600, b"From=&MessageSid=", b"{" * 5000):
        assert (await twilio.raw(INBOUND, odd, TYPE))[0] == 403
        assert (await twilio.raw(INBOUND, odd, {**TYPE, "X-Twilio-Signature": sign(INBOUND, [])}))[0] in {400, 403}
    assert session.events == []


# ── where proxies change requests ────────────────────────────────────────────────────────────────────────────────────


async def test_the_address_is_the_public_one_whatever_host_a_proxy_names(
    twilio: ScriptedTwilio, session: RecordingSession
) -> None:
    headers = {**signed(FORM), "Host": "10.0.0.7:8080", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    assert (await twilio.raw(INBOUND, body(FORM), headers))[0] == 200
    assert len(session.events) == 1


async def test_a_port_may_stand_in_the_signed_address_or_not(twilio: ScriptedTwilio, session: RecordingSession) -> None:
    """Twilio's senders disagree about the port: its own validator takes both."""
    with_port = INBOUND.replace("hub.example.org", "hub.example.org:443")
    for sid, url in (("SM1", with_port), ("SM2", INBOUND)):
        form = {**FORM, "MessageSid": sid}
        assert (await twilio.raw(INBOUND, body(form), signed(form, url)))[0] == 200
    assert [event.native_id for event in session.events] == ["SM1", "SM2"]


@pytest.mark.parametrize(
    "public", ["https://hub.example.org:8443", "https://hub.example.org/", "https://hub.example.org"]
)
async def test_the_public_address_may_have_a_port_or_a_slash(public: str, twilio: ScriptedTwilio) -> None:
    async with connected(make(twilio, public_url=public)) as session:
        url = f"{public.rstrip('/')}/api/v1/channels/test/inbound"
        assert (await twilio.raw(INBOUND, body(FORM), signed(FORM, url)))[0] == 200
        assert len(session.events) == 1


async def test_the_query_is_signed_in_the_order_it_was_sent(twilio: ScriptedTwilio, session: RecordingSession) -> None:
    url = f"{INBOUND}?b=2&a=1&c=%20x&d=+y&e="
    assert (await twilio.raw(url, body(FORM), signed(FORM, url)))[0] == 200
    other = f"{INBOUND}?a=1&b=2&c=%20x&d=+y&e="
    assert (await twilio.raw(other, body(FORM), signed(FORM, url)))[0] == 403
    assert len(session.events) == 1


async def test_spaces_at_the_ends_of_a_text_are_signed_and_must_not_be_trimmed(
    twilio: ScriptedTwilio, session: RecordingSession
) -> None:
    form = {**FORM, "Body": "  two spaces, and a line end \r\n"}
    assert (await twilio.raw(INBOUND, body(form), signed(form)))[0] == 200
    trimmed = {**form, "Body": form["Body"].strip()}
    assert (await twilio.raw(INBOUND, body(trimmed), signed(form)))[0] == 403
    assert len(session.events) == 1


async def test_empty_and_repeated_fields_and_any_script_are_signed(
    twilio: ScriptedTwilio, session: RecordingSession
) -> None:
    pairs = [*FORM.items(), ("ProfileName", ""), ("Extra", "b"), ("Extra", "a"), ("Extra", "b"), ("Ü", "言葉🎉+&=%")]
    headers = {**TYPE, "X-Twilio-Signature": sign(INBOUND, pairs)}
    assert (await twilio.raw(INBOUND, urlencode(pairs).encode(), headers))[0] == 200
    assert len(session.events) == 1


async def test_a_json_body_is_believed_by_its_hash(twilio: ScriptedTwilio, session: RecordingSession) -> None:
    said = json.dumps(FORM).encode()
    url = f"{INBOUND}?bodySHA256={hashlib.sha256(said).hexdigest()}"
    headers = {"Content-Type": "application/json", "X-Twilio-Signature": sign(url, [])}
    assert (await twilio.raw(url, said, headers))[0] == 200
    assert (await twilio.raw(url, said.replace(b"hello", b"hullo"), headers))[0] == 403
    assert (await twilio.raw(INBOUND, said, {**headers, "X-Twilio-Signature": sign(INBOUND, [])}))[0] == 403
    assert len(session.events) == 1


async def test_without_an_auth_token_nothing_that_is_posted_is_believed(twilio: ScriptedTwilio) -> None:
    key = {"auth_token": None, "api_key": "SK" + "2" * 32, "api_secret": "s"}
    make(twilio, inbound="poll", **key)
    assert (await twilio.post(INBOUND, FORM, token=""))[0] == 403


# ── answers, consent, receipts ───────────────────────────────────────────────────────────────────────────────────────


async def test_codes_are_commands_and_stop_is_consent(twilio: ScriptedTwilio, session: RecordingSession) -> None:
    for said in ("ACK 1", "1 okay!", "2", "help", "1 ok, but call me", "Stop.", "START", "stop it"):
        await twilio.write(ANA, said)
    kinds = [type(event) for event in session.events]
    message, command = InboundMessage, InboundCommand
    assert kinds == [command, command, command, command, message, InboundConsent, InboundConsent, message]
    assert [one.text for one in session.events if isinstance(one, InboundCommand)] == ["1 ack", "1 ok", "2", "help"]
    assert [one.wanted for one in session.events if isinstance(one, InboundConsent)] == [False, True]


async def test_what_twilio_itself_took_for_stop_or_start_is_consent(
    twilio: ScriptedTwilio, session: RecordingSession
) -> None:
    """Advanced opt-out knows words of other languages, and YES."""
    await twilio.write(ANA, "ARRET", OptOutType="STOP")
    await twilio.write(ANA, "yes", OptOutType="START")
    await twilio.write(ANA, "yes")
    assert [type(event) for event in session.events] == [InboundConsent, InboundConsent, InboundMessage]


async def test_what_our_own_number_writes_is_an_echo_whatever_it_says(
    twilio: ScriptedTwilio, session: RecordingSession
) -> None:
    for said in ("STOP", "1 ack", "hello"):
        await twilio.write(OURS, said)
    assert [isinstance(one, InboundMessage) and one.author.is_self for one in session.events] == [True] * 3
    assert twilio.requests == []


async def test_callbacks_name_the_delivery_and_may_come_early_twice_and_shuffled(
    twilio: ScriptedTwilio, adapter: SmsAdapter, session: RecordingSession
) -> None:
    twilio.late = True  # the first callback comes before send has its answer
    sent = await adapter.send(outgoing("hello"))
    for status, error in (("queued", None), ("delivered", None), ("sent", None), ("delivered", None), ("read", None)):
        assert (await twilio.status(sent.native_id, status, error))[0] == 200
    await twilio.status(sent.native_id, "undelivered", 30003)
    await twilio.status(sent.native_id, "partially_delivered")
    told = [event for event in session.events if isinstance(event, InboundStatus)]
    assert {(one.delivery_id, one.native_id, one.conversation) for one in told} == {("dlv_1", sent.native_id, ANA)}
    states = ["delivered", "sent", "delivered", "sent", "delivered", "read", "failed"]
    assert [one.state.value for one in told] == states
    assert told[-1].code == "unreachable" and "30003" in told[-1].detail


async def test_a_send_that_failed_for_an_opt_out_is_consent_too(
    twilio: ScriptedTwilio, adapter: SmsAdapter, session: RecordingSession
) -> None:
    sent = await adapter.send(outgoing("hello"))
    await twilio.status(sent.native_id, "failed", 21610)
    status, consent = session.events
    assert isinstance(status, InboundStatus) and status.state is DeliveryState.FAILED and status.code == "opted_out"
    assert isinstance(consent, InboundConsent) and not consent.wanted and consent.conversation == ANA


async def test_a_status_with_a_strange_delivery_in_its_address_is_told_by_the_native_id(
    twilio: ScriptedTwilio, session: RecordingSession
) -> None:
    url = f"{PUBLIC}/api/v1/channels/test/status?delivery=%3Cscript%3E"
    form = {"MessageSid": "SM9", "MessageStatus": "delivered", "To": ANA, "From": OURS}
    assert (await twilio.post(url, form))[0] == 200
    [event] = session.events
    assert isinstance(event, InboundStatus) and event.delivery_id is None and event.native_id == "SM9"


async def test_the_hubs_answer_to_a_command_goes_back_as_a_text(
    twilio: ScriptedTwilio, adapter: SmsAdapter, session: RecordingSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tieline.model.inbound import InboundEvent, Receipt

    status = "stored"

    async def receive(event: InboundEvent) -> Receipt:
        return Receipt(status=status, answer="**Acknowledged** by _you_: “disk full”")

    monkeypatch.setattr(session, "receive", receive)
    await twilio.write(ANA, "1 ack")
    await twilio.write(ANA, "and how are you?")
    await eventually(lambda: len(twilio.requests) == 1, "the answer is sent")
    assert twilio.requests[0]["Body"] == 'Acknowledged by you: "disk full"'
    assert (twilio.requests[0]["To"], "StatusCallback" in twilio.requests[0]) == (ANA, False)
    status = "repeat"
    await twilio.write(ANA, "1 ack")
    twilio.script.append(Reply(500))
    status = "stored"
    await twilio.write(ANA, "2 ack")  # an answer that cannot be sent is logged, and nothing else
    await eventually(lambda: len(twilio.requests) == 2, "the second answer is tried once")
    assert adapter.is_connected()


async def test_pictures_are_told_and_fetched_with_the_accounts_credential(
    twilio: ScriptedTwilio, adapter: SmsAdapter, session: RecordingSession
) -> None:
    from tests.services.scripted_twilio import ACCOUNT
    from tieline.model.attachments import FileSource

    twilio.media["ME1"] = bytes(range(256)) * 100
    url = f"{twilio.url}/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1"
    await twilio.write(ANA, "", NumMedia="1", MediaUrl0=url, MediaContentType0="image/png")
    [event] = session.events
    assert isinstance(event, InboundMessage)
    [file] = event.files
    assert (file.id, file.name, file.mime) == ("ME1", "image-1.png", "image/png")
    source = FileSource(channel="test", conversation=ANA, native_id=event.native_id, file=file)
    assert b"".join([piece async for piece in adapter.fetch(source)]) == twilio.media["ME1"]
