"""The four-field state packet (seed 001) and its faults, as values; the grammar is in :mod:`tieline.packets`."""

from __future__ import annotations

from enum import StrEnum

from tieline.model.base import Value


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


class Violation(Value, kw_only=True, frozen=True):
    """One named fault of a packet: ``line`` counts from 1 in the text as written; ``fix`` says what to write."""

    code: str
    field: str | None
    line: int | None
    message: str
    fix: str
