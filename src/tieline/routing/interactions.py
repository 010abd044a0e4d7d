"""Presses of buttons: what each action of a message does, whoever presses it and wherever.

Rule: who presses is the account behind the native id (law 7), and may do what the same member may do through the API;
a press does what its command does, and pressing twice changes nothing. The answer goes to the presser alone.
Next stop: the decider of the thing that is acted on; a new kind of thing adds its rows to :data:`_ACTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tieline.model.inbound import InboundInteraction, NativeAuthor, Receipt
from tieline.model.message import Message
from tieline.model.outcome import Refusal
from tieline.ports.deciding import Decision, View
from tieline.routing.messages import reacted
from tieline.routing.offers import ACK
from tieline.routing.people import actor_of, author_there, member_there, who_there

ACKNOWLEDGED: Final = "✅"
"""The reaction that an acknowledgement is: seen everywhere, with who set it."""


def pressed(channel: str, event: InboundInteraction, view: View) -> Decision:
    """Decide a press; answers a Receipt."""
    act = _ACTIONS.get(event.action)
    if act is None:
        return _answer("This button is no longer known here. Nothing was changed.")
    return act(channel, event.author, event.target, view)


def _answer(text: str) -> Decision:
    return Decision(value=Receipt(status="answered", answer=text))


def _acknowledge(channel: str, author: NativeAuthor, target: str, view: View) -> Decision:
    message = view.get(Message, target)
    room = view.directory.room_by_id(message.room_id) if message else None
    if message is None or room is None or message.deleted_at is not None:
        return _answer("The alert is no more. Nothing was changed.")
    member = member_there(channel, author, view)
    if (refusal := view.directory.authorize(actor_of(member), "react", room=room)) is not None:
        return _answer(f"You may not acknowledge this: {refusal.detail}")
    who = who_there(channel, author, member)
    if any(reaction.emoji == ACKNOWLEDGED and who in reaction.by for reaction in message.reactions):
        return _answer("You have acknowledged this already.")
    decision = reacted(message, ACKNOWLEDGED, who, author_there(author, member), view, on=True)
    if isinstance(decision, Refusal):
        return _answer(decision.detail)
    receipt = Receipt(status="answered", message_id=message.id, answer="Acknowledged. Everybody sees that it was you.")
    return msgspec.structs.replace(decision, value=receipt)


_ACTIONS: Final[Mapping[str, Callable[[str, NativeAuthor, str, View], Decision]]] = {ACK: _acknowledge}
