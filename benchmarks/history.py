"""A past for a hub: messages with their events and keys, written as the store writes them, by the hundred thousand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tieline.model.events import Event, EventKind
from tieline.model.ids import new_id
from tieline.model.message import Author, Format, Message, Origin
from tieline.model.rooms import MessageType
from tieline.render.wire import message_body
from tieline.store.mapping import EVENT, mapping_of

TEXT = "The quick brown fox jumps over the lazy dog and writes it down for all the others, who were asleep. "
_CHUNK = 10_000
_YEAR = 365 * 24 * 3600 * 1000


def fill(database: Path, count: int) -> None:
    """Put so many messages into the room ``room-0``; no hub may run on the database."""
    message = mapping_of(Message)
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        room, member, now = db.execute(
            "SELECT r.id, m.id, r.created_at FROM rooms r, members m WHERE r.name = 'room-0' AND m.handle = 'loader'"
        ).fetchone()
        for first in range(1, count + 1, _CHUNK):
            made = list(_messages(room, member, range(first, min(first + _CHUNK, count + 1)), now - _YEAR))
            db.execute("BEGIN")
            db.executemany(_insert("messages", message.columns), [message.row(one) for one in made])
            db.executemany(_insert("events", EVENT.columns), [EVENT.row(_event(one)) for one in made])
            keys = [(f"PostMessage:{member}:{one.id}", "0" * 24, one.id, one.created_at) for one in made]
            db.executemany("INSERT INTO identities VALUES (?, ?, ?, ?)", keys)
            db.execute("COMMIT")
        db.execute("INSERT OR REPLACE INTO streams VALUES (?, ?)", (room, count))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'  # noqa: S608 - the store's names


def _messages(room: str, member: str, numbers: range, since: int) -> Iterator[Message]:
    author = Author(handle="loader", kind="ai", display="loader")
    for seq in numbers:
        at = since + seq * 1000
        yield Message(
            id=new_id("msg", at),
            room_id=room,
            seq=seq,
            type=MessageType.CHAT,
            text=f"{seq} {TEXT}",
            format=Format.MARKDOWN,
            author=author,
            author_id=member,
            origin=Origin(channel="web"),
            created_at=at,
        )


def _event(message: Message) -> Event:
    return Event(
        stream=message.room_id,
        seq=message.seq,
        kind=EventKind.MESSAGE,
        at=message.created_at,
        message_id=message.id,
        body=message_body(message),
    )
