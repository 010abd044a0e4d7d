"""Every fault of a channel's block is named with its place and its mend, and secrets are shown nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tieline_email import ids
from tieline_email.config import Tls, check, load
from tieline_email.ids import Position

GOOD: dict[str, Any] = {
    "address": "Hub@Example.org",
    "imap": {"host": "imap.example.org", "password": "secret-pw"},
}


def test_the_shortest_block_is_whole() -> None:
    assert check(GOOD) == ()
    made = load(GOOD)
    assert made.address == "hub@example.org"
    assert (made.imap.port, made.imap.tls, made.imap.username) == (993, Tls.IMPLICIT, "hub@example.org")
    assert (made.smtp.host, made.smtp.port, made.smtp.tls) == ("imap.example.org", 587, Tls.STARTTLS)
    assert made.smtp.password == "secret-pw"
    assert len(made.secret) == 32


def test_secrets_stand_in_no_repr() -> None:
    raw = GOOD | {
        "token_secret": "0123456789abcdef",
        "smtp": {
            "oauth": {
                "client_id": "c",
                "client_secret": "hidden1",
                "refresh_token": "hidden2",
                "token_url": "https://x.test/",
            }
        },
    }
    assert check(raw) == ()
    made = load(raw)
    shown = repr(made) + repr(made.imap) + repr(made.smtp) + repr(made.smtp.oauth)
    assert not [word for word in ("secret-pw", "hidden1", "hidden2", "0123456789abcdef") if word in shown]


def test_the_token_secret_stays_when_the_password_changes() -> None:
    other = {**GOOD, "imap": {**GOOD["imap"], "password": "new"}}
    assert load(GOOD).secret == load(dict(GOOD)).secret
    assert load(GOOD).secret != load(other).secret
    given = {"token_secret": "0123456789abcdef"}
    assert load(GOOD | given).secret == load(other | given).secret


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"address": None}, ("address",)),
        ({"address": "hub"}, ("address",)),
        ({"address": "hub+x@example.org"}, ("address",)),
        ({"imap": None}, ("imap",)),
        ({"imap": {"host": "a b", "password": "x"}}, ("imap", "host")),
        ({"imap": {"host": "h.test", "password": "x", "port": 70000}}, ("imap", "port")),
        ({"imap": {"host": "h.test", "password": "x", "tls": "maybe"}}, ("imap", "tls")),
        ({"imap": {"host": "h.test", "password": "x", "tls": "none"}}, ("imap", "tls")),
        ({"imap": {"host": "h.test"}}, ("imap", "password")),
        ({"imap": {"host": "h.test", "password": "x", "ca_file": "/no/such/file"}}, ("imap", "ca_file")),
        ({"imap": {"host": "h.test", "password": "x", "color": "red"}}, ("imap", "color")),
        ({"imap": {"host": "h.test", "oauth": {"client_id": "x"}}}, ("imap", "oauth")),
        ({"smtp": {"oauth": {"token": "x", "token_url": "http://far.test/"}}}, ("smtp", "oauth", "token_url")),
        ({"smtp": "smtp.example.org"}, ("smtp",)),
        ({"smtp": {"tls": "none"}}, ("smtp", "tls")),
        ({"idle": "29m"}, ("idle",)),
        ({"poll": "soon"}, ("poll",)),
        ({"max_size": "much"}, ("max_size",)),
        ({"per_thread": 0}, ("per_thread",)),
        ({"per_contact": True}, ("per_contact",)),
        ({"to": ["nobody"]}, ("to",)),
        ({"to": 5}, ("to",)),
        ({"allow": [5]}, ("allow",)),
        ({"token_secret": "short"}, ("token_secret",)),
        ({"mark_seen": "yes"}, ("mark_seen",)),
        ({"adress": "x"}, ("adress",)),
    ],
)
def test_each_fault_is_named(change: dict[str, object], path: tuple[str, ...]) -> None:
    found = check({**GOOD, **change})
    assert path in [one.path for one in found]
    assert all(one.message and one.fix for one in found)


@pytest.mark.parametrize(
    "raw", [{}, {"imap": [1], "smtp": 5, "to": {"a": 1}, "idle": []}, {"imap": {"oauth": 7, "host": 5}}]
)
def test_whatever_stands_there_is_checked(raw: dict[str, object]) -> None:
    assert check(raw)


def test_an_own_server_on_this_machine_may_be_open(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    raw = GOOD | {
        "imap": {"host": "localhost", "password": 5, "tls": "none", "port": "1143", "ca_file": str(tmp_path / "ca.pem")}
    }
    assert check(raw | {"smtp": {"tls": "none", "username": ""}}) == ()
    made = load(raw)
    assert (made.imap.port, made.imap.password) == (1143, "5")


def test_a_cursor_is_read_as_it_is_written() -> None:
    here = Position(uidvalidity=7, uid=12, at=1_790_000_000)
    assert ids.position(str(here)) == here
    assert ids.position("7:12") == Position(uidvalidity=7, uid=12)
    assert ids.position("1790000000.000100") is None
    assert here.day_before == "20-Sep-2026"
    assert Position(uidvalidity=1, uid=1, at=10**11).day_before
