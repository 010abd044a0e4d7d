"""The adapter with a third party's Discord: login, messages both ways, edits, deletions, reactions, history.

It has no webhooks, so the bot speaks (`as: bot`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.discord.discord_making import CHANNEL, connected, outgoing, part
from tests.services.discord_twin import DiscordTwin, running
from tests.services.scripted_discord import ALICE, GENERAL
from tieline.model.inbound import InboundDelete, InboundEdit, InboundMessage
from tieline.ports.adapter import AdapterContext
from tieline.ports.clock import SystemClock
from tieline.testing.bench import eventually, text_of
from tieline.testing.session import RecordingSession
from tieline_discord.adapter import DiscordAdapter, create


@pytest.fixture
async def twin() -> AsyncIterator[DiscordTwin]:
    async with running() as made:
        yield made


@pytest.fixture
async def adapter(twin: DiscordTwin, session: RecordingSession) -> AsyncIterator[DiscordAdapter]:
    made = create(AdapterContext(channel=CHANNEL, settings=twin.settings, clock=SystemClock()))
    async with connected(made, session):
        yield made


async def test_what_people_do_there_is_handed_over(
    twin: DiscordTwin, adapter: DiscordAdapter, session: RecordingSession
) -> None:
    message = await twin.say("frist")
    await twin.edit(message, "first")
    await twin.delete(message)
    written, edited, gone = await session.wait_for(3)

    assert isinstance(written, InboundMessage)
    assert (written.conversation, written.native_id, written.author.native_id) == (GENERAL, message, ALICE)
    assert isinstance(edited, InboundEdit)
    assert text_of(edited) == "first"
    assert isinstance(gone, InboundDelete)
    assert adapter.is_connected()


async def test_what_is_sent_is_shown_changed_and_removed(
    twin: DiscordTwin, adapter: DiscordAdapter, session: RecordingSession
) -> None:
    sent = await adapter.send(outgoing("frist", via="bot"))
    await adapter.edit(part(sent.native_id, via="bot"), outgoing("first", via="bot"))
    await adapter.react(part(sent.native_id, via="bot"), "👍", on=True)
    (shown,) = await twin.until(lambda rows: len(rows) == 1 and rows[0]["content"] == "first")
    await eventually(lambda: bool(session.events), "our own message is back")

    assert shown["id"] == sent.native_id
    own = session.events[0]
    assert isinstance(own, InboundMessage)
    assert own.author.is_self
    await adapter.delete(part(sent.native_id, via="bot"))
    await twin.until(lambda rows: rows == [])


async def test_its_history_is_read(twin: DiscordTwin, adapter: DiscordAdapter) -> None:
    await twin.say("before")
    begin = await adapter.resync(GENERAL, None)
    ids = [await twin.say(f"{n}") for n in range(3)]
    page = await adapter.resync(GENERAL, begin.cursor)

    assert [event.native_id for event in page.events if isinstance(event, InboundMessage)] == ids
    assert page.cursor == ids[-1]
