"""The whole adapter on real servers: threads, catch-up, large mails, the check, and the link that ends mails."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from tests.contract.email.email_making import connected, heard, make, outgoing, settings, texts, words
from tests.services.mail_servers import MailServers, mail_from
from tieline.errors import HubBusy, Misconfigured, Permanent
from tieline.model.attachments import FileSource
from tieline.model.inbound import InboundConsent, InboundMessage
from tieline.ports.adapter import OutgoingFile
from tieline.testing.session import RecordingSession
from tieline_email import leaving
from tieline_email.adapter import EmailAdapter


@pytest.fixture
def hub(servers: MailServers) -> str:
    return servers.user("hub")


async def test_a_reply_comes_back_into_its_thread_and_names_the_delivery(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    ana = servers.user("ana")
    async with connected(make(settings(servers, hub)), session) as adapter:
        out = outgoing(ana, "Shall we pour the slab?")
        sent = await adapter.send(out)
        mail = (await servers.arrived(ana))[0]
        answer = mail_from(
            f"Ana <{ana}>",
            str(mail["Reply-To"]),
            "Yes, today.\n\nOn Fri, 20 Nov 2026 at 10:00, Priya via Tieline <hub@example.test> wrote:\n\n> Shall we pour the slab?\n",
            Subject=f"Re: {mail['Subject']}",
            In_Reply_To=str(mail["Message-ID"]),
            References=str(mail["Message-ID"]),
        )
        await servers.post(answer, ana, str(mail["Reply-To"]))
        event = (await heard(session, 1))[0]
        assert isinstance(event, InboundMessage)
        assert (event.answers, event.reply_to, event.suspect) == (out.delivery_id, sent.native_id, None)
        assert words(event) == "Yes, today."
        again = await adapter.send(
            outgoing(
                ana,
                "Thanks",
                thread=sent.native_id,
                reply=event.native_id,
                references=(sent.native_id, event.native_id),
            )
        )
        last = (await servers.arrived(ana, 2))[1]
    assert str(last["Message-ID"]) == f"<{again.native_id}>"
    assert str(last["In-Reply-To"]) == str(answer["Message-ID"])
    assert str(last["References"]).split() == [f"<{sent.native_id}>", str(answer["Message-ID"])]
    assert str(last["Subject"]) == f"Re: {mail['Subject']}"


async def test_a_bounce_is_told_with_its_delivery(servers: MailServers, hub: str, session: RecordingSession) -> None:
    async with connected(make(settings(servers, hub)), session) as adapter:
        out = outgoing(servers.user("bounce"), "hello")
        await adapter.send(out)
        event = (await heard(session, 1, 30))[0]
    assert getattr(event, "delivery_id", None) == out.delivery_id
    assert getattr(event, "state", None) == "failed"


async def test_a_thousand_mails_are_caught_up_with_in_bounded_time(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    adapter = make(settings(servers, hub))
    async with connected(adapter, session):
        cursor = (await adapter.resync(hub, None)).cursor
    servers.drop(hub, [mail_from("ana@client.test", hub, f"mail {n}").as_bytes() for n in range(1000)])
    heard_now = RecordingSession()
    async with connected(make(settings(servers, hub)), heard_now) as adapter:
        begun, found, more, pages = time.monotonic(), [], True, 0
        while more:
            page = await adapter.resync(hub, cursor)
            found += [event for event in page.events if isinstance(event, InboundMessage)]
            assert page.cursor != cursor
            cursor, more, pages = page.cursor, page.more, pages + 1
        took = time.monotonic() - begun
    assert [words(event).split("\n")[-1] for event in found] == [f"mail {n}" for n in range(1000)]
    assert pages == 20
    assert took < 60
    assert heard_now.events == []
    print(f"1,000 mails in {took:.1f} s")


async def test_a_large_mail_is_read_without_its_files_which_are_fetched_in_pieces(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    size = 20 * 1024 * 1024
    mail = mail_from("ana@client.test", hub, "the plans are attached")
    mail.add_attachment(
        bytes(range(256)) * (size // 256), maintype="application", subtype="pdf", filename="plan (a.pdf"
    )
    mail.add_attachment(b"small", maintype="application", subtype="octet-stream", filename="s.bin")
    raw = mail.as_bytes()
    del mail
    async with connected(make(settings(servers, hub)), session) as adapter:
        tracemalloc.start()
        servers.drop(hub, [raw])
        event = (await heard(session, 1, 60))[0]
        assert isinstance(event, InboundMessage)
        assert "the plans are attached" in words(event)
        big = next(one for one in event.files if one.name.endswith(".pdf"))
        assert big.size == pytest.approx(size, rel=0.03)
        count = 0
        source = FileSource(channel="mail", conversation=hub, native_id=event.native_id, file=big)
        async for piece in adapter.fetch(source):
            assert piece[:1] == bytes([count % 256])
            count += len(piece)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == size
    assert peak < 8 * 1024 * 1024, f"{peak / 2**20:.1f} MiB for a mail of {len(raw) / 2**20:.0f} MiB"
    print(f"peak {peak / 2**20:.1f} MiB for a mail of {len(raw) / 2**20:.0f} MiB")


async def test_a_file_of_a_mail_that_is_gone_is_gone(servers: MailServers, hub: str, session: RecordingSession) -> None:
    mail = mail_from("ana@client.test", hub, "see")
    mail.add_attachment(b"x" * 500, maintype="image", subtype="png", filename="w.png")
    async with connected(make(settings(servers, hub)), session) as adapter:
        servers.drop(hub, [mail.as_bytes()])
        event = (await heard(session, 1))[0]
        assert isinstance(event, InboundMessage)
        servers.doveadm("expunge", "-u", hub, "mailbox", "INBOX", "all")
        source = FileSource(channel="mail", conversation=hub, native_id=event.native_id, file=event.files[0])
        with pytest.raises(Permanent, match="file_gone"):
            _ = [piece async for piece in adapter.fetch(source)]


async def test_files_are_sent_and_come_back_whole(servers: MailServers, hub: str, session: RecordingSession) -> None:
    ana = servers.user("ana")
    data = bytes(range(256)) * 100

    async def read() -> AsyncIterator[bytes]:
        yield data[:1000]
        yield data[1000:]

    file = OutgoingFile(name="Wände.png", mime="image/png", size=len(data), alt="", read=read)
    other = OutgoingFile(name="plan.bin", mime="application/octet-stream", size=len(data), alt="", read=read)
    async with connected(make(settings(servers, hub)), session) as adapter:
        await adapter.send(outgoing(ana, "see", files=(file, other)))
        mail = (await servers.arrived(ana))[0]
    found = {part.get_filename(): part.get_content() for part in mail.walk() if part.get_filename()}
    assert found == {"Wände.png": data, "plan.bin": data}


async def test_the_check_says_what_is_well_and_what_is_not(servers: MailServers, hub: str) -> None:
    good = await make(settings(servers, hub, authserv_ids=["mx.example.test"]), public_url="https://hub.test").check([])
    assert [one.level for one in good] == ["ok", "ok"], good
    bad = await make(settings(servers, hub, smtp={"password": "wrong"}, imap={"port": servers.ports["lmtp"]})).check(
        ["nonsense", hub]
    )
    assert [one.level for one in bad].count("error") == 3
    assert all(one.fix for one in bad if one.message.startswith("SMTP"))
    stranger = settings(servers, hub) | {"address": servers.user("other")}
    told = [one for one in await make(stranger).check([]) if one.message.startswith("SMTP")]
    assert told[0].level == "error"
    assert "not owned" in told[0].message
    assert servers.mails(hub) == []


async def test_addresses_are_kept_in_one_form(servers: MailServers, hub: str) -> None:
    adapter = make(settings(servers, hub))
    assert await adapter.resolve("Ana@Example.ORG") == ("ana@example.org", "ana@example.org")
    assert await adapter.direct("Ana@Example.ORG") == "ana@example.org"
    with pytest.raises(Misconfigured):
        await adapter.resolve("#general")


@asynccontextmanager
async def served(adapter: EmailAdapter) -> AsyncIterator[str]:
    app = web.Application()
    for route in adapter.routes():
        app.router.add_route(route.method, f"/mail/{route.path}", route.handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/mail"
    finally:
        await runner.cleanup()


async def test_one_click_ends_the_mails_and_a_look_does_not(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    ana = servers.user("ana")
    adapter = make(settings(servers, hub), public_url="https://hub.test")
    async with served(adapter) as base, ClientSession() as http:
        link = f"{base}/{leaving.PATH}/{leaving.make(adapter._me.secret, ana)}"
        async with http.post(link) as early:
            assert early.status == 503
        async with connected(adapter, session):
            await adapter.send(outgoing(ana, "hello"))
            mail = (await servers.arrived(ana))[0]
            assert str(mail["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
            assert str(mail["List-Unsubscribe"]).endswith(link.rpartition("/")[2] + ">")
            async with http.get(link) as page:
                body = await page.text()
                assert page.status == 200
                assert "http" not in body.replace("http-equiv", "")
                assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            assert session.events == []
            async with http.post(f"{link}x", data={"List-Unsubscribe": "One-Click"}) as forged:
                assert forged.status == 404
            session.failures.append(HubBusy("busy"))
            async with http.post(link, data={"List-Unsubscribe": "One-Click"}) as busy:
                assert busy.status == 503
            async with http.post(link, data={"List-Unsubscribe": "One-Click"}) as done:
                assert done.status == 200
    event = session.events[-1]
    assert isinstance(event, InboundConsent)
    assert (event.conversation, event.wanted, event.author.native_id) == (ana, False, ana)


async def test_what_a_contact_is_told_has_no_history_of_its_own(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    async with connected(make(settings(servers, hub)), session) as adapter:
        page = await adapter.resync("ana@client.test", None)
    assert (page.events, page.more) == ((), False)
    assert texts(session) == []
