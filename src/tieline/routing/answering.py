"""Answers to commands where answers are words: lines of the hub in a lane, and not just said. Pure.

Rule: what costs, or may be unwanted, goes out like everything else: counted, bounded, never after a STOP, and once,
however often the command is brought. Strangers are kept where strangers are never answered.
"""

from __future__ import annotations

import msgspec

from tieline.model.channels import Trait
from tieline.model.content import plain
from tieline.model.delivery import Delivery, Part
from tieline.model.inbound import InboundCommand, InboundMessage, Receipt
from tieline.ports.deciding import Decision, View
from tieline.routing import direct, keeping
from tieline.routing.hearing import has
from tieline.routing.people import member_there
from tieline.routing.router import admitted


def before(channel: str, event: InboundCommand, view: View) -> Decision | None:
    """What becomes of a command that is not carried out: a repeat, or a stranger's; None: it is carried out."""
    if has(channel, Trait.WORDS, view) and view.get(Part, channel, event.conversation, event.native_id) is not None:
        return Decision(value=Receipt(status="repeat"))
    if member_there(channel, event.author, view) is None and has(channel, Trait.KEEPS_STRANGERS, view):
        reason = "the sender is not known here"
        return keeping.keep(channel, event.conversation, _message(event, view), event.text, reason, view)
    return None


def after(channel: str, event: InboundCommand, decision: Decision, view: View) -> Decision:
    """The decision on a command, with its answer as a line of the hub where answers are words."""
    receipt = decision.value
    if not has(channel, Trait.WORDS, view) or not isinstance(receipt, Receipt) or receipt.answer is None:
        return decision
    heard = _message(event, view)
    notice: Delivery = admitted(direct.notice(channel, heard, receipt.answer, view), view)
    return msgspec.structs.replace(
        decision,
        value=Receipt(status=receipt.status, message_id=receipt.message_id),
        puts=(*decision.puts, direct.taken(channel, event.conversation, heard, view), notice),
        lanes=(*decision.lanes, notice.lane),
    )


def _message(event: InboundCommand, view: View) -> InboundMessage:
    return InboundMessage(
        conversation=event.conversation,
        native_id=event.native_id,
        author=event.author,
        content=plain(event.text),
        sent_at=view.now,
    )
