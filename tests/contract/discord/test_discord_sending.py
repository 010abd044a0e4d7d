"""What goes to Discord: under whose name, into which thread, once; changed and removed by whoever sent it.

On our own Discord, whose answers follow Discord's documentation: no third party's stand-in has webhooks.
"""

from __future__ import annotations

import pytest

from tests.contract.discord.discord_making import PRIYA, connected, make, outgoing, part
from tests.services.scripted_discord import ALICE, FORUM, GENERAL, ScriptedDiscord
from tieline.errors import NotDispatched, Permanent
from tieline.model.capabilities import Support
from tieline.model.delivery import Endpoint
from tieline.model.inbound import InboundMessage
from tieline.model.message import Author
from tieline.ports.adapter import Outgoing
from tieline.testing.session import RecordingSession
from tieline_discord.adapter import DiscordAdapter

# ── under whose name ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_peoples_talk_carries_their_name_and_picture(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    sent = await adapter.send(outgoing("hello"))
    (shown,) = discord.shown(GENERAL)

    assert (shown["id"], shown["content"], shown["author"]) == (sent.native_id, "hello", "Priya")
    assert shown["webhook"] is not None
    assert sent.url == f"https://discord.com/channels/900000000000000001/{GENERAL}/{sent.native_id}"
    assert discord.requests[-1]["query"]["wait"] == "true"


