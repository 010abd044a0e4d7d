"""What goes wrong on Discord's side, and what the lane is told of it: one request each, never a second (law 2)."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.discord.discord_making import RushedClock, connected, make, outgoing, part
from tests.services.scripted_discord import ALICE, GENERAL, RANDOM, Half, Lose, Reply, ScriptedDiscord, scripted
from tieline.errors import DeliveryError, NotDispatched, Permanent, Throttled, Uncertain
from tieline.testing.session import RecordingSession
from tieline_discord.adapter import DiscordAdapter
from tieline_discord.limits import MOST_INVALID, WINDOW

SENDS = {"webhook": "execute_webhook", "bot": "create_message"}
VIA = pytest.mark.parametrize("via", SENDS)


class LongAgo(RushedClock):
    """A clock that can be put forward."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


@VIA
async def test_a_throttle_says_how_long_and_nobody_asks_again_meanwhile(
    discord: ScriptedDiscord, adapter: DiscordAdapter, via: str
) -> None:
    await adapter.send(outgoing("before", via=via))
    discord.throttle(3.5, operation=SENDS[via])
    for _ in range(2):
        with pytest.raises(Throttled) as caught:
            await adapter.send(outgoing("hello", via=via, key="dlv_2:0"))
        assert 3 < caught.value.retry_after <= 3.5
        assert not caught.value.account_wide

    assert len(discord.called(SENDS[via])) == 2
    await adapter.send(outgoing("elsewhere", via=via, conversation=RANDOM, key="dlv_3:0"))


