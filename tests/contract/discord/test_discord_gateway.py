"""The gateway through cuts, lost sessions, refusals and odd payloads: nothing is lost, nothing ends the connection.

discord.py itself speaks; the other side is our own gateway, since no third party's stand-in knows RESUME.
"""

from __future__ import annotations

import pytest

from tests.contract.discord.discord_making import RushedClock, connected, make, outgoing, part
from tests.services.scripted_discord import ALICE, BOB, GENERAL, RANDOM, ScriptedDiscord, scripted
from tieline.errors import AdapterError, HubBusy, Misconfigured
from tieline.model.inbound import InboundDelete, InboundEdit, InboundEvent, InboundMessage, InboundReaction
from tieline.ports.abilities import Resync
from tieline.testing.bench import eventually, text_of
from tieline.testing.session import RecordingSession
from tieline_discord.adapter import DiscordAdapter


def texts(events: list[InboundEvent]) -> list[str]:
    return [text_of(event) for event in events if isinstance(event, InboundMessage)]


async def read_on(adapter: DiscordAdapter, cursor: str | None, conversation: str = GENERAL) -> Resync:
    """All pages as one."""
    events: list[InboundEvent] = []
    while True:
        page = await adapter.resync(conversation, cursor)
        events += page.events
        if not page.more:
            return Resync(events=tuple(events), cursor=page.cursor)
        assert page.cursor != cursor
        cursor = page.cursor


# ── what people do ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_everything_that_people_do_is_handed_over_in_order(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession
) -> None:
    one = discord.say(GENERAL, ALICE, "one")
    two = discord.say(GENERAL, BOB, "two", reply_to=one)
    inside = discord.say(GENERAL, BOB, "inside", thread=one)
    discord.edit(GENERAL, one, "ONE")
    discord.react(GENERAL, two, ALICE, "👍")
    discord.delete_many(GENERAL, [one, two])
    message, reply, threaded, edit, reaction, gone, gone_too = await session.wait_for(7)

    assert isinstance(message, InboundMessage) and message.cursor == one
    assert isinstance(reply, InboundMessage) and reply.reply_to == one
    assert isinstance(threaded, InboundMessage)
    assert (threaded.native_id, threaded.conversation, threaded.thread) == (inside, GENERAL, one)
    assert isinstance(edit, InboundEdit) and text_of(edit) == "ONE"
    assert isinstance(reaction, InboundReaction) and reaction.emoji == "👍"
    assert [type(gone), type(gone_too)] == [InboundDelete, InboundDelete]


async def test_what_the_hub_could_not_store_is_handed_over_again_before_anything_later(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession
) -> None:
    session.failures.append(HubBusy("busy"))
    discord.say(GENERAL, ALICE, "first")
    discord.say(GENERAL, ALICE, "second")

    assert texts(await session.wait_for(2)) == ["first", "second"]


async def test_our_own_words_are_marked_ours_even_before_the_webhook_is_known(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    async with connected(make(discord), RecordingSession()) as adapter:
        await adapter.send(outgoing("hello"))
        async with connected(make(discord), session):
            await adapter.send(outgoing("again", key="dlv_2:0"))
            (event,) = await session.wait_for(1)

    assert isinstance(event, InboundMessage)
    assert event.author.is_self


async def test_an_odd_payload_ends_nothing(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession
) -> None:
    for event in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "GUILD_CREATE", "THREAD_LIST_SYNC", "INTERACTION_CREATE", "NEW"):
        for data in ({}, {"id": 5, "author": [], "channel_id": None, "guild_id": GENERAL}, {"channels": [None]}):
            discord.gateway.dispatch(event, dict(data))
    discord.say(GENERAL, ALICE, "still there?")
    await eventually(lambda: "still there?" in texts(session.events), "the message comes")

    assert session.downs == []


# ── cuts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_after_a_cut_the_session_is_resumed_and_nothing_is_missed(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession
) -> None:
    discord.gateway.drop()
    discord.say(GENERAL, ALICE, "meanwhile")
    await eventually(lambda: session.ups == 1, "the connection is back")

    assert texts(await session.wait_for(1)) == ["meanwhile"]
    assert [one["op"] for one in discord.gateway.received if one["op"] in {2, 6}] == [2, 6]
    assert adapter.is_connected()


@pytest.mark.parametrize("how", ["reconnect", "invalidate"])
async def test_discords_own_wish_to_reconnect_is_followed(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession, how: str
) -> None:
    getattr(discord.gateway, how)()
    await eventually(lambda: session.ups == 1, "the connection is back")
    discord.say(GENERAL, ALICE, "hello")

    assert "hello" in texts(await session.wait_for(1))


async def test_what_was_written_while_the_session_was_lost_is_in_the_history(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession
) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    old = discord.say(GENERAL, ALICE, "frist")
    archived = discord.say(GENERAL, ALICE, "another root")
    discord.say(GENERAL, BOB, "before", thread=archived)
    await session.wait_for(4)
    begin = await adapter.resync(GENERAL, None)
    assert begin.events == ()
    discord.gateway.drop(forget=True)
    discord.say(RANDOM, ALICE, "elsewhere")
    discord.say(GENERAL, ALICE, "one")
    discord.say(GENERAL, BOB, "two", thread=root)
    discord.say(GENERAL, BOB, "three", thread=archived)
    discord.archive(archived)
    discord.edit(GENERAL, old, "first")
    discord.say(GENERAL, ALICE, "four")
    await eventually(lambda: session.ups == 1, "the connection is back")
    missed = await read_on(adapter, begin.cursor)

    found = [event for event in missed.events if isinstance(event, InboundMessage)]
    assert [(text_of(event), event.thread) for event in found] == [
        ("one", None),
        ("two", root),
        ("three", archived),
        ("four", None),
    ]
    edits = [event for event in missed.events if isinstance(event, InboundEdit)]
    assert [(event.native_id, text_of(event)) for event in edits] == [(old, "first")]
    assert [e for e in (await read_on(adapter, missed.cursor)).events if isinstance(e, InboundMessage)] == []


