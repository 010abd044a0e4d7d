"""What the scripted Discord knows: one guild, its channels, people, messages, webhooks and files.

Objects are kept as Discord shows them; names with `_` in front are ours and are never shown. Every change is told to
the listeners (the gateway) before the call that made it is answered, as on Discord. Next stop: `posting.py`.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from tests.services.scripted_discord.wire import (
    ALICE,
    BOB,
    BOT,
    BOT_ROLE,
    DISCORD_EPOCH,
    EVERYONE,
    FORUM,
    GENERAL,
    GUILD,
    MIB,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    PERMISSIONS,
    PRIVILEGED,
    RANDOM,
    STAFF,
    TOKEN,
    Channel,
    Json,
    Refused,
    Upload,
    unknown,
)

_MEMBER: Json = {"banner": None, "communication_disabled_until": None, "premium_since": None}

_NOTHING = [
    "description",
    "home_header",
    "splash",
    "discovery_splash",
    "banner",
    "application_id",
    "afk_channel_id",
    "widget_channel_id",
    "max_presences",
    "vanity_url_code",
    "rules_channel_id",
    "safety_alerts_channel_id",
    "public_updates_channel_id",
    "incidents_data",
    "system_channel_id",
]
"""What the guild does not have."""


class World:
    """The state, its ids and its clock."""

    def __init__(self) -> None:
        self.url = ""
        """Of the server, without a slash at the end."""
        self.token = TOKEN
        self.skew = 0.0
        """Seconds added to the clock."""
        self.file_limit, self.request_limit = 10 * MIB, 25 * MIB
        self.link_life = 24 * 3600
        """Seconds that a file's address is good for."""
        self.webhook_limit = 15
        self.app_flags = sum(PRIVILEGED.values())
        self.users = {
            one["id"]: one
            for one in (
                user_of(BOT, "tieline", None, bot=True),
                user_of(ALICE, "alice", "Alice"),
                user_of(BOB, "bob", "Bob"),
            )
        }
        self.members: dict[str, Json] = {
            one: {"nick": None, "roles": [BOT_ROLE] if one == BOT else []} for one in self.users
        }
        self.roles = {
            EVERYONE: _role(EVERYONE, "@everyone"),
            BOT_ROLE: _role(BOT_ROLE, "tieline"),
            STAFF: _role(STAFF, "staff"),
        }
        self.channels: dict[str, Json] = {}
        self.messages: dict[str, dict[str, Json]] = defaultdict(dict)
        self.webhooks: dict[str, Json] = {}
        self.commands: list[Json] = []
        self.interactions: dict[str, Json] = {}
        self.files: dict[str, Upload] = {}
        self.denied: dict[str, set[str]] = defaultdict(set)
        """Names of permissions the bot lacks, by channel; under `*` everywhere."""
        self.closed_dms: set[str] = set()
        """People who take no direct messages."""
        self.removed = False
        self.pings: list[Json] = []
        """Whom messages of applications pinged: message, channel, kind, target, author, edited."""
        self.typed: list[str] = []
        self.listeners: list[Callable[[str, Json], None]] = []
        self._last = 0
        self._links = 0
        for place, (channel, name) in enumerate(((GENERAL, "general"), (RANDOM, "random"), (FORUM, "forum"))):
            self.channels[channel] = _channel(channel, name, Channel.FORUM if channel == FORUM else Channel.TEXT, place)

    # ── clock, ids, news ─────────────────────────────────────────────────────────────────────────────────────────

    def now(self) -> float:
        """Seconds since 1970, by the world's clock."""
        return time.time() + self.skew

    def snowflake(self) -> str:
        """A new id, above all before it."""
        self._last = max(self._last + 1, (int(self.now() * 1000) - DISCORD_EPOCH) << 22)
        return str(self._last)

    def stamp(self) -> str:
        """Now, as Discord writes times."""
        return datetime.fromtimestamp(self.now(), UTC).isoformat()

    def tell(self, event: str, data: Json) -> None:
        """Let everybody hear of it."""
        for listener in self.listeners:
            listener(event, data)

    def changed(self) -> None:
        """Something is no longer as it was; the control side wakes who waits for it."""

    # ── looking up, or refusing ──────────────────────────────────────────────────────────────────────────────────

    def channel(self, channel_id: str) -> Json:
        """A channel or thread that the bot may see."""
        found = self.channels.get(channel_id)
        if found is None:
            raise unknown("Channel")
        if not self.visible(found):
            raise Refused(*MISSING_ACCESS)
        return found

    def visible(self, channel: Json) -> bool:
        """Whether the bot sees it."""
        return channel["type"] == Channel.DM or (not self.removed and self.may(channel, "VIEW_CHANNEL"))

    def may(self, channel: Json, permission: str) -> bool:
        """Whether the bot has it there; a thread is as its channel."""
        if channel["type"] == Channel.DM:
            return True
        home = channel.get("parent_id") if channel["type"] in Channel.THREADS else channel["id"]
        return permission not in self.denied["*"] | self.denied[str(home)]

    def need(self, channel: Json, *permissions: str) -> None:
        """Refuse when the bot lacks one."""
        if not all(self.may(channel, permission) for permission in permissions):
            raise Refused(*MISSING_PERMISSIONS)

    def message(self, channel_id: str, message_id: str) -> Json:
        """A message that is there for all."""
        found = self.messages[channel_id].get(message_id)
        if found is None or found.get("_ephemeral"):
            raise unknown("Message")
        return found

    def dm(self, user_id: str) -> Json:
        """The channel between the bot and a person, made when it is not there."""
        if user_id not in self.users:
            raise invalid_recipient()
        for channel in self.channels.values():
            if channel["type"] == Channel.DM and channel["_with"] == user_id:
                return channel
        made: Json = {"id": self.snowflake(), "type": Channel.DM, "flags": 0, "last_message_id": None, "_with": user_id}
        self.channels[made["id"]] = {**made, "recipients": [self.users[user_id]]}
        return self.channels[made["id"]]

    def threads(self, parent: str | None = None, *, archived: bool = False) -> Iterator[Json]:
        """Threads, of one channel or of all."""
        for channel in self.channels.values():
            if channel["type"] not in Channel.THREADS or parent not in {None, channel["parent_id"]}:
                continue
            if channel["thread_metadata"]["archived"] == archived:
                yield channel

    def shown_name(self, user_id: str) -> str:
        """What people read above a person's messages."""
        user = self.users[user_id]
        return str(self.members.get(user_id, {}).get("nick") or user["global_name"] or user["username"])

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def show(self, kept: Json) -> Json:
        """A copy without what is ours."""
        return copy.deepcopy({name: value for name, value in kept.items() if not name.startswith("_")})

    def show_channel(self, channel: Json) -> Json:
        """With the bot's overwrites in it."""
        shown = self.show(channel)
        if "permission_overwrites" in shown and (denied := self.denied[channel["id"]]):
            deny = sum(PERMISSIONS[name] for name in denied)
            shown["permission_overwrites"] = [{"id": BOT, "type": 1, "allow": "0", "deny": str(deny)}]
        return shown

    def show_role(self, role: Json) -> Json:
        """A role; the bot's lacks what is denied everywhere."""
        granted = 0 if role["id"] == STAFF else sum(PERMISSIONS.values())
        denied = sum(PERMISSIONS[name] for name in self.denied["*"])
        return {**role, "permissions": str(granted & ~denied)}

    def show_member(self, user_id: str, *, with_user: bool = True) -> Json:
        """A member of the guild."""
        rest = {"joined_at": "2024-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0, "avatar": None}
        kept = self.members.get(user_id, {"nick": None, "roles": []})
        return {**rest, **kept, "pending": False, **_MEMBER, **({"user": self.users[user_id]} if with_user else {})}

    def show_message(self, message: Json, *, nested: bool = False) -> Json:
        """As REST answers it: links signed anew, reactions counted, the message it answers inside."""
        shown = self.show(message)
        shown["attachments"] = [self.signed(one) for one in shown["attachments"]]
        if reactions := [_reaction(emoji, who) for emoji, who in message["_reactions"].items() if who]:
            shown["reactions"] = reactions
        reference = message.get("message_reference")
        if reference and not nested and "message_snapshots" not in message:
            answered = self.messages[reference["channel_id"]].get(reference["message_id"])
            shown["referenced_message"] = self.show_message(answered, nested=True) if answered else None
        if thread := self.channels.get(message["id"]):
            shown["thread"] = self.show_channel(thread)
        return shown

    def show_guild(self) -> Json:
        """The guild, without its channels and members."""
        fixed: Json = {
            "id": GUILD,
            "name": "Acme",
            "owner_id": ALICE,
            "icon": None,
            "features": [],
            "emojis": [],
            "stickers": [],
        }
        fixed |= {"afk_timeout": 300, "verification_level": 0, "default_message_notifications": 0, "nsfw_level": 0}
        fixed |= {"explicit_content_filter": 0, "mfa_level": 0, "premium_tier": 0, "preferred_locale": "en-US"}
        empty = dict.fromkeys(_NOTHING)
        zero = dict.fromkeys(("system_channel_flags", "premium_subscription_count", "max_stage_video_channel_users"), 0)
        off = dict.fromkeys(("widget_enabled", "premium_progress_bar_enabled", "nsfw"), False)
        fixed |= {**empty, **zero, **off, "region": "deprecated", "max_members": 500_000, "max_video_channel_users": 25}
        return {**fixed, "roles": [self.show_role(role) for role in self.roles.values()]}

    # ── files ────────────────────────────────────────────────────────────────────────────────────────────────────

    def signed(self, attachment: Json) -> Json:
        """The attachment with an address that is good for `link_life` seconds from now."""
        path = str(attachment["url"])
        issued = int(self.now())
        query = f"ex={issued + self.link_life:x}&is={issued:x}"
        url = f"{self.url}{path}?{query}&hm={self._seal(path, query)}"
        return {**attachment, "url": url, "proxy_url": url}

    def opens(self, path: str, query: Any) -> bool:
        """Whether an address is one of ours and still good."""
        said = f"ex={query.get('ex', '')}&is={query.get('is', '')}"
        if not hmac.compare_digest(query.get("hm", ""), self._seal(path, said)):
            return False
        return int(query["ex"], 16) > self.now()

    def expire_links(self) -> None:
        """All addresses handed out so far are over; those handed out from now on are good."""
        self._links += 1

    def _seal(self, path: str, query: str) -> str:
        return hmac.new(f"seal-{self._links}".encode(), f"{path}?{query}".encode(), hashlib.sha256).hexdigest()


def invalid_recipient() -> Refused:
    """Nobody has that id."""
    return Refused(400, 50033, "Invalid Recipient(s)")


def emoji(key: str) -> Json:
    """`👍`, or `name:id`."""
    name, _, custom = key.partition(":")
    return {"id": custom or None, "name": name}


def _reaction(key: str, who: list[str]) -> Json:
    counts = {"count": len(who), "count_details": {"burst": 0, "normal": len(who)}}
    return {**counts, "me": BOT in who, "me_burst": False, "burst_colors": [], "emoji": emoji(key)}


def user_of(user_id: str, name: str, shown: str | None, *, bot: bool = False, discriminator: str = "0") -> Json:
    """A user as Discord shows it."""
    names = {"username": name, "global_name": shown, "discriminator": discriminator, "avatar": None}
    return {"id": user_id, **names, "bot": bot, "system": False, "flags": 0, "public_flags": 0, "primary_guild": None}


def _role(role_id: str, name: str) -> Json:
    rest = {
        "color": 0,
        "hoist": False,
        "position": 0,
        "managed": False,
        "mentionable": False,
        "flags": 0,
        "icon": None,
        "unicode_emoji": None,
    }
    colours = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
    return {"id": role_id, "name": name, "permissions": "0", "colors": colours, **rest}


def _channel(channel_id: str, name: str, kind: int, place: int) -> Json:
    rest: Json = {"topic": None, "nsfw": False, "last_message_id": None, "rate_limit_per_user": 0, "parent_id": None}
    if kind == Channel.FORUM:
        rest |= {
            "available_tags": [],
            "default_sort_order": None,
            "default_forum_layout": 0,
            "default_reaction_emoji": None,
        }
    rest |= {"permission_overwrites": [], "flags": 0}
    return {"id": channel_id, "type": kind, "guild_id": GUILD, "name": name, "position": place, **rest}
