"""People's hands in the scripted Discord, and a test's eyes: what the control side does and shows.

Everything is done at once and told to the gateway; nothing here waits but `until`. Ids of people, channels and messages
are strings. Next stop: `process.py`, which offers the same over HTTP.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

from tests.services.scripted_discord import interacting, posting, rest_webhooks
from tests.services.scripted_discord.wire import BOT, GUILD, Channel, Json, Upload
from tests.services.scripted_discord.world import World, user_of

WITHIN = 10.0
T = TypeVar("T", bound="Hands")


class Hands(World):
    """The state with hands."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[asyncio.Future[None]] = []
        self.listeners.append(lambda _event, _data: self.changed())

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────

    def person(self, user_id: str, name: str, *, nick: str | None = None, bot: bool = False) -> str:
        """A new person (or somebody else's bot) in the guild; its id."""
        self.users[user_id] = user_of(user_id, name.lower(), name, bot=bot)
        self.members[user_id] = {"nick": nick, "roles": []}
        self.tell("GUILD_MEMBER_ADD", {**self.show_member(user_id), "guild_id": GUILD})
        return user_id

    def say(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        reply_to: str | None = None,
        files: Mapping[str, bytes] | None = None,
        thread: str | None = None,
        **fields: Any,
    ) -> str:
        """Somebody writes; the message's id. `thread` is a thread, or a message that one is opened on if it has none;
        `fields` are more of Discord's (`embeds`, `sticker_ids`, `flags` …).
        """
        where = self.thread_on(channel, user, thread) if thread else self.channels[channel]
        uploads = {place: Upload(name, data) for place, (name, data) in enumerate((files or {}).items())}
        body: Json = {"content": text, **fields}
        if reply_to:
            body["message_reference"] = {"message_id": reply_to}
        return str(posting.post(self, where, self.users[user], body, uploads)["id"])

    def forward(self, channel: str, user: str, source: str, message: str) -> str:
        """Somebody forwards a message of another channel; the new message's id."""
        reference = {"type": 1, "channel_id": source, "message_id": message}
        return str(posting.post(self, self.channels[channel], self.users[user], {"message_reference": reference})["id"])

    def whisper(self, user: str, text: str, **more: Any) -> str:
        """Somebody writes to the bot directly; the message's id. The channel is `dm(user)["id"]`."""
        return self.say(self.dm(user)["id"], user, text, **more)

    def thread_on(self, channel: str, user: str, root: str, name: str = "thread") -> Json:
        """The thread of that id, or a new one on that message."""
        if root in self.channels:
            return self.channels[root]
        return posting.open_thread(self, self.channels[channel], user, name, root=self.message(channel, root))

    def forum_post(self, channel: str, user: str, title: str, text: str) -> str:
        """Somebody opens a post in a forum; the id of its thread, which is that of its first message too."""
        thread = posting.open_thread(self, self.channels[channel], user, title)
        posting.post(self, thread, self.users[user], {"content": text}, id=thread["id"])
        return str(thread["id"])

    def edit(self, channel: str, message: str, text: str) -> None:
        """Its author changes the text."""
        posting.edit(self, self.message(channel, message), {"content": text})

    def unfurl(self, channel: str, message: str, embeds: list[Json]) -> None:
        """Discord adds a preview of a link: MESSAGE_UPDATE with the old text and no time of an edit."""
        kept = self.message(channel, message)
        kept["embeds"] = embeds
        self.tell("MESSAGE_UPDATE", posting.told(self, kept))

    def delete(self, channel: str, message: str) -> None:
        """Somebody deletes it."""
        posting.delete(self, self.message(channel, message))

    def delete_many(self, channel: str, messages: list[str]) -> None:
        """A moderator deletes them in one go."""
        for one in messages:
            del self.messages[channel][one]
        self.tell("MESSAGE_DELETE_BULK", {"ids": messages, **posting.place(self, channel)})

    def react(self, channel: str, message: str, user: str, emoji: str, *, on: bool = True) -> None:
        """Somebody sets or takes back a reaction: `👍`, or `name:id` for the guild's own."""
        posting.react(self, self.message(channel, message), user, emoji, on=on)

    def press(self, channel: str, message: str, custom_id: str, user: str) -> str:
        """Somebody presses a button; the interaction's id."""
        return interacting.press(self, self.message(channel, message), custom_id, user)

    def command(self, user: str, channel: str, name: str, options: Mapping[str, Any] | None = None) -> str:
        """Somebody uses a slash command (`"link"`, or `"tieline link"` with a subcommand); the interaction's id."""
        return interacting.command(self, user, channel, name, options or {})

    def message_command(self, user: str, channel: str, message: str, name: str) -> str:
        """Somebody uses a command of the message's menu; the interaction's id."""
        return interacting.message_command(self, user, self.message(channel, message), name)

    def submit(self, user: str, interaction: str, values: Mapping[str, str]) -> str:
        """Somebody fills in the modal that an interaction was answered with; the new interaction's id."""
        return interacting.submit(self, user, interaction, values)

    # ── the guild ────────────────────────────────────────────────────────────────────────────────────────────────

    def rename_channel(self, channel: str, name: str) -> None:
        """A channel or thread has another name."""
        self.channels[channel]["name"] = name
        self._channel_told("UPDATE", channel)

    def archive(self, thread: str, *, locked: bool = False) -> None:
        """A thread is archived."""
        self.channels[thread]["thread_metadata"] |= {"archived": True, "locked": locked}
        self._channel_told("UPDATE", thread)

    def delete_channel(self, channel: str) -> None:
        """A channel or thread is gone with its messages and webhooks; the threads of a channel go with it."""
        for thread in [one["id"] for one in self.channels.values() if one.get("parent_id") == channel]:
            self.delete_channel(thread)
        for webhook in [one for one in self.webhooks.values() if one["channel_id"] == channel]:
            del self.webhooks[webhook["id"]]
        self._channel_told("DELETE", channel)
        del self.channels[channel]
        self.messages.pop(channel, None)

    def delete_webhook(self, webhook: str) -> None:
        """A moderator deletes a webhook."""
        rest_webhooks.remove_webhook(self, webhook)

    def deny(self, permission: str, channel: str = "*") -> None:
        """The bot loses a permission (`SEND_MESSAGES` …), in a channel or everywhere."""
        self.denied[channel].add(permission)
        self._permissions_told(channel)

    def allow(self, permission: str, channel: str = "*") -> None:
        """It has it again."""
        self.denied[channel].discard(permission)
        self._permissions_told(channel)

    def remove_bot(self) -> None:
        """The bot is thrown out of the guild."""
        self.removed = True
        self.tell("GUILD_DELETE", {"id": GUILD})

    def invite_bot(self) -> None:
        """It is let in again."""
        self.removed = False
        self.tell("GUILD_CREATE", {"id": GUILD})

    def outage(self) -> None:
        """Discord loses the guild for a while; the bot stays in it."""
        self.tell("GUILD_DELETE", {"id": GUILD, "unavailable": True})

    # ── eyes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def shown(self, channel: str, *, ephemeral: bool = False) -> list[Json]:
        """A channel's messages as people see them, oldest first."""
        rows = sorted(self.messages[channel].values(), key=lambda one: int(one["id"]))
        return [self._seen(one) for one in rows if ephemeral or not one.get("_ephemeral")]

    def answers(self, interaction: str) -> list[Json]:
        """What an interaction was answered, in order: type (4 message, 5 and 6 deferred, 7 edit, 9 modal) and data."""
        return list(self.interactions[interaction]["_answers"])

    async def until(self, done: Callable[[Self], bool], within: float = WITHIN) -> None:
        """Wait, bounded, until something about this Discord is so."""
        async with asyncio.timeout(within):
            while not done(self):
                waiting = asyncio.get_running_loop().create_future()
                self._waiting.append(waiting)
                await waiting

    def changed(self) -> None:
        """Wake who waits."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    def _seen(self, message: Json) -> Json:
        author, reference = message["author"], message.get("message_reference") or {}
        by_hook = "webhook_id" in message and message["webhook_id"] != BOT
        name = author["username"] if by_hook else self.shown_name(author["id"])
        seen: Json = {"id": message["id"], "type": message["type"], "author": name, "author_id": author["id"]}
        seen |= {"bot": bool(author.get("bot")), "webhook": message["webhook_id"] if by_hook else None}
        seen |= {"avatar": message.get("_avatar"), "content": message["content"], "embeds": message["embeds"]}
        seen |= {
            "components": message["components"],
            "reply_to": reference.get("message_id"),
            "flags": message["flags"],
        }
        seen |= {"edited": message["edited_timestamp"] is not None, "thread": message["id"] in self.channels}
        seen["attachments"] = [self._file_seen(one) for one in message["attachments"]]
        seen["reactions"] = {key: list(who) for key, who in message["_reactions"].items() if who}
        return seen

    def _file_seen(self, attachment: Json) -> Json:
        data = self.files[attachment["url"]].data
        return {"name": attachment["filename"], "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def _channel_told(self, act: str, channel_id: str) -> None:
        channel = self.channels[channel_id]
        kind = "THREAD" if channel["type"] in Channel.THREADS else "CHANNEL"
        self.tell(f"{kind}_{act}", self.show_channel(channel))

    def _permissions_told(self, channel: str) -> None:
        if channel == "*":
            for role in self.roles.values():
                self.tell("GUILD_ROLE_UPDATE", {"guild_id": GUILD, "role": self.show_role(role)})
        else:
            self._channel_told("UPDATE", channel)
