"""Tokens and Message-IDs: signed, bound to a contact, short enough, and total against rubbish (RFC 5321, RFC 5233)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.email.email_samples import DELIVERY, PRIYA, SECRET, TOKEN
from tieline.model.ids import new_id
from tieline_email import addresses, leaving, tokens

IDS = st.integers(0, 2**48 - 1).map(lambda now: new_id("dlv", now))


@given(IDS)
def test_a_token_names_the_delivery_to_its_contact_only(delivery_id: str) -> None:
    token = tokens.make(SECRET, delivery_id, PRIYA)

    assert tokens.read(SECRET, token, PRIYA) == tokens.Token(delivery_id=delivery_id)
    assert tokens.read(SECRET, token.upper(), PRIYA.upper()) == tokens.Token(delivery_id=delivery_id)
    assert tokens.read(SECRET, token, "other@example.net") == tokens.Token(delivery_id=delivery_id, forged=True)
    assert tokens.read(b"another secret", token, PRIYA) is None
    made = addresses.with_tag("hub@example.org", token)
    assert made is not None and len(made.partition("@")[0]) == 51


@pytest.mark.parametrize("at", range(len(TOKEN)))
def test_no_character_of_a_token_can_be_another(at: int) -> None:
    other = "a" if TOKEN[at] != "a" else "b"
    found = tokens.read(SECRET, TOKEN[:at] + other + TOKEN[at + 1 :], PRIYA)
    assert found is None or found.forged


def test_ids_of_another_form_have_tokens_too() -> None:
    for delivery_id in ("d", "demo-1:x", "ünusual"):
        token = tokens.make(SECRET, delivery_id, PRIYA)
        assert tokens.read(SECRET, token, PRIYA) == tokens.Token(delivery_id=delivery_id)


def test_a_local_part_that_is_too_long_gets_no_token() -> None:
    assert addresses.with_tag("hub-of-the-studio@example.org", TOKEN) is None
    assert addresses.with_tag("sixteen-letters-@example.org", TOKEN) is not None


def test_a_message_id_is_the_same_every_time_and_ours_alone() -> None:
    signed = tokens.sign(SECRET, DELIVERY, 3)

    assert signed == tokens.sign(SECRET, DELIVERY, 3)
    assert tokens.verify(SECRET, signed) == tokens.OwnId(delivery_id=DELIVERY, index=3)
    assert tokens.verify(SECRET, signed.replace(".3.", ".4.")) is None
    assert tokens.verify(b"another secret", signed) is None


@given(st.text(max_size=300), st.text(max_size=100))
def test_rubbish_is_no_token(token: str, sender: str) -> None:
    assert tokens.read(SECRET, token, sender) is None
    assert tokens.verify(SECRET, token) is None
    assert leaving.read(SECRET, token) is None
    addresses.tag_of(token, "hub@example.org")


@given(st.text(min_size=1, max_size=60))
def test_a_leaving_link_names_its_contact(contact: str) -> None:
    token = leaving.make(SECRET, contact.encode("utf-8", "replace").decode())
    assert leaving.read(SECRET, token) == contact.encode("utf-8", "replace").decode()
    assert leaving.read(b"another secret", token) is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Ann <Ann@Example.ORG>", [("ann@example.org", "Ann")]),
        ('"Boss <boss@example.org>" <x@evil.example>', [("x@evil.example", "Boss <boss@example.org>")]),
        ("boss@example.org <x@evil.example>", [("x@evil.example", "boss@example.org")]),
        ("a@b.example (Ann (the real one)), c@d.example", [("a@b.example", ""), ("c@d.example", "")]),
        ("Team: a@b.example, c@d.example;", [("a@b.example", ""), ("c@d.example", "")]),
        ("a@b.example)c@evil.example", [("", "")]),
        ("<@relay.example:a@b.example>", [("a@b.example", "")]),
        ('"unclosed <a@b.example>', [("", "")]),
        ("undisclosed-recipients:;", []),
        ("ann@bücher.example", [("ann@xn--bcher-kva.example", "")]),
        ("<a@b.example", [("a@b.example", "")]),
        ("a b@c.example", [("", "")]),
    ],
)
def test_headers_of_addresses(header: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.address, one.name) for one in addresses.mailboxes(header)] == expected
