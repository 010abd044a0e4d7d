"""A running hub takes a changed file in, keeps running on a wrong one, and never shows a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.hub_process import HubProcess
from tests.services.scripted_slack import GENERAL, scripted
from tests.services.stories import channel_is_up, until
from tieline.client import Client, ClientError
from tieline.model.members import MemberKind
from tieline.model.shapes import MemberBody, MemberPatch

pytestmark = pytest.mark.timeout(120)
CANARY = "xoxb-canary-7f3a9c1e5b"
APP_CANARY = "xapp-canary-2d8e4f6a0c"


async def test_a_valid_change_is_applied_a_wrong_one_is_shown_and_the_running_one_stays(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path, {"members": {"priya": {"kind": "human", "level": "L4"}}, "rooms": {"studio": {}}})
    await hub.start()
    try:
        async with Client(hub.url, await hub.token("priya", "--level", "L4")) as client:

            async def names() -> list[str]:
                return [room.name for room in (await client.rooms()).items]

            hub.config["rooms"] = {"studio": {}, "workshop": {"title": "new"}}
            hub.write()
            await until(names, lambda found: found == ["studio", "workshop"])
            hub.file.write_text(hub.file.read_text() + "\nroms: {}\n")
            await until(lambda: _soon(hub.log()), lambda log: "reload_refused" in log)
            assert "roms" in hub.log()
            assert await names() == ["studio", "workshop"]
            del hub.config["rooms"]
            hub.write()
            await until(names, lambda found: found == [])
            with pytest.raises(ClientError) as refused:
                await client.post("studio", "too late")
            assert refused.value.status == 404
    finally:
        assert await hub.stop() == 0


async def _soon(value: str) -> str:
    return value


async def test_no_secret_is_ever_written_to_log_database_answers_or_command_line(tmp_path: Path) -> None:
    async with scripted() as slack:
        channel = {**slack.settings, "adapter": "slack", "bot_token": "${BOT}", "app_token": "${APP}"}
        hub = HubProcess(
            tmp_path,
            {
                "channels": {"team": channel},
                "members": {"priya": {"kind": "human", "level": "L4"}},
                "rooms": {"studio": {"links": [{"channel": "team", "conversation": GENERAL}]}},
            },
            env={"BOT": CANARY, "APP": APP_CANARY, "LOG_LEVEL": "debug"},
        )
        await hub.start()
        try:
            token = await hub.token("priya", "--level", "L4")
            async with Client(hub.url, token) as client:
                await channel_is_up(client)
                await client.post("studio", "hello")
                seen = [await client.export_config(), str(await client.channels()), str(await client.deliveries())]
        finally:
            await hub.stop()
        shown = "".join(seen) + hub.log()
        stored = hub.stored()
        for secret in (CANARY, APP_CANARY, token):
            assert secret not in shown
            assert secret.encode() not in stored


async def test_who_may_do_what_stands_in_the_log_when_it_changes(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path, {"members": {"priya": {"kind": "human", "level": "L4"}}, "rooms": {"studio": {}}})
    await hub.start()
    try:
        token = await hub.token("priya", "--level", "L4")
        async with Client(hub.url, token) as client:
            await client.create_member(MemberBody(handle="milo", kind=MemberKind.HUMAN, accounts={"team": "U7"}))
            await client.update_member("milo", MemberPatch(accounts={"team": ""}))
            await client.archive_member("milo")
        words = ["token_changed", "member_changed", "account_changed", "account_removed", "member_archived"]
        await until(lambda: _soon(hub.log()), lambda log: all(word in log for word in words))
        assert token not in hub.log()
    finally:
        await hub.stop()


async def test_what_waits_for_a_channel_that_is_switched_off_is_shown(tmp_path: Path) -> None:
    hub = HubProcess(
        tmp_path,
        {
            "channels": {"team": {"adapter": "slack", "enabled": False, "bot_token": "xoxb-1", "app_token": "xapp-1"}},
            "members": {"priya": {"kind": "human", "level": "L4"}},
            "rooms": {"studio": {"links": [{"channel": "team", "conversation": "C1"}]}},
        },
    )
    await hub.start()
    try:
        async with Client(hub.url, await hub.token("priya", "--level", "L4")) as client:
            await client.post("studio", "who hears me?")
            team = next(channel for channel in (await client.channels()).items if channel.name == "team")
            assert (team.state, team.open) == ("off", 1)
            assert team.error is not None
            assert team.error.code == "switched_off"
    finally:
        await hub.stop()
