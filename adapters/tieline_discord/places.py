"""What is known of servers, channels, threads and roles: kept from the gateway's dispatches, asked for where it is not.

Rule: :meth:`State.observe` never waits and never raises; what it answers are the changes that people should hear of.
Implements :class:`tieline_discord.inbound.Places`. A thread belongs to the channel it was made in: the conversation is
the channel. Not promised: members; nothing here knows who is in a server but ourselves.
Next stop: :mod:`tieline_discord.wire` observes every dispatch before it is read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tieline.errors import DeliveryError, Misconfigured
from tieline.model.base import Value
from tieline_discord import ids, permissions
from tieline_discord.calls import Calls
from tieline_discord.errors import lifecycle
from tieline_discord.shapes import flag, mapping, number, sequence, text

Json = Mapping[str, object]

THREADS: Final = frozenset({10, 11, 12})
FORUMS: Final = frozenset({15, 16})
DIRECT: Final = 1
_TALK: Final = frozenset({0, 2, 5, 13, 15, 16})
"""Types of channels with messages: text, voice, announcement, stage, forum, media."""
_MOST_DIRECT: Final = 10_000
_GONE_MEND: Final = "remove the link, or link another channel"


class Change(Value, kw_only=True, frozen=True):
    """Something about one conversation: its new ``label``, or what is wrong with it (None: nothing any more)."""

    conversation: str
    label: str | None = None
    problem: str | None = None
    fix: str = ""


@dataclass
class Guild:
    """A server: its roles by id (name and permissions), and ours."""

    id: str
    name: str = ""
    owner: str = ""
    roles: dict[str, tuple[str, int]] = field(default_factory=dict)
    own: tuple[str, ...] | None = None
    """Ids of our roles; None: not known."""
    emoji: dict[str, str] = field(default_factory=dict)


class State:
    """What one bot knows of its places."""

    def __init__(self, me: str) -> None:
        self._me = me
        self._guilds: dict[str, Guild] = {}
        self._channels: dict[str, Json] = {}
        self._direct: OrderedDict[str, None] = OrderedDict()

    # ── inbound.Places ───────────────────────────────────────────────────────────────────────────────────────────

    def parent_of(self, channel_id: str) -> str | None:
        """The channel of a thread."""
        channel = self._channels.get(channel_id, {})
        return text(channel, "parent_id") or None if number(channel, "type") in THREADS else None

    def name_of(self, channel_id: str) -> str | None:
        """A channel's name."""
        return text(self._channels.get(channel_id, {}), "name") or None

    def role_name(self, role_id: str) -> str | None:
        """A role's name."""
        found = (guild.roles[role_id][0] for guild in self._guilds.values() if role_id in guild.roles)
        return next(found, None)

    def is_direct(self, channel_id: str) -> bool:
        """True for a direct conversation."""
        return channel_id in self._direct

    # ── what others ask ──────────────────────────────────────────────────────────────────────────────────────────

    def knows(self, channel_id: str) -> bool:
        """True where the channel was seen."""
        return channel_id in self._channels or channel_id in self._direct

    def has_guild(self, guild_id: str) -> bool:
        """True where the server has told of itself."""
        return guild_id in self._guilds

    def guild_of(self, channel_id: str) -> str | None:
        """The server of a channel; None: direct, or not known."""
        return text(self._channels.get(channel_id, {}), "guild_id") or None

    def is_forum(self, channel_id: str) -> bool:
        """True where every message stands in a post."""
        return number(self._channels.get(channel_id, {}), "type") in FORUMS

    def emoji(self, channel_id: str) -> Mapping[str, str]:
        """Ids of the server's own emoji, by name."""
        guild = self._guilds.get(self.guild_of(channel_id) or "")
        return guild.emoji if guild else {}

    def label(self, channel_id: str) -> str:
        """``#dj-waste``, or the id of what has no name."""
        name = self.name_of(channel_id)
        return f"#{name}" if name else channel_id

    def by_name(self, name: str) -> list[str]:
        """Channels of this name, in all servers."""
        return [
            one
            for one, channel in self._channels.items()
            if text(channel, "name").lower() == name and number(channel, "type") in _TALK
        ]

    def lacks(self, channel_id: str, bit: int) -> bool:
        """True where a permission is known to be missing."""
        return not self.allowed(channel_id) & bit

    def allowed(self, channel_id: str) -> int:
        """Our permissions in a channel; everything where too little is known."""
        channel = self._channels.get(self.parent_of(channel_id) or channel_id, {})
        guild = self._guilds.get(text(channel, "guild_id"))
        if guild is None or guild.own is None or not guild.roles:
            return permissions.EVERYTHING
        if guild.owner == self._me:
            return permissions.EVERYTHING
        roles = {role: allowed for role, (_, allowed) in guild.roles.items()}
        base = permissions.of_member(guild.id, roles, guild.own)
        rules = sequence(channel.get("permission_overwrites"))
        return permissions.in_channel(base, rules, guild.id, guild.own, self._me)

    def trouble(self, channel_id: str) -> Change:
        """What is wrong with a channel, as far as its permissions tell."""
        lacking = [bit for bit in permissions.NEEDED if bit != permissions.WEBHOOKS and self.lacks(channel_id, bit)]
        if not lacking:
            return Change(conversation=channel_id)
        lacking = lacking[:1] if lacking[0] == permissions.VIEW else lacking  # without it Discord denies all others
        names = ", ".join(permissions.name_of(bit) for bit in lacking)
        return Change(conversation=channel_id, problem=f"the bot lacks: {names}", fix=permissions.mend(lacking[0]))

    # ── what Discord tells ───────────────────────────────────────────────────────────────────────────────────────

    def observe(self, event_type: str, data: Json) -> list[Change]:
        """Keep what a dispatch says of places."""
        handler = _HANDLERS.get(event_type)
        return list(handler(self, data)) if handler else []

    def add(self, channel: Json, guild: str = "") -> None:
        """Keep a channel or thread."""
        found = text(channel, "id")
        if number(channel, "type") == DIRECT:
            self.add_direct(found)
        elif found:
            known = text(self._channels.get(found, {}), "guild_id")
            self._channels[found] = {**channel, "guild_id": text(channel, "guild_id") or guild or known}

    def add_direct(self, channel_id: str) -> None:
        """Keep that a channel is a direct conversation."""
        self._direct[channel_id] = None
        self._direct.move_to_end(channel_id)
        while len(self._direct) > _MOST_DIRECT:
            self._direct.popitem(last=False)

    def _guild(self, data: Json) -> Iterator[Change]:
        guild = text(data, "id")
        if not guild or flag(data, "unavailable"):
            return
        new = Guild(id=guild)
        self._guilds[guild] = new
        self._guild_facts(new, data)
        for member in sequence(data.get("members")):
            if text(mapping(mapping(member).get("user")), "id") == self._me:
                new.own = _ids(mapping(member).get("roles"))
        for name in ("channels", "threads"):
            for channel in sequence(data.get(name)):
                self.add(mapping(channel), guild)
        yield from self._judged(guild)

    def _guild_update(self, data: Json) -> Iterator[Change]:
        if (known := self._guilds.get(text(data, "id"))) is not None:
            self._guild_facts(known, data)
            yield from self._judged(known.id)

    def _guild_facts(self, guild: Guild, data: Json) -> None:
        guild.name = text(data, "name") or guild.name
        guild.owner = text(data, "owner_id") or guild.owner
        for role in sequence(data.get("roles")):
            self._keep_role(guild, mapping(role))
        self._keep_emoji(guild, data)

    def _keep_role(self, guild: Guild, role: Json) -> None:
        guild.roles[text(role, "id")] = (text(role, "name"), permissions.bits(role.get("permissions")))

    def _keep_emoji(self, guild: Guild, data: Json) -> None:
        if isinstance(data.get("emojis"), list):
            found = [mapping(one) for one in sequence(data["emojis"])]
            guild.emoji = {text(one, "name"): text(one, "id") for one in found if text(one, "id")}

    def _guild_gone(self, data: Json) -> Iterator[Change]:
        guild = text(data, "id")
        away = flag(data, "unavailable")
        problem = "the server is not available" if away else "the bot was removed from the server"
        fix = "wait: Discord has an outage" if away else "invite the bot again: tieline invite discord"
        for channel in self._of_guild(guild):
            yield Change(conversation=channel, problem=problem, fix=fix)
        if not away:
            self._guilds.pop(guild, None)

    def _channel(self, data: Json) -> Iterator[Change]:
        before = self.name_of(text(data, "id"))
        self.add(data)
        channel = text(data, "id")
        if number(data, "type") in _TALK:
            name = self.name_of(channel)
            yield (
                Change(conversation=channel, label=f"#{name}")
                if name and name != before
                else Change(conversation=channel)
            )
            yield self.trouble(channel)

    def _channel_gone(self, data: Json) -> Iterator[Change]:
        channel = text(data, "id")
        self._channels.pop(channel, None)
        for thread in [one for one in self._channels if self.parent_of(one) == channel]:
            del self._channels[thread]
        yield Change(conversation=channel, problem="the channel was deleted", fix=_GONE_MEND)

    def _thread(self, data: Json) -> Iterator[Change]:
        self.add(data)
        yield from ()

    def _thread_gone(self, data: Json) -> Iterator[Change]:
        self._channels.pop(text(data, "id"), None)
        yield from ()

    def _threads(self, data: Json) -> Iterator[Change]:
        for thread in sequence(data.get("threads")):
            self.add(mapping(thread), text(data, "guild_id"))
        yield from ()

    def _role(self, data: Json) -> Iterator[Change]:
        if (guild := self._guilds.get(text(data, "guild_id"))) is not None:
            self._keep_role(guild, mapping(data.get("role")))
            yield from self._judged(guild.id)

    def _role_gone(self, data: Json) -> Iterator[Change]:
        if (guild := self._guilds.get(text(data, "guild_id"))) is not None:
            guild.roles.pop(text(data, "role_id"), None)
            yield from self._judged(guild.id)

    def _member(self, data: Json) -> Iterator[Change]:
        guild = self._guilds.get(text(data, "guild_id"))
        if guild is not None and text(mapping(data.get("user")), "id") == self._me:
            guild.own = _ids(data.get("roles"))
            yield from self._judged(guild.id)

    def _emojis(self, data: Json) -> Iterator[Change]:
        if (guild := self._guilds.get(text(data, "guild_id"))) is not None:
            self._keep_emoji(guild, data)
        yield from ()

    def _message(self, data: Json) -> Iterator[Change]:
        if not text(data, "guild_id") and text(data, "channel_id"):
            self.add_direct(text(data, "channel_id"))
        yield from ()

    def _judged(self, guild: str) -> Iterator[Change]:
        for channel in self._of_guild(guild):
            if number(self._channels[channel], "type") in _TALK:
                yield self.trouble(channel)

    def _of_guild(self, guild: str) -> list[str]:
        return [one for one, channel in self._channels.items() if text(channel, "guild_id") == guild]


