"""Who the sender is: only what our own server found out counts (RFC 8601), however a mail is dressed up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.email.email_samples import ME, OPEN, message, written
from tieline_email import addresses, authentication
from tieline_email.authentication import Proof

OURS = frozenset({"mx.example.org"})


def judged(*headers: str, domain: str = "example.net") -> Proof:
    return authentication.judge(headers, domain, OURS).proof


@pytest.mark.parametrize(
    ("header", "proof"),
    [
        ("mx.example.org; dmarc=pass header.from=example.net", Proof.PASS),
        ("MX.Example.Org 1; DMARC=Pass (p=reject) header.from=Example.NET", Proof.PASS),
        ("mx.example.org; dmarc=pass", Proof.PASS),
        ("mx.example.org; dmarc=pass header.from=sub.example.net", Proof.FAIL),
        ("mx.example.org; dmarc=pass header.from=net", Proof.FAIL),
        ("mx.example.org; dkim=pass header.d=example.net", Proof.PASS),
        ("mx.example.org; dkim=pass header.i=@example.net", Proof.PASS),
        ("mx.example.org; dkim=fail header.d=example.net; dkim=pass header.d=example.net", Proof.PASS),
        ("mx.example.org; dmarc=fail header.from=example.net", Proof.FAIL),
        ("mx.example.org; dmarc=fail header.from=example.net; dkim=pass header.d=example.net", Proof.FAIL),
        ("mx.example.org; dmarc=pass header.from=evil.example", Proof.FAIL),
        ("mx.example.org; dkim=fail header.d=example.net", Proof.FAIL),
        ("mx.example.org; dkim=pass header.d=evil.example", Proof.NONE),
        ("mx.example.org; dkim=pass header.d=mail.example.net", Proof.NONE),
        ("mx.example.org; dkim=pass header.d=net", Proof.NONE),
        ("mx.example.org; dkim=pass header.d=notexample.net", Proof.NONE),
        ("mx.example.org; spf=pass smtp.mailfrom=example.net", Proof.NONE),
        ("mx.example.org; dmarc=none", Proof.NONE),
        ("mx.example.org; none", Proof.NONE),
        ("mx.example.org", Proof.NONE),
        ("mx.example.com; dmarc=pass header.from=example.net", Proof.NONE),
        ("mx.example.org.evil.example; dmarc=pass header.from=example.net", Proof.NONE),
        ("dmarc=pass header.from=example.net", Proof.NONE),
        ("(mx.example.org;) evil.example; dmarc=pass", Proof.NONE),
        ("", Proof.NONE),
    ],
)
def test_what_a_header_proves(header: str, proof: Proof) -> None:
    assert judged(header) is proof


def test_a_domain_vouches_for_those_below_it() -> None:
    assert judged("mx.example.org; dmarc=pass header.from=example.net", domain="mail.example.net") is Proof.PASS
    assert judged("mx.example.org; dkim=pass header.d=example.net", domain="mail.example.net") is Proof.PASS
    assert judged("mx.example.org; dmarc=pass", domain="") is Proof.NONE


@pytest.mark.parametrize(
    "mailfrom",
    [
        'smtp.mailfrom="x; dmarc=pass header.from=example.net"',
        "(envelope x; dmarc=pass header.from=example.net)",
        r"(a \) ; dmarc=pass header.from=example.net)",
        '(a " b; dmarc=pass header.from=example.net)',
        "(a (b) ; dmarc=pass header.from=example.net)",
        "(never closed ; dmarc=pass header.from=example.net",
    ],
)
def test_what_a_sender_can_write_into_our_servers_header_proves_nothing(mailfrom: str) -> None:
    assert judged(f"mx.example.org; spf=pass {mailfrom}") is Proof.NONE


def test_a_quotation_mark_in_a_comment_hides_no_failure() -> None:
    assert judged('mx.example.org; dkim=pass (") header.d=example.net; dmarc=fail') is Proof.FAIL


def test_only_the_topmost_header_of_ours_counts() -> None:
    fail, forged = "mx.example.org; dmarc=fail", "mx.example.org; dmarc=pass header.from=example.net"
    foreign = "relay.example.com; dmarc=pass"

    assert judged(fail, forged) is Proof.FAIL
    assert judged(foreign, fail, forged) is Proof.FAIL
    assert judged("mx.example.org; none", forged) is Proof.NONE


def test_without_a_server_of_ours_nothing_is_proved() -> None:
    verdict = authentication.judge(["mx.example.org; dmarc=pass"], "example.net", frozenset())
    assert verdict.proof is Proof.NONE


@given(st.text(alphabet='mx.example.org;=()"\\ dkim pas header.d', max_size=300), st.text(max_size=40))
def test_rubbish_is_judged_without_a_fault(header: str, domain: str) -> None:
    authentication.judge([header, f"mx.example.org; {header}"], domain, OURS)


# ------------------------------------------------------------------------------------------------------- what is shown


@pytest.mark.parametrize(
    ("sender", "address", "shown"),
    [
        ('"ceo@example.net" <x@evil.example>', "x@evil.example", "x@evil.example"),
        ("=?utf-8?q?ceo=40example=2Enet?= <x@evil.example>", "x@evil.example", "x@evil.example"),
        (
            "=?utf-8?b?Y2VvQGV4YW1wbGUubmV0IDxjZW9AZXhhbXBsZS5uZXQ+?= <x@evil.example>",
            "x@evil.example",
            "x@evil.example",
        ),
        ("ceo＠example.net <x@evil.example>", "x@evil.example", "x@evil.example"),
        ("Priya (priya@example.net) <priya@example.net>", "priya@example.net", "Priya"),
        ('"priya@example.net" <priya@example.net>', "priya@example.net", "priya@example.net"),
        ("=?utf-8?q?Pri=E2=80=8Bya=E2=80=AE?= <priya@example.net>", "priya@example.net", "Priya"),
        ("=?utf-8?b?77yw772S772J772Z772B?= <priya@example.net>", "priya@example.net", "Priya"),
        ("=?utf-8?q?a=0D=0ABcc=3A_x?= <priya@example.net>", "priya@example.net", "a Bcc: x"),
        ("Ann <ann@exаmple.net>", "ann@xn--exmple-4nf.net", "Ann"),
        ("<priya@example.net>", "priya@example.net", "priya@example.net"),
    ],
)
def test_a_name_never_stands_for_an_address(sender: str, address: str, shown: str) -> None:
    author = message(written(sender=sender), OPEN).author
    assert (author.native_id, author.display) == (address, shown)


@pytest.mark.parametrize(
    ("headers", "doubt"),
    [
        (("From: a@example.net", "From: b@example.com"), "The mail names several senders."),
        (("From: a@example.net, b@example.com",), "The mail names several senders."),
        (("From: nobody at all",), "The mail names no sender."),
        (("From:",), "The mail names no sender."),
        (("From: hub@example.org",), "The mail claims to come from this hub."),
        (("From: Hub+x@Example.ORG",), "The mail claims to come from this hub."),
    ],
)
def test_a_mail_that_cannot_say_who_wrote_it_is_suspect(headers: tuple[str, ...], doubt: str) -> None:
    raw = written(*headers, "Authentication-Results: mx.example.org; dmarc=pass")
    assert message(raw, OPEN).suspect == doubt
    assert message(raw, ME).suspect == doubt


def test_a_sender_whose_proof_failed_is_suspect_even_with_a_right_token() -> None:
    forged = message(written("Authentication-Results: mx.example.org; dmarc=fail"))
    assert forged.suspect == "The sender's authentication failed: DMARC failed for example.net."


def test_a_forged_result_below_our_servers_is_not_believed() -> None:
    forged = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.net"
    assert message(written("Authentication-Results: mx.example.org; dmarc=fail", forged)).suspect is not None
    assert message(written("Authentication-Results: other.example; dmarc=pass")).suspect is not None
    assert message(written(forged)).suspect is None


def test_addresses_are_kept_in_one_form() -> None:
    assert addresses.normal(" Ann@Bücher.Example. ") == "ann@xn--bcher-kva.example"
    assert addresses.normal("no address") == ""
    assert addresses.normal("a@b@c") == ""
