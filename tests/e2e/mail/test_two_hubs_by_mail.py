"""Issue 4, Shows: two hubs that mail each other stop within the hop limit.

Counted in Postfix' log. One mailbox each: a mail crosses and is not sent back. Two mailboxes each, all four in a
circle: each hub hands on, through its other mailbox, what came in through one; the hops end it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.contract.email.email_making import settings
from tests.e2e.mail.posthouse import sent_from
from tests.services.hub_process import HubProcess
from tests.services.mail_servers import MailServers
from tests.services.stories import channel_is_up, until
from tieline.client import Client
from tieline_email.me import MOST_HOPS

pytestmark = pytest.mark.timeout(90)
ROOM = "between"


@asynccontextmanager
async def _hub(directory: Path, servers: MailServers, boxes: dict[str, str]) -> AsyncIterator[Client]:
    """A hub with a room; ``boxes``: each mailbox of its own, to the address of the other hub that it writes to."""
    directory.mkdir()  # noqa: ASYNC240 - at once
    names = {f"mail{number}": box for number, box in enumerate(boxes)}
    config: dict[str, object] = {
        "channels": {name: {"adapter": "email", **settings(servers, box)} for name, box in names.items()},
        "members": {"marcus": {"kind": "human", "display": "Marcus", "level": "L3"}},
        "rooms": {ROOM: {"links": [{"channel": name, "conversation": boxes[box]} for name, box in names.items()]}},
    }
    hub = HubProcess(directory, config)
    await hub.start()
    try:
        async with Client(hub.url, await hub.token("marcus")) as client:
            for name in names:
                await channel_is_up(client, name)
            yield client
    finally:
        await hub.stop()


async def _texts(client: Client) -> list[str]:
    return [one.text for one in (await client.messages(ROOM)).messages]


async def test_a_mail_between_two_hubs_crosses_once(tmp_path: Path, servers: MailServers) -> None:
    one, two = servers.user("one"), servers.user("two")
    async with _hub(tmp_path / "a", servers, {one: two}) as here, _hub(tmp_path / "b", servers, {two: one}) as there:
        for client, other, word in ((here, there, "Hello there."), (there, here, "Hello back.")):
            await client.post(ROOM, word)
            await until(lambda other=other: _texts(other), lambda found, word=word: any(word in t for t in found))  # type: ignore[misc]
        assert (sent_from(servers, one), sent_from(servers, two)) == (1, 1)
        assert len(await _texts(here)) == len(await _texts(there)) == 2


async def test_a_circle_of_mailboxes_of_two_hubs_ends_at_the_hop_limit(tmp_path: Path, servers: MailServers) -> None:
    boxes = [servers.user(name) for name in ("a0", "a1", "b0", "b1")]
    a0, a1, b0, b1 = boxes

    async def mails() -> int:
        return sum(sent_from(servers, box) for box in boxes)

    # a0 writes to b0, whose hub hands it on through b1 to a1, whose hub hands it on through a0 to b0 …
    async with (
        _hub(tmp_path / "a", servers, {a0: b0, a1: b1}) as here,
        _hub(tmp_path / "b", servers, {b0: a0, b1: a1}) as there,
    ):
        await here.post(ROOM, "Round and round?")
        # Both ways round: each ends by itself. What is beyond the limit is shown at most, and handed on no more.
        most = 2 * (MOST_HOPS + 1)
        await until(mails, lambda count: count >= 2)
        await _quiet(here, there)
        count = await mails()
        print(f"a circle of two hubs: {count} mails for one message")
        assert count <= most


async def _quiet(*clients: Client) -> None:
    """Wait until nothing is on its way, and a message of each hub came after all that."""

    async def open_ones() -> list[str]:
        found = [one.state for client in clients for one in (await client.deliveries()).items]
        texts = [text for client in clients for text in await _texts(client)]
        return [*(state for state in found if state in {"queued", "sending", "uncertain"}), str(len(texts))]

    last: list[str] = []
    same = 0

    def settled(found: list[str]) -> bool:
        nonlocal last, same
        same = same + 1 if found == last else 0
        last = found
        return same >= 40  # forty looks, two seconds and more

    await until(open_ones, settled, 30)
