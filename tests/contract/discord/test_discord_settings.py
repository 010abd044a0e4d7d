"""Settings of a Discord channel, the invitation, and what the adapter shows of its secrets."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contract.discord.discord_making import make
from tests.services.scripted_discord import ScriptedDiscord
from tieline_discord import config, permissions
from tieline_discord.invite import application_id, invite_url
from tieline_discord.limits import route

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({}, "bot_token"),
        ({"bot_token": ""}, "bot_token"),
        ({"bot_token": 5}, "bot_token"),
        ({"bot_token": "to ken"}, "bot_token"),
        ({"api_url": "http://discord.example"}, "api_url"),
        ({"api_url": "http://[::1"}, "api_url"),
        ({"api_url": 5}, "api_url"),
        ({"gateway_url": "ws://discord.example"}, "gateway_url"),
        ({"gateway_url": "https://discord.example"}, "gateway_url"),
        ({"file_limit": "10 parsecs"}, "file_limit"),
        ({"file_limit": 0}, "file_limit"),
        ({"pace": 0}, "pace"),
        ({"pace": True}, "pace"),
        ({"pace": float("nan")}, "pace"),
        ({"previews": "yes"}, "previews"),
        ({"bot_tokn": "x"}, "bot_tokn"),
    ],
)
def test_every_fault_is_named_with_its_mend(raw: dict[str, object], path: str) -> None:
    base = {} if path == "bot_token" else {"bot_token": TOKEN}
    (problem,) = config.check({**base, **raw})

    assert problem.path == (path,)
    assert problem.fix


@pytest.mark.parametrize(("raw", "size"), [(10_485_760, 10), ("50MiB", 50), ("100 mib", 100), ("1048576", 1)], ids=str)
def test_the_size_of_files_is_read_in_units(raw: object, size: int) -> None:
    settings = {"bot_token": TOKEN, "file_limit": raw}

    assert config.check(settings) == ()
    assert config.load(settings).file_limit == size * config.MEBIBYTE


def test_settings_default_to_discords_own_addresses_and_hide_the_token() -> None:
    settings = config.load({"bot_token": f"Bot {TOKEN}"})

    assert (settings.api_url, settings.gateway_url) == ("https://discord.com/api/v10", None)
    assert settings.bot_token == TOKEN
    assert TOKEN not in repr(settings)


async def test_nothing_shows_the_token(discord: ScriptedDiscord) -> None:
    assert discord.token not in repr(make(discord))


def test_the_invitation_asks_for_what_is_needed_and_never_for_everyone() -> None:
    url = urlsplit(invite_url("123456789012345678"))
    query = parse_qs(url.query)
    bits = int(query["permissions"][0])

    assert url.hostname == "discord.com"
    assert query["client_id"] == ["123456789012345678"]
    assert query["scope"] == ["bot applications.commands"]
    assert bits & permissions.WEBHOOKS
    assert not bits & (permissions.MENTION_EVERYONE | permissions.ADMINISTRATOR)


@pytest.mark.parametrize("token", ["", "x", "MTIz", "....", "ü.b.c", base64.b64encode(b"no number").decode() + ".a.b"])
def test_what_is_no_token_names_no_application(token: str) -> None:
    assert application_id(token) in {None, "123"}
    assert application_id(TOKEN) == "123456789012345678"


@pytest.mark.parametrize(
    ("method", "path", "bucket"),
    [
        ("POST", "/channels/111/messages", "POST /channels/111/messages"),
        ("PATCH", "/channels/111/messages/222", "PATCH /channels/111/messages/:id"),
        ("PUT", "/channels/111/messages/222/reactions/%F0/@me", "PUT /channels/111/messages/:id/reactions"),
        ("PATCH", "/webhooks/111/tok/messages/222", "PATCH /webhooks/111/tok/messages/:id"),
        ("GET", "/users/@me", "GET /users/@me"),
    ],
)
def test_buckets_are_by_channel_or_webhook(method: str, path: str, bucket: str) -> None:
    assert route(method, path) == bucket
