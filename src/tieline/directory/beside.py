"""What a running hub takes in of rows that `tieline token` wrote beside it.

Rule: only what is new is taken: members and tokens the hub has not seen, and revocations. What the hub itself changed
meanwhile stands. Next stop: :mod:`tieline.store.offline`, which finds the rows.
"""

from __future__ import annotations

from tieline.model.base import Value
from tieline.model.commands import TAKEN_IN, TakeInBeside
from tieline.model.delivery import Cursor
from tieline.model.members import Token
from tieline.model.outcome import Refusal
from tieline.ports.deciding import Decision, View
from tieline.ports.directory import Directory


def take_in(command: TakeInBeside, view: View) -> Decision | Refusal:
    """Decide what is new."""
    directory = view.directory
    if refusal := directory.authorize(command.actor, "admin"):
        return refusal
    puts: list[Value] = [member for member in command.members if directory.member_by_id(member.id) is None]
    puts += [token for token in command.tokens if _is_news(token, directory)]
    channel, conversation = TAKEN_IN
    taken = Cursor(channel=channel, conversation=conversation, cursor=command.mark, updated_at=view.now)
    return Decision(value=len(puts), puts=(*puts, taken))


def _is_news(token: Token, directory: Directory) -> bool:
    known = directory.token(token.digest)
    return known is None or (known.revoked_at is None and token.revoked_at is not None)
