"""The words of the packet parser: fields, codes and the verdict; `Packet` and `Violation` are in `model.packet`.

Rule kept here: a verdict is exactly one of three things, a packet, a broken packet, or ordinary text. Not promised:
that the task, the path or the member named exists; only the form is known here. Next stop: `parser`, which builds
these values.
"""

from enum import StrEnum
from typing import Final

from tieline.model.base import Value
from tieline.model.packet import Packet, Violation


class Field(StrEnum):
    """The four fields of a packet, in the order of their canonical form (seed 001, "The Schema")."""

    TASK_ID = "TASK_ID"
    CURRENT_STATE = "CURRENT_STATE"
    PAYLOAD_PATH = "PAYLOAD_PATH"
    NEXT_HOP = "NEXT_HOP"

    @property
    def label(self) -> str:
        """The field's label as it begins a line, colon included: `[TASK_ID]:`."""
        return f"[{self.value}]:"


class Code(StrEnum):
    """The stable codes of violations. A code is never given another meaning; `docs/packets.md` lists them all."""

    FIELD_MISSING = "PV001"
    LABEL_MISWRITTEN = "PV002"
    FIELD_CONFLICT = "PV003"
    VALUE_EMPTY = "PV004"
    SEVERAL_PACKETS = "PV005"
    NOT_A_PACKET = "PV006"
    TASK_PLACEHOLDER = "PV010"
    TASK_CHARACTERS = "PV011"
    TASK_TOO_LONG = "PV012"
    STATE_PLACEHOLDER = "PV020"
    STATE_UNKNOWN = "PV021"
    STATE_SEVERAL = "PV022"
    PATH_PLACEHOLDER = "PV030"
    PATH_NOT_ABSOLUTE = "PV031"
    PATH_WINDOWS = "PV032"
    PATH_SCHEME = "PV033"
    PATH_CHARACTERS = "PV034"
    PATH_TOO_LONG = "PV035"
    HOP_PLACEHOLDER = "PV040"
    HOP_WITHOUT_AT = "PV041"
    HOP_NOT_A_HANDLE = "PV042"
    HOP_SEVERAL = "PV043"
    HOP_MENTION_UNKNOWN = "PV044"
    HOP_UNKNOWN = "PV045"


class Verdict(Value, kw_only=True, frozen=True):
    """What a text is: exactly one of a packet, a broken packet (violations), or ordinary text (all empty).

    The line of a violation counts from 1 in the text as given; a missing field names the last label's line, after which
    it may be added. With violations, exactly one of `corrected` (a whole packet, itself accepted) and `template` (the
    same with `<…>` where a value could not be recovered, itself refused) is given.
    """

    packet: Packet | None = None
    violations: tuple[Violation, ...] = ()
    corrected: str | None = None
    template: str | None = None

    @property
    def broken(self) -> bool:
        """Whether the text was meant as a packet and is none."""
        return bool(self.violations)


ORDINARY: Final = Verdict()
"""The verdict on text that is not meant as a packet."""
