"""What the scripted Discord's REST routes do: accounts, commands, the guild, channels, messages, threads.

A deed has the name of the operation in Discord's own OpenAPI document, takes the state and the call, and answers what
goes out as JSON (None: 204). Next stop: `rest_webhooks.py` for webhooks and interactions; `routes.py` for the table.
"""

from __future__ import annotations

from tests.services.scripted_discord import posting
from tests.services.scripted_discord.gateway import open_to_bot
from tests.services.scripted_discord.wire import (
    BOT,
    GUILD,
    PERMISSIONS,
    PRIVILEGED,
    Call,
    Channel,
    Intent,
    Json,
    Refused,
    invalid,
    unknown,
)
from tests.services.scripted_discord.world import World, invalid_recipient

# ── the account ──────────────────────────────────────────────────────────────────────────────────────────────────


def get_my_user(world: World, call: Call) -> Json:
    return {**world.users[BOT], "mfa_enabled": True, "locale": "en-US", "email": None, "verified": True}


def get_user(world: World, call: Call) -> Json:
    found = world.users.get(call.params["user_id"])
    if found is None:
        raise unknown("User")
    return found


def list_my_guilds(world: World, call: Call) -> list[Json]:
    mine: Json = {
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(sum(PERMISSIONS.values())),
        "features": [],
    }
    return [] if world.removed else [{"id": GUILD, "name": "Acme", **mine}]


def get_my_application(world: World, call: Call) -> Json:
    texts = {"name": "tieline", "description": "", "icon": None, "verify_key": "0" * 64, "summary": ""}
    flags = {"bot_public": False, "bot_require_code_grant": False, "flags": world.app_flags}
    owner = next(user for user in world.users.values() if not user["bot"])
    more: Json = {"type": None, "flags_new": str(world.app_flags), "redirect_uris": [], "explicit_content_filter": 0}
    more |= {"interactions_endpoint_url": None, "role_connections_verification_url": None, "eligible_oauth2_scopes": []}
    counts = {f"approximate_{name}_count": 1 for name in ("guild", "user_install", "user_authorization")}
    return {"id": BOT, **texts, **flags, **more, **counts, "owner": owner, "bot": world.users[BOT], "team": None}


def get_bot_gateway(world: World, call: Call) -> Json:
    limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
    return {"url": f"{world.url}/gateway".replace("http", "ws", 1), "shards": 1, "session_start_limit": limit}


def create_dm(world: World, call: Call) -> Json:
    recipient = call.fields.get("recipient_id")
    if recipient in {None, BOT}:
        raise invalid_recipient()
    return world.show_channel(world.dm(str(recipient)))


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────


def list_application_commands(world: World, call: Call) -> list[Json]:
    return [one for one in world.commands if one.get("guild_id") == call.params.get("guild_id")]


def bulk_set_application_commands(world: World, call: Call) -> list[Json]:
    guild = call.params.get("guild_id")
    world.commands = [one for one in world.commands if one.get("guild_id") != guild]
    for sent in call.body or []:
        _register(world, guild, sent)
    return list_application_commands(world, call)


def create_application_command(world: World, call: Call) -> Json:
    return _register(world, call.params.get("guild_id"), call.fields)


def _register(world: World, guild: str | None, sent: Json) -> Json:
    kind = sent.get("type") or 1
    same = (kind, sent["name"], guild)
    world.commands = [one for one in world.commands if (one["type"], one["name"], one.get("guild_id")) != same]
    ids = {"id": world.snowflake(), "application_id": BOT, "version": world.snowflake()}
    made: Json = {"description": "", **sent, **ids, "type": kind, "default_member_permissions": None}
    world.commands.append(made | ({"guild_id": guild} if guild else {}))
    return world.commands[-1]


# ── the guild ────────────────────────────────────────────────────────────────────────────────────────────────────


def get_guild(world: World, call: Call) -> Json:
    _guild(world, call)
    return world.show_guild()


def list_guild_channels(world: World, call: Call) -> list[Json]:
    _guild(world, call)
    rooms = [one for one in world.channels.values() if one.get("guild_id") and "thread_metadata" not in one]
    return [world.show_channel(one) for one in rooms]


