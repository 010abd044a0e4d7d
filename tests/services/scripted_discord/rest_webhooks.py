"""What the scripted Discord does for webhooks and interactions; both answer under `/webhooks/{id}/{token}`.

A webhook's messages belong to its token: editable and deletable by it, in a thread only with `thread_id`; no nonce, no
reply. An interaction is answered once, within its channel, and then followed up with its token.
Next stop: `routes.py`.
"""

from __future__ import annotations

from typing import Any

from tests.services.scripted_discord import posting
from tests.services.scripted_discord.wire import BOT, GUILD, Call, Channel, Json, MessageType, Refused, invalid, unknown
from tests.services.scripted_discord.world import World, user_of

_TAKEN = ("clyde", "discord")
_SAY, _WAIT, _WAIT_TO_EDIT, _EDIT, _MODAL = 4, 5, 6, 7, 9

# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────────────────────


def create_webhook(world: World, call: Call) -> Json:
    channel = world.channel(call.params["channel_id"])
    world.need(channel, "MANAGE_WEBHOOKS")
    if channel["type"] in Channel.THREADS | {Channel.DM}:
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    name = str(call.fields["name"])
    _named(name, "name")
    if len(_of(world, channel["id"])) >= world.webhook_limit:
        raise Refused(400, 30007, f"Maximum number of webhooks reached ({world.webhook_limit})")
    made: Json = {"id": world.snowflake(), "type": 1, "guild_id": GUILD, "channel_id": channel["id"], "name": name}
    made |= {
        "avatar": None,
        "application_id": BOT,
        "user": world.users[BOT],
        "token": f"hook-token-{len(world.webhooks)}",
    }
    world.webhooks[made["id"]] = made
    world.tell("WEBHOOKS_UPDATE", {"guild_id": GUILD, "channel_id": channel["id"]})
    return made


def list_channel_webhooks(world: World, call: Call) -> list[Json]:
    channel = world.channel(call.params["channel_id"])
    world.need(channel, "MANAGE_WEBHOOKS")
    return _of(world, channel["id"])


def get_guild_webhooks(world: World, call: Call) -> list[Json]:
    if world.removed:
        raise unknown("Guild")
    return list(world.webhooks.values())


def get_webhook(world: World, call: Call) -> Json:
    return _webhook(world, call)


def get_webhook_by_token(world: World, call: Call) -> Json:
    return {name: value for name, value in _by_token(world, call).items() if name != "user"}


def update_webhook(world: World, call: Call) -> Json:
    found = _webhook(world, call)
    if name := call.fields.get("name"):
        _named(name, "name")
    found.update(call.fields)
    return found


def delete_webhook(world: World, call: Call) -> None:
    remove_webhook(world, _webhook(world, call)["id"])


def delete_webhook_by_token(world: World, call: Call) -> None:
    remove_webhook(world, _by_token(world, call)["id"])


def remove_webhook(world: World, webhook_id: str) -> None:
    """It is gone; its messages stay."""
    gone = world.webhooks.pop(webhook_id)
    world.tell("WEBHOOKS_UPDATE", {"guild_id": GUILD, "channel_id": gone["channel_id"]})


def execute_webhook(world: World, call: Call) -> Json | None:
    if call.params["webhook_id"] == BOT:
        return _follow_up(world, call)
    webhook, sent = _by_token(world, call), call.fields
    name = str(sent.get("username") or webhook["name"])
    _named(name, "username")
    posting.check(world, str(sent.get("content") or ""), sent, call.files)
    channel, more = _target(world, webhook, call)
    author = user_of(webhook["id"], name, None, bot=True, discriminator="0000")
    body = {name: value for name, value in sent.items() if name not in {"nonce", "message_reference"}}
    more |= {
        "webhook_id": webhook["id"],
        "application_id": webhook["application_id"],
        "_avatar": sent.get("avatar_url"),
    }
    message = posting.post(world, channel, author, body, call.files, **more)
    return world.show_message(message) if call.truth("wait") else None


def _target(world: World, webhook: Json, call: Call) -> tuple[Json, Json]:
    home = world.channels[webhook["channel_id"]]
    thread_id, thread_name = call.query.get("thread_id"), call.fields.get("thread_name")
    if thread_id:
        thread = world.channels.get(thread_id)
        if thread is None or thread.get("parent_id") != home["id"]:
            raise unknown("Channel")
        return thread, {}
    if home["type"] != Channel.FORUM:
        if thread_name:
            raise Refused(400, 220003, "Webhooks can only create threads in forum channels")
        return home, {}
    if not thread_name:
        raise Refused(400, 220001, "Webhooks posted to forum channels must have a thread_name or thread_id")
    thread = posting.open_thread(world, home, BOT, thread_name)
    return thread, {"id": thread["id"]}


def get_webhook_message(world: World, call: Call) -> Json:
    return world.show_message(_written(world, call))


def update_webhook_message(world: World, call: Call) -> Json:
    message = _written(world, call)
    if world.channels[message["channel_id"]].get("thread_metadata", {}).get("archived"):
        raise Refused(*posting.ARCHIVED)
    return world.show_message(posting.edit(world, message, call.fields, call.files))