async def test_a_global_throttle_pauses_the_whole_channel(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    discord.throttle(2, operation="create_message", globally=True)
    for conversation in (GENERAL, RANDOM):
        with pytest.raises(Throttled) as caught:
            await adapter.send(outgoing("hello", via="bot", conversation=conversation))
        assert caught.value.account_wide

    assert len(discord.called("create_message")) == 1


async def test_a_bucket_that_is_used_up_is_known_before_discord_has_to_say_so(
    discord: ScriptedDiscord, adapter: DiscordAdapter
) -> None:
    discord.buckets["create_message"] = (2, 30)
    for n in range(2):
        await adapter.send(outgoing(f"{n}", via="bot", key=f"dlv_{n}:0"))
    with pytest.raises(Throttled):
        await adapter.send(outgoing("2", via="bot", key="dlv_2:0"))

    assert [one["status"] for one in discord.requests if one["operation"] == "create_message"] == [200, 200]


@VIA
@pytest.mark.parametrize(
    "how", [Lose(), Half(), Reply(502, b"<html>"), Reply(200, b"<html>")], ids=["lost", "half", "502", "junk"]
)
async def test_a_send_in_doubt_is_looked_up_and_only_itself_is_found(
    discord: ScriptedDiscord, adapter: DiscordAdapter, via: str, how: Lose | Half | Reply
) -> None:
    since = RushedClock().now()
    await adapter.send(outgoing("ok", via=via, key="dlv_1:0"))
    discord.script(SENDS[via], how)
    doubted = outgoing("ok", via=via, key="dlv_2:0")
    with pytest.raises(Uncertain):
        await adapter.send(doubted)
    found = await adapter.look_up(doubted, since)

    assert len(discord.called(SENDS[via])) == 2
    if isinstance(how, Reply):
        assert found is None
    else:
        assert found is not None
        assert found.native_id == discord.shown(GENERAL)[-1]["id"]
        await adapter.edit(part(found.native_id, via=via), outgoing("edited", via=via))


async def test_a_look_up_finds_what_was_sent_into_a_thread_or_by_a_clock_that_is_wrong(
    discord: ScriptedDiscord, adapter: DiscordAdapter
) -> None:
    discord.skew = -120.0
    root = discord.say(GENERAL, ALICE, "root")
    since = RushedClock().now() - 120_000
    discord.lose(operation="execute_webhook")
    message = outgoing("answer", thread=root)
    with pytest.raises(Uncertain):
        await adapter.send(message)
    found = await adapter.look_up(message, since)

    assert found is not None
    assert found.thread == root


async def test_a_webhooks_send_in_doubt_is_found_after_a_restart_and_without_its_permission(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    since = RushedClock().now()
    doubted = outgoing("ok")
    async with connected(make(discord), session) as adapter:
        discord.lose(operation="execute_webhook")
        with pytest.raises(Uncertain):
            await adapter.send(doubted)
    discord.say(GENERAL, ALICE, "ok")
    discord.deny("MANAGE_WEBHOOKS")
    async with connected(make(discord), session) as adapter:
        found = await adapter.look_up(doubted, since)

    assert found is not None
    assert found.native_id == discord.shown(GENERAL)[0]["id"]


@pytest.mark.parametrize("operation", ["create_webhook", "create_thread_from_message"])
async def test_doubt_before_the_message_is_no_doubt_about_the_message(
    discord: ScriptedDiscord, adapter: DiscordAdapter, operation: str
) -> None:
    root = discord.say(GENERAL, ALICE, "root")
    discord.lose(operation=operation)
    message = outgoing("answer", thread=root)
    with pytest.raises(NotDispatched):
        await adapter.send(message)
    await adapter.send(message)

    assert len(discord.webhooks) == 1
    assert discord.shown(root)[-1]["content"] == "answer"


async def test_where_nobody_listens_it_certainly_did_not_happen(session: RecordingSession) -> None:
    async with scripted() as discord:
        adapter = make(discord)
        await adapter.connect(session)
        await adapter.send(outgoing("hello"))
    try:
        with pytest.raises(NotDispatched):
            await adapter.send(outgoing("hello", key="dlv_2:0"))
    finally:
        await adapter.disconnect()


@pytest.mark.parametrize(
    ("status", "code", "stops"),
    [
        (401, 0, "channel"),
        (404, 10003, "lane"),
        (403, 50001, "lane"),
        (403, 50013, "lane"),
        (400, 50035, ""),
        (400, 50006, ""),
        (413, 40005, ""),
        (403, 240000, ""),
        (400, 999999, ""),
    ],
)
async def test_a_refusal_stops_only_what_is_to_blame(
    discord: ScriptedDiscord, adapter: DiscordAdapter, status: int, code: int, stops: str
) -> None:
    discord.refuse(1, status, code, operation="create_message")
    with pytest.raises(Permanent) as caught:
        await adapter.send(outgoing("hello", via="bot"))

    assert (caught.value.stops_channel, caught.value.stops_lane) == (stops == "channel", stops == "lane")
    assert len(discord.called("create_message")) == 1


async def test_a_missing_permission_is_named_in_the_mend(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    discord.denied[GENERAL].add("SEND_MESSAGES")
    with pytest.raises(Permanent, match="missing_permissions") as caught:
        await adapter.send(outgoing("hello", via="bot"))

    assert "Send Messages" in caught.value.fix


async def test_refused_calls_end_long_before_discord_bans_the_address(
    discord: ScriptedDiscord, session: RecordingSession
) -> None:
    clock = LongAgo()
    async with connected(make(discord, clock=clock), session) as adapter:
        discord.refuse(MOST_INVALID + 50, 403, 50013, operation="trigger_typing_indicator")
        errors = []
        for _ in range(MOST_INVALID + 50):
            with pytest.raises(DeliveryError) as caught:
                await adapter.typing(GENERAL, "Priya")
            errors.append(caught.value)

        assert discord.invalid_requests == MOST_INVALID
        last = errors[-1]
        assert isinstance(last, Permanent)
        assert last.stops_channel
        assert "ten minutes" in last.detail
        clock.ahead = WINDOW + 1
        await adapter.send(outgoing("hello"))


async def test_a_conversation_that_is_no_id_reaches_nothing(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    before = len(discord.requests)
    for conversation in ("../users/@me", "#general", "1?x=", ""):
        with pytest.raises(Permanent) as caught:
            await adapter.send(outgoing("hello", conversation=conversation, via="bot"))
        assert caught.value.stops_lane
    assert discord.requests[before:] == []


async def test_ten_sends_at_once_make_one_webhook(discord: ScriptedDiscord, adapter: DiscordAdapter) -> None:
    await asyncio.gather(*(adapter.send(outgoing(f"{n}", key=f"dlv_{n}:0")) for n in range(10)))

    assert len(discord.webhooks) == 1
    assert len(discord.shown(GENERAL)) == 10