def list_guild_roles(world: World, call: Call) -> list[Json]:
    _guild(world, call)
    return [world.show_role(role) for role in world.roles.values()]


def list_guild_members(world: World, call: Call) -> list[Json]:
    _guild(world, call)
    if not world.app_flags & PRIVILEGED[Intent.MEMBERS]:
        raise Refused(403, 50001, "Missing Access")
    ids = sorted((one for one in world.members if int(one) > int(call.query.get("after", 0))), key=int)
    return [world.show_member(one) for one in ids[: _limit(call, default=1, most=1000)]]


def search_guild_members(world: World, call: Call) -> list[Json]:
    _guild(world, call)
    asked = call.query.get("query", "").lower()
    ids = [one for one in world.members if world.shown_name(one).lower().startswith(asked)]
    return [world.show_member(one) for one in ids[: _limit(call, default=1, most=1000)]]


def get_guild_member(world: World, call: Call) -> Json:
    _guild(world, call)
    if call.params["user_id"] not in world.members:
        raise unknown("Member")
    return world.show_member(call.params["user_id"])


def get_active_guild_threads(world: World, call: Call) -> Json:
    _guild(world, call)
    found = [world.show_channel(one) for one in world.threads() if world.visible(one)]
    return {"threads": found, "members": [], "has_more": False}


def _guild(world: World, call: Call) -> None:
    if call.params["guild_id"] != GUILD or world.removed:
        raise unknown("Guild")


# ── channels and threads ─────────────────────────────────────────────────────────────────────────────────────────


def get_channel(world: World, call: Call) -> Json:
    return world.show_channel(_channel(world, call))


def update_channel(world: World, call: Call) -> Json:
    channel = _channel(world, call)
    thread = channel["type"] in Channel.THREADS
    world.need(channel, "MANAGE_THREADS" if thread else "MANAGE_CHANNELS")
    for name, value in call.fields.items():
        (channel["thread_metadata"] if thread and name in channel["thread_metadata"] else channel)[name] = value
    world.tell("THREAD_UPDATE" if thread else "CHANNEL_UPDATE", world.show_channel(channel))
    return world.show_channel(channel)


def trigger_typing_indicator(world: World, call: Call) -> None:
    channel = _channel(world, call)
    world.need(channel, _speak(channel))
    world.typed.append(channel["id"])


def create_thread_from_message(world: World, call: Call) -> Json:
    channel = _channel(world, call)
    world.need(channel, "CREATE_PUBLIC_THREADS")
    root = world.message(channel["id"], call.params["message_id"])
    return world.show_channel(posting.open_thread(world, channel, BOT, call.fields["name"], root=root))


def create_thread(world: World, call: Call) -> Json:
    channel, sent = _channel(world, call), call.fields
    if channel["type"] != Channel.FORUM:
        world.need(channel, "CREATE_PUBLIC_THREADS")
        kind = sent.get("type") or Channel.PRIVATE_THREAD
        return world.show_channel(posting.open_thread(world, channel, BOT, sent["name"], kind=kind))
    world.need(channel, "SEND_MESSAGES")
    first = sent.get("message") or {}
    posting.check(world, str(first.get("content") or ""), first, call.files)
    thread = posting.open_thread(world, channel, BOT, sent["name"])
    thread["applied_tags"] = sent.get("applied_tags") or []
    message = posting.post(world, thread, world.users[BOT], first, call.files, id=thread["id"])
    return {**world.show_channel(thread), "message": world.show_message(message)}


def join_thread(world: World, call: Call) -> None:
    _channel(world, call)


def list_public_archived_threads(world: World, call: Call) -> Json:
    found = [world.show_channel(one) for one in world.threads(_channel(world, call)["id"], archived=True)]
    return {"threads": found[::-1], "members": [], "has_more": False}


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────


def create_message(world: World, call: Call) -> Json:
    channel, sent = _channel(world, call), call.fields
    world.need(channel, _speak(channel), *(["ATTACH_FILES"] if call.files else []))
    if channel.get("_with") in world.closed_dms:
        raise Refused(403, 50007, "Cannot send messages to this user")
    if channel["type"] == Channel.FORUM:
        raise Refused(400, 50008, "Cannot send messages in a non-text channel")
    if sent.get("enforce_nonce") and sent.get("nonce") is not None:
        for made in world.messages[channel["id"]].values():
            if made.get("nonce") == sent["nonce"] and made["author"]["id"] == BOT:
                return world.show_message(made)
    return world.show_message(posting.post(world, channel, world.users[BOT], sent, call.files))


