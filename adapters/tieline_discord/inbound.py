"""Discord's dispatches, read into the hub's words. Pure (first version: signatures)."""

from __future__ import annotations

from typing import Protocol

from tieline.model.base import Value
from tieline.model.inbound import InboundEvent, InboundMessage


class Me(Value, kw_only=True, frozen=True):
    """Who we are: the bot's user, its application, and the webhooks that are ours."""

    user_id: str
    application_id: str = ""
    webhook_ids: frozenset[str] = frozenset()


class Places(Protocol):
    """What is known of channels and roles. Synchronous, from a cache."""

    def parent_of(self, channel_id: str) -> str | None:
        """The channel that a thread belongs to; None: it is no thread, or not known."""
        ...

    def name_of(self, channel_id: str) -> str | None:
        """A channel's name without ``#``; None: not known."""
        ...

    def role_name(self, role_id: str) -> str | None:
        """A role's name; None: not known."""
        ...

    def is_direct(self, channel_id: str) -> bool:
        """True for a direct conversation with one person."""
        ...


class Nowhere:
    """Places of which nothing is known."""

    def parent_of(self, channel_id: str) -> str | None:
        """None."""
        return None

    def name_of(self, channel_id: str) -> str | None:
        """None."""
        return None

    def role_name(self, role_id: str) -> str | None:
        """None."""
        return None

    def is_direct(self, channel_id: str) -> bool:
        """False."""
        return False


def read(event_type: str, data: object, me: Me, places: Places) -> InboundEvent | None:
    """One dispatch in our words; None where it says nothing to us. For MESSAGE_DELETE_BULK see :func:`read_many`."""
    return None


def read_many(event_type: str, data: object, me: Me, places: Places) -> tuple[InboundEvent, ...]:
    """All that a dispatch says: one event, none, or many (MESSAGE_DELETE_BULK)."""
    return ()


def read_message(data: object, me: Me, places: Places, *, guild: str | None = None) -> InboundMessage | None:
    """A message of the REST history, which does not name its server (``guild``)."""
    return None


def read_edit(data: object, me: Me, places: Places) -> InboundEvent | None:
    """The last edit that a message of the history shows (``edited_timestamp``), if any."""
    return None


def conversation_of(data: object, places: Places) -> str:
    """The conversation that a dispatch or interaction belongs to: what must stay in order. Empty: none."""
    return ""


def lacks_content(data: object) -> bool:
    """True for a MESSAGE_CREATE that says nothing at all: the Message Content intent is missing."""
    return False