async def test_deletions_and_reactions_that_were_missed_are_found_by_asking(
    discord: ScriptedDiscord, adapter: DiscordAdapter
) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    inside = [discord.say(GENERAL, BOB, f"{n}", thread=root) for n in range(3)]
    rest = [discord.say(GENERAL, ALICE, f"{n}") for n in range(450)]
    discord.react(GENERAL, root, BOB, "👍")
    discord.react(root, inside[1], ALICE, "🎉")
    await adapter.react(part(root), "👍", on=True)
    await adapter.react(part(rest[0]), "👍", on=True)
    discord.delete(GENERAL, rest[-2])
    discord.delete(root, inside[2])
    discord.delete(GENERAL, rest[0])
    asked = [part(one).part for one in (root, rest[-1], rest[-2], rest[0], rest[1])]
    asked += [part(one, thread=root).part for one in inside]
    states = {state.native_id: state for state in await adapter.survey(GENERAL, asked)}

    assert set(states) == {root, rest[-1], rest[1], inside[0], inside[1]}
    assert [(char, who.native_id) for char, who in states[root].reactions] == [("👍", BOB)]
    assert [(char, who.native_id) for char, who in states[inside[1]].reactions] == [("🎉", ALICE)]
    discord.delete_channel(root)
    left = await adapter.survey(GENERAL, asked)
    assert {state.native_id for state in left} == {root, rest[-1], rest[1]}


async def test_edits_that_were_missed_in_a_quiet_thread_are_found_by_asking_even_if_it_was_archived_long_ago(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    inside = discord.say(GENERAL, BOB, "frist", thread=root)
    quiet = discord.say(GENERAL, BOB, "quiet", thread=root)
    discord.archive(root)
    later = discord.say(GENERAL, ALICE, "later")
    async with connected(make(discord), session) as adapter:
        discord.edit(root, inside, "first")
        page = await adapter.resync(GENERAL, later)
        discord.requests.clear()
        states = await adapter.survey(GENERAL, [part(one, thread=root).part for one in (inside, quiet)])

    assert [event for event in page.events if isinstance(event, InboundEdit)] == []
    edits = {state.native_id: state.edited for state in states}
    found = edits[inside]
    assert found is not None and edits[quiet] is None
    assert (found.conversation, found.native_id, found.author.native_id) == (GENERAL, inside, BOB)
    assert text_of(found) == "first"
    assert len(discord.requests) == 1


async def test_without_the_permission_to_read_history_nothing_counts_as_gone(
    discord: ScriptedDiscord, adapter: DiscordAdapter
) -> None:
    message = discord.say(GENERAL, ALICE, "still here")
    discord.denied[GENERAL].add("READ_MESSAGE_HISTORY")
    states = await adapter.survey(GENERAL, [part(message).part])

    assert [state.native_id for state in states] == [message]


async def test_a_long_absence_is_read_in_pages_without_a_gap(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    begin = await adapter.resync(GENERAL, None)
    wanted = []
    for n in range(1250):
        wanted.append(f"message {n}")
        discord.say(GENERAL, ALICE, wanted[-1], thread=root if n % 5 == 0 else None)
    first = await adapter.resync(GENERAL, begin.cursor)
    missed = await read_on(adapter, begin.cursor)

    assert first.more is True or len(first.events) >= 1250
    assert texts(list(missed.events)) == wanted


async def test_while_discord_is_away_it_is_tried_with_growing_pauses(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    clock = RushedClock()
    async with connected(make(discord, clock=clock), session) as adapter:
        discord.gateway.down = True
        discord.gateway.drop()
        await eventually(lambda: len(session.downs) > 8, "many attempts")
        assert not adapter.is_connected()
        discord.gateway.down = False
        await eventually(lambda: session.ups == 1, "the connection is back")

    assert clock.slept[6] > clock.slept[0]


# ── what a person must mend ──────────────────────────────────────────────────────────────────────────────────────────


async def test_without_the_message_content_intent_the_channel_says_where_to_switch_it_on(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    discord.app_flags = 0
    with pytest.raises(Misconfigured, match="Message Content intent is off") as caught:
        async with connected(make(discord), session):
            pass

    assert "discord.com/developers/applications" in caught.value.fix


async def test_a_wrong_token_is_told_before_anything_else(discord: ScriptedDiscord, session: RecordingSession) -> None:
    with pytest.raises(Misconfigured, match="token") as caught:
        async with connected(make(discord, bot_token="another"), session):
            pass

    assert "Reset Token" in caught.value.fix
    assert len(discord.requests) == 1


async def test_a_token_that_is_revoked_later_is_asked_about_rarely(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    clock = RushedClock()
    async with connected(make(discord, clock=clock), session):
        discord.token = "new-token"
        discord.gateway.drop(4004)
        await eventually(lambda: len(session.downs) > 1, "it is told")

    assert "token" in session.downs[0]
    assert clock.slept[0] == 300.0


async def test_nobody_there_is_no_fault_of_the_configuration(session: RecordingSession) -> None:
    async with scripted() as discord:
        adapter = make(discord)
    with pytest.raises(AdapterError) as caught:
        async with connected(adapter, session):
            pass

    assert not isinstance(caught.value, Misconfigured)
