"""The adapter against local-slack over Socket Mode: both directions, law 1, and a cut connection."""

import asyncio
from pathlib import Path

import pytest

from tests.contract.slack.slack_making import connected, make, outgoing, part
from tests.services.cut_proxy import relayed
from tests.services.local_slack import ALICE, BOT, DIRECT, GENERAL, SUPPORT, LocalSlack
from tests.services.slack_session import RecordingSession
from tieline.errors import AdapterError, Permanent
from tieline.model.inbound import InboundCommand, InboundDelete, InboundEdit, InboundMessage, InboundReaction


async def acknowledged(slack: LocalSlack) -> int:
    return sum(entry["kind"] == "ack" for entry in await slack.log())


async def until_kept(slack: LocalSlack, text: str) -> None:
    """Until the workspace has the message: `say` itself waits for the acknowledgement."""
    async with asyncio.timeout(5):
        while text not in await slack.texts():
            pass


async def test_what_alice_writes_arrives_with_her_name(slack: LocalSlack) -> None:
    session = RecordingSession()
    async with connected(make(slack.settings), session):
        ts = await slack.say("fish &amp; chips")
        (event,) = await session.events(1)
    assert isinstance(event, InboundMessage)
    assert (event.conversation, event.native_id, event.thread, event.cursor) == (GENERAL, ts, None, ts)
    assert (event.author.native_id, event.author.display, event.author.is_self) == (ALICE, "alice", False)
    assert session.texts == ["fish & chips"]
    assert event.url == f"http://acme.slack.local/archives/{GENERAL}/p{ts.replace('.', '')}"


async def test_edits_deletions_reactions_and_replies_arrive(slack: LocalSlack) -> None:
    session = RecordingSession()
    async with connected(make(slack.settings), session):
        root = await slack.say("root")
        reply = await slack.say("reply", thread=root)
        await slack.edit(reply, "reply, mended")
        await slack.react(root, "tada")
        await slack.react(root, "tada", on=False)
        await slack.delete(reply)
        _, second, edit, on, off, gone = await session.events(6)
    assert isinstance(second, InboundMessage) and second.thread == root
    assert isinstance(edit, InboundEdit) and (edit.native_id, edit.author.native_id) == (reply, ALICE)
    assert isinstance(on, InboundReaction) and (on.native_id, on.emoji, on.on) == (root, "🎉", True)
    assert isinstance(off, InboundReaction) and not off.on
    assert isinstance(gone, InboundDelete) and gone.native_id == reply
    assert session.texts == ["root", "reply", "reply, mended"]


async def test_a_shared_file_comes_beside_its_text(slack: LocalSlack) -> None:
    session = RecordingSession()
    async with connected(make(slack.settings), session):
        await slack.upload("notes.txt", b"hello", text="the notes")
        (event,) = await session.events(1)
    assert session.texts == ["the notes"]
    assert isinstance(event, InboundMessage)
    assert [(file.name, file.size) for file in event.files] == [("notes.txt", 5)]


async def test_a_direct_message_arrives_too(slack: LocalSlack) -> None:
    session = RecordingSession()
    async with connected(make(slack.settings), session):
        await slack.say("psst", channel=DIRECT)
        (event,) = await session.events(1)
    assert isinstance(event, InboundMessage) and event.conversation == DIRECT


async def test_a_mention_of_the_bot_arrives_once_although_slack_tells_it_twice(slack: LocalSlack) -> None:
    session = RecordingSession()
    async with connected(make(slack.settings), session):
        await slack.say(f"<@{BOT}> hello")
        await slack.say("after")
        await session.events(2)
    assert len(session.received) == 2 and session.repeats == 0


async def test_the_envelope_is_acknowledged_only_after_receive_returned(slack: LocalSlack) -> None:
    """Law 1. Bolt acknowledges events before its listeners run unless process_before_response=True."""
    session = RecordingSession()
    session.hold = asyncio.Event()
    async with connected(make(slack.settings), session):
        writing = asyncio.create_task(slack.say("one"))
        await asyncio.wait_for(session.entered.wait(), 5)
        assert await acknowledged(slack) == 0
        session.hold.set()
        await writing
        assert await acknowledged(slack) == 1


async def test_an_event_that_could_not_be_stored_is_not_acknowledged(slack: LocalSlack) -> None:
    """Law 1: if receive raises, don't. Slack then sends the event again; this stand-in waits 5 s and gives up."""
    session = RecordingSession()
    session.refuse.append(OSError("disk full"))
    async with connected(make(slack.settings), session):
        writing = asyncio.create_task(slack.say("lost"))
        await asyncio.wait_for(session.entered.wait(), 5)
        await slack.say("kept", channel=SUPPORT)
        assert await acknowledged(slack) == 1
        await writing
        assert await acknowledged(slack) == 1
    assert session.texts == ["kept"]


async def test_one_conversation_keeps_its_order_and_does_not_hold_up_another(slack: LocalSlack) -> None:
    session = RecordingSession()
    session.hold = asyncio.Event()
    async with connected(make(slack.settings), session):
        writing = []
        for text in ("one", "two", "three", "four"):
            writing.append(asyncio.create_task(slack.say(text)))
            await until_kept(slack, text)
        hold, session.hold = session.hold, None
        await slack.say("elsewhere", channel=SUPPORT)
        assert session.texts == ["elsewhere"]
        hold.set()
        await asyncio.gather(*writing)
        await session.events(5)
    assert session.texts == ["elsewhere", "one", "two", "three", "four"]


