"""Take the text of deleted messages out of stored event bodies: the only change ever made to a stored event.

Rule: a body keeps its shape; :data:`_EMPTY` says what each member becomes. Done in Python, because
the two databases would need two ways to say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection

from tieline.model.events import Event, EventKind
from tieline.store.mapping import Cell
from tieline.store.sql import Dialect

KINDS: Final = frozenset({EventKind.MESSAGE, EventKind.EDIT, EventKind.INBOX, EventKind.ATTACHMENT})
"""Kinds of events whose bodies carry a message's text; an inbox event carries the message within."""

_EMPTY: Final[dict[str, object]] = {
    "text": "",
    "html": "",
    "previous": "",
    "metadata": {},
    "mentions": [],
    "packet": None,
    "attachments": [],
    "actions": [],
}
_decoder = msgspec.json.Decoder(dict[str, object])


def scrubbed(body: bytes) -> bytes:
    """The body without the text; what is no JSON object stays as it is."""
    try:
        value = _decoder.decode(body)
    except msgspec.DecodeError:
        return body
    return msgspec.json.encode(_emptied(value))


def _emptied(value: dict[str, object]) -> dict[str, object]:
    changed = {name: _EMPTY.get(name, old) for name, old in value.items()}
    inner = changed.get("message")
    if isinstance(inner, dict):
        changed["message"] = _emptied(inner)
    return changed


def scrub_pending(events: Sequence[Event], message_ids: frozenset[str]) -> list[Event]:
    """Events that are not stored yet, without the text of these messages."""
    return [
        msgspec.structs.replace(event, body=scrubbed(event.body))
        if event.message_id in message_ids and event.kind in KINDS
        else event
        for event in events
    ]


def scrub_stored(connection: Connection, dialect: Dialect, message_ids: frozenset[str]) -> None:
    """Rewrite the stored events of these messages."""
    columns = ("message_id", "id", "stream", "seq", "kind", "at", "body")
    keys = [(message_id,) for message_id in sorted(message_ids)]
    rows: list[tuple[Cell, ...]] = []
    for message_id, number, stream, seq, kind, at, body in dialect.select(
        connection, "events", columns, ("message_id",), keys
    ):
        if kind in KINDS:
            rows.append((message_id, number, stream, seq, kind, at, scrubbed(bytes(body))))
    if rows:
        dialect.upsert(connection, "events", columns, ("id",), rows)