async def test_one_webhook_is_made_for_a_channel_and_found_again(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    for key in ("dlv_1:0", "dlv_2:0"):
        async with connected(make(discord), session) as adapter:
            await adapter.send(outgoing("hello", key=key))
            await adapter.send(outgoing("again", key=f"{key}x"))

    assert [hook["name"] for hook in discord.webhooks.values()] == ["Tieline"]


@pytest.mark.parametrize(
    "message",
    [
        outgoing("x", via="bot"),
        outgoing("x", author=None),
        outgoing("x", machine=True),
        outgoing("x", notice_for=ALICE),
    ],
    ids=["as: bot", "the hub", "a program", "a notice"],
)
async def test_the_bot_itself_says_what_is_no_talk(
    discord: ScriptedDiscord, adapter: DiscordAdapter, message: Outgoing
) -> None:
    await adapter.send(message)

    assert discord.shown(GENERAL)[0]["author"] == "tieline"
    assert discord.webhooks == {}


async def test_an_alert_or_handoff_of_somebody_names_them_though_the_bot_says_it(
    discord: ScriptedDiscord, adapter: DiscordAdapter
) -> None:
    by = Author(handle="eve", kind="human", display="Eve *the* <@&900000000000000031>")
    alert = outgoing("disk is full", machine=True, author=by)
    sent = await adapter.send(alert)
    written = discord.shown(GENERAL)[0]["content"]
    await adapter.edit(part(sent.native_id), outgoing("disk is empty", machine=True, author=by))

    assert written.endswith(":\ndisk is full")
    assert "Eve" in written
    assert discord.shown(GENERAL)[0]["content"] == written.replace("full", "empty")
    long = outgoing("x" * 2000, machine=True, author=by, key="dlv_2:0")
    await adapter.send(long)
    assert discord.shown(GENERAL)[1]["content"] == "x" * 2000


async def test_the_bot_replies_and_sends_once_under_one_key(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    asked = discord.say(GENERAL, ALICE, "who?")
    first = await adapter.send(outgoing("me", via="bot", reply=asked))
    second = await adapter.send(outgoing("me", via="bot", reply=asked))

    assert first.native_id == second.native_id
    assert [one["reply_to"] for one in discord.shown(GENERAL)] == [None, asked]


async def test_where_webhooks_are_forbidden_the_bot_speaks_and_health_says_so(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    discord.deny("MANAGE_WEBHOOKS", GENERAL)
    async with connected(make(discord), session) as adapter:
        can = adapter.capabilities(Endpoint(channel="c", conversation=GENERAL))
        await adapter.send(outgoing("Priya: hello"))

        assert can.identity.level is Support.FALLBACK
        assert discord.shown(GENERAL)[0]["author"] == "tieline"
        problem, fix = session.troubles[GENERAL]
        assert "names" in problem
        assert "Manage Webhooks" in fix


async def test_a_full_channel_is_learned_from_discord_and_the_next_attempt_is_the_bots(
    discord: ScriptedDiscord, session: RecordingSession, adapter: DiscordAdapter
) -> None:
    discord.webhook_limit = 0
    endpoint = Endpoint(channel="c", conversation=GENERAL)
    before = adapter.capabilities(endpoint)
    with pytest.raises(NotDispatched):
        await adapter.send(outgoing("hello"))

    assert adapter.capabilities(endpoint).fingerprint != before.fingerprint  # so the lane renders it anew
    await adapter.send(outgoing("Priya: hello"))
    assert discord.shown(GENERAL)[0]["author"] == "tieline"
    assert GENERAL in session.troubles


async def test_a_webhook_that_a_moderator_removed_is_made_anew(
    discord: ScriptedDiscord, adapter: DiscordAdapter
) -> None:
    await adapter.send(outgoing("one"))
    (gone,) = discord.webhooks
    discord.delete_webhook(gone)
    with pytest.raises(NotDispatched):
        await adapter.send(outgoing("two", key="dlv_2:0"))
    await adapter.send(outgoing("two", key="dlv_2:0"))

    assert [one["content"] for one in discord.shown(GENERAL)] == ["one", "two"]
    assert gone not in discord.webhooks


async def test_no_text_pings_anybody_that_the_hub_did_not_mean(
    discord: ScriptedDiscord, adapter: DiscordAdapter
) -> None:
    text = "@everyone @here <@&900000000000000031>"
    sent = [await adapter.send(outgoing(text, key=f"dlv_{via}:0", via=via)) for via in ("webhook", "bot")]
    for one, via in zip(sent, ("webhook", "bot"), strict=True):
        await adapter.edit(part(one.native_id, via=via), outgoing(f"{text} again", via=via))

    assert len(discord.shown(GENERAL)) == 2
    assert discord.pings == []


# ── threads and forums ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("via", ["webhook", "bot"])
async def test_the_first_answer_begins_the_thread_named_after_its_root(
    discord: ScriptedDiscord, adapter: DiscordAdapter, via: str
) -> None:
    root = discord.say(GENERAL, ALICE, "**deploy** of friday\nis it on?")
    first = await adapter.send(outgoing("yes", thread=root, via=via))
    second = await adapter.send(outgoing("at five", thread=root, via=via, key="dlv_2:0"))

    assert first.thread == second.thread == root
    assert [one["content"] for one in discord.shown(root) if one["type"] == 0] == ["yes", "at five"]
    assert discord.channels[root]["name"] == "deploy of friday"
    assert len(discord.called("create_thread_from_message")) == 1


async def test_a_thread_that_people_began_is_used(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    discord.say(GENERAL, ALICE, "in it", thread=root)
    await adapter.send(outgoing("answer", thread=root))

    assert discord.shown(root)[-1]["content"] == "answer"


async def test_without_its_root_the_answer_stands_in_the_channel(
    discord: ScriptedDiscord, adapter: DiscordAdapter
) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    discord.delete(GENERAL, root)
    sent = await adapter.send(outgoing("answer", thread=root))

    assert sent.thread is None
    assert [one["content"] for one in discord.shown(GENERAL)] == ["answer"]


async def test_a_thread_that_was_removed_does_not_stop_the_channel(
    discord: ScriptedDiscord, adapter: DiscordAdapter
) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    sent = await adapter.send(outgoing("answer", thread=root))
    discord.delete_channel(root)

    with pytest.raises(Permanent, match="part_gone"):
        await adapter.edit(part(sent.native_id, thread=root), outgoing("late"))
    await adapter.delete(part(sent.native_id, thread=root))
    with pytest.raises(NotDispatched, match="thread_gone"):
        await adapter.send(outgoing("anew", thread=root, key="dlv_2:0"))
    await adapter.send(outgoing("anew", thread=root, key="dlv_2:0"))
    assert discord.shown(root)[-1]["content"] == "anew"


@pytest.mark.parametrize("via", ["webhook", "bot"])
async def test_a_new_message_in_a_forum_is_a_post(discord: ScriptedDiscord, adapter: DiscordAdapter, via: str) -> None:
    post = await adapter.send(outgoing("# Lights out\nwho knows?", conversation=FORUM, via=via))
    answer = await adapter.send(outgoing("me", conversation=FORUM, thread=post.thread, via=via, key="dlv_2:0"))

    assert discord.channels[post.native_id]["name"] == "Lights out"
    assert post.thread == answer.thread == post.native_id
    assert [one["content"] for one in discord.shown(post.native_id)][-1] == "me"
    await adapter.edit(
        part(post.native_id, conversation=FORUM, via=via), outgoing("found", conversation=FORUM, via=via)
    )
    assert discord.shown(post.native_id)[0]["content"] == "found"


# ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("via", ["webhook", "bot"])
async def test_after_a_restart_edits_and_deletions_find_who_sent_it(
    discord: ScriptedDiscord, session: RecordingSession, via: str
) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    async with connected(make(discord), session) as adapter:
        sent = await adapter.send(outgoing("frist", via=via, machine=via == "bot"))
        inside = await adapter.send(outgoing("inside", via=via, thread=root, key="dlv_2:0"))
    async with connected(make(discord), session) as adapter:
        await adapter.edit(part(sent.native_id), outgoing("first", author=None))
        await adapter.edit(part(inside.native_id, thread=root), outgoing("within", author=None))
        assert [one["content"] for one in discord.shown(GENERAL)] == ["root", "first"]
        assert discord.shown(root)[-1]["content"] == "within"
        await adapter.delete(part(inside.native_id, thread=root))
        await adapter.delete(part(sent.native_id))
        await adapter.delete(part(sent.native_id))

    assert [one["content"] for one in discord.shown(GENERAL)] == ["root"]


@pytest.mark.parametrize("via", ["webhook", "bot"])
async def test_an_archived_thread_is_opened_for_an_edit(
    discord: ScriptedDiscord, adapter: DiscordAdapter, via: str
) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    sent = await adapter.send(outgoing("frist", thread=root, via=via))
    ref = part(sent.native_id, thread=root, via=via)
    discord.archive(root)
    with pytest.raises(NotDispatched, match="thread_archived"):
        await adapter.edit(ref, outgoing("first", via=via))
    await adapter.edit(ref, outgoing("first", via=via))
    assert discord.shown(root)[-1]["content"] == "first"
    discord.archive(root, locked=True)
    discord.denied["*"].add("MANAGE_THREADS")
    with pytest.raises(Permanent, match="thread_archived") as caught:
        await adapter.edit(ref, outgoing("last", via=via))
    assert not caught.value.stops_lane


async def test_a_message_of_a_webhook_that_is_gone_cannot_be_changed_and_stops_nothing(
    discord: ScriptedDiscord, adapter: DiscordAdapter
) -> None:
    sent = await adapter.send(outgoing("old"))
    for hook in list(discord.webhooks):
        discord.delete_webhook(hook)
    discord.deny("MANAGE_MESSAGES", GENERAL)

    for call in (adapter.edit(part(sent.native_id), outgoing("new")), adapter.delete(part(sent.native_id))):
        with pytest.raises(Permanent, match="not_own_message") as caught:
            await call
        assert not (caught.value.stops_lane or caught.value.stops_channel)


async def test_reactions_are_the_bots_in_channels_and_threads(
    discord: ScriptedDiscord, adapter: DiscordAdapter
) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    inside = discord.say(GENERAL, ALICE, "in it", thread=root)
    await adapter.react(part(root), "👍", on=True)
    await adapter.react(part(inside, thread=root), "🎉", on=True)

    assert list(discord.shown(GENERAL)[0]["reactions"]) == ["👍"]
    assert list(discord.shown(root)[-1]["reactions"]) == ["🎉"]
    with pytest.raises(Permanent, match="not_showable"):
        await adapter.react(part(root), ":party:", on=True)


async def test_typing_is_shown(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    await adapter.typing(GENERAL, PRIYA.display)
    assert discord.typed == [GENERAL]


# ── direct ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_people_are_written_to_by_themselves(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession
) -> None:
    conversation = await adapter.direct(ALICE)
    assert await adapter.direct(ALICE) == conversation
    sent = await adapter.send(outgoing("psst", conversation=conversation))
    await adapter.edit(part(sent.native_id, conversation=conversation), outgoing("pssst", conversation=conversation))
    discord.whisper(ALICE, "yes?")
    written = (await session.wait_for(3))[-1]

    assert [one["content"] for one in discord.shown(conversation)] == ["pssst", "yes?"]
    assert isinstance(written, InboundMessage)
    assert (written.conversation, written.direct) == (conversation, True)
    discord.closed_dms.add(ALICE)
    with pytest.raises(Permanent, match="refuses_direct_messages") as caught:
        await adapter.send(outgoing("hello?", conversation=conversation, key="dlv_9:0"))
    assert caught.value.stops_lane


async def test_after_a_restart_a_direct_conversation_is_still_one(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    conversation = discord.dm(ALICE)["id"]
    asked = discord.whisper(ALICE, "hello?")
    async with connected(make(discord), session) as adapter:
        can = adapter.capabilities(Endpoint(channel="c", conversation=conversation))
        await adapter.send(outgoing("Priya: hello", conversation=conversation, thread=asked))

        assert can.identity.level is Support.FALLBACK
        assert discord.shown(conversation)[-1]["content"] == "Priya: hello"
        assert conversation not in session.troubles
