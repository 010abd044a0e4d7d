"""Files both ways: streamed out with their length, fetched in by an address that is renewed where it expired."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import pytest

from tests.contract.discord.discord_making import CHANNEL, file, outgoing
from tests.services.scripted_discord import ALICE, GENERAL, Lose, ScriptedDiscord
from tieline.errors import NotDispatched, Permanent, Uncertain
from tieline.model.attachments import FileSource, NativeFile
from tieline.model.inbound import InboundMessage
from tieline.ports.adapter import OutgoingFile
from tieline.testing.session import RecordingSession
from tieline_discord.adapter import DiscordAdapter
from tieline_discord.files import Multipart

PICTURE = bytes(range(256)) * 40


@pytest.mark.parametrize("via", ["webhook", "bot"])
async def test_files_go_with_their_text_under_their_names(
    discord: ScriptedDiscord, adapter: DiscordAdapter, via: str
) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    files = [file("plan.png", PICTURE, mime="image/png", alt="a plan"), file('odd "näme".txt', b"hello")]
    for thread in (None, root):
        await adapter.send(outgoing("look", via=via, files=files, thread=thread, key=f"dlv_{thread}:0"))
        shown = discord.shown(thread or GENERAL)[-1]

        assert shown["content"] == "look"
        assert shown["attachments"][0] == {
            "name": "plan.png",
            "size": len(PICTURE),
            "sha256": hashlib.sha256(PICTURE).hexdigest(),
        }
        assert shown["attachments"][1]["size"] == 5
    assert discord.messages[GENERAL][discord.shown(GENERAL)[-1]["id"]]["attachments"][0]["description"] == "a plan"


def test_discord_is_told_the_length_beforehand() -> None:
    body = Multipart("{}", [file("a.txt", b"hello"), file("ä\r\nX: y.bin", PICTURE, mime="no mime")])

    assert body.writer.size is not None
    assert body.writer.size > len(PICTURE) + 5


async def test_a_file_alone_needs_no_text(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    await adapter.send(outgoing("", files=[file("a.txt", b"a")]))

    assert discord.shown(GENERAL)[0]["attachments"][0]["name"] == "a.txt"


@pytest.mark.parametrize("size", [2, 9], ids=["longer than it said", "shorter than it said"])
async def test_a_file_that_changed_under_way_makes_nothing(
    discord: ScriptedDiscord, adapter: DiscordAdapter, size: int
) -> None:
    with pytest.raises(NotDispatched, match="file_changed"):
        await adapter.send(outgoing("look", files=[file("a.txt", b"hello", size=size)]))

    assert discord.shown(GENERAL) == []


async def test_a_file_that_cannot_be_read_says_why(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    async def read() -> AsyncIterator[bytes]:
        yield b"he"
        raise Permanent("file_gone", "it is gone")

    broken = OutgoingFile(name="a.txt", mime="text/plain", size=5, alt="", read=read)
    with pytest.raises(Permanent, match="file_gone"):
        await adapter.send(outgoing("look", files=[broken]))

    assert discord.shown(GENERAL) == []


async def test_a_file_that_is_too_large_is_refused_for_good(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    discord.file_limit = 4
    with pytest.raises(Permanent, match="too_large") as caught:
        await adapter.send(outgoing("look", files=[file("a.txt", b"hello")]))

    assert "file_limit" in caught.value.fix


async def test_an_upload_in_doubt_is_found_by_its_sizes(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    discord.script("execute_webhook", Lose())
    doubted = outgoing("", files=[file("a.txt", b"hello")])
    with pytest.raises(Uncertain):
        await adapter.send(doubted)

    assert await adapter.look_up(outgoing("", files=[file("a.txt", b"hell")], key="dlv_9:0"), 0) is None
    assert await adapter.look_up(doubted, 0) is not None


# ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def fetched(adapter: DiscordAdapter, source: FileSource) -> bytes:
    return b"".join([piece async for piece in adapter.fetch(source)])


async def source_of(session: RecordingSession) -> FileSource:
    (event,) = await session.wait_for(1)
    assert isinstance(event, InboundMessage)
    return FileSource(channel=CHANNEL, conversation=event.conversation, native_id=event.native_id, file=event.files[0])


@pytest.mark.parametrize("in_thread", [False, True])
async def test_what_people_attach_is_fetched_also_after_its_address_expired(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession, *, in_thread: bool
) -> None:
    root = None
    if in_thread:
        root = discord.say(GENERAL, ALICE, "root")
        await session.wait_for(1)
        session.events.clear()
    discord.say(GENERAL, ALICE, "", files={"plan.png": PICTURE}, thread=root)
    source = await source_of(session)
    assert await fetched(adapter, source) == PICTURE
    discord.expire_links()
    assert await fetched(adapter, source) == PICTURE
    assert len(discord.called("get_message")) == 1


async def test_a_file_whose_message_is_gone_is_gone(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession
) -> None:
    message = discord.say(GENERAL, ALICE, "", files={"plan.png": PICTURE})
    source = await source_of(session)
    discord.delete(GENERAL, message)
    discord.expire_links()
    with pytest.raises(Permanent):
        await fetched(adapter, source)


async def test_no_host_but_discords_is_asked(adapter: DiscordAdapter) -> None:
    for url in ("https://example.org/attachments/1/2/a", "https://169.254.169.254/latest", "file:///etc/passwd"):
        native = NativeFile(id="2", url=url)
        with pytest.raises(Permanent, match=r"forbidden_address|bad_address"):
            await fetched(adapter, FileSource(channel=CHANNEL, conversation=GENERAL, native_id="1", file=native))
