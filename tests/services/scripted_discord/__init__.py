"""Our own Discord on loopback: v10 REST, gateway, webhooks, uploads, direct messages, interactions, limits, faults.

This server is ours because no third-party witness has webhooks, uploads, direct messages, RESUME or limits; its answers
follow the examples of Discord's documentation, and every request body is checked with Discord's own OpenAPI document
(`discord_spec.py`). For login, messages, edits, deletes, reactions and threads, `discord_twin.py` is a third party's
witness beside it. Not kept: voice, stages, stickers, polls, shards, presences, overwrites other than the bot's.
Next stop: `wire.py`, `world.py`, then `server.py`.
"""

from tests.services.scripted_discord.running import ScriptedDiscord, patched, scripted
from tests.services.scripted_discord.wire import (
    ALICE,
    BOB,
    BOT,
    EVERYONE,
    FORUM,
    GENERAL,
    GUILD,
    RANDOM,
    STAFF,
    TOKEN,
    Half,
    Lose,
    Reply,
    Silent,
)

__all__ = [
    "ALICE",
    "BOB",
    "BOT",
    "EVERYONE",
    "FORUM",
    "GENERAL",
    "GUILD",
    "RANDOM",
    "STAFF",
    "TOKEN",
    "Half",
    "Lose",
    "Reply",
    "ScriptedDiscord",
    "Silent",
    "patched",
    "scripted",
]
