"""Presses of buttons, and codes that stand for them: what each action of a message does, whoever does it and wherever.

Rule: who presses is the account behind the native id (law 7), and may do what the same member may do through the API;
a press does what its command does, and pressing twice changes nothing. The answer goes to the presser alone. What an
action does is an :data:`~tieline.routing.hearing.Act`; ``bootstrap`` joins them.
Next stop: :mod:`tieline.coordination.alerts`, for alerts that are more than their message.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tieline.model.alerts import ReplyCode
from tieline.model.inbound import InboundCommand, InboundInteraction, NativeAuthor, Receipt
from tieline.model.message import Message
from tieline.model.outcome import Refusal
from tieline.ports.deciding import Decision, View
from tieline.routing.hearing import Acts
from tieline.routing.messages import reacted
from tieline.routing.offers import ACK
from tieline.routing.people import actor_of, author_there, member_there, who_there
from tieline.routing.words import action_in, coded

ACKNOWLEDGED: Final = "✅"
"""The reaction that an acknowledgement is: seen everywhere, with who set it."""


def pressed(channel: str, event: InboundInteraction, view: View, acts: Acts) -> Decision:
    """Decide a press; answers a Receipt."""
    message = view.get(Message, event.target)
    if event.action not in acts:
        return said("This button is no longer known here. Nothing was changed.")
    if message is None or message.deleted_at is not None:
        return said("What the button was for is no more. Nothing was changed.")
    return acts[event.action](channel, event.author, message, view)


def by_code(channel: str, event: InboundCommand, view: View, acts: Acts) -> Decision | None:
    """Decide ``1 ack``; None: it is no code."""
    found = coded(event.text)
    if found is None:
        return None
    code, word = found
    given = view.get(ReplyCode, channel, event.conversation, code)
    message = view.get(Message, given.message_id) if given else None
    if message is None or message.deleted_at is not None:
        return said(f"Nothing here has the code {code}. Answer with the code of a message, as in: 1 ack")
    action = action_in(word, message.actions)
    if action is None and word is not None and word in acts:  # no longer offered: it says what became of it
        return acts[word](channel, event.author, message, view)
    if action is None or action.name not in acts:
        offered = ", ".join(f"{code} {one.name}" for one in message.actions)
        return said(f"{code} does not take that." + (f" It takes: {offered}" if offered else ""))
    return acts[action.name](channel, event.author, message, view)


def said(text: str) -> Decision:
    """An answer for the presser alone."""
    return Decision(value=Receipt(status="answered", answer=text))


def acknowledge(channel: str, author: NativeAuthor, message: Message, view: View) -> Decision:
    """Acknowledge a message: a reaction that everybody sees."""
    room = view.directory.room_by_id(message.room_id)
    member = member_there(channel, author, view)
    if room is None:
        return said("Its room is no more. Nothing was changed.")
    if (refusal := view.directory.authorize(actor_of(member), "react", room=room)) is not None:
        return said(f"You may not acknowledge this: {refusal.detail}")
    who = who_there(channel, author, member)
    if any(reaction.emoji == ACKNOWLEDGED and who in reaction.by for reaction in message.reactions):
        return said("You have acknowledged this already.")
    decision = reacted(message, ACKNOWLEDGED, who, author_there(author, member), view, on=True)
    if isinstance(decision, Refusal):
        return said(decision.detail)
    receipt = Receipt(status="answered", message_id=message.id, answer="Acknowledged. Everybody sees that it was you.")
    return msgspec.structs.replace(decision, value=receipt)


ACTS: Final[Acts] = {ACK: acknowledge}
"""What the actions of plain messages do."""
