"""What everybody may ask of the directory: members, accounts, tokens, rooms, links. In memory, synchronous.

The writer applies a change to it right after the commit that made it durable, before the next command is decided, so
deciders and readers see committed state only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from tieline.model.base import Value
from tieline.model.channels import ChannelRecord
from tieline.model.members import Account, Actor, JoinCode, Member, Token
from tieline.model.outcome import Refusal
from tieline.model.policies import PolicySet
from tieline.model.rooms import Link, Room


class Directory(Protocol):
    """Read side. Look-ups return None (or nothing) where absent; archived entities are found by id only."""

    def member(self, handle: str) -> Member | None:
        """Active member by handle."""
        ...

    def member_by_id(self, member_id: str) -> Member | None:
        """Member by id, archived ones too."""
        ...

    def members(self) -> Sequence[Member]:
        """All active members, by handle."""
        ...

    def account(self, channel: str, native_id: str) -> Account | None:
        """Who a platform's user is."""
        ...

    def accounts_of(self, member_id: str) -> Sequence[Account]:
        """A member's accounts."""
        ...

    def token(self, digest: str) -> Token | None:
        """Token by SHA-256 digest (hexadecimal), revoked and expired ones too."""
        ...

    def tokens(self) -> Sequence[Token]:
        """All tokens."""
        ...

    def room(self, name: str) -> Room | None:
        """Active room by name."""
        ...

    def room_by_id(self, room_id: str) -> Room | None:
        """Room by id, archived ones too."""
        ...

    def rooms(self) -> Sequence[Room]:
        """All active rooms, by name."""
        ...

    def link(self, link_id: str) -> Link | None:
        """Link by id, archived ones too."""
        ...

    def links_of(self, room_id: str) -> Sequence[Link]:
        """Active links of a room, in order of making."""
        ...

    def links_at(self, channel: str, conversation: str) -> Sequence[Link]:
        """Active links that name this conversation."""
        ...

    def links_on(self, channel: str) -> Sequence[Link]:
        """Active links of a channel."""
        ...

    def may_write(self, channel: str, conversation: str) -> bool:
        """False where the receiver wants nothing more from us."""
        ...

    def policies(self) -> PolicySet:
        """The hub's policies."""
        ...

    def join_code(self, code: str) -> JoinCode | None:
        """An unused code from ``/tieline iam``; the caller checks its time."""
        ...

    def channel(self, name: str) -> ChannelRecord | None:
        """Durable record of a channel."""
        ...

    def authorize(
        self, actor: Actor, action: str, *, room: Room | None = None, owner: str | None = None
    ) -> Refusal | None:
        """The one place that authorizes: None allows. ``owner`` is the member id that owns the object.

        Actions: ``read``, ``post``, ``upload``, ``edit``, ``delete``, ``react``, ``manage_rooms``, ``manage_links``,
        ``manage_members``, ``manage_tokens``, ``manage_deliveries``, ``manage_channels``, ``admin``. A room that the
        actor may not see is answered 404, like an absent one.
        """
        ...

    def apply(self, changed: Iterable[Value], dropped: Iterable[Value] = ()) -> None:
        """Take over committed values and deletions (the writer only). Values of other kinds are passed over."""
        ...
