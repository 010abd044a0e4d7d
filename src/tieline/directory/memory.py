"""The directory in memory: dictionaries by every key that somebody looks up. Implements ``ports.Directory``.

Small and hot: a post looks up its room, links and author here and asks the database nothing. Values are frozen, so
handing them out is safe. The writer's thread calls :meth:`MemoryDirectory.apply` after a commit; nobody else changes
it. The loop reads meanwhile without a lock: each change is one assignment, made so that nobody is missing for a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tieline.directory.authorize import authorize
from tieline.model.base import Value
from tieline.model.channels import ChannelRecord
from tieline.model.keeping import Consent
from tieline.model.members import Account, Actor, JoinCode, Member, Token
from tieline.model.outcome import Refusal
from tieline.model.policies import PolicySet
from tieline.model.rooms import Link, Room


class MemoryDirectory:
    """See :class:`tieline.ports.directory.Directory`."""

    def __init__(self, values: Iterable[Value] = ()) -> None:
        self._members: dict[str, Member] = {}
        self._handles: dict[str, Member] = {}
        self._accounts: dict[tuple[str, str], Account] = {}
        self._accounts_of: dict[str, dict[tuple[str, str], Account]] = {}
        self._tokens: dict[str, Token] = {}
        self._rooms: dict[str, Room] = {}
        self._room_names: dict[str, Room] = {}
        self._links: dict[str, Link] = {}
        self._links_of: dict[str, dict[str, Link]] = {}
        self._links_at: dict[tuple[str, str], dict[str, Link]] = {}
        self._links_on: dict[str, dict[str, Link]] = {}
        self._channels: dict[str, ChannelRecord] = {}
        self._codes: dict[str, JoinCode] = {}
        self._silenced: set[tuple[str, str]] = set()
        self._policies = PolicySet()
        self._puts: dict[type[Value], Callable[[Any], None]] = {
            Member: self._put_member,
            Account: self._put_account,
            Token: lambda token: self._tokens.__setitem__(token.digest, token),
            Room: self._put_room,
            Link: self._put_link,
            ChannelRecord: lambda record: self._channels.__setitem__(record.name, record),
            JoinCode: lambda code: self._codes.__setitem__(code.code, code),
            Consent: self._put_consent,
            PolicySet: self._put_policies,
        }
        self.apply(values)

    def member(self, handle: str) -> Member | None:
        """Active member by handle."""
        return self._handles.get(handle)

    def member_by_id(self, member_id: str) -> Member | None:
        """Member by id, archived ones too."""
        return self._members.get(member_id)

    def members(self) -> Sequence[Member]:
        """All active members, by handle."""
        return sorted(self._handles.values(), key=lambda member: member.handle)

    def account(self, channel: str, native_id: str) -> Account | None:
        """Who a platform's user is."""
        return self._accounts.get((channel, native_id))

    def accounts_of(self, member_id: str) -> Sequence[Account]:
        """A member's accounts."""
        return list(self._accounts_of.get(member_id, {}).values())

    def token(self, digest: str) -> Token | None:
        """Token by digest."""
        return self._tokens.get(digest)

    def tokens(self) -> Sequence[Token]:
        """All tokens."""
        return list(self._tokens.values())

    def room(self, name: str) -> Room | None:
        """Active room by name."""
        return self._room_names.get(name)

    def room_by_id(self, room_id: str) -> Room | None:
        """Room by id, archived ones too."""
        return self._rooms.get(room_id)

    def rooms(self) -> Sequence[Room]:
        """All active rooms, by name."""
        return sorted(self._room_names.values(), key=lambda room: room.name)

    def link(self, link_id: str) -> Link | None:
        """Link by id, archived ones too."""
        return self._links.get(link_id)

    def links_of(self, room_id: str) -> Sequence[Link]:
        """Active links of a room."""
        return tuple(self._links_of.get(room_id, {}).values())

    def links_at(self, channel: str, conversation: str) -> Sequence[Link]:
        """Active links that name this conversation."""
        return tuple(self._links_at.get((channel, conversation), {}).values())

    def links_on(self, channel: str) -> Sequence[Link]:
        """Active links of a channel."""
        return tuple(self._links_on.get(channel, {}).values())

    def channel(self, name: str) -> ChannelRecord | None:
        """Durable record of a channel."""
        return self._channels.get(name)

    def may_write(self, channel: str, conversation: str) -> bool:
        """False where the receiver wants nothing more from us."""
        return (channel, conversation) not in self._silenced

    def policies(self) -> PolicySet:
        """The hub's policies."""
        return self._policies

    def join_code(self, code: str) -> JoinCode | None:
        """An unused code from ``/tieline iam``; the caller checks its time."""
        return self._codes.get(code)

    def authorize(
        self, actor: Actor, action: str, *, room: Room | None = None, owner: str | None = None
    ) -> Refusal | None:
        """The one place that authorizes: :mod:`tieline.directory.authorize`."""
        return authorize(actor, action, room=room, owner=owner)

    def apply(self, changed: Iterable[Value], dropped: Iterable[Value] = ()) -> None:
        """Take over committed values and deletions."""
        self._forget(dropped)
        for value in changed:
            if (put := self._puts.get(type(value))) is not None:
                put(value)

    def _forget(self, dropped: Iterable[Value]) -> None:
        for value in dropped:
            match value:
                case Account():
                    self._accounts.pop((value.channel, value.native_id), None)
                    self._accounts_of.get(value.member_id, {}).pop((value.channel, value.native_id), None)
                case JoinCode():
                    self._codes.pop(value.code, None)
                case _:
                    pass

    def _put_consent(self, consent: Consent) -> None:
        place = (consent.channel, consent.conversation)
        (self._silenced.discard if consent.wanted else self._silenced.add)(place)

    def _put_policies(self, policies: PolicySet) -> None:
        self._policies = policies

    def _put_member(self, member: Member) -> None:
        old = self._members.get(member.id)
        self._members[member.id] = member
        if member.archived_at is None:
            self._handles[member.handle] = member
        if old is not None and self._handles.get(old.handle) is old:
            del self._handles[old.handle]

    def _put_account(self, account: Account) -> None:
        key = (account.channel, account.native_id)
        old = self._accounts.get(key)
        if old is not None:
            self._accounts_of.get(old.member_id, {}).pop(key, None)
        self._accounts[key] = account
        self._accounts_of.setdefault(account.member_id, {})[key] = account

    def _put_room(self, room: Room) -> None:
        old = self._rooms.get(room.id)
        self._rooms[room.id] = room
        if room.archived_at is None:
            self._room_names[room.name] = room
        if old is not None and self._room_names.get(old.name) is old:
            del self._room_names[old.name]

    def _put_link(self, link: Link) -> None:
        self._links[link.id] = link
        groups: list[dict[str, Link]] = [
            self._links_of.setdefault(link.room_id, {}),
            self._links_on.setdefault(link.channel, {}),
        ]
        if link.conversation is not None:
            groups.append(self._links_at.setdefault((link.channel, link.conversation), {}))
        for group in groups:
            if link.archived_at is None:
                group[link.id] = link
            else:
                group.pop(link.id, None)
