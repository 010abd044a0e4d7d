"""The adapter against emulate, which is strict where local-slack is not: membership, ownership, codes, cursors."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.slack.slack_making import connected, make, outgoing, part
from tests.services.emulate_slack import EmulatedSlack, running
from tests.services.slack_session import RecordingSession
from tests.services.slack_site import Site, serving
from tieline.errors import Misconfigured, Permanent
from tieline.model.inbound import InboundMessage
from tieline_slack import paging
from tieline_slack.adapter import SlackAdapter


@pytest.fixture
async def slack() -> AsyncIterator[EmulatedSlack]:
    async with running() as workspace:
        yield workspace


@pytest.fixture
async def adapter(slack: EmulatedSlack) -> AsyncIterator[SlackAdapter]:
    async with connected(make(slack.settings), RecordingSession()) as made:
        yield made


async def test_a_channel_without_the_bot_is_refused_with_the_invitation_to_write(
    slack: EmulatedSlack, adapter: SlackAdapter
) -> None:
    foreign = await slack.channel("foreign", with_bot=False, private=True)
    with pytest.raises(Permanent) as failed:
        await adapter.send(outgoing("hello", conversation=foreign))
    assert failed.value.code == "not_in_channel" and "/invite @tieline" in failed.value.fix
    public = await slack.channel("public", with_bot=False)
    for written in ("#foreign", "#public", public):
        with pytest.raises(Misconfigured) as unresolved:
            await adapter.resolve(written)
        assert "/invite @tieline" in unresolved.value.fix


async def test_an_archived_channel_is_permanent(slack: EmulatedSlack, adapter: SlackAdapter) -> None:
    old = await slack.channel("old")
    await slack.alice("conversations.archive", channel=old)
    with pytest.raises(Permanent) as failed:
        await adapter.send(outgoing("hello", conversation=old))
    assert failed.value.code == "is_archived" and failed.value.fix


async def test_alices_messages_can_neither_be_edited_nor_deleted_by_us(
    slack: EmulatedSlack, adapter: SlackAdapter
) -> None:
    room = await slack.channel("room")
    hers = (await slack.alice("chat.postMessage", channel=room, text="hers"))["ts"]
    with pytest.raises(Permanent) as failed:
        await adapter.edit(part(hers, conversation=room), outgoing("ours", conversation=room))
    assert failed.value.code == "edit_window_closed"
    with pytest.raises(Permanent) as failed:
        await adapter.delete(part(hers, conversation=room))
    assert failed.value.code == "cant_delete_message"


async def test_own_messages_are_edited_reacted_to_twice_and_deleted_twice(
    slack: EmulatedSlack, adapter: SlackAdapter
) -> None:
    room = await slack.channel("room")
    sent = await adapter.send(outgoing("draft", conversation=room))
    mine = part(sent.native_id, conversation=room)
    await adapter.edit(mine, outgoing("final", conversation=room))
    for _ in range(2):
        await adapter.react(mine, "🎉", on=True)
    for _ in range(2):
        await adapter.react(mine, "🎉", on=False)
    page = await adapter.resync(room, "0")
    assert page.cursor == sent.native_id
    for _ in range(2):
        await adapter.delete(mine)


async def test_history_is_read_over_slacks_cursors_to_its_end(
    slack: EmulatedSlack, adapter: SlackAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 3)
    room = await slack.channel("room")
    start = await adapter.resync(room, None)
    root = (await slack.alice("chat.postMessage", channel=room, text="root"))["ts"]
    for number in range(10):
        await slack.alice("chat.postMessage", channel=room, text=f"message {number}")
    await slack.alice("chat.postMessage", channel=room, text="reply", thread_ts=root)
    session = RecordingSession()
    page = await adapter.resync(room, start.cursor)
    session.received = list(page.events)
    assert session.texts == ["root", *(f"message {number}" for number in range(10)), "reply"]
    assert isinstance(page.events[-1], InboundMessage) and page.events[-1].thread == root


async def test_an_uncertain_send_is_found_by_its_metadata(slack: EmulatedSlack, adapter: SlackAdapter) -> None:
    room = await slack.channel("room")
    sent = await adapter.send(outgoing("hello", conversation=room, key="dlv_5:0"))
    found = await adapter.look_up(outgoing("hello", conversation=room, key="dlv_5:0"), since=0)
    assert found is not None and found.native_id == sent.native_id
    assert await adapter.look_up(outgoing("hello", conversation=room, key="dlv_5:1"), since=0) is None


async def test_its_signed_events_are_believed_and_our_own_come_back_as_echoes() -> None:
    async with serving() as site, running(site.url) as slack:
        await check_events(site, slack)


async def check_events(site: Site, slack: EmulatedSlack) -> None:
    session = RecordingSession()
    site.adapter = adapter = make(slack.settings)
    async with connected(adapter, session):
        room = await slack.channel("room")
        await slack.alice("chat.postMessage", channel=room, text="from alice")
        await session.events(1)
        await adapter.send(outgoing("from us", conversation=room))
        events = [event for event in await session.events(2) if isinstance(event, InboundMessage)]
    assert session.texts == ["from alice", "from us"]
    assert [event.author.is_self for event in events] == [False, True]