async def test_a_slash_command_is_answered_to_its_author_alone(slack: LocalSlack) -> None:
    session = RecordingSession()
    session.answer = "Your code is **K7Q2** & it lasts ten minutes."
    async with connected(make(slack.settings), session):
        await slack.command("iam")
    (event,) = session.received
    assert isinstance(event, InboundCommand)
    assert (event.conversation, event.text, event.author.native_id) == (GENERAL, "iam", ALICE)
    (answer,) = await slack.messages()
    assert (answer["subtype"], answer["ephemeral_to"]) == ("ephemeral", ALICE)
    assert "K7Q2" in answer["text"] and "&amp;" in answer["text"] and "**" not in answer["text"]


async def test_what_is_sent_carries_its_authors_name_and_stands_in_its_thread(slack: LocalSlack) -> None:
    async with connected(make(slack.settings), RecordingSession()) as adapter:
        root = await adapter.send(outgoing("hello"))
        reply = await adapter.send(outgoing("again", key="dlv_2:0", thread=root.native_id))
    first, second = await slack.messages()
    assert (first["text"], first["username"], first["ts"]) == ("hello", "Priya", root.native_id)
    assert (root.thread, reply.thread) == (root.native_id, root.native_id)
    assert second["thread_ts"] == root.native_id


async def test_a_notice_is_shown_to_one_person(slack: LocalSlack) -> None:
    async with connected(make(slack.settings), RecordingSession()) as adapter:
        await adapter.send(outgoing("mend line 2", author=None, notice_for=ALICE))
    (message,) = await slack.messages()
    assert (message["subtype"], message["ephemeral_to"]) == ("ephemeral", ALICE)


async def test_an_own_message_is_edited_reacted_to_and_deleted(slack: LocalSlack) -> None:
    async with connected(make(slack.settings), RecordingSession()) as adapter:
        sent = await adapter.send(outgoing("draft"))
        await adapter.edit(part(sent.native_id), outgoing("final"))
        await adapter.react(part(sent.native_id), "👍", on=True)
        assert await slack.texts() == ["final"]
        await adapter.delete(part(sent.native_id))
        await adapter.delete(part(sent.native_id))
        with pytest.raises(Permanent, match="part_gone"):
            await adapter.edit(part(sent.native_id), outgoing("too late"))
    assert [message for message in await slack.messages() if not message.get("deleted")] == []


async def test_an_unknown_channel_is_a_permanent_failure_with_its_mend(slack: LocalSlack) -> None:
    async with connected(make(slack.settings), RecordingSession()) as adapter:
        with pytest.raises(Permanent) as failed:
            await adapter.send(outgoing("hello", conversation="C0NOWHERE"))
    assert failed.value.code == "channel_not_found"
    assert "/invite @tieline" in failed.value.fix and not failed.value.stops_channel


async def test_a_channel_is_found_by_name_and_by_id(slack: LocalSlack) -> None:
    async with connected(make(slack.settings), RecordingSession()) as adapter:
        assert await adapter.resolve("#general") == (GENERAL, "#general")
        assert await adapter.resolve(SUPPORT) == (SUPPORT, "#support")
        with pytest.raises(AdapterError, match="nowhere"):
            await adapter.resolve("#nowhere")


async def test_the_live_check_says_what_works(slack: LocalSlack) -> None:
    findings = await make(slack.settings).check([GENERAL, "C0NOWHERE"])
    assert [finding.level for finding in findings] == ["ok", "ok", "ok", "error"]
    assert "/invite" in findings[-1].fix


async def test_what_alice_writes_while_the_connection_is_cut_arrives_once_and_in_order(slack: LocalSlack) -> None:
    """The connection breaks without a goodbye; the session is told, catches up from history, then live goes on."""
    async with relayed(slack.url) as proxy:
        adapter = make({**slack.settings, "api_url": f"{proxy.url}/api/"})
        session = RecordingSession(adapter, [GENERAL])
        async with connected(adapter, session):
            await session.catch_up()
            root = await slack.say("one")
            await session.events(1)
            proxy.cut()
            for text in ("two", "three"):
                await slack.say(text)
            await slack.say("four, in the thread", thread=root)
            await asyncio.wait_for(session.down.wait(), 5)
            assert not adapter.is_connected()
            proxy.mend()
            await session.until(lambda seen: seen.ups == 1)
            await slack.say("five")
            await session.events(5)
    assert session.texts == ["one", "two", "three", "four, in the thread", "five"]
    assert session.repeats == 0


async def test_leaving_leaves_nothing_behind(slack: LocalSlack) -> None:
    before = asyncio.all_tasks()
    adapter = make(slack.settings)
    async with connected(adapter, RecordingSession()):
        await slack.say("hello")
    await adapter.disconnect()
    assert asyncio.all_tasks() == before
    assert not adapter.is_connected()


async def test_the_stand_in_listens_on_loopback_alone(slack: LocalSlack) -> None:
    port = int(slack.url.rpartition(":")[2])
    assert listeners("tcp", port) == [f"0100007F:{port:04X}"]
    assert listeners("tcp6", port) == []


def listeners(family: str, port: int) -> list[str]:
    """Local addresses that listen on a port, as the kernel lists them."""
    table = Path(f"/proc/net/{family}")
    rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    return [row[1] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port]
