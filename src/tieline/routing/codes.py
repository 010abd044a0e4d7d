"""Reply codes: a short number that means one message to one receiver, where answers are words. Pure.

Rule: numbers count up, past what is open still, and begin at 1 again after a day without a new one: so they stay short,
a late answer is told what happened, and no answer is ever meant for something else.
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

MOST: Final = 9999
_COUNTER: Final = "#"
"""The row that counts: its message is the last number that was given."""
REST: Final = 24 * 3600 * 1000
"""Milliseconds without a new code after which counting begins again at 1."""


def wanted(channel: str, conversation: str, message_id: str, view: View) -> list[ReplyCode]:
    """A code for a message, first, and its counter; nothing where answers are no words."""
    record = view.directory.channel(channel)
    if record is None or Trait.WORDS not in record.traits:
        return []
    return give(channel, conversation, message_id, view)


def coded(deliveries: Sequence[Delivery], view: View) -> list[Value]:
    """The deliveries of a message that offers actions, each with its code, and the codes."""
    out: list[Value] = []
    counters: dict[tuple[str, str, str], Value] = {}
    for delivery in deliveries:
        given = wanted(delivery.channel, delivery.conversation, delivery.message_id, view)
        counters.update({(row.channel, row.conversation, row.code): row for row in given})
        out.append(msgspec.structs.replace(delivery, code=given[0].code) if given else delivery)
    return [*out, *counters.values()]


def give(channel: str, conversation: str, message_id: str, view: View) -> list[ReplyCode]:
    """The next code for a message, first, and the counter behind it."""
    counter = view.get(ReplyCode, channel, conversation, _COUNTER)
    fresh = counter is None or counter.given_at + REST <= view.now
    last = 0 if fresh or counter is None else int(counter.message_id)
    for step in range(1, MOST + 1):
        name = str((last + step - 1) % MOST + 1)
        known = view.get(ReplyCode, channel, conversation, name)
        if known is None or _settled(known, view):
            break
    else:
        name = str(last % MOST + 1)
    given = _code(channel, conversation, name, message_id, view)
    return [given, _code(channel, conversation, _COUNTER, name, view)]


def _code(channel: str, conversation: str, name: str, message_id: str, view: View) -> ReplyCode:
    return ReplyCode(channel=channel, conversation=conversation, code=name, message_id=message_id, given_at=view.now)


def _settled(code: ReplyCode, view: View) -> bool:
    found = view.find(Alert, message_id=code.message_id)
    return bool(found) and found[0].state is not AlertState.OPEN
