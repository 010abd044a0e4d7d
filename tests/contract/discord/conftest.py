from collections.abc import AsyncIterator

import pytest

from tests.contract.discord.discord_making import connected, make
from tests.services.scripted_discord import ScriptedDiscord, scripted
from tieline.testing.session import RecordingSession
from tieline_discord.adapter import DiscordAdapter


@pytest.fixture
async def discord() -> AsyncIterator[ScriptedDiscord]:
    """Our own Discord; every request must be one that Discord's document allows, and nobody may be pinged."""
    async with scripted() as world:
        yield world
        assert world.violations == []
        assert world.pings == []


@pytest.fixture
def session() -> RecordingSession:
    return RecordingSession()


@pytest.fixture
async def adapter(discord: ScriptedDiscord, session: RecordingSession) -> AsyncIterator[DiscordAdapter]:
    """Connected."""
    async with connected(make(discord), session) as made:
        yield made
