"""Issue 4, Shows: a kick during IDLE, a restart of Dovecot and a mailbox numbered anew lose and repeat nothing."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.e2e.mail.posthouse import DESK, House, housed
from tests.services.mail_servers import MailServers, mail_from, why_not

pytestmark = pytest.mark.timeout(90)


@pytest.fixture(scope="module")
def servers(missing_server: Callable[[str], NoReturn]) -> Iterator[MailServers]:
    """A pair of their own: Postfix refuses the first to sign in (454) once Dovecot was started again."""
    reason = why_not()
    if reason is not None:
        missing_server(reason)
    with MailServers() as made:
        yield made


async def _write(house: House, words: list[str]) -> None:
    for word in words:
        await house.write(f"Here is {word}.", f"About {word}")


def _kick(servers: MailServers, user: str, within: float = 10.0) -> None:
    """Throw the hub out; it may be on its way back from the time before."""
    end = time.monotonic() + within
    while True:
        try:
            servers.kick(user)
        except RuntimeError:
            assert time.monotonic() < end, "there was nobody to throw out"
        else:
            return


def _numbered_anew(servers: MailServers, user: str) -> None:
    """As :meth:`MailServers.new_uidvalidity`, with Dovecot away: whom it only kicks is back before the files are."""
    servers.stop_dovecot()
    try:
        maildir = servers.maildir(user)
        for found in maildir.glob("dovecot*"):
            found.unlink()
        listed = maildir / "dovecot-uidlist"
        listed.write_text(f"3 V{int(time.time()) + 1000} N1\n")
        shutil.chown(listed, "mail", "mail")
    finally:
        servers.start_dovecot()


async def _told(house: House, words: list[str]) -> None:
    """All the words are in the room, each once, also after all that was under way has come."""
    await house.room(lambda found: all(any(word in one.text for one in found) for word in words), DESK)
    await house.all_read("endmark")
    texts = await house.texts(DESK)
    counted = Counter(word for text in texts for word in [*words, "endmark"] if f"Here is {word}." in text)
    assert counted == Counter(words)
    assert len(texts) == len(words) + 1


async def test_a_kick_during_idle_loses_nothing_and_repeats_nothing(tmp_path: Path, servers: MailServers) -> None:
    words = [f"kick-{letter}" for letter in "abcdefgh"]
    async with housed(tmp_path, servers) as house:
        await _write(house, words[:2])
        await house.room(lambda found: len(found) == 2, DESK)
        for start in (2, 4, 6):
            writing = asyncio.create_task(_write(house, words[start : start + 2]))
            await asyncio.to_thread(_kick, servers, house.address)
            await writing
        await _told(house, words)


async def test_a_restart_of_dovecot_while_mails_arrive_loses_and_repeats_nothing(
    tmp_path: Path, servers: MailServers
) -> None:
    words = [f"restart-{letter}" for letter in "abcdefgh"]
    async with housed(tmp_path, servers) as house:
        await _write(house, words[:2])
        await house.room(lambda found: len(found) == 2, DESK)
        writing = asyncio.create_task(_write(house, words[2:4]))
        await asyncio.to_thread(servers.stop_dovecot)
        try:
            await writing
            await _write(house, words[4:6])  # Postfix keeps them until there is somebody to give them to
            laid = mail_from(f"Ben <{house.ben}>", house.address, f"Here is {words[6]}.", Subject=f"About {words[6]}")
            servers.drop(house.address, [laid.as_bytes()])
        finally:
            await asyncio.to_thread(servers.start_dovecot)
        await _write(house, words[7:])
        await _told(house, words)


async def test_a_mailbox_that_is_numbered_anew_loses_and_repeats_nothing(tmp_path: Path, servers: MailServers) -> None:
    words = [f"number-{letter}" for letter in "abcd"]
    async with housed(tmp_path, servers) as house:
        await _write(house, words[:2])
        await house.room(lambda found: len(found) == 2, DESK)
        await asyncio.to_thread(_numbered_anew, servers, house.address)
        await _write(house, words[2:])
        await _told(house, words)