def get_message(world: World, call: Call) -> Json:
    return read(world, _message(world, call))


def list_messages(world: World, call: Call) -> list[Json]:
    """Newest first; with `after` those nearest behind it."""
    channel = _channel(world, call)
    limit = _limit(call, default=50, most=100)
    if not world.may(channel, "READ_MESSAGE_HISTORY"):
        return []
    rows = [one for one in world.messages[channel["id"]].values() if not one.get("_ephemeral")]
    rows.sort(key=lambda one: int(one["id"]))
    if before := call.query.get("before"):
        rows = [one for one in rows if int(one["id"]) < int(before)]
    if after := call.query.get("after"):
        rows = [one for one in rows if int(one["id"]) > int(after)][:limit]
    if around := call.query.get("around"):
        rows = sorted(
            sorted(rows, key=lambda one: abs(int(one["id"]) - int(around)))[:limit], key=lambda one: int(one["id"])
        )
    return [read(world, one) for one in rows[-limit:][::-1]]


def update_message(world: World, call: Call) -> Json:
    message = _message(world, call)
    if message["author"]["id"] != BOT:
        raise Refused(403, 50005, "Cannot edit a message authored by another user")
    if world.channels[message["channel_id"]].get("thread_metadata", {}).get("archived"):
        raise Refused(*posting.ARCHIVED)
    return world.show_message(posting.edit(world, message, call.fields, call.files))


def delete_message(world: World, call: Call) -> None:
    message = _message(world, call)
    if message["author"]["id"] != BOT:
        world.need(world.channels[message["channel_id"]], "MANAGE_MESSAGES")
    posting.delete(world, message)


def bulk_delete_messages(world: World, call: Call) -> None:
    channel = _channel(world, call)
    world.need(channel, "MANAGE_MESSAGES")
    ids = [one for one in call.fields["messages"] if world.messages[channel["id"]].pop(one, None)]
    world.tell("MESSAGE_DELETE_BULK", {"ids": ids, **posting.place(world, channel["id"])})


def add_my_message_reaction(world: World, call: Call) -> None:
    message = _message(world, call)
    world.need(world.channels[message["channel_id"]], "ADD_REACTIONS", "READ_MESSAGE_HISTORY")
    posting.react(world, message, BOT, _emoji(call), on=True)


def delete_my_message_reaction(world: World, call: Call) -> None:
    posting.react(world, _message(world, call), BOT, _emoji(call), on=False)


def list_message_reactions_by_emoji(world: World, call: Call) -> list[Json]:
    return [world.users[one] for one in _message(world, call)["_reactions"].get(_emoji(call), [])]


def read(world: World, message: Json) -> Json:
    """The message as the application may read it: REST keeps to the Message Content intent too."""
    shown = world.show_message(message)
    granted = world.app_flags & (PRIVILEGED[Intent.MESSAGE_CONTENT] | PRIVILEGED[Intent.MESSAGE_CONTENT] << 1)
    direct = "guild_id" not in posting.place(world, message["channel_id"])
    if granted or direct or open_to_bot(message):
        return shown
    return {**shown, "content": "", "embeds": [], "attachments": [], "components": []}


def _channel(world: World, call: Call) -> Json:
    return world.channel(call.params["channel_id"])


def _message(world: World, call: Call) -> Json:
    return world.message(_channel(world, call)["id"], call.params["message_id"])


def _speak(channel: Json) -> str:
    return "SEND_MESSAGES_IN_THREADS" if channel["type"] in Channel.THREADS else "SEND_MESSAGES"


def _emoji(call: Call) -> str:
    name = call.params["emoji_name"]
    if name.isascii() and ":" not in name:
        raise Refused(400, 10014, "Unknown Emoji")
    return name


def _limit(call: Call, *, default: int, most: int) -> int:
    limit = int(call.query.get("limit", default))
    if not 1 <= limit <= most:
        raise invalid(["limit"], "NUMBER_TYPE_MAX", f"int value should be between 1 and {most}.")
    return limit
