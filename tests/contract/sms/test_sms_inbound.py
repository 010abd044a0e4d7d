"""Reading of what Twilio reports: recorded shapes, and any garbage. Pure."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.conftest import ROOT
from tests.services.scripted_twilio import ANA, OURS
from tieline.model.delivery import DeliveryState
from tieline.model.inbound import InboundCommand, InboundConsent, InboundMessage
from tieline.testing.bench import text_of
from tieline_sms import inbound, numbers, wire
from tieline_sms.ids import Mark, Own, callback_url, mark_of, read_mark

PAYLOADS = ROOT / "tests" / "payloads" / "sms"
FORM = "application/x-www-form-urlencoded"
US = Own(address=OURS)


def form(name: str) -> wire.Fields:
    read = wire.read_body((PAYLOADS / f"{name}.form").read_bytes().rstrip(b"\n"), FORM)
    assert read is not None
    return read


def test_a_recorded_text() -> None:
    read = inbound.read_form(form("inbound"))
    assert read is not None
    event = inbound.event_of(read, US, 1_790_000_000_000)
    assert isinstance(event, InboundMessage)
    assert text_of(event) == "The stage is up.\nSecond line: café 🎉"
    assert (event.conversation, event.sent_at, event.direct) == (ANA, 1_790_000_000_000, True)
    assert event.cursor == "1790000000:SM00000000000000000000000000000001"


def test_a_recorded_stop_in_another_language() -> None:
    read = inbound.read_form(form("stop"))
    assert read is not None
    event = inbound.event_of(read, US, 0)
    assert isinstance(event, InboundConsent)
    assert (event.conversation, event.wanted, event.word) == ("+33612345678", False, "Arret")


def test_a_recorded_picture_on_whatsapp() -> None:
    read = inbound.read_form(form("whatsapp"))
    assert read is not None
    event = inbound.event_of(read, Own(address=f"whatsapp:{OURS}"), 0)
    assert isinstance(event, InboundMessage)
    assert (event.conversation, event.author.native_id, event.author.display) == (
        ANA,
        ANA,
        "Ana <script>",
    )
    assert event.reply_to == "SM" + "9".zfill(32)
    assert [(file.id, file.mime, file.name) for file in event.files] == [("ME01", "image/jpeg", "image-1.jpeg")]


def test_a_recorded_failure() -> None:
    status = inbound.read_status(form("undelivered"), "dlv_7", US, 5)
    assert status is not None
    assert (status.state, status.code, status.delivery_id, status.at) == (
        DeliveryState.FAILED,
        "unreachable",
        "dlv_7",
        5,
    )


def test_a_record_and_a_form_tell_the_same() -> None:
    record: dict[str, Any] = json.loads((PAYLOADS / "record.json").read_text())
    posted = {"MessageSid": record["sid"], "From": record["from"], "To": record["to"], "Body": record["body"]}
    listed, told = inbound.read_record(record), inbound.read_form(posted)
    assert listed is not None and told is not None
    assert listed.at == 1_795_214_954
    assert inbound.event_of(listed, US, 0) == inbound.event_of(told, US, 0)
    assert isinstance(inbound.event_of(listed, US, 0), InboundCommand)


def test_what_was_sent_by_us_is_no_text_of_anybodys() -> None:
    record = json.loads((PAYLOADS / "record.json").read_text())
    assert inbound.read_record({**record, "direction": "outbound-api"}) is None
    assert inbound.status_of_record({**record, "direction": "outbound-reply", "status": "sent"}, US, 0) is not None
    assert inbound.status_of_record(record, US, 0) is None


# ── garbage ──────────────────────────────────────────────────────────────────────────────────────────────────────────

FIELDS = (
    "MessageSid",
    "SmsSid",
    "From",
    "To",
    "Body",
    "NumMedia",
    "MediaUrl0",
    "MediaContentType0",
    "ProfileName",
    "OptOutType",
)
NAMES = some.sampled_from(
    [
        *FIELDS,
        "MessageStatus",
        "ErrorCode",
        "OriginalRepliedMessageSid",
        "Ünknown",
        "",
    ]
)
TEXTS = some.text(max_size=60) | some.sampled_from([ANA, OURS, "whatsapp:+1", "STOP", "1 ack", "99", "²", "-1", "1e9"])
JUNK = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | TEXTS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(some.lists(some.tuples(NAMES, TEXTS), max_size=14))
def test_no_form_breaks_the_reading(pairs: list[tuple[str, str]]) -> None:
    fields = wire.Fields(pairs)
    read = inbound.read_form(fields)
    if read is not None:
        event = inbound.event_of(read, US, 1)
        assert event.native_id and event.conversation.strip() and "\x00" not in read.body
        assert not (isinstance(event, InboundConsent | InboundCommand) and event.author.is_self)
    inbound.read_status(fields, dict(pairs).get("Body"), US, 1)


@given(some.binary(max_size=200), some.sampled_from([FORM, "application/json", "text/plain", ""]))
def test_no_body_breaks_the_reading(body: bytes, kind: str) -> None:
    wire.read_body(body, kind)


@given(
    some.dictionaries(
        some.sampled_from(
            ["sid", "from", "to", "body", "direction", "status", "error_code", "date_sent", "date_created"]
        ),
        JUNK,
    )
)
def test_no_record_breaks_the_reading(record: dict[str, object]) -> None:
    read = inbound.read_record(record)
    if read is not None:
        inbound.event_of(read, US, 1)
    inbound.status_of_record({**record, "direction": "outbound-api"}, US, 1)
    assert inbound.seconds_of(record) >= 0


@given(some.text(max_size=80))
def test_no_cursor_and_no_number_breaks_the_reading(written: str) -> None:
    assert read_mark(str(read_mark(written))) == read_mark(written)
    number = numbers.normalise(written)
    assert number is None or numbers.normalise(number) == number
    where = numbers.address(written)
    assert where is None or numbers.address(where) == where


# ── numbers, marks, addresses ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("+44 7700 900123", ANA),
        ("0044 7700-900123", ANA),
        ("tel:+44.7700.900123", ANA),
        ("+44 (0)7700 900123", ANA),
        ("＋44 7700 900123", ANA),
        ("+44‑7700–900123", ANA),
        ("07700 900123", None),
        ("447700900123", None),
        ("+0447700900123", None),
        ("+4477009001234567", None),
        ("+1-800-FLOWERS", None),
        ("", None),
    ],
)
def test_numbers_have_one_spelling_and_none_is_guessed(written: str, meant: str | None) -> None:
    assert numbers.normalise(written) == meant


def test_addresses() -> None:
    assert numbers.address("WhatsApp:+44 7700 900123") == f"whatsapp:{ANA}"
    assert numbers.address(ANA, whatsapp=True) == f"whatsapp:{ANA}"
    assert numbers.address("86753") == "86753" and numbers.address("86753", whatsapp=True) is None
    assert numbers.heard("  TWILIO ") == "TWILIO" and numbers.number_of(f"whatsapp:{ANA}") == ANA
    assert (
        callback_url("https://h/", "my phones", "dlv_1")
        == "https://h/api/v1/channels/my%20phones/status?delivery=dlv_1"
    )


def test_the_prefix_of_whatsapp_stands_inside_only_where_a_service_serves_both() -> None:
    there, both = f"whatsapp:{ANA}", Own(service="MG1")
    us = Own(address=f"whatsapp:{OURS}")
    assert (us.there(ANA), us.here(there), us.is_whatsapp(ANA)) == (there, ANA, True)
    assert (both.there(there), both.here(there), both.is_whatsapp(there), both.is_whatsapp(ANA)) == (
        there,
        there,
        True,
        False,
    )
    assert (US.there(ANA), US.here(ANA), US.is_whatsapp(ANA)) == (ANA, ANA, False)


def test_a_mark_keeps_what_was_told_around_its_time() -> None:
    before = Mark(at=1000, seen=frozenset({"A"}))
    assert mark_of([], before) == before
    assert mark_of([(1001, "B")], before) == Mark(at=1001, seen=frozenset({"A", "B"}))
    later = mark_of([(5000, "C"), (4950, "D"), (1001, "B")], before)
    assert later == Mark(at=5000, seen=frozenset({"C", "D"}))
    crowd = mark_of([(5000, f"S{number}") for number in range(500)], before)
    assert len(crowd.seen) == 100