def delete_webhook_message(world: World, call: Call) -> None:
    posting.delete(world, _written(world, call))


def _written(world: World, call: Call) -> Json:
    """The message of this webhook's (or interaction's) that the call names."""
    message_id = call.params.get("message_id", "@original")
    if call.params["webhook_id"] == BOT:
        interaction = _by_interaction_token(world, call.params["webhook_token"])
        if message_id == "@original":
            message_id = str(interaction["_original"])
        found = world.messages[interaction["channel_id"]].get(message_id)
        if found is None:
            raise unknown("Message")
        return found
    webhook = _by_token(world, call)
    where = call.query.get("thread_id", webhook["channel_id"])
    found = world.messages[where].get(message_id)
    if found is None or found.get("webhook_id") != webhook["id"]:
        raise unknown("Message")
    return found


def _webhook(world: World, call: Call) -> Json:
    found = world.webhooks.get(call.params["webhook_id"])
    if found is None:
        raise unknown("Webhook")
    return found


def _by_token(world: World, call: Call) -> Json:
    found = _webhook(world, call)
    if found["token"] != call.params["webhook_token"]:
        raise Refused(401, 50027, "Invalid Webhook Token")
    return found


def _of(world: World, channel_id: str) -> list[Json]:
    return [one for one in world.webhooks.values() if one["channel_id"] == channel_id]


def _named(name: str, field: str) -> None:
    for taken in _TAKEN:
        if taken in name.lower():
            raise invalid([field], "USERNAME_INVALID_CONTAINS", f'Username cannot contain "{taken}"')
    if not 1 <= len(name.strip()) <= 80:
        raise invalid([field], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80 in length.")


# ── interactions ─────────────────────────────────────────────────────────────────────────────────────────────────


def create_interaction_response(world: World, call: Call) -> Json | None:
    interaction = world.interactions.get(call.params["interaction_id"])
    if interaction is None or interaction["token"] != call.params["interaction_token"]:
        raise unknown("interaction")
    if interaction["_answered"]:
        raise Refused(400, 40060, "Interaction has already been acknowledged.")
    kind, data = call.fields["type"], call.fields.get("data") or {}
    message: Json | None = None
    if kind == _SAY:
        message = _say(world, interaction, data, call)
    elif kind == _WAIT:
        interaction["_waits"] = True
        interaction["_flags"] = data.get("flags") or 0
    elif kind == _EDIT:
        message = posting.edit(
            world, world.message(interaction["channel_id"], interaction["message"]["id"]), data, call.files
        )
    interaction["_answered"] = True
    if kind in {_WAIT_TO_EDIT, _EDIT}:
        interaction["_original"] = interaction["message"]["id"]
    if kind in {_EDIT, _WAIT_TO_EDIT, _WAIT, _MODAL}:
        interaction["_answers"].append({"type": kind, **data})
    return _callback(world, interaction, kind, message) if call.truth("with_response") else None


def _callback(world: World, interaction: Json, kind: int, message: Json | None) -> Json:
    told: Json = {"id": interaction["id"], "type": interaction["type"], "response_message_loading": kind == _WAIT}
    told["response_message_ephemeral"] = bool(interaction.get("_flags", 0) & posting.EPHEMERAL)
    if message is None:
        return {"interaction": told}
    told["response_message_id"] = message["id"]
    return {"interaction": told, "resource": {"type": kind, "message": world.show_message(message)}}


def _follow_up(world: World, call: Call) -> Json:
    interaction = _by_interaction_token(world, call.params["webhook_token"])
    if not interaction["_answered"]:
        raise unknown("Webhook")
    return world.show_message(_say(world, interaction, call.fields, call))


def _say(world: World, interaction: Json, data: Json, call: Call) -> Json:
    channel = world.channels[interaction["channel_id"]]
    more: dict[str, Any] = {"webhook_id": BOT, "application_id": BOT}
    if interaction["type"] == 2 and interaction["_original"] is None:
        more["type"] = MessageType.CHAT_COMMAND
    body = {**data, "flags": (data.get("flags") or 0) | interaction.pop("_flags", 0)}
    message = posting.post(world, channel, world.users[BOT], body, call.files, **more)
    if interaction["_original"] is None:
        interaction["_original"] = message["id"]
    interaction["_answers"].append({"type": _SAY, "id": message["id"], **body})
    return message


def _by_interaction_token(world: World, token: str) -> Json:
    for interaction in world.interactions.values():
        if interaction["token"] == token:
            return interaction
    raise unknown("Webhook")


def get_original_webhook_message(world: World, call: Call) -> Json:
    return world.show_message(_written(world, call))


def update_original_webhook_message(world: World, call: Call) -> Json:
    """After a deferred answer this is what writes it."""
    interaction = _by_interaction_token(world, call.params["webhook_token"])
    if interaction["_original"] is None and interaction.pop("_waits", False):
        return world.show_message(_say(world, interaction, call.fields, call))
    message = posting.edit(world, _written(world, call), call.fields, call.files)
    interaction["_answers"].append({"type": _EDIT, "id": message["id"], **call.fields})
    return world.show_message(message)


def delete_original_webhook_message(world: World, call: Call) -> None:
    posting.delete(world, _written(world, call))
