"""The scripted Discord in a process of its own keeps its state while clients come and go."""

from __future__ import annotations

import aiohttp

from tests.services.scripted_discord import ALICE, GENERAL, TOKEN, patched
from tests.services.scripted_discord.process import discord_process
from tests.services.scripted_discord.sdk import discord


async def test_hands_work_over_http_and_the_state_lives_on_between_clients() -> None:
    async with discord_process() as service:
        said = await service.act("say", channel=GENERAL, user=ALICE, text="before", files={"a.txt": b"a"})
        for text in ("first life", "second life"):
            with patched(service.api_url, service.gateway_url):
                async with discord.Client(intents=discord.Intents.none()) as client:
                    await client.login(TOKEN)
                    await client.get_partial_messageable(int(GENERAL)).send(text)
        rows = await service.until_shown(GENERAL, lambda rows: len(rows) == 3)
        assert [row["content"] for row in rows] == ["before", "first life", "second life"]
        assert (rows[0]["id"], rows[0]["attachments"][0]["size"]) == (said, 1)
        assert await service.act("look", what="violations") == []
        await service.act("put", name="latency", value=0.0)
        await service.act("gateway_down", on=True)
        await service.act("refuse", times=1, status=503)
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{service.api_url}/v10/users/@me") as answer:
                assert answer.status == 503
            async with http.get(service.gateway_url.replace("ws", "http", 1)) as answer:
                assert answer.status == 503
            async with http.post(f"{service.url}/_control/say", json={"channel": "1"}) as answer:
                assert answer.status == 400
