"""A hub with a mailbox as its users run it: `tieline serve`, real Postfix and Dovecot, and people who write mails.

Two rooms write to Ana: what she writes belongs there. Ben is linked to no room: what he writes comes to the desk.
What the hub sent is counted in Postfix' own log, so a mail to anybody counts, whether a test thought of them or not.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from tests.contract.email.email_making import settings
from tests.services.hub_process import HubProcess
from tests.services.mail_servers import MailServers, mail_from
from tests.services.stories import channel_is_up, until
from tieline.client import Client
from tieline.model.shapes import DeliveryOut, MessageOut

T = TypeVar("T")
ROOM, OTHER, DESK, PUBLIC = "dj-waste", "roof", "desk", "https://hub.example.org"
"""Two rooms that mail Ana; one that people write to; the hub's address in the world."""


@dataclass
class House:
    """Everything of one story: the hub, its mailbox, Ana, Ben, and an agent's client."""

    hub: HubProcess
    servers: MailServers
    address: str
    ana: str
    ben: str
    client: Client

    async def room(self, good: Callable[[list[MessageOut]], bool], name: str = ROOM) -> list[MessageOut]:
        """The messages of a room, once they are as wanted."""

        async def now() -> list[MessageOut]:
            return list((await self.client.messages(name)).messages)

        return await until(now, good, 15)

    async def texts(self, name: str = ROOM) -> list[str]:
        """What a room says now, oldest first."""
        return [one.text for one in (await self.client.messages(name)).messages]

    async def delivery(self, message: str, good: Callable[[DeliveryOut], bool]) -> DeliveryOut:
        """The one delivery of a message, once it is as wanted."""

        async def now() -> list[DeliveryOut]:
            return list((await self.client.message_deliveries(message)).items)

        return (await until(now, lambda found: len(found) == 1 and good(found[0]), 15))[0]

    async def write(self, text: str, subject: str, **headers: str) -> str:
        """Ben writes to the desk; the mail's Message-ID."""
        made = mail_from(f"Ben <{self.ben}>", self.address, text, Subject=subject, **headers)
        await self.servers.post(made, self.ben, self.address)
        return str(made["Message-ID"])

    async def got(self, text: str, who: str = "") -> EmailMessage:
        """The one mail to Ana (or another) that says `text`, once it is there."""

        async def now() -> list[EmailMessage]:
            return [one for one in self.servers.mails(who or self.ana) if text in said(one)]

        return (await until(now, lambda found: len(found) == 1, 15))[0]

    async def all_read(self, word: str) -> None:
        """Wait until the hub has read all mails so far: a mail of Ben's that came later is in the desk's room."""
        await self.write(f"That was all: {word}", f"Mark {word}")
        await self.room(lambda found: any(word in one.text for one in found), DESK)

    def sent(self) -> int:
        """Mails that Postfix took from the hub since the servers began."""
        return sent_from(self.servers, self.address)


def said(mail: EmailMessage) -> str:
    """What a mail says in plain text, above what it quotes."""
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


def sent_from(servers: MailServers, address: str) -> int:
    """Mails that Postfix took from an address, with or without a plus part."""
    local, _, domain = address.partition("@")
    log = (servers.folder / "postfix.log").read_text(errors="replace")
    found = re.findall(rf"qmgr\[\d+\]: (\w+): from=<{re.escape(local)}(?:\+[^@>]*)?@{re.escape(domain)}>, size", log)
    return len(set(found))


@asynccontextmanager
async def housed(
    directory: Path,
    servers: MailServers,
    *,
    mail: Mapping[str, object] | None = None,
    rooms: Mapping[str, object] | None = None,
    desk: Mapping[str, object] | None = None,
    **more: Any,
) -> AsyncIterator[House]:
    """A running house. ``mail``: settings of the channel; ``rooms``: more rooms; ``desk``: of that room; ``more``: of the configuration."""
    address, ana, ben = servers.user("hub"), servers.user("ana"), servers.user("ben")
    config: dict[str, object] = {
        "hub": {"public_url": PUBLIC},
        "channels": {"mail": {"adapter": "email", **settings(servers, address, **(mail or {}))}},
        "members": {
            "ana": {"kind": "human", "display": "Ana", "level": "L3", "accounts": {"mail": ana}},
            "ben": {"kind": "human", "display": "Ben", "level": "L3", "accounts": {"mail": ben}},
            "marcus": {"kind": "ai", "ai": "claude", "display": "Marcus", "level": "L3"},
        },
        "rooms": {
            ROOM: {"links": [{"channel": "mail", "conversation": ana}]},
            OTHER: {"links": [{"channel": "mail", "member": "ana"}]},
            DESK: {"links": [{"channel": "mail", "conversation": address}], **(desk or {})},
            **(rooms or {}),
        },
        **more,
    }
    hub = HubProcess(directory, config)
    await hub.start()
    try:
        async with Client(hub.url, await hub.token("marcus")) as client:
            await channel_is_up(client, "mail")
            yield House(hub, servers, address, ana, ben, client)
    finally:
        await hub.stop()
