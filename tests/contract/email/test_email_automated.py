"""Automatic mail (RFC 3834): nothing answers it, and it is still read and shown."""

import pytest

from tests.contract.email.email_samples import ME, OPEN, OURS, message, written
from tests.services.slack_session import plain_text
from tieline_email import automated, headers
from tieline_email.headers import Headers

VACATION = "I am away until Monday."

AUTOMATIC = [
    "Auto-Submitted: auto-generated",
    "Auto-Submitted: auto-replied",
    'Auto-Submitted: auto-notified; owner-email="a@b.example"',
    "auto-submitted: AUTO-REPLIED (vacation)",
    "Auto-Submitted: something-new",
    "Auto-Submitted:",
    "Precedence: bulk",
    "Precedence: List",
    "Precedence: junk",
    "Precedence: auto_reply",
    "List-Id: <team.example.net>",
    "List-Unsubscribe: <mailto:leave@example.net>",
    "List-Post: NO",
    "Mailing-List: list team@example.net",
    "X-Auto-Response-Suppress: All",
    "X-Auto-Response-Suppress: DR, OOF, AutoReply",
    "Return-Path: <>",
    "From: MAILER-DAEMON@mx.example.net",
    "From: Mail System <mailer-daemon@example.net>",
    "From: postmaster@example.net",
    "From: no-reply@example.net",
    "From: team-request@example.net",
    "From: owner-team@example.net",
    "From: news-bounces+hub=example.org@example.net",
    "Return-Path: <bounce-123@example.net>",
    "Sender: team-bounces@example.net",
    "Content-Type: multipart/report; report-type=feedback-report; boundary=x",
    "X-Autoreply: yes",
    "X-Autorespond: away",
    "X-Mail-Autoreply: yes",
    "X-Autoresponder: away",
    "X-Vacation: yes",
    "Delivered-To: Autoresponder",
    "X-Precedence: bulk",
    "Preference: auto_reply",
    "X-Cron-Env: <SHELL=/bin/sh>",
    "Subject: Automatic reply: Pump 3",
    "Subject: Out of Office: Pump 3",
    "Subject: Out of the office",
    "Subject: Automatische Antwort: Pump 3",
    "Subject: =?utf-8?q?R=C3=A9ponse_automatique?= : Pump 3",
    "Subject: 自動返信: Pump 3",
    "X-Loop: hub@example.org",
    "Tieline-Hops: 3",
    "Tieline-Hops: 99",
    "Tieline-Hops: many",
    "Tieline-Hops: -1",
    f"Message-ID: <{OURS}>",
]

BY_PEOPLE = [
    "Auto-Submitted: no",
    "Auto-Submitted: No (a person)",
    "Precedence: first-class",
    "Return-Path: <priya@example.net>",
    "X-Auto-Response-Suppress: None",
    "Subject: Re: the automatic reply that I got",
    "Subject: Pump out of office hours",
    "X-Loop: somebody@else.example",
    "Tieline-Hops: 2",
    "Message-ID: <somebody@example.org>",
    "From: Bouncer <roberta@example.net>",
    "From: norman@example.net",
    "Message-ID: <abc.0.aaaaaaaaaaaaaaaa@example.org>",
]


@pytest.mark.parametrize("header", AUTOMATIC)
def test_automatic_mail_is_known_and_shown(header: str) -> None:
    read = message(written(header, body=VACATION), OPEN)

    assert read.automated
    assert plain_text(read.content).endswith(VACATION)


@pytest.mark.parametrize("header", BY_PEOPLE)
def test_mail_of_people_is_answered(header: str) -> None:
    assert not message(written(header), OPEN).automated


def test_the_reason_is_told_in_plain_words() -> None:
    def reason(line: str) -> str | None:
        return automated.reason(headers.parse(line.encode()), ME)

    assert reason("Precedence: bulk") == "Precedence: bulk"
    assert reason("Auto-Submitted:") == "Auto-Submitted: without a value"
    assert reason("Tieline-Hops: 4") == "it has passed 4 hubs"
    assert reason("Return-Path: <>") == "an empty Return-Path"
    assert reason("From: postmaster@example.net") == "sent by postmaster"
    assert reason("X-Vacation: 1") == "a X-Vacation field"
    assert reason("Subject: hello") is None


@pytest.mark.parametrize(
    ("said", "hops"),
    [((), 0), (("1",), 1), (("2", "1"), 2), (("x",), 100), (("99999",), 100), (("",), 100), (("-1",), 100)],
)
def test_hops_are_counted_upwards(said: tuple[str, ...], hops: int) -> None:
    assert automated.hops(Headers(fields=tuple(("tieline-hops", value) for value in said))) == hops
