"""Issue 4, Shows: a hub with a mailbox, as its users run it, on real Postfix and Dovecot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.email.email_making import settings
from tests.services.hub_process import HubProcess
from tests.services.mail_servers import MailServers, mail_from
from tests.services.stories import channel_is_up, until
from tieline.client import Client
from tieline.model.shapes import PostBody

pytestmark = pytest.mark.timeout(120)
ROOM = "dj-waste"


class House:
    """The hub, its mailbox, Ana who writes mails, and an agent."""

    def __init__(self, process: HubProcess, servers: MailServers, address: str, ana: str) -> None:
        self.process, self.servers, self.address, self.ana = process, servers, address, ana

    async def agent(self) -> Client:
        return Client(self.process.url, await self.process.token("marcus"))


@pytest.fixture
async def house(tmp_path: Path, servers: MailServers) -> AsyncIterator[House]:
    address, ana = servers.user("hub"), servers.user("ana")
    config: dict[str, object] = {
        "channels": {"mail": {"adapter": "email", **settings(servers, address)}},
        "members": {
            "ana": {"kind": "human", "display": "Ana", "level": "L3", "accounts": {"mail": ana}},
            "marcus": {"kind": "ai", "ai": "claude", "display": "Marcus", "level": "L3"},
        },
        "rooms": {ROOM: {"links": [{"channel": "mail", "conversation": address, "direction": "both"}]}},
    }
    process = HubProcess(tmp_path, config)
    await process.start()
    try:
        yield House(process, servers, address, ana)
    finally:
        await process.stop()


async def test_a_mail_and_its_answers_are_one_thread_and_a_restart_loses_nothing(house: House) -> None:
    servers, ana = house.servers, house.ana
    async with await house.agent() as agent:
        await channel_is_up(agent, "mail")
        first = mail_from(f"Ana <{ana}>", house.address, "Is the slab poured?", Subject="The slab")
        await servers.post(first, ana, house.address)

        async def said() -> list[str]:
            return [one.text for one in (await agent.messages(ROOM)).messages]

        await until(said, lambda found: len(found) == 1)
        asked = (await agent.messages(ROOM)).messages[0]
        assert asked.author.display == "Ana"
        await agent.post(ROOM, PostBody(text="Yes, this morning.", thread=asked.id))
        answer = (await servers.arrived(ana))[0]
        assert (str(answer["In-Reply-To"]), str(answer["Subject"])) == (str(first["Message-ID"]), "Re: The slab")
        again = mail_from(
            f"Ana <{ana}>",
            str(answer["Reply-To"]),
            "Thanks!",
            Subject="Re: The slab",
            In_Reply_To=str(answer["Message-ID"]),
            References=f"{first['Message-ID']} {answer['Message-ID']}",
        )
        await servers.post(again, ana, str(answer["Reply-To"]))
        await until(said, lambda found: len(found) == 3)
        last = (await agent.messages(ROOM)).messages[-1]
        assert (last.text, last.thread) == ("Thanks!", asked.id)
    await house.process.stop()
    count = len(servers.mails(house.address))
    await servers.post(mail_from(ana, house.address, "And the wall?", Subject="Wall"), ana, house.address)
    await servers.arrived(house.address, count + 1)
    await house.process.start()
    async with await house.agent() as agent:

        async def texts() -> list[str]:
            return [one.text for one in (await agent.messages(ROOM)).messages]

        found = await until(texts, lambda found: len(found) >= 4)
        assert len(found) == 4
        assert "And the wall?" in found[-1]
