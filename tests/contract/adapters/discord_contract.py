"""Discord's contract, on our own Discord on loopback; what a third party's stand-in shows too, it shows in
``tests/contract/discord/test_discord_with_digital_twin.py``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

from tests.services.scripted_discord import ALICE, BOB, GENERAL, Lose, Reply, ScriptedDiscord, scripted
from tieline.ports.adapter import Manifest
from tieline.testing.contract import AdapterContract, Failure, NotApplicable, Platform, ShownMessage
from tieline_discord.manifest import MANIFEST

IDS = {"ana": ALICE, "bo": BOB}
SENDS = ("create_message", "execute_webhook")


class PeopledDiscord:
    """A Discord with two people in it."""

    conversation = GENERAL

    def __init__(self, discord: ScriptedDiscord) -> None:
        self.discord = discord

    async def write(self, who: str, text: str, *, thread: str | None = None) -> str:
        return self.discord.say(GENERAL, IDS[who], text, thread=thread)

    async def edit(self, native_id: str, who: str, text: str) -> None:
        self.discord.edit(GENERAL, native_id, text)

    async def delete(self, native_id: str, who: str) -> None:
        self.discord.delete(GENERAL, native_id)

    async def react(self, native_id: str, who: str, emoji: str) -> None:
        self.discord.react(GENERAL, native_id, IDS[who], emoji)

    async def shown(self) -> Sequence[ShownMessage]:
        pinged = {one["message"] for one in self.discord.pings if one["kind"] in {"everyone", "here", "role"}}
        threads = [one["id"] for one in self.discord.threads(GENERAL)]
        return [
            ShownMessage(
                native_id=one["id"],
                text=one["content"],
                author=one["author"],
                thread=None if channel == GENERAL else channel,
                reply=one["reply_to"],
                reactions=tuple(one["reactions"]),
                pings=one["id"] in pinged,
            )
            for channel in (GENERAL, *threads)
            for one in self.discord.shown(channel)
            if one["type"] in {0, 19}
        ]

    async def fail_next(self, failure: Failure) -> None:
        for operation in SENDS:
            match failure:
                case Failure.THROTTLED:
                    self.discord.throttle(7.0, operation=operation)
                case Failure.BROKEN:
                    self.discord.script(operation, Reply(502, b"<html>", {"Content-Type": "text/html"}))
                case Failure.LOST_ANSWER:
                    self.discord.script(operation, Lose())
                case Failure.BAD_CREDENTIAL:
                    self.discord.refuse(1, 401, operation=operation)
                case Failure.UNKNOWN_CONVERSATION:
                    self.discord.refuse(1, 404, 10003, operation=operation)
                case Failure.NO_CONNECTION:
                    raise NotApplicable("shown in tests/contract/discord/test_discord_faults.py, where nobody listens")

    async def requests_to_send(self) -> int:
        return sum(len(self.discord.called(operation)) for operation in SENDS)

    async def hang_up(self) -> None:
        self.discord.gateway.drop()


class DiscordContract(AdapterContract):
    """People's talk through a webhook (``auto``)."""

    manifest: ClassVar[Manifest] = MANIFEST

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[Platform]:
        async with scripted() as discord:
            yield PeopledDiscord(discord)
            assert discord.violations == []

    def settings(self, platform: Platform) -> Mapping[str, object]:
        assert isinstance(platform, PeopledDiscord)
        discord = platform.discord
        return {
            "bot_token": discord.token,
            "api_url": discord.api_url,
            "gateway_url": discord.gateway_url,
            "pace": 100,
        }