_HANDLERS: Final[Mapping[str, Callable[[State, Json], Iterator[Change]]]] = {
    "GUILD_CREATE": State._guild,  # noqa: SLF001 - the table belongs to the class
    "GUILD_UPDATE": State._guild_update,  # noqa: SLF001
    "GUILD_DELETE": State._guild_gone,  # noqa: SLF001
    "GUILD_ROLE_CREATE": State._role,  # noqa: SLF001
    "GUILD_ROLE_UPDATE": State._role,  # noqa: SLF001
    "GUILD_ROLE_DELETE": State._role_gone,  # noqa: SLF001
    "GUILD_MEMBER_UPDATE": State._member,  # noqa: SLF001
    "GUILD_EMOJIS_UPDATE": State._emojis,  # noqa: SLF001
    "CHANNEL_CREATE": State._channel,  # noqa: SLF001
    "CHANNEL_UPDATE": State._channel,  # noqa: SLF001
    "CHANNEL_DELETE": State._channel_gone,  # noqa: SLF001
    "THREAD_CREATE": State._thread,  # noqa: SLF001
    "THREAD_UPDATE": State._thread,  # noqa: SLF001
    "THREAD_DELETE": State._thread_gone,  # noqa: SLF001
    "THREAD_LIST_SYNC": State._threads,  # noqa: SLF001
    "MESSAGE_CREATE": State._message,  # noqa: SLF001
    "INTERACTION_CREATE": State._message,  # noqa: SLF001
}


