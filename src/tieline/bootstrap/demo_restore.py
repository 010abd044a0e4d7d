"""After a restart: the panes show again what the database says was there.

Rule: the hub's own durable map of native messages (law 9) is the source, so that edits, reactions and threads go on
where they were. Not promised: the exact frames of messages that were sent in several, nor reactions set on a platform.
"""

from __future__ import annotations

from typing import Final

from tieline.bootstrap.demo_world import Panes
from tieline.model.delivery import Part, PartDirection
from tieline.model.message import Message
from tieline.ports.directory import Directory
from tieline.ports.reading import Page, Reader
from tieline.render.html import to_html
from tieline_simulated.platform import PaneMessage

LAST: Final = 100


async def restore(panes: Panes, reader: Reader, directory: Directory, room_name: str) -> bool:
    """Fill the panes with the room's last messages; False if there are none."""
    room = directory.room(room_name)
    if room is None:
        return False
    messages = await reader.messages(room.id, Page(before=2**53, limit=LAST))
    for message in messages:
        for part in await reader.parts(message.id):
            pane = panes.get(part.channel)
            if pane is not None and message.deleted_at is None:
                pane.platform.recall(_shown(message, part))
    return bool(messages)


def _shown(message: Message, part: Part) -> PaneMessage:
    theirs = part.direction is PartDirection.IN
    html = to_html(message.text, message.format)
    return PaneMessage(
        native_id=part.native_id,
        user=part.author_native if theirs else None,
        name=message.author.display,
        html=html,
        text=message.text if theirs else "",
        at=message.created_at,
        thread=part.thread_native,
        edited=message.edited_at is not None,
    )
