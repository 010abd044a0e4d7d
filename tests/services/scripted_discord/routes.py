"""The table of the scripted Discord's REST routes: `METHOD /path` as Discord's document writes it, and the deed.

`OPEN_ROUTES` need no bot token: a token stands in their path. Next stop: `server.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.services.scripted_discord import rest, rest_webhooks
from tests.services.scripted_discord.wire import Call
from tests.services.scripted_discord.world import World

Deed = Callable[[World, Call], Any]

_APP, _GUILD, _CHANNEL = "/applications/{application_id}", "/guilds/{guild_id}", "/channels/{channel_id}"
_MESSAGE = f"{_CHANNEL}/messages/{{message_id}}"
_REACTION = f"{_MESSAGE}/reactions/{{emoji_name}}"
_HOOK = "/webhooks/{webhook_id}"
_BY_TOKEN = f"{_HOOK}/{{webhook_token}}"

ROUTES: Mapping[str, Deed] = {
    "GET /users/@me": rest.get_my_user,
    "GET /users/@me/guilds": rest.list_my_guilds,
    "POST /users/@me/channels": rest.create_dm,
    "GET /users/{user_id}": rest.get_user,
    "GET /gateway/bot": rest.get_bot_gateway,
    "GET /applications/@me": rest.get_my_application,
    "GET /oauth2/applications/@me": rest.get_my_application,
    f"GET {_APP}/commands": rest.list_application_commands,
    f"PUT {_APP}/commands": rest.bulk_set_application_commands,
    f"POST {_APP}/commands": rest.create_application_command,
    f"GET {_APP}/guilds/{{guild_id}}/commands": rest.list_application_commands,
    f"PUT {_APP}/guilds/{{guild_id}}/commands": rest.bulk_set_application_commands,
    f"POST {_APP}/guilds/{{guild_id}}/commands": rest.create_application_command,
    f"GET {_GUILD}": rest.get_guild,
    f"GET {_GUILD}/channels": rest.list_guild_channels,
    f"GET {_GUILD}/roles": rest.list_guild_roles,
    f"GET {_GUILD}/members": rest.list_guild_members,
    f"GET {_GUILD}/members/search": rest.search_guild_members,
    f"GET {_GUILD}/members/{{user_id}}": rest.get_guild_member,
    f"GET {_GUILD}/threads/active": rest.get_active_guild_threads,
    f"GET {_GUILD}/webhooks": rest_webhooks.get_guild_webhooks,
    f"GET {_CHANNEL}": rest.get_channel,
    f"PATCH {_CHANNEL}": rest.update_channel,
    f"POST {_CHANNEL}/typing": rest.trigger_typing_indicator,
    f"POST {_CHANNEL}/threads": rest.create_thread,
    f"GET {_CHANNEL}/threads/archived/public": rest.list_public_archived_threads,
    f"PUT {_CHANNEL}/thread-members/@me": rest.join_thread,
    f"GET {_CHANNEL}/webhooks": rest_webhooks.list_channel_webhooks,
    f"POST {_CHANNEL}/webhooks": rest_webhooks.create_webhook,
    f"GET {_CHANNEL}/messages": rest.list_messages,
    f"POST {_CHANNEL}/messages": rest.create_message,
    f"POST {_CHANNEL}/messages/bulk-delete": rest.bulk_delete_messages,
    f"GET {_MESSAGE}": rest.get_message,
    f"PATCH {_MESSAGE}": rest.update_message,
    f"DELETE {_MESSAGE}": rest.delete_message,
    f"POST {_MESSAGE}/threads": rest.create_thread_from_message,
    f"GET {_REACTION}": rest.list_message_reactions_by_emoji,
    f"PUT {_REACTION}/@me": rest.add_my_message_reaction,
    f"DELETE {_REACTION}/@me": rest.delete_my_message_reaction,
    f"GET {_HOOK}": rest_webhooks.get_webhook,
    f"PATCH {_HOOK}": rest_webhooks.update_webhook,
    f"DELETE {_HOOK}": rest_webhooks.delete_webhook,
}
"""With the bot's token."""

OPEN_ROUTES: Mapping[str, Deed] = {
    f"GET {_BY_TOKEN}": rest_webhooks.get_webhook_by_token,
    f"POST {_BY_TOKEN}": rest_webhooks.execute_webhook,
    f"DELETE {_BY_TOKEN}": rest_webhooks.delete_webhook_by_token,
    f"GET {_BY_TOKEN}/messages/@original": rest_webhooks.get_original_webhook_message,
    f"PATCH {_BY_TOKEN}/messages/@original": rest_webhooks.update_original_webhook_message,
    f"DELETE {_BY_TOKEN}/messages/@original": rest_webhooks.delete_original_webhook_message,
    f"GET {_BY_TOKEN}/messages/{{message_id}}": rest_webhooks.get_webhook_message,
    f"PATCH {_BY_TOKEN}/messages/{{message_id}}": rest_webhooks.update_webhook_message,
    f"DELETE {_BY_TOKEN}/messages/{{message_id}}": rest_webhooks.delete_webhook_message,
    "POST /interactions/{interaction_id}/{interaction_token}/callback": rest_webhooks.create_interaction_response,
}
"""With a token in the path."""
