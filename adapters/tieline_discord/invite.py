"""The address by which a server's administrator invites the bot. Pure.

Rule: it asks for what :data:`tieline_discord.permissions.NEEDED` lists, and never for Mention Everyone: what the bot
may not do, no text can make it do (law 6). Next stop: ``tieline invite discord`` prints it.
"""

from __future__ import annotations

from urllib.parse import urlencode

from tieline_discord import config, permissions


def invite_url(application_id: str) -> str:
    """Where to invite the bot: the scopes ``bot`` and ``applications.commands``, and its permissions."""
    query = {
        "client_id": application_id,
        "scope": "bot applications.commands",
        "permissions": str(permissions.INVITED),
    }
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"


def application_id(token: str) -> str | None:
    """The application's id out of a bot token; None if it is none."""
    return config.application_id(token)
