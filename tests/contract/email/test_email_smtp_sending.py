"""Mails reach people through a real server, and what it refuses is told so that a retry is right or is not made."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.contract.adapters.email_contract import SmtpRelay
from tests.contract.email.email_making import connected, make, outgoing, settings
from tests.services.mail_servers import SIZE_LIMIT, MailServers, mail_from, oauth_token
from tieline.errors import DeliveryError, NotDispatched, Permanent, Throttled, Uncertain
from tieline.testing.bench import Failure, eventually
from tieline.testing.clock import VirtualClock
from tieline.testing.session import RecordingSession
from tieline_email.adapter import _contexts
from tieline_email.config import load
from tieline_email.errors import LATER, SOON
from tieline_email.smtp import Smtp


def smtp_of(raw: dict[str, Any]) -> Smtp:
    made = load(raw)
    return Smtp(made.smtp, made.address, _contexts(made)[1], None)


@pytest.fixture
def hub(servers: MailServers) -> str:
    return servers.user("hub")


@pytest.mark.parametrize("tls", ["implicit", "starttls", "none"])
async def test_a_mail_arrives_over_every_kind_of_line(
    servers: MailServers, hub: str, session: RecordingSession, tls: str
) -> None:
    ana = servers.user("ana")
    port = servers.ports["smtps" if tls == "implicit" else "smtp"]
    async with connected(make(settings(servers, hub, smtp={"tls": tls, "port": port})), session) as adapter:
        sent = await adapter.send(outgoing(ana, "hello"))
        mail = (await servers.arrived(ana))[0]
    assert str(mail["Message-ID"]) == f"<{sent.native_id}>"
    assert "Priya" in str(mail["From"])
    assert "ESMTPSA" in str(mail.get_all("Received")) or tls == "none"
    assert mail["Return-Path"] == f"<{hub}>"


@pytest.mark.parametrize(
    ("word", "kind", "code", "wait"),
    [
        ("unknown", Permanent, "smtp_550", None),
        ("gone", Permanent, "smtp_552", None),
        ("full", Throttled, "smtp_452", LATER),
        ("later", Throttled, "smtp_450", LATER),
        ("broken", Throttled, "smtp_451", LATER),
        ("away", Throttled, "smtp_421", SOON),
    ],
)
async def test_a_refusal_of_the_receiver_says_what_a_retry_may_do(
    servers: MailServers, hub: str, word: str, kind: type[DeliveryError], code: str, wait: float | None
) -> None:
    with pytest.raises(kind) as caught:
        await smtp_of(settings(servers, hub)).send(b"Subject: x\r\n\r\nhello\r\n", f"{word}-ana@example.test")
    error = caught.value
    assert error.code == code
    assert "Recipient address rejected" in error.detail
    if isinstance(error, Throttled):
        assert error.retry_after == wait
        assert error.account_wide == (code == "smtp_421")
    else:
        assert isinstance(error, Permanent)
        assert not error.stops_channel


async def test_a_wrong_password_stops_the_channel_after_one_try(servers: MailServers, hub: str) -> None:
    raw = settings(servers, hub, smtp={"password": "wrong"})
    with pytest.raises(Permanent) as caught:
        await smtp_of(raw).send(b"Subject: x\r\n\r\nhello\r\n", servers.user("ana"))
    assert (caught.value.code, caught.value.stops_channel) == ("smtp_535", True)
    assert "app password" in caught.value.fix
    log = (servers.folder / "postfix.log").read_text()
    assert len([one for one in log.splitlines() if "authentication failed" in one and hub in one]) == 1


async def test_an_address_that_is_not_ours_stops_the_channel(servers: MailServers, hub: str) -> None:
    raw = settings(servers, hub) | {"address": servers.user("somebody")}
    with pytest.raises(Permanent) as caught:
        await smtp_of(raw).send(b"Subject: x\r\n\r\nhello\r\n", servers.user("ana"))
    assert caught.value.stops_channel
    assert caught.value.code == "smtp_553" or "not owned" in caught.value.detail


async def test_a_mail_that_is_too_large_fails_for_good(servers: MailServers, hub: str) -> None:
    with pytest.raises(Permanent) as caught:
        await smtp_of(settings(servers, hub)).send(b"Subject: x\r\n\r\n" + b"x" * 998 * (SIZE_LIMIT // 900), "a@b.test")
    assert (caught.value.code, caught.value.stops_channel) == ("smtp_552", False)


async def test_without_starttls_nothing_is_said(servers: MailServers, hub: str) -> None:
    with pytest.raises(Permanent, match="no_starttls") as caught:
        await smtp_of(settings(servers, hub, smtp={"port": servers.ports["notls"]})).send(b"\r\n\r\n", "a@b.test")
    assert caught.value.stops_channel


async def test_a_certificate_of_nobody_we_know_is_refused(servers: MailServers, hub: str) -> None:
    for tls, port in (("starttls", "smtp"), ("implicit", "smtps")):
        raw = settings(servers, hub, smtp={"tls": tls, "port": servers.ports[port]})
        raw["smtp"]["host"] = "127.0.0.1"
        with pytest.raises(Permanent, match="bad_certificate"):
            await smtp_of(raw).send(b"\r\n\r\n", "a@b.test")


async def test_no_server_is_certainly_no_mail(servers: MailServers, hub: str) -> None:
    with pytest.raises(NotDispatched):
        await smtp_of(settings(servers, hub, smtp={"port": 1})).send(b"\r\n\r\n", "a@b.test")


@pytest.mark.parametrize("failure", [Failure.LOST_ANSWER, Failure.BROKEN])
async def test_no_answer_behind_the_final_dot_is_uncertain(servers: MailServers, hub: str, failure: Failure) -> None:
    relay = SmtpRelay(servers.ports["smtp"])
    await relay.open()
    ana = servers.user("ana")
    try:
        relay.fail_next(failure)
        smtp = smtp_of(settings(servers, hub, smtp={"tls": "none", "port": relay.port}))
        with pytest.raises(Uncertain):
            await smtp.send(b"Subject: x\r\n\r\nhello\r\n", ana)
        assert relay.submissions == 1
        if failure is Failure.LOST_ANSWER:
            await servers.arrived(ana)
    finally:
        await relay.close()


async def test_a_second_try_has_the_same_message_id(servers: MailServers, hub: str, session: RecordingSession) -> None:
    ana = servers.user("ana")
    relay = SmtpRelay(servers.ports["smtp"])
    await relay.open()
    raw = settings(servers, hub, smtp={"tls": "none", "port": relay.port})
    async with connected(make(raw), session) as adapter:
        frame = outgoing(ana, "hello")
        relay.fail_next(Failure.LOST_ANSWER)
        with pytest.raises(Uncertain):
            await adapter.send(frame)
        sent = await adapter.send(frame)
        mails = await servers.arrived(ana, 2)
    await relay.close()
    assert {str(mail["Message-ID"]) for mail in mails} == {f"<{sent.native_id}>"}


async def test_a_token_signs_in(servers: MailServers, hub: str, session: RecordingSession) -> None:
    ana = servers.user("ana")
    raw = settings(servers, hub, imap={"oauth": {"token": oauth_token(hub)}})
    del raw["imap"]["password"]
    async with connected(make(raw), session) as adapter:
        await adapter.send(outgoing(ana, "hello"))
        await servers.arrived(ana)


async def test_a_token_that_is_over_stops_the_channel(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    raw = settings(servers, hub, smtp={"oauth": {"token": oauth_token(hub, seconds=-60)}})
    async with connected(make(raw), session) as adapter:
        with pytest.raises(Permanent) as caught:
            await adapter.send(outgoing(servers.user("ana"), "hello"))
        assert caught.value.stops_channel


async def test_people_of_a_thread_each_get_a_copy_and_one_refusal_is_told(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    ana, bo = servers.user("ana"), servers.user("bo")
    raw = settings(servers, hub)
    async with connected(make(raw), session) as adapter:
        first = mail_from(ana, hub, "first", Subject="Re: The wall", Message_ID="<first@client.test>")
        servers.drop(hub, [first.as_bytes()])
        second = mail_from(bo, hub, "second", In_Reply_To="<first@client.test>", Message_ID="<second@client.test>")
        servers.drop(
            hub,
            [
                second.as_bytes(),
                mail_from("unknown-x@example.test", hub, "third", Message_ID="<third@x.test>").as_bytes(),
            ],
        )
        await eventually(lambda: len(session.events) >= 3, "three mails")
        chain = ("first@client.test", "second@client.test", "third@x.test")
        sent = await adapter.send(outgoing(hub, "answer", thread=chain[0], references=chain, reply=chain[1]))
        mails = [(await servers.arrived(one))[0] for one in (ana, bo)]
        assert {str(one["Message-ID"]) for one in mails} == {f"<{sent.native_id}>"}
        assert len({str(one["Reply-To"]) for one in mails}) == 2
        assert [str(one["To"]) for one in mails] == [ana, bo]
        assert "550" in session.troubles[hub][0]


async def test_who_wrote_is_known_after_a_restart(servers: MailServers, hub: str, session: RecordingSession) -> None:
    ana = servers.user("ana")
    servers.drop(
        hub, [mail_from(f"Ana <{ana}>", hub, "first", Subject="Die Wände", Message_ID="<r1@c.test>").as_bytes()]
    )
    async with connected(make(settings(servers, hub)), session) as adapter:
        await adapter.send(outgoing(hub, "answer", thread="r1@c.test", reply="r1@c.test"))
        mail = (await servers.arrived(ana))[0]
    assert (str(mail["In-Reply-To"]), str(mail["Subject"])) == ("<r1@c.test>", "Re: Die Wände")


async def test_where_nobody_wrote_nobody_is_written_to(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    async with connected(make(settings(servers, hub)), session) as adapter:
        with pytest.raises(Permanent, match="nobody_to_write_to") as caught:
            await adapter.send(outgoing(hub, "hello"))
    assert not caught.value.stops_channel


async def test_a_storm_waits_for_its_budget(servers: MailServers, hub: str, session: RecordingSession) -> None:
    ana, bo = servers.user("ana"), servers.user("bo")
    clock = VirtualClock()
    adapter = make(settings(servers, hub, per_thread=3, per_contact=4), clock)
    try:
        await adapter.connect(session)
        for _ in range(3):
            await adapter.send(outgoing(ana, "hello", thread="t1@x.test"))
        with pytest.raises(Throttled, match=r"thread t1@x\.test has had 3 mails") as caught:
            await adapter.send(outgoing(ana, "hello", thread="t1@x.test"))
        assert caught.value.retry_after == pytest.approx(1200)
        assert not caught.value.account_wide
        await adapter.send(outgoing(ana, "hello", thread="t2@x.test"))
        with pytest.raises(Throttled, match=r"address .* has had 4 mails"):
            await adapter.send(outgoing(ana, "hello", thread="t2@x.test"))
        await adapter.send(outgoing(bo, "hello", thread="t3@x.test"))
        clock.jump(3600)
        clock._seconds += 1200
        await adapter.send(outgoing(ana, "hello", thread="t1@x.test"))
    finally:
        await asyncio.wait_for(adapter.disconnect(), 10)
