"""What a person is told: names that change, conversations with a fault, and what `tieline check --live` finds."""

from __future__ import annotations

import pytest

from tests.contract.discord.discord_making import connected, make, outgoing
from tests.services.scripted_discord import ALICE, FORUM, GENERAL, RANDOM, ScriptedDiscord
from tieline.errors import Misconfigured, Permanent
from tieline.testing.bench import eventually
from tieline.testing.session import RecordingSession
from tieline_discord.adapter import DiscordAdapter


async def test_a_channels_new_name_is_told(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession
) -> None:
    discord.rename_channel(GENERAL, "dj-waste")
    await eventually(lambda: session.labels == {GENERAL: "#dj-waste"}, "the new name")


async def test_a_lost_permission_is_told_for_linked_conversations_until_it_is_back(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession
) -> None:
    await adapter.follow(GENERAL)
    discord.deny("SEND_MESSAGES")
    await eventually(lambda: GENERAL in session.troubles, "the trouble")
    problem, fix = session.troubles[GENERAL]

    assert "Send Messages" in problem
    assert "Send Messages" in fix
    assert RANDOM not in session.troubles
    discord.allow("SEND_MESSAGES")
    await eventually(lambda: session.troubles == {}, "it is over")


async def test_a_history_that_may_not_be_read_is_told_instead_of_taken_for_empty(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    discord.deny("READ_MESSAGE_HISTORY", GENERAL)
    async with connected(make(discord), session) as adapter:
        with pytest.raises(Permanent, match="missing_permissions") as caught:
            await adapter.resync(GENERAL, "1")

    assert "Read Message History" in caught.value.fix


@pytest.mark.parametrize("how", ["delete_channel", "remove_bot", "outage"])
async def test_a_conversation_that_is_gone_is_told(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: RecordingSession, how: str
) -> None:
    await adapter.follow(GENERAL)
    if how == "delete_channel":
        discord.delete_channel(GENERAL)
    else:
        getattr(discord, how)()
    await eventually(lambda: GENERAL in session.troubles, "the trouble")

    if how != "delete_channel":
        discord.invite_bot()
        await eventually(lambda: session.troubles == {}, "it is over")


async def test_a_channel_that_may_have_webhooks_again_gets_names_again(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    discord.deny("MANAGE_WEBHOOKS", GENERAL)
    async with connected(make(discord), session) as adapter:
        await adapter.follow(GENERAL)
        await adapter.send(outgoing("Priya: hello"))
        assert GENERAL in session.troubles
        discord.allow("MANAGE_WEBHOOKS", GENERAL)
        await eventually(lambda: session.troubles == {}, "it is over")
        await adapter.send(outgoing("hello", key="dlv_2:0"))

    assert [one["author"] for one in discord.shown(GENERAL)] == ["tieline", "Priya"]


async def test_channels_are_found_by_name_or_id(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    discord.thread_on(GENERAL, ALICE, root)
    for written in ("#general", "General", GENERAL, f"<#{GENERAL}>"):
        assert await adapter.resolve(written) == (GENERAL, "#general")
    assert await adapter.resolve("forum") == (FORUM, "#forum")
    for written, said in (("#nowhere", "can see"), ("123456789012345678", "can see"), (root, "thread")):
        with pytest.raises(Misconfigured, match=said):
            await adapter.resolve(written)


# ── tieline check --live ─────────────────────────────────────────────────────────────────────────────────────────────


async def found(discord: ScriptedDiscord, *conversations: str, **more: str) -> dict[str, list[tuple[str, str]]]:
    findings = await make(discord, clock=None, **more).check(conversations)
    levels: dict[str, list[tuple[str, str]]] = {}
    for one in findings:
        levels.setdefault(one.level, []).append((one.message, one.fix))
    return levels


async def test_all_is_well(discord: ScriptedDiscord) -> None:
    levels = await found(discord, GENERAL, FORUM)

    assert set(levels) == {"ok"}
    assert "the bot has all it needs in #general" in dict(levels["ok"])
    assert all(one["method"] == "GET" for one in discord.requests)


async def test_with_a_wrong_token_nothing_else_is_said(discord: ScriptedDiscord) -> None:
    levels = await found(discord, GENERAL, bot_token="another")

    assert [list(levels), len(levels["error"])] == [["error"], 1]
    assert "Reset Token" in levels["error"][0][1]


async def test_an_intent_that_is_off_is_an_error_with_its_place(discord: ScriptedDiscord) -> None:
    discord.app_flags = 0
    ((message, fix),) = (await found(discord))["error"]

    assert "Message Content intent is off" in message
    assert "discord.com/developers/applications" in fix


async def test_missing_permissions_and_channels_are_named(discord: ScriptedDiscord) -> None:
    discord.deny("SEND_MESSAGES", GENERAL)
    discord.deny("MANAGE_WEBHOOKS", GENERAL)
    levels = await found(discord, GENERAL, "123456789012345678")

    assert "Send Messages" in levels["error"][0][0]
    assert "sees no channel" in levels["error"][1][0]
    assert "Manage Webhooks" in levels["warning"][0][0]
    assert all(fix for _, fix in levels["error"] + levels["warning"])


async def test_a_channel_full_of_webhooks_is_a_warning(discord: ScriptedDiscord) -> None:
    for n in range(15):
        hook = str(n)
        discord.webhooks[hook] = {"id": hook, "type": 1, "channel_id": GENERAL, "name": "other", "application_id": "1"}

    assert "15 webhooks" in (await found(discord, GENERAL))["warning"][0][0]
