"""Values to rows and back: one mapping per kind of value, made from the value's own fields.

Rule: a row is the tuple of a value's fields in order; only fields that a database cannot hold as they are (enums, truth
values, structures) are translated, by their annotation. Encoders are made once and reused; a message costs a few
microseconds. Not promised: that an old row fits a changed value; that is a migration's job. Next stop:
:mod:`tieline.store.sql`.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from tieline.model.alerts import Alert, Climb, ReplyCode
from tieline.model.attachments import Attachment
from tieline.model.base import Value
from tieline.model.channels import ChannelRecord
from tieline.model.delivery import Cursor, Delivery, InboxCursor, Part
from tieline.model.events import Event
from tieline.model.keeping import Consent, Kept, Original, Usage
from tieline.model.members import Account, JoinCode, Member, Token
from tieline.model.message import Message
from tieline.model.policies import PolicySet
from tieline.model.rooms import Link, Room
from tieline.store.tables import OPEN

E = TypeVar("E", bound=Value)
Cell = str | int | bytes | None
Key = tuple[str, ...]
Translate = Callable[[Any], Any]

_encode_json = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Mapping(Generic[E]):
    """How one kind of value is kept: table, columns (the fields), key, and what :meth:`View.find` may ask for."""

    kind: type[E]
    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    order: tuple[str, ...]
    """Columns that order what is found."""
    findable: dict[str, str]
    """Column → SQL condition that its index is limited to ('': none)."""
    key_of: Callable[[E], Key]
    encoders: tuple[tuple[int, Translate], ...]
    decoders: tuple[tuple[int, Translate], ...]

    def row(self, value: E) -> tuple[Cell, ...]:
        """The row of a value."""
        cells = list(msgspec.structs.astuple(value))
        for position, encode in self.encoders:
            if (cell := cells[position]) is not None:
                cells[position] = encode(cell)
        return tuple(cells)

    def value(self, row: Sequence[Cell]) -> E:
        """The value of a row (columns in order)."""
        cells: list[Any] = list(row)
        for position, decode in self.decoders:
            if (cell := cells[position]) is not None:
                cells[position] = decode(cell)
        return self.kind(**dict(zip(self.columns, cells, strict=True)))


def _mapping(
    kind: type[E], table: str, *key: str, order: tuple[str, ...] = (), findable: dict[str, str] | None = None
) -> Mapping[E]:
    hints = get_type_hints(kind)
    columns = kind.__struct_fields__
    pairs = [(position, _translation(hints[name])) for position, name in enumerate(columns)]
    return Mapping(
        kind=kind,
        table=table,
        columns=columns,
        key=key,
        order=order or key,
        findable=findable or {},
        key_of=_key_getter(key),
        encoders=tuple((position, pair[0]) for position, pair in pairs if pair),
        decoders=tuple((position, pair[1]) for position, pair in pairs if pair),
    )


def _key_getter(key: tuple[str, ...]) -> Callable[[Value], Key]:
    get: Callable[[Value], Any] = attrgetter(*key)
    if len(key) == 1:
        return lambda value: (get(value),)
    return get


def _translation(hint: object) -> tuple[Translate, Translate] | None:
    """Encoder and decoder of a field, None where a database takes it as it is; None itself is never translated."""
    inner = _without_none(hint)
    if inner in {str, int, bytes}:
        return None
    return _plain(inner) or (_to_json(inner), _from_json(inner))


def _without_none(hint: object) -> object:
    if get_origin(hint) not in {Union, types.UnionType}:
        return hint
    members = [member for member in get_args(hint) if member is not type(None)]
    if len(members) != 1:
        raise TypeError(f"a column cannot hold {hint}")
    return members[0]


def _plain(inner: object) -> tuple[Translate, Translate] | None:
    if inner is bool:
        return int, bool
    if isinstance(inner, type) and issubclass(inner, Enum):
        return attrgetter("_value_"), {member.value: member for member in inner}.__getitem__
    return None


def _to_json(inner: object) -> Translate:
    origin = get_origin(inner)
    empty = "[]" if origin is tuple else "{}" if origin is dict else None
    if empty is None:
        return lambda value: _encode_json(value).decode()
    return lambda value: _encode_json(value).decode() if value else empty


def _from_json(inner: object) -> Translate:
    decode = msgspec.json.Decoder(inner).decode
    origin = get_origin(inner)
    if origin is tuple:
        return lambda text: decode(text) if text != "[]" else ()
    return decode


EVENT: Mapping[Event] = _mapping(Event, "events", "stream", "seq")

_ALL: tuple[Mapping[Any], ...] = (
    _mapping(Message, "messages", "id", order=("room_id", "seq"), findable={"thread": ""}),
    _mapping(Attachment, "attachments", "id", order=("created_at", "id"), findable={"message_id": ""}),
    _mapping(
        Delivery, "deliveries", "id", order=("position",), findable={"message_id": "", "lane": OPEN, "link_id": OPEN}
    ),
    _mapping(
        Part,
        "parts",
        *("channel", "conversation", "native_id"),
        order=("created_at", "index", "native_id"),
        findable={"message_id": ""},
    ),
    _mapping(
        Alert, "alerts", "id", order=("created_at", "id"), findable={"message_id": "", "dedup_key": "dedup_key <> ''"}
    ),
    _mapping(Climb, "climbs", "id", order=("created_at", "id"), findable={"subject": ""}),
    _mapping(ReplyCode, "reply_codes", "channel", "conversation", "code"),
    _mapping(Kept, "kept", "id"),
    _mapping(Original, "originals", "message_id"),
    _mapping(Usage, "usage", "channel", "conversation", "day"),
    _mapping(Consent, "consents", "channel", "conversation"),
    _mapping(PolicySet, "policies", "id"),
    _mapping(Cursor, "cursors", "channel", "conversation"),
    _mapping(InboxCursor, "inbox_cursors", "member_id"),
    _mapping(Member, "members", "id"),
    _mapping(Account, "accounts", "channel", "native_id"),
    _mapping(Token, "tokens", "id"),
    _mapping(JoinCode, "join_codes", "code"),
    _mapping(Room, "rooms", "id"),
    _mapping(Link, "links", "id"),
    _mapping(ChannelRecord, "channels", "name"),
)
_BY_KIND: dict[type[Value], Mapping[Any]] = {mapping.kind: mapping for mapping in _ALL}

DIRECTORY_KINDS: frozenset[type[Value]] = frozenset(
    {Member, Account, Token, JoinCode, Room, Link, ChannelRecord, Consent, PolicySet}
)
"""Kinds that the directory keeps in memory; a decision that changes one ends its batch."""


def mapping_of(kind: type[E]) -> Mapping[E]:
    """How a kind is kept; raises :class:`KeyError` for a kind that is no row."""
    return _BY_KIND[kind]


def mappings() -> tuple[Mapping[Any], ...]:
    """All kinds that are rows, in the order they are written."""
    return _ALL
