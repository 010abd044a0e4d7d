"""Issue 4, Shows: replies as three programs write them, the answers they show as one conversation; and a forged one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.mail.posthouse import DESK, OTHER, ROOM, House, housed
from tests.e2e.mail.programs import PROGRAMS, SAID, gmail, one_conversation
from tests.services.mail_servers import MailServers
from tests.services.stories import until
from tieline.client import ClientError
from tieline.client.answers import KeptPage
from tieline.model.shapes import PostBody

pytestmark = pytest.mark.timeout(60)
QUOTED = "Would twelve qwalpha suit you?"
GONE = ("qwalpha", "wrote:", "Sent from my", "Sigfoxtrot", "Message-ID", "write your reply above", "From:")


@pytest.fixture
async def house(tmp_path: Path, servers: MailServers) -> AsyncIterator[House]:
    async with housed(tmp_path, servers) as made:
        yield made


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_reply_and_its_answers_are_one_thread_here_and_there(house: House, program: str) -> None:
    compose, client, servers = PROGRAMS[program], house.client, house.servers
    await client.post(ROOM, "Something else, before.")
    before = await house.got("Something else")
    decoy = await client.post(OTHER, "The roof leaks.")
    await house.got("The roof leaks")
    asked = await client.post(ROOM, QUOTED)
    first = await house.got("qwalpha")

    reply = compose(first, house.ana, SAID)
    await servers.post(reply, house.ana, str(reply["To"]))
    heard = (await house.room(lambda found: len(found) == 3))[-1]
    assert (heard.author.handle, heard.author.kind, heard.thread) == ("ana", "human", asked.id)
    assert [line for line in heard.text.splitlines() if line.strip()] == list(SAID)
    assert not [word for word in GONE if word in heard.text]
    original = (await client.original(heard.id)).text
    assert all(word in original for word in (*SAID, "qwalpha"))

    answer = await client.post(ROOM, PostBody(text="On Monday it is.", thread=asked.id, reply_to=heard.id))
    second = await house.got("On Monday it is")
    assert str(second["In-Reply-To"]) == str(reply["Message-ID"])
    assert str(second["References"]).split() == [str(first["Message-ID"]), str(reply["Message-ID"])]

    assert str(second["Subject"]) == f"Re: {str(first['Subject']).removeprefix('Re: ')}"
    again = compose(second, house.ana, ("Thank you!",))
    await servers.post(again, house.ana, str(again["To"]))
    thanks = (await house.room(lambda found: len(found) == 5))[-1]
    assert (thanks.text, thanks.thread, answer.thread) == ("Thank you!", asked.id, asked.id)
    await client.post(ROOM, PostBody(text="You are welcome.", thread=asked.id, reply_to=thanks.id))
    third = await house.got("You are welcome")
    assert str(third["In-Reply-To"]) == str(again["Message-ID"])
    assert {str(one["Message-ID"]) for one in (first, again)} <= set(str(third["References"]).split())
    assert one_conversation([first, reply, second, again, third]) == dict.fromkeys(PROGRAMS, True)
    assert not any(one_conversation([before, first]).values()), "a new message is a conversation of its own"
    assert await house.texts(OTHER) == [decoy.text]
    assert await house.texts(DESK) == []


async def test_an_answer_that_names_the_thread_alone_follows_the_last_mail_of_the_thread(house: House) -> None:
    asked = await house.client.post(ROOM, QUOTED)
    first = await house.got("qwalpha")
    reply = gmail(first, house.ana)
    await house.servers.post(reply, house.ana, str(reply["To"]))
    await house.room(lambda found: len(found) == 2)
    await house.client.post(ROOM, PostBody(text="On Monday it is.", thread=asked.id))
    answer = await house.got("On Monday it is")
    assert str(answer["References"]).split() == [str(first["Message-ID"]), str(reply["Message-ID"])]
    assert one_conversation([first, reply, answer]) == dict.fromkeys(PROGRAMS, True)


async def test_a_reply_goes_to_the_room_of_what_it_answers(house: House) -> None:
    client, servers = house.client, house.servers
    await client.post(ROOM, "Is the slab poured?")
    slab = await house.got("slab poured")
    roof = await client.post(OTHER, "Is the roof tight?")
    for text, mail in (("It is tight.", await house.got("roof tight")), ("It is poured.", slab)):
        reply = gmail(mail, house.ana, (text,))
        await servers.post(reply, house.ana, str(reply["To"]))
    (_, tight) = await house.room(lambda found: len(found) == 2, OTHER)
    (_, poured) = await house.room(lambda found: len(found) == 2)
    assert (tight.text, tight.thread, poured.text) == ("It is tight.", roof.id, "It is poured.")


async def test_a_forged_reply_is_kept_and_shown_and_answered_by_nobody(house: House) -> None:
    client, servers, mallory = house.client, house.servers, house.servers.user("mallory")
    asked = await client.post(ROOM, QUOTED)
    first = await house.got("qwalpha")
    forged = gmail(first, mallory, ("Pay to this account instead.",))
    await servers.post(forged, mallory, str(forged["To"]))

    async def kept() -> KeptPage:
        return await client.kept()

    (row,) = (await until(kept, lambda page: len(page.items) == 1)).items
    assert (row.channel, row.author_native) == ("mail", mallory)
    assert "given to somebody else" in row.reason
    assert "Pay to this account" in row.text
    real = gmail(first, house.ana, ("Fine.",))
    await servers.post(real, house.ana, str(real["To"]))
    found = await house.room(lambda found: len(found) == 2)
    assert [(one.text, one.thread) for one in found] == [(QUOTED, None), ("Fine.", asked.id)]
    assert house.sent() == 1, "the question; nothing to Mallory"
    assert servers.mails(mallory) == []
    with pytest.raises(ClientError) as refused:
        await client.original(asked.id)
    assert refused.value.status == 404

    await client.release(row.id, room=ROOM)
    released = (await house.room(lambda found: len(found) == 3))[-1]
    assert "Pay to this account" in released.text
    assert (released.author.handle, released.author.kind) != ("ana", "human"), "it is not Ana's word"
