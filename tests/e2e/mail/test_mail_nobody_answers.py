"""Issue 4, Shows: an auto-reply, a bounce and a list's mail cause no mail; a bounce marks the delivery that caused it.

The control is a person: where their mail gets an answer of the hub, the same words by a program get none.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.mail.posthouse import DESK, ROOM, House, housed
from tests.services.mail_servers import MailServers, mail_from

pytestmark = pytest.mark.timeout(90)
AUTOMATIC: dict[str, dict[str, str]] = {
    "auto-reply": {"Auto_Submitted": "auto-replied"},
    "list": {"List_Id": "<all.example.test>", "List_Post": "<mailto:all@example.test>", "Precedence": "list"},
}


async def _house_says(house: House, **headers: str) -> str:
    return await house.write("I write no packet.", "A question", **headers)


@pytest.mark.parametrize("kind", AUTOMATIC)
async def test_a_program_gets_no_answer_where_a_person_gets_one(
    tmp_path: Path, servers: MailServers, kind: str
) -> None:
    async with housed(tmp_path, servers, desk={"packets": "require"}) as house:
        await _house_says(house)
        (answer,) = await servers.arrived(house.ben)
        assert str(answer["Auto-Submitted"]) == "auto-generated", "so that no program answers us either"
        assert house.sent() == 1
        for number in range(3):
            away = mail_from(
                f"Ben <{house.ben}>",
                str(answer["Reply-To"]) if number else house.address,
                f"I am away {number}.",
                Subject=f"Out {number}",
                In_Reply_To=str(answer["Message-ID"]),
                **AUTOMATIC[kind],
            )
            await servers.post(away, house.ben, str(away["To"]))
        await house.room(lambda found: sum("I am away" in one.text for one in found) == 3, DESK)
        await _house_says(house)
        await servers.arrived(house.ben, 2)
        assert house.sent() == 2, "one for each mail of his; none for the programs'"


async def test_a_bounce_marks_its_delivery_and_is_answered_by_nobody(tmp_path: Path, servers: MailServers) -> None:
    gone = servers.user("bounce-bo")
    async with housed(tmp_path, servers, rooms={"bo": {"links": [{"channel": "mail", "conversation": gone}]}}) as house:
        asked = await house.client.post("bo", "Are you there?")
        failed = await house.delivery(asked.id, lambda one: one.state == "failed")
        assert failed.error is not None
        assert (failed.error.code, failed.conversation) == ("bounced", gone)
        assert "no outside mail" in failed.error.detail
        fine = await house.client.post(ROOM, "And you?")
        await servers.arrived(house.ana)
        await house.all_read("endmark")
        assert house.sent() == 2, "the two questions; nothing to the postmaster"
        assert (await house.delivery(fine.id, lambda one: one.state == "sent")).error is None
        assert await house.texts("bo") == ["Are you there?"]
        assert len(await house.texts(DESK)) == 1, "the bounce is told at its delivery, not posted"
        (bounce,) = [one for one in servers.mails(house.address) if "MAILER-DAEMON" in str(one["From"])]
        assert bounce.get_content_type() == "multipart/report"


async def test_a_receiver_whom_the_server_refuses_is_told_at_once(tmp_path: Path, servers: MailServers) -> None:
    unknown = f"unknown-{servers.user('bo')}"
    rooms = {"bo": {"links": [{"channel": "mail", "conversation": unknown}]}}
    async with housed(tmp_path, servers, rooms=rooms) as house:
        asked = await house.client.post("bo", "Are you there?")
        failed = await house.delivery(asked.id, lambda one: one.state == "failed")
        assert failed.error is not None
        assert "no such user here" in failed.error.detail
        assert (house.sent(), failed.attempts) == (0, 1)
