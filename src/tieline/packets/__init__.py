"""Packets: pure grammar, validation and verdicts with fixes. No I/O, no asyncio, no clock.

Rule: right packets survive every platform, wrong ones get code, line, reason and fix, and nothing ever raises. The
rules of the protocol (who may move a task where, gates, audits) are not here yet: they will stand beside the parser
as data in `packets.rules`, checked by the deciders of `coordination` in the transaction that moves the task. Next
stop: `parser.parse`; for users, `docs/packets.md`.
"""

from tieline.model.packet import DONE, Packet, PacketState, Violation
from tieline.packets.judging import judge
from tieline.packets.notice import explain
from tieline.packets.parser import SCAN_LIMIT, TEMPLATE, parse
from tieline.packets.values import ORDINARY, Code, Field, Verdict

__all__ = [
    "DONE",
    "ORDINARY",
    "SCAN_LIMIT",
    "TEMPLATE",
    "Code",
    "Field",
    "Packet",
    "PacketState",
    "Verdict",
    "Violation",
    "explain",
    "judge",
    "parse",
]
