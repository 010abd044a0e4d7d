"""What comes into a real mailbox is handed over: at once, once, in order, through whatever the server does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.contract.email.email_making import connected, heard, make, settings, texts, words
from tests.services.cut_proxy import relayed
from tests.services.mail_servers import MailServers, mail_from, oauth_token
from tieline.errors import AdapterError, HubBusy, Misconfigured
from tieline.model.attachments import FileSource
from tieline.model.inbound import InboundMessage
from tieline.testing.bench import eventually
from tieline.testing.session import RecordingSession


@pytest.fixture
def hub(servers: MailServers) -> str:
    return servers.user("hub")


async def test_a_mail_is_handed_over_within_seconds(servers: MailServers, hub: str, session: RecordingSession) -> None:
    ana = servers.user("ana")
    async with connected(make(settings(servers, hub)), session) as adapter:
        assert adapter.is_connected()
        await servers.post(mail_from(f"Ana <{ana}>", hub, "hello\n", Subject="Wall?"), ana, hub)
        event = (await heard(session, 1))[0]
        assert isinstance(event, InboundMessage)
        assert (event.author.native_id, event.author.display) == (ana, "Ana")
        assert "hello" in words(event)
        assert event.cursor is not None
    assert not adapter.is_connected()


@pytest.mark.parametrize("tls", ["implicit", "starttls", "none"])
async def test_every_kind_of_line_is_read(servers: MailServers, hub: str, session: RecordingSession, tls: str) -> None:
    port = servers.ports["imaps" if tls == "implicit" else "imap"]
    async with connected(make(settings(servers, hub, imap={"tls": tls, "port": port})), session):
        servers.drop(hub, [mail_from("ana@client.test", hub, "hello").as_bytes()])
        await heard(session, 1)


async def test_reading_begins_at_the_present(servers: MailServers, hub: str, session: RecordingSession) -> None:
    servers.drop(hub, [mail_from("ana@client.test", hub, "old").as_bytes()])
    async with connected(make(settings(servers, hub)), session):
        servers.drop(hub, [mail_from("ana@client.test", hub, "new").as_bytes()])
        await heard(session, 1)
        assert "new" in texts(session)[0]


async def test_a_server_without_idle_is_asked_again_and_again(session: RecordingSession) -> None:
    with MailServers(idle=False) as plain:
        hub = plain.user("hub")
        async with connected(make(settings(plain, hub, poll="200ms")), session):
            for number in range(2):
                plain.drop(hub, [mail_from("ana@client.test", hub, f"mail {number}").as_bytes()])
                await heard(session, number + 1)


async def test_a_kick_during_idle_loses_nothing_and_repeats_nothing(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    async with connected(make(settings(servers, hub)), session) as adapter:
        servers.drop(hub, [mail_from("ana@client.test", hub, "before").as_bytes()])
        await heard(session, 1)
        servers.kick(hub)
        servers.drop(hub, [mail_from("ana@client.test", hub, "meanwhile").as_bytes()])
        await heard(session, 2)
        assert session.downs
        assert session.ups == 1
        assert adapter.is_connected()
        servers.drop(hub, [mail_from("ana@client.test", hub, "after").as_bytes()])
        await heard(session, 3)
    assert [one.split("\n")[-1] for one in texts(session)] == ["before", "meanwhile", "after"]


async def test_a_restart_of_the_server_loses_nothing_and_repeats_nothing(session: RecordingSession) -> None:
    with MailServers() as own:
        hub = own.user("hub")
        async with connected(make(settings(own, hub)), session) as adapter:
            await asyncio.to_thread(own.stop_dovecot)
            await eventually(lambda: bool(session.downs), "went_down", 25)
            assert not adapter.is_connected()
            own.drop(hub, [mail_from("ana@client.test", hub, f"mail {n}").as_bytes() for n in range(3)])
            await asyncio.to_thread(own.start_dovecot)
            await heard(session, 3, limit=40)
            assert session.ups == 1
        assert [one.split("\n")[-1] for one in texts(session)] == ["mail 0", "mail 1", "mail 2"]


async def test_a_mailbox_that_is_numbered_anew_loses_nothing(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    """Repeats are allowed here: the hub knows them by their Message-ID."""
    async with connected(make(settings(servers, hub)), session) as adapter:
        servers.drop(hub, [mail_from("ana@client.test", hub, f"mail {n}").as_bytes() for n in range(3)])
        events = list(await heard(session, 3))
        cursor = events[-1].cursor if isinstance(events[-1], InboundMessage) else None
        assert cursor is not None
        servers.drop(hub, [])
        servers.new_uidvalidity(hub)
        servers.drop(hub, [mail_from("ana@client.test", hub, "after").as_bytes()])
        await eventually(lambda: any("after" in one for one in texts(session)), "the new mail", 20)
        page = await adapter.resync(hub, cursor)
        assert {one.native_id for one in events} < {one.native_id for one in page.events}
        assert page.cursor is not None
        assert page.cursor.partition(":")[0] != cursor.partition(":")[0]
        again = await adapter.resync(hub, page.cursor)
        assert again.events == ()


async def test_a_half_open_line_is_noticed_when_idle_is_renewed(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    async with relayed(f"tcp://127.0.0.1:{servers.ports['imaps']}") as proxy:
        raw = settings(servers, hub, idle="1s", imap={"port": int(proxy.url.rpartition(":")[2])})
        async with connected(make(raw), session) as adapter:
            assert adapter._listener is not None
            folder = adapter._listener._folder
            assert folder is not None
            folder.imap.done = _impatient(folder.imap.done)  # type: ignore[method-assign, assignment]
            await eventually(folder.imap._protocol.has_pending_idle_command, "it idles")
            proxy.freeze()
            await eventually(lambda: bool(session.downs), "the half-open line is noticed", 15)
            servers.drop(hub, [mail_from("ana@client.test", hub, "meanwhile").as_bytes()])
            proxy.mend()
            await heard(session, 1, 30)


def _impatient(done: Callable[[float], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def soon(limit: float = 0.5) -> None:
        await done(limit)

    return soon


async def test_what_the_hub_cannot_take_is_handed_over_again(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    async with connected(make(settings(servers, hub)), session):
        session.failures.append(HubBusy("busy", retry_after=0.01))
        servers.drop(hub, [mail_from("ana@client.test", hub, f"mail {n}").as_bytes() for n in range(2)])
        await heard(session, 2)
        assert [one.split("\n")[-1] for one in texts(session)] == ["mail 0", "mail 1"]


async def test_mails_stay_unread_unless_the_settings_say_otherwise(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    async with connected(make(settings(servers, hub)), session):
        servers.drop(hub, [mail_from("ana@client.test", hub, "one").as_bytes()])
        await heard(session, 1)
    assert "\\Seen" not in servers.doveadm("fetch", "-u", hub, "flags", "all")
    async with connected(make(settings(servers, hub, mark_seen=True)), session):
        servers.drop(hub, [mail_from("ana@client.test", hub, "two").as_bytes()])
        await heard(session, 2)
        await eventually(lambda: "\\Seen" in servers.doveadm("fetch", "-u", hub, "flags", "all"), "it is marked")


async def test_a_wrong_password_is_a_persons_business(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    with pytest.raises(Misconfigured, match="bad_credential") as caught:
        await make(settings(servers, hub, imap={"password": "wrong"})).connect(session)
    assert "app password" in caught.value.fix


async def test_a_certificate_of_nobody_we_know_is_refused(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    raw = settings(servers, hub)
    del raw["imap"]["ca_file"]
    with pytest.raises(Misconfigured, match="certificate") as caught:
        await make(raw).connect(session)
    assert "ca_file" in caught.value.fix


async def test_a_certificate_for_another_name_is_refused(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    with pytest.raises(Misconfigured, match="certificate"):
        await make(settings(servers, hub, imap={"host": "127.0.0.1"})).connect(session)


async def test_a_server_that_is_not_there_may_come_back(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    with pytest.raises(AdapterError) as caught:
        await make(settings(servers, hub, imap={"port": 1})).connect(session)
    assert not isinstance(caught.value, Misconfigured)


async def test_a_folder_that_is_not_there_is_a_persons_business(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    with pytest.raises(Misconfigured, match="no_folder"):
        await make(settings(servers, hub, imap={"folder": 'Nirgendwö & "x"'})).connect(session)


async def test_a_token_signs_in_and_a_bad_one_is_refused_at_once(
    servers: MailServers, hub: str, session: RecordingSession
) -> None:
    good = settings(servers, hub, imap={"oauth": {"token": oauth_token(hub)}})
    async with connected(make(good), session):
        servers.drop(hub, [mail_from("ana@client.test", hub, "hello").as_bytes()])
        await heard(session, 1)
    bad = settings(servers, hub, imap={"oauth": {"token": oauth_token(hub, seconds=-60)}})
    async with asyncio.timeout(10):
        with pytest.raises(Misconfigured, match="bad_credential"):
            await make(bad).connect(session)


async def test_files_are_fetched_from_their_mail(servers: MailServers, hub: str, session: RecordingSession) -> None:
    ana = servers.user("ana")
    mail = mail_from(ana, hub, "see these")
    picture, note = bytes(range(256)) * 3000, "größe = 5\nline with trailing space \n"
    mail.add_attachment(picture, maintype="image", subtype="png", filename='wall (1) "x".png')
    mail.add_attachment(note.encode(), maintype="text", subtype="plain", filename="note.txt", cte="quoted-printable")
    async with connected(make(settings(servers, hub)), session) as adapter:
        await servers.post(mail, ana, hub)
        event = (await heard(session, 1))[0]
        assert isinstance(event, InboundMessage)
        assert [one.name.endswith((".png", ".txt")) for one in event.files] == [True, True]
        found = []
        for file in event.files:
            source = FileSource(channel="mail", conversation=hub, native_id=event.native_id, file=file)
            found.append(b"".join([piece async for piece in adapter.fetch(source)]))
        assert found[0] == picture
        assert found[1].decode().replace("\r\n", "\n") == note
