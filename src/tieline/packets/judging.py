"""Judge a text by what its room wants from packets.

Rule: a mode decides only whether text that is no packet at all is a fault; a broken one is a fault in all but `none`.
Not promised: what follows from a verdict. That only an agent's text over the API is refused, and everybody else's is
delivered, marked and its author told once, is the door's business (law 8). Next stop: `notice`.
"""

from collections.abc import Collection, Mapping
from typing import Final

from tieline.model.members import MemberKind
from tieline.model.packet import Violation
from tieline.model.rooms import PacketMode
from tieline.packets.parser import TEMPLATE, parse
from tieline.packets.values import ORDINARY, Code, Verdict

_AGENTS: Final = frozenset({MemberKind.AI, MemberKind.SERVICE})


def judge(
    text: str,
    mode: PacketMode,
    author_kind: MemberKind | None,
    *,
    handles: Collection[str] | None = None,
    mentions: Mapping[str, str] | None = None,
) -> Verdict:
    """Return the verdict on a text in a room of this mode. `author_kind` is None for a guest. Total, like `parse`."""
    if mode is PacketMode.NONE:
        return ORDINARY
    verdict = parse(text, handles=handles, mentions=mentions)
    if verdict is not ORDINARY or not _required(mode, author_kind):
        return verdict
    return _NOT_A_PACKET


def _required(mode: PacketMode, author_kind: MemberKind | None) -> bool:
    return mode is PacketMode.REQUIRE or (mode is PacketMode.REQUIRE_FROM_AGENTS and author_kind in _AGENTS)


_NOT_A_PACKET: Final = Verdict(
    violations=(
        Violation(
            code=Code.NOT_A_PACKET.value,
            field=None,
            line=1,
            message="this room takes packets only, and this text is none",
            fix="write the four lines of the template, each filled in",
        ),
    ),
    template=TEMPLATE,
)
