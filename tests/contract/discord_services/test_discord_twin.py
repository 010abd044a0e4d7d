"""The third party's Discord and ours show discord.py the same, where both can show it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.services import discord_twin
from tests.services.scripted_discord import ALICE, BOT, GENERAL, TOKEN, ScriptedDiscord, patched, scripted
from tests.services.scripted_discord.sdk import discord


class OurHands:
    """Our Discord, with the hands of the third party's."""

    def __init__(self, served: ScriptedDiscord) -> None:
        self.served = served
        self.api_url, self.gateway_url = served.api_url, served.gateway_url

    async def say(self, text: str) -> str:
        return self.served.say(GENERAL, ALICE, text)

    async def edit(self, message: str, text: str) -> None:
        self.served.edit(GENERAL, message, text)

    async def delete(self, message: str) -> None:
        self.served.delete(GENERAL, message)

    async def messages(self) -> list[dict[str, Any]]:
        return self.served.shown(GENERAL)


@asynccontextmanager
async def _ours() -> AsyncIterator[OurHands]:
    async with scripted() as served:
        yield OurHands(served)
        assert served.violations == []
        assert served.strange_answers == []


@pytest.mark.parametrize("service", [_ours, discord_twin.running], ids=["ours", "twin"])
async def test_a_conversation_is_the_same_on_both(service: Any) -> None:
    """Login, people's messages, edits and deletions; the bot's messages, reactions and threads; history."""
    heard: asyncio.Queue[tuple[object, ...]] = asyncio.Queue()

    edits: set[tuple[object, ...]] = set()

    class Bot(discord.Client):
        async def on_message(self, message: discord.Message) -> None:
            if message.type is discord.MessageType.default:
                heard.put_nowait(("message", message.content, message.author.name, message.author.bot))

        async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
            edit = ("edit", str(event.message_id), event.message.content)
            if edit not in edits:  # a thread on a message is an update of the message, too
                edits.add(edit)
                heard.put_nowait(edit)

        async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
            heard.put_nowait(("delete", str(event.message_id)))

        async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
            heard.put_nowait(("reaction", str(event.user_id), event.emoji.name))

    intents = discord.Intents(guilds=True, messages=True, reactions=True, message_content=True)
    async with service() as hands, Bot(intents=intents, guild_ready_timeout=0.1) as bot:
        with patched(hands.api_url, hands.gateway_url):
            await bot.login(TOKEN)
            running = asyncio.create_task(bot.connect())
            await asyncio.wait_for(bot.wait_until_ready(), 10)
            channel = bot.get_channel(int(GENERAL))
            assert isinstance(channel, discord.TextChannel)

            async def hears(*wanted: object) -> None:
                assert await asyncio.wait_for(heard.get(), 10) == wanted

            asked = await hands.say("hello")
            await hears("message", "hello", "alice", False)
            await hands.edit(asked, "hello there")
            await hears("edit", asked, "hello there")
            sent = await channel.send("answer")
            await hears("message", "answer", "tieline", True)
            await sent.edit(content="answer, edited")
            await hears("edit", str(sent.id), "answer, edited")
            await sent.add_reaction("👍")
            await hears("reaction", BOT, "👍")
            thread = await sent.create_thread(name="talk")
            assert (thread.parent_id, thread.name) == (channel.id, "talk")  # the twin gives it an id of its own
            await thread.send("inside")
            await hears("message", "inside", "tieline", True)
            passing = await hands.say("in passing")
            await hears("message", "in passing", "alice", False)
            await hands.delete(passing)
            await hears("delete", passing)
            assert [one.content async for one in channel.history(limit=5)] == ["answer, edited", "hello there"]
            assert [one.content async for one in channel.history(limit=5, after=discord.Object(int(asked)))] == [
                "answer, edited"
            ]
            assert [one["content"] for one in await hands.messages()] == ["hello there", "answer, edited"]
            with pytest.raises(discord.NotFound) as gone:
                await channel.fetch_message(int(passing))
            assert gone.value.code == 10008
            await bot.close()
            await running
