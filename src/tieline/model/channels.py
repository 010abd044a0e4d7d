"""Channels as durable state: pause, and the epoch that guards a lane's writes."""

from __future__ import annotations

from enum import StrEnum

from tieline.model.base import Value
from tieline.model.delivery import Fault


class Trait(StrEnum):
    """What the hub must know of a channel while it decides, as its adapter's manifest says."""

    DIRECT = "direct"
    """Members are written to by themselves here."""
    CONTACTS = "contacts"
    """A conversation is one person's address; what goes to the channel's own goes into their threads."""
    WORDS = "words"
    """Answers are words: what is sent for somebody to act on carries a code."""
    METERED = "metered"
    """What goes out costs, and is counted by day and receiver."""
    KEEPS_STRANGERS = "keeps_strangers"
    """Who is no member is never answered: what they write is kept and shown."""


class ChannelRecord(Value, kw_only=True, frozen=True):
    """What is kept of a channel across restarts."""

    name: str
    adapter: str
    paused: bool = False
    epoch: int = 0
    traits: tuple[Trait, ...] = ()
    own: str | None = None
    """The channel's own address, where conversations are people's."""


class ChannelState(StrEnum):
    """Health of a channel."""

    CONNECTING = "connecting"
    CATCHING_UP = "catching_up"
    UP = "up"
    DOWN = "down"
    PAUSED = "paused"
    MISCONFIGURED = "misconfigured"
    OFF = "off"
    """Not configured now, or not enabled; shown while something waits for it."""


class ChannelHealth(Value, kw_only=True, frozen=True):
    """What is known of a channel now; ``since`` in milliseconds; ``retry_at`` where it tries again by itself."""

    name: str
    adapter: str
    state: ChannelState
    since: int
    fault: Fault | None = None
    retry_at: int | None = None
