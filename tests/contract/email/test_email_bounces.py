"""What becomes of mails: reports (RFC 3464, RFC 8098) and the bounces of older systems, tied to their delivery."""

import pytest

from tests.contract.email.email_samples import (
    DELIVERY,
    OPEN,
    OURS,
    PRIYA,
    SECRET,
    TOKEN,
    message,
    read,
    recorded,
    status,
    written,
)
from tests.services.slack_session import plain_text
from tieline.model.delivery import DeliveryState
from tieline_email import tokens

BOUNCED = [
    ("postfix_bounce", DeliveryState.FAILED, "bounced", "User unknown"),
    ("postfix_delayed", DeliveryState.SENT, "delayed", "timed out"),
    ("postfix_delivered", DeliveryState.DELIVERED, "", "250 2.0.0"),
    ("exchange_bounce", DeliveryState.FAILED, "bounced_for_now", "mailbox full"),
    ("gmail_bounce", DeliveryState.FAILED, "bounced", "does not exist"),
    ("qmail_bounce", DeliveryState.FAILED, "bounced", "no longer accepts mail"),
    ("old_exchange_bounce", DeliveryState.FAILED, "bounced_for_now", "4.2.1"),
    ("receipt", DeliveryState.READ, "", ""),
]


@pytest.mark.parametrize(("name", "state", "code", "said"), BOUNCED)
@pytest.mark.parametrize("to", [None, "hub@example.org"], ids=["with token", "without"])
def test_a_bounce_tells_of_its_delivery(name: str, state: DeliveryState, code: str, said: str, to: str | None) -> None:
    found = status(recorded(name, to=to))

    assert found.delivery_id == DELIVERY
    assert (found.state, found.code) == (state, code)
    assert said in found.detail
    if name != "old_exchange_bounce":
        assert found.author is not None and found.author.native_id == found.conversation == PRIYA


def test_an_id_that_the_provider_replaced_is_told_as_it_is_known_there() -> None:
    assert status(recorded("exchange_bounce")).native_id == "0102018bd0-replaced@eu-west-1.amazonses.com"
    assert status(recorded("postfix_bounce")).native_id == OURS


def test_a_bounce_without_a_signed_name_is_found_by_the_token_of_its_address() -> None:
    raw = (
        recorded("postfix_bounce").replace(OURS.encode(), b"other@example.org").replace(b"Tieline-Delivery", b"X-Gone")
    )
    assert status(raw).delivery_id == DELIVERY


def test_a_bounce_of_somebody_elses_mail_is_shown_and_names_no_delivery_of_ours() -> None:
    raw = recorded("postfix_bounce", to="hub@example.org")
    other = tokens.sign(b"another secret", DELIVERY, 0).encode()
    found = message(raw.replace(OURS.partition("@")[0].encode(), other), OPEN)

    assert found.automated
    assert "User unknown" in plain_text(found.content)


def test_a_token_given_to_another_contact_names_no_delivery() -> None:
    token = tokens.make(SECRET, DELIVERY, "ann@example.com")
    raw = recorded("qmail_bounce", to=f"hub+{token}@example.org").replace(OURS.encode(), b"x@y.example")
    assert message(raw, OPEN).automated


def test_a_bounce_of_which_nothing_is_known_is_shown_and_not_answered() -> None:
    raw = written("Return-Path: <>", "Subject: failure notice", "From: MAILER-DAEMON@mx.example.net", body="No luck.")
    found = message(raw, OPEN)

    assert found.automated
    assert found.content.blocks


def test_a_person_who_forwards_a_bounce_is_a_person() -> None:
    inner = recorded("postfix_bounce").decode()
    body = f"--b\r\n\r\nLook at this.\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--"
    found = message(written("Content-Type: multipart/mixed; boundary=b", body=body), OPEN)

    assert not found.automated
    assert [file.name for file in found.files] == ["message.eml"]


def test_a_person_who_writes_about_a_failure_notice_is_a_person() -> None:
    raw = written("Subject: failure notice", f"To: hub+{TOKEN}@example.org", body="Hi. This is the second time.")
    assert read(raw) == message(raw)
    assert not message(raw).automated


@pytest.mark.parametrize("cut", range(0, 3000, 7))
def test_a_bounce_that_breaks_off_anywhere_is_read(cut: int) -> None:
    assert read(recorded("postfix_bounce")[: max(cut, 1)]) is not None
