"""How messages come to be, change and go, whoever does it: REST, a webhook, an interaction, or a person of the script.

Each act changes the state and tells it; refusals are Discord's. Next stop: `rest.py` and `control.py`, which call these.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tests.services.scripted_discord.pings import Mentions, mentions
from tests.services.scripted_discord.wire import GUILD, Channel, Json, MessageType, Refused, Upload, invalid
from tests.services.scripted_discord.world import World, emoji

CONTENT_LIMIT, EMBEDS_LIMIT = 2000, 6000
EPHEMERAL, HAS_THREAD, HAS_SNAPSHOT = 1 << 6, 1 << 5, 1 << 14
ARCHIVED = (400, 50083, "Thread is archived")
_KEPT = ("embeds", "components", "poll", "sticker_ids")


def post(
    world: World,
    channel: Json,
    author: Json,
    body: Mapping[str, Any],
    files: Mapping[int, Upload] | None = None,
    **more: Any,
) -> Json:
    """Write a message, as its author may; `more` goes into it as it is (`webhook_id`, `type`, `_shown` …)."""
    files = files or {}
    content = str(body.get("content") or "")
    check(world, content, body, files)
    if not (content or files or body.get("message_reference", {}).get("type") == 1 or any(body.get(n) for n in _KEPT)):
        raise Refused(400, 50006, "Cannot send an empty message")
    message_id = more.pop("id", None) or world.snowflake()
    message: Json = {"id": message_id, "channel_id": channel["id"], "author": author, "content": content}
    message |= {"timestamp": world.stamp(), "edited_timestamp": None, "tts": False, "pinned": False}
    message |= {"type": MessageType.DEFAULT, "flags": body.get("flags") or 0, "embeds": list(body.get("embeds") or [])}
    message |= {"components": numbered(body.get("components")), "attachments": [], "_reactions": {}}
    message["attachments"] = attach(world, channel["id"], body, files)
    _refer(world, message, body.get("message_reference"))
    message.update(more)
    if message["flags"] & EPHEMERAL:
        message["_ephemeral"] = True
    if body.get("nonce") is not None:
        message["nonce"] = body["nonce"]
    _mention(world, message, body)
    world.messages[channel["id"]][message_id] = message
    if not message.get("_ephemeral"):
        _arrived(world, channel, message)
        world.tell("MESSAGE_CREATE", told(world, message))
    return message


def edit(world: World, message: Json, body: Mapping[str, Any], files: Mapping[int, Upload] | None = None) -> Json:
    """Change what the body names; attachments that it lists stay, the others go."""
    files = files or {}
    content = str(body["content"] or "") if "content" in body else str(message["content"])
    check(world, content, body, files)
    kept = message["attachments"]
    if body.get("attachments") is not None:
        listed = {str(one["id"]) for one in body["attachments"]}
        kept = [one for one in kept if one["id"] in listed]
    message["attachments"] = kept + attach(world, message["channel_id"], body, files)
    message["content"] = content
    for name in ("embeds", "components", "flags"):
        if body.get(name) is not None:
            message[name] = numbered(body[name]) if name == "components" else body[name]
    message["edited_timestamp"] = world.stamp()
    _mention(world, message, body)
    if not message.get("_ephemeral"):
        world.tell("MESSAGE_UPDATE", told(world, message))
    return message


def delete(world: World, message: Json) -> None:
    """It is gone; a thread that hangs on it stays."""
    del world.messages[message["channel_id"]][message["id"]]
    if not message.get("_ephemeral"):
        where = place(world, message["channel_id"])
        world.tell("MESSAGE_DELETE", {"id": message["id"], **where})


def react(world: World, message: Json, user_id: str, key: str, *, on: bool) -> None:
    """Set or take back a reaction; repeating changes nothing and is not told."""
    who = message["_reactions"].setdefault(key, [])
    if (user_id in who) == on:
        return
    (who.append if on else who.remove)(user_id)
    where = place(world, message["channel_id"])
    told_of: Json = {
        "user_id": user_id,
        "message_id": message["id"],
        "emoji": emoji(key),
        "type": 0,
        "burst": False,
        **where,
    }
    if on:
        told_of["message_author_id"] = message["author"]["id"]
        if "guild_id" in where:
            told_of["member"] = world.show_member(user_id)
    world.tell("MESSAGE_REACTION_ADD" if on else "MESSAGE_REACTION_REMOVE", told_of)


def open_thread(world: World, parent: Json, owner: str, name: str, *, root: Json | None = None, kind: int = 11) -> Json:
    """A thread: on a message, as a forum's post, or on its own."""
    if root and root["id"] in world.channels:
        raise Refused(400, 160004, "A thread has already been created for this message")
    thread_id = root["id"] if root else world.snowflake()
    life = {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": world.stamp(), "locked": False}
    thread: Json = {"id": thread_id, "type": kind, "guild_id": GUILD, "parent_id": parent["id"], "owner_id": owner}
    thread |= {"name": name, "last_message_id": None, "message_count": 0, "member_count": 1, "total_message_sent": 0}
    thread |= {"rate_limit_per_user": 0, "flags": 0, "thread_metadata": {**life, "create_timestamp": world.stamp()}}
    world.channels[thread_id] = thread
    world.tell("THREAD_CREATE", {**world.show_channel(thread), "newly_created": True})
    if root:
        root["flags"] |= HAS_THREAD
        world.tell("MESSAGE_UPDATE", told(world, root))
        _system(world, thread, owner, MessageType.THREAD_STARTER, "", parent["id"], root["id"])
    elif parent["type"] != Channel.FORUM:
        _system(world, parent, owner, MessageType.THREAD_CREATED, name, thread_id, None)
    return thread


def told(world: World, message: Json) -> Json:
    """The message as the gateway tells it: with the guild and the author's membership."""
    where = place(world, message["channel_id"])
    shown = {**world.show_message(message), **where}
    if "guild_id" in where and "webhook_id" not in message:
        shown["member"] = world.show_member(message["author"]["id"], with_user=False)
    return shown


def place(world: World, channel_id: str) -> Json:
    """The ids of a place: its channel, and the guild unless it is a direct message."""
    guild = world.channels.get(channel_id, {}).get("guild_id")
    return {"channel_id": channel_id, **({"guild_id": guild} if guild else {})}


def check(world: World, content: str, body: Mapping[str, Any], files: Mapping[int, Upload]) -> None:
    """Refuse what is too long or too large."""
    if len(content) > CONTENT_LIMIT:
        raise invalid(["content"], "BASE_TYPE_MAX_LENGTH", f"Must be {CONTENT_LIMIT} or fewer in length.")
    if sum(_embed_length(one) for one in body.get("embeds") or []) > EMBEDS_LIMIT:
        raise invalid(["embeds"], "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBEDS_LIMIT}")
    sizes = [len(one.data) for one in files.values()]
    if max(sizes, default=0) > world.file_limit or sum(sizes) > world.request_limit:
        raise Refused(413, 40005, "Request entity too large")


def attach(world: World, channel_id: str, body: Mapping[str, Any], files: Mapping[int, Upload]) -> list[Json]:
    """Keep the files; what the body says of each is found by its number."""
    said = {str(one["id"]): one for one in body.get("attachments") or []}
    made = []
    for number, upload in sorted(files.items()):
        attachment_id = world.snowflake()
        more = said.get(str(number), {})
        name = str(more.get("filename") or upload.name)
        path = f"/attachments/{channel_id}/{attachment_id}/{quote(name)}"
        world.files[path] = upload
        shown: Json = {"id": attachment_id, "filename": name, "size": len(upload.data), "url": path, "proxy_url": path}
        shown |= {"content_type": upload.content_type, "content_scan_version": 0}
        made.append(shown | ({"description": more["description"]} if more.get("description") else {}))
    return made


def numbered(components: list[Json] | None) -> list[Json]:
    """Buttons and rows with the numbers that Discord gives them."""
    count = itertools.count(1)

    def number(one: Json) -> Json:
        mine = {"id": next(count), **one}
        return mine | ({"components": [number(part) for part in one["components"]]} if "components" in one else {})

    return [number(one) for one in components or []]


def _mention(world: World, message: Json, body: Mapping[str, Any]) -> None:
    answered = _answered(world, message)
    found = mentions(
        str(message["content"]),
        body.get("allowed_mentions"),
        users=world.users,
        roles=world.roles,
        answered=answered["author"]["id"] if answered and "webhook_id" not in answered else None,
    )
    message["mention_everyone"] = bool(found.broadcast)
    message["mention_roles"] = list(found.roles)
    message["mentions"] = [world.users[one] for one in found.users]
    if message["author"].get("bot"):
        world.pings += _pings(message, found)


def _pings(message: Json, found: Mentions) -> Sequence[Json]:
    common = {"message": message["id"], "channel": message["channel_id"], "author": message["author"]["id"]}
    edited = message["edited_timestamp"] is not None
    return [{**common, "kind": kind, "target": target, "edited": edited} for kind, target in found.pings()]


def _answered(world: World, message: Json) -> Json | None:
    reference = message.get("message_reference") or {}
    if message["type"] != MessageType.REPLY:
        return None
    return world.messages[reference["channel_id"]].get(reference["message_id"])


def _refer(world: World, message: Json, reference: Json | None) -> None:
    if not reference:
        return
    channel_id = str(reference.get("channel_id") or message["channel_id"])
    answered = world.messages[channel_id].get(str(reference.get("message_id")))
    if answered is None:
        if reference.get("fail_if_not_exists", True):
            raise invalid(["message_reference"], "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        return
    kept = {"type": reference.get("type") or 0, "message_id": answered["id"], **place(world, channel_id)}
    message["message_reference"] = kept
    if kept["type"] == 1:
        names = ("type", "content", "embeds", "timestamp", "edited_timestamp", "flags", "mentions", "mention_roles")
        copied = {name: answered[name] for name in names}
        copied["attachments"] = [world.signed(one) for one in answered["attachments"]]
        message["message_snapshots"] = [{"message": {**copied, "components": []}}]
        message["flags"] |= HAS_SNAPSHOT
    else:
        message["type"] = MessageType.REPLY


def _arrived(world: World, channel: Json, message: Json) -> None:
    channel["last_message_id"] = message["id"]
    life = channel.get("thread_metadata")
    if life is None:
        return
    channel["message_count"] += 1
    channel["total_message_sent"] += 1
    if life["archived"]:
        life["archived"] = False
        world.tell("THREAD_UPDATE", world.show_channel(channel))


def _system(world: World, channel: Json, author: str, kind: int, content: str, at: str, message_id: str | None) -> None:
    reference = {"type": 0, "channel_id": at, "guild_id": GUILD} | ({"message_id": message_id} if message_id else {})
    message: Json = {"id": world.snowflake(), "channel_id": channel["id"], "author": world.users[author], "type": kind}
    message |= {"content": content, "timestamp": world.stamp(), "edited_timestamp": None, "tts": False, "pinned": False}
    message |= {"flags": 0, "embeds": [], "components": [], "attachments": [], "_reactions": {}, "mentions": []}
    message |= {"mention_roles": [], "mention_everyone": False}
    if message_id:
        message["message_reference"] = reference
    world.messages[channel["id"]][message["id"]] = message
    world.tell("MESSAGE_CREATE", told(world, message))


def _embed_length(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    texts.append((embed.get("author") or {}).get("name"))
    for one in embed.get("fields") or []:
        texts += [one.get("name"), one.get("value")]
    return sum(len(text) for text in texts if text)
