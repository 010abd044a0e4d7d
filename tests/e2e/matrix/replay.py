"""The web room once more, as a web socket's client gets it: from the room's first event on.

Rule: events project to what the hub answers when it is asked for its messages; so what the eyes see over HTTP is what
a client that listens shows. Next stop: `test_matrix.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import msgspec

from tests.services.bridge import ROOM
from tieline.client import AttachmentEvent, Client, MessageEvent, TailEvent
from tieline.client.stream import DeleteEvent, EditEvent, ReactionEvent
from tieline.model.shapes import MessageOut

_WITHIN = 20
_SHOWN = ("text", "html", "thread", "reply_to", "mentions", "reactions", "attachments", "edited_at", "deleted_at")
State = dict[str, dict[str, Any]]
"""What is shown of each message, by its id."""


async def answered(reader: Client) -> State:
    """As the hub answers."""
    page = await reader.messages(ROOM, limit=500)
    return {message.id: _of(message) for message in page.messages}


async def told(reader: Client, last: int) -> State:
    """As the events up to ``last`` project to."""
    state: State = {}
    events = cast("AsyncGenerator[TailEvent, None]", reader.tail(ROOM, after=0))
    async with asyncio.timeout(_WITHIN), aclosing(events):
        async for event in events:
            match event:
                case MessageEvent():
                    state[event.id] = _of(event)
                case EditEvent():
                    state[event.message] |= _some(event, "text", "html", "mentions", "edited_at")
                case DeleteEvent():
                    state[event.message] |= {**_GONE, "deleted_at": event.deleted_at}
                case ReactionEvent():
                    state[event.message] |= _some(event, "reactions")
                case AttachmentEvent():
                    state[event.message] |= _some(event, "attachments")
                case _:
                    continue
            if event.seq >= last:
                break
    return state


_GONE: dict[str, Any] = {"text": "", "html": "", "mentions": (), "reactions": (), "attachments": ()}


def _of(message: MessageOut | MessageEvent) -> dict[str, Any]:
    return _some(message, *_SHOWN)


def _some(event: msgspec.Struct, *names: str) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names}
