"""Issue 4, Shows: one click ends the mails to a contact, durably; "ack" by mail acknowledges an alert."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from tests.e2e.mail.posthouse import PUBLIC, ROOM, housed
from tests.e2e.mail.programs import PROGRAMS
from tests.services.mail_servers import MailServers
from tests.services.stories import channel_is_up, until
from tieline.client import Client
from tieline.client.answers import AlertAnswer
from tieline.model.alerts import AlertState

pytestmark = pytest.mark.timeout(90)


async def test_one_click_ends_the_mails_to_a_contact_also_after_a_restart(tmp_path: Path, servers: MailServers) -> None:
    async with housed(tmp_path, servers) as house:
        await house.client.post(ROOM, "The first of many.")
        mail = await house.got("The first of many")
        assert str(mail["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
        link = "".join(str(mail["List-Unsubscribe"]).split()).strip("<>")
        assert link.startswith(f"{PUBLIC}/")
        here = link.replace(PUBLIC, house.hub.url)
        async with aiohttp.ClientSession() as web:
            async with web.get(here) as page:  # a scanner looks: nothing changes
                assert page.status == 200
            await house.client.post(ROOM, "Still there.")
            await house.got("Still there")
            async with web.post(f"{here}x", data={"List-Unsubscribe": "One-Click"}) as page:
                assert page.status == 404
            async with web.post(here, data={"List-Unsubscribe": "One-Click"}) as page:
                assert page.status == 200
        await house.hub.kill()
        await house.hub.start()
        await channel_is_up(house.client, "mail")
        asked = await house.client.post(ROOM, "You do not read this.")
        ended = await house.delivery(asked.id, lambda one: one.state not in {"queued", "sending"})
        assert ended.error is not None
        assert (ended.state, ended.error.code) == ("expired", "opted_out")
        assert (house.sent(), len(servers.mails(house.ana))) == (2, 2)


@pytest.mark.parametrize("program", PROGRAMS)
async def test_an_alert_by_mail_is_acknowledged_by_a_reply(tmp_path: Path, servers: MailServers, program: str) -> None:
    policies = {"alerts": {"ladder": [{"via": "mail", "wait": "10m"}], "on_call": ["ana"]}}
    async with housed(tmp_path, servers, rooms={"ops": {}}, policies=policies) as house:
        raised = await house.client.alert("disk full on db-3", room="ops")
        mail = await house.got("disk full on db-3")
        assert "ack" in str(mail.get_body(("plain",)))
        assert "List-Unsubscribe" not in mail, "an alert is no list"
        reply = PROGRAMS[program](mail, house.ana, ("ack",))
        await servers.post(reply, house.ana, str(reply["To"]))

        async def now() -> AlertAnswer:
            return await house.client.alert_now(raised.id)

        acked = await until(now, lambda found: found.state is AlertState.ACKNOWLEDGED)
        assert (acked.by, acked.via) == ("ana", "mail")
        assert not [text for text in await house.texts("ops") if text.strip() == "ack"], "a command is no talk"
        async with Client(house.hub.url, await house.hub.token("ana")) as ana:
            assert (await ana.alert_now(raised.id)).state is AlertState.ACKNOWLEDGED
