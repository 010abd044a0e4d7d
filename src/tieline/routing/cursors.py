"""The decider of cursors: how far a channel's history was read. Pure.

Rule: most cursors are stored with the message that carries them; this is for what has none - the place where reading
begins, and a page of history that ends in edits. Next stop: the supervisor's catch-up starts from it.
"""

from __future__ import annotations

from tieline.model.commands import SaveCursor
from tieline.model.delivery import Cursor
from tieline.ports.deciding import Decision, View


def save(command: SaveCursor, view: View) -> Decision:
    """Remember a cursor; answers it."""
    cursor = Cursor(
        channel=command.channel, conversation=command.conversation, cursor=command.cursor, updated_at=view.now
    )
    return Decision(value=cursor, puts=(cursor,))