async def learn(calls: Calls, state: State, channel_id: str) -> bool:
    """Ask Discord for a channel that is not known; False: there is none that the bot sees. Raises DeliveryError."""
    if not ids.is_id(channel_id):
        return False
    try:
        answer = mapping(await calls.read(f"/channels/{channel_id}"))
    except DeliveryError as error:
        if error.code in {"unknown_channel", "missing_access", "discord_50035", "invalid_message"}:
            return False
        raise
    state.add(answer)
    return state.knows(channel_id)


async def resolve(calls: Calls, state: State, written: str) -> tuple[str, str]:
    """``#dj-waste``, ``dj-waste`` or an id as (id, name). Raises Misconfigured, or AdapterError for a while."""
    name = written.strip().removeprefix("<#").removesuffix(">").removeprefix("#")
    try:
        found = [name] if ids.is_id(name) else state.by_name(name.lower())
        if not found or not (state.knows(found[0]) or await learn(calls, state, found[0])):
            raise Misconfigured(
                f"Discord has no channel '{written}' that the bot can see",
                fix="check the name; invite the bot (tieline invite discord), and let it see the channel",
            )
    except DeliveryError as error:
        raise lifecycle(error) from error
    if len(found) > 1:
        raise Misconfigured(f"several channels are called '{written}'", fix="write the channel's id instead")
    if state.parent_of(found[0]) is not None:
        raise Misconfigured(f"'{written}' is a thread", fix="link its channel: threads come along by themselves")
    return found[0], state.label(found[0])


def _ids(value: object) -> tuple[str, ...]:
    return tuple(one for one in sequence(value) if isinstance(one, str))
