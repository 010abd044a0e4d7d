"""How people use an application: buttons, slash commands, commands of a message's menu, modals.

Each makes an INTERACTION_CREATE with a token of its own, which the application answers. A command must be registered and
a button must be there, or the person could not have used it. Next stop: `rest_webhooks.py`, where answers arrive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.services.scripted_discord.posting import place
from tests.services.scripted_discord.wire import BOT, GUILD, PERMISSIONS, Json
from tests.services.scripted_discord.world import World

COMMAND, PRESS, SUBMIT = 2, 3, 5
CHAT, MESSAGE = 1, 3
_ATTACHMENTS = 10 * 1024 * 1024


def press(world: World, message: Json, custom_id: str, user: str) -> str:
    """A button of that id must stand under the message."""
    button = next((one for one in _parts(message["components"]) if one.get("custom_id") == custom_id), None)
    assert button is not None, f"no button {custom_id!r} under {message['content']!r}"
    assert not button.get("disabled"), f"the button {custom_id!r} is disabled"
    data = {"custom_id": custom_id, "component_type": button["type"], "id": 2}
    return _interact(world, PRESS, user, message["channel_id"], data, message=world.show_message(message))


def command(world: World, user: str, channel: str, name: str, options: Mapping[str, Any]) -> str:
    """A slash command that is registered, perhaps with subcommands after blanks."""
    first, *subs = name.split()
    registered = _registered(world, first, CHAT)
    described = {one["name"]: one for one in registered.get("options", [])}
    path = []
    for sub in subs:
        path.append(described[sub])
        described = {one["name"]: one for one in path[-1].get("options", [])}
    nested: list[Json] = [
        {"name": key, "type": described[key]["type"], "value": value} for key, value in options.items()
    ]
    for sub in reversed(path):
        nested = [{"name": sub["name"], "type": sub["type"], "options": nested}]
    return _interact(world, COMMAND, user, channel, {**_named(registered), "options": nested})


def message_command(world: World, user: str, message: Json, name: str) -> str:
    """A command of the message's menu."""
    data = {**_named(_registered(world, name, MESSAGE)), "target_id": message["id"]}
    data["resolved"] = {"messages": {message["id"]: world.show_message(message)}}
    return _interact(world, COMMAND, user, message["channel_id"], data)


def submit(world: World, user: str, interaction: str, values: Mapping[str, str]) -> str:
    """Fill in the modal that answered an interaction."""
    asked = world.interactions[interaction]
    modal = next(one for one in asked["_answers"] if one["type"] == 9)
    rows = [{"type": 1, "components": [{"type": 4, "custom_id": key, "value": value}]} for key, value in values.items()]
    data = {"custom_id": modal["custom_id"], "components": rows}
    more = {"message": asked["message"]} if "message" in asked else {}
    return _interact(world, SUBMIT, user, asked["channel_id"], data, **more)


def _interact(world: World, kind: int, user: str, channel_id: str, data: Json, **more: Json) -> str:
    interaction_id = world.snowflake()
    made: Json = {"id": interaction_id, "application_id": BOT, "type": kind, "token": f"interaction-{interaction_id}"}
    made |= {"version": 1, "data": data, "channel": world.show_channel(world.channels[channel_id]), "entitlements": []}
    made |= {"locale": "en-US", "attachment_size_limit": _ATTACHMENTS, **place(world, channel_id), **more}
    everything = str(sum(PERMISSIONS.values()))
    made |= {"app_permissions": everything, "authorizing_integration_owners": {"0": GUILD}, "context": 0}
    if "guild_id" in made:
        made |= {"member": {**world.show_member(user), "permissions": everything}, "guild_locale": "en-US"}
        made["guild"] = {"id": GUILD, "locale": "en-US", "features": []}
    else:
        made |= {"user": world.users[user], "context": 1}
    world.interactions[interaction_id] = {**made, "_answered": False, "_original": None, "_answers": []}
    world.tell("INTERACTION_CREATE", made)
    return interaction_id


def _registered(world: World, name: str, kind: int) -> Json:
    found = next((one for one in world.commands if (one["name"], one["type"]) == (name, kind)), None)
    assert found is not None, f"no command {name!r} of type {kind} is registered"
    return found


def _named(registered: Json) -> Json:
    return {"id": registered["id"], "name": registered["name"], "type": registered["type"]}


def _parts(components: list[Json]) -> Iterator[Json]:
    for one in components:
        yield one
        yield from _parts(one.get("components") or [])
        if "accessory" in one:
            yield one["accessory"]
