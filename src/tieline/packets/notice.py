"""Tell a verdict to the author, where the text was written.

Rule: a notice can never cause a notice (law 5). Its first and last line are marks that `layout` knows through any
mangling, so that what stands between them is nobody's packet; what is shown to be pasted is a right packet, or a
template behind bars (`|`), which labels do not begin. The hub stops loops by identity before that; this is the second
wall. Not promised: that the pieces of a notice cut into more than two parts are all known as such.
"""

from typing import Final

from tieline.model.packet import Violation
from tieline.packets.layout import NOTICE_FOOT, NOTICE_HEAD
from tieline.packets.values import Code, Verdict

_TOLD: Final = 8
"""Violations told in one notice; the API has them all."""


def explain(verdict: Verdict) -> str:
    """Return the verdict in Markdown: codes, lines, fixes, and the packet to paste. Empty for ordinary text."""
    if verdict.packet is not None:
        hop = verdict.packet.next_hop
        return f"Packet accepted: task `{verdict.packet.task_id}` is {verdict.packet.state.value}, next hop `{hop}`."
    if not verdict.violations:
        return ""
    told = [_line(violation) for violation in verdict.violations[:_TOLD]]
    left = len(verdict.violations) - _TOLD
    if left > 0:
        told.append(f"- and {left} more")
    return "\n".join([_headline(verdict), "", *told, "", *_mend(verdict), "", f"*{NOTICE_FOOT}.*"])


def _headline(verdict: Verdict) -> str:
    if verdict.violations[0].code == Code.NOT_A_PACKET:
        return f"**{NOTICE_HEAD}:** no packet where one is wanted."
    count = len(verdict.violations)
    return f"**{NOTICE_HEAD}:** {count} {'fault' if count == 1 else 'faults'}. The packet was not taken."


def _line(violation: Violation) -> str:
    where = f"{violation.code}, line {violation.line}"
    place = f"{where}, {violation.field}" if violation.field else where
    return (
        f"- **{violation.code}** ({place.removeprefix(violation.code + ', ')}): {violation.message}; {violation.fix}."
    )


def _mend(verdict: Verdict) -> list[str]:
    if verdict.corrected is not None:
        return ["Ready to paste:", "", "```", verdict.corrected, "```"]
    if verdict.template is None:
        return []
    return ["To fill in (without the bars):", "", "```", *(f"| {line}" for line in verdict.template.split("\n")), "```"]
