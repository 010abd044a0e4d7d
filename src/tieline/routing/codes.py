"""Reply codes: a short number that means one message to one receiver, where answers are words. Pure.

Rule: the lowest number that is free, so that it stays short; a number whose message is settled is free a day after it
was given, so that a late answer is told what happened and never meant for something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tieline.model.alerts import Alert, AlertState, ReplyCode
from tieline.model.base import Value
from tieline.model.channels import Trait
from tieline.model.delivery import Delivery
from tieline.ports.deciding import View

MOST: Final = 99
REST: Final = 24 * 3600 * 1000
"""Milliseconds before a settled code is given again."""


def wanted(channel: str, conversation: str, message_id: str, view: View) -> ReplyCode | None:
    """A code for a message, where answers are words."""
    record = view.directory.channel(channel)
    if record is None or Trait.WORDS not in record.traits:
        return None
    return give(channel, conversation, message_id, view)


def coded(deliveries: Sequence[Delivery], view: View) -> list[Value]:
    """The deliveries of a message that offers actions, each with its code, and the codes."""
    out: list[Value] = []
    for delivery in deliveries:
        code = wanted(delivery.channel, delivery.conversation, delivery.message_id, view)
        out += [delivery] if code is None else [msgspec.structs.replace(delivery, code=code.code), code]
    return out


def give(channel: str, conversation: str, message_id: str, view: View) -> ReplyCode:
    """A code for a message; the oldest settled one where all are taken."""
    oldest: ReplyCode | None = None
    for number in range(1, MOST + 1):
        known = view.get(ReplyCode, channel, conversation, str(number))
        if known is None or known.message_id == message_id or (_settled(known, view) and _rested(known, view)):
            return _code(channel, conversation, str(number), message_id, view)
        if oldest is None or known.given_at < oldest.given_at:
            oldest = known
    name = oldest.code if oldest else "1"
    return _code(channel, conversation, name, message_id, view)


def _code(channel: str, conversation: str, name: str, message_id: str, view: View) -> ReplyCode:
    return ReplyCode(channel=channel, conversation=conversation, code=name, message_id=message_id, given_at=view.now)


def _rested(code: ReplyCode, view: View) -> bool:
    return code.given_at + REST <= view.now


def _settled(code: ReplyCode, view: View) -> bool:
    found = view.find(Alert, message_id=code.message_id)
    return bool(found) and found[0].state is not AlertState.OPEN
