"""The four-field state packet (seed 001) and its faults, as values; the grammar is in :mod:`tieline.packets`."""

from __future__ import annotations

from enum import StrEnum

from tieline.model.base import Value

DONE = "DONE"
"""The NEXT_HOP that ends a task; no member can have the handle ``done``."""


class PacketState(StrEnum):
    """CURRENT_STATE of a packet."""

    READY = "READY"
    IN_PROGRESS = "IN_PROGRESS"
    BLOCKED = "BLOCKED"
    GATE_CLEARED = "GATE_CLEARED"


class Packet(Value, kw_only=True, frozen=True):
    """An accepted packet; ``next_hop`` is a handle without ``@``, or ``DONE``."""

    task_id: str
    state: PacketState
    payload_path: str
    next_hop: str

    def text(self) -> str:
        """Write the canonical form: four lines, no line break at the end. The parser reads it back as an equal one."""
        hop = self.next_hop if self.next_hop == DONE else f"@{self.next_hop}"
        return (
            f"[TASK_ID]: {self.task_id}\n[CURRENT_STATE]: {self.state.value}\n"
            f"[PAYLOAD_PATH]: {self.payload_path}\n[NEXT_HOP]: {hop}"
        )


class Violation(Value, kw_only=True, frozen=True):
    """One named fault of a packet: ``line`` counts from 1 in the text as written; ``fix`` says what to write."""

    code: str
    field: str | None
    line: int | None
    message: str
    fix: str
