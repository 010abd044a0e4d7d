"""Policies: rules of the hub that the configuration sets, as data that deciders read."""

from __future__ import annotations

from typing import Final

from tieline.model.base import Value

POLICIES: Final = "policies"
"""Key of the one set of policies."""
MENTION: Final = "mention"
"""The rung on which a member is only mentioned in the room."""


class Rung(Value, kw_only=True, frozen=True):
    """One step of a ladder: reach a member by ``via`` and wait ``wait`` milliseconds for an answer before the next.

    ``via`` is a channel, the name of an adapter (the member's first account there), or ``mention``.
    """

    via: str
    wait: int


class QuietHours(Value, kw_only=True, frozen=True):
    """When a member is not to be disturbed, but for what is critical: minutes of the day in ``zone`` (IANA)."""

    start: int
    end: int
    zone: str = "UTC"


class Notify(Value, kw_only=True, frozen=True):
    """How one member is reached; an empty ladder: the hub's own."""

    ladder: tuple[Rung, ...] = ()
    quiet: QuietHours | None = None


class PolicySet(Value, kw_only=True, frozen=True):
    """All of them. Handles are kept as written: who is no member is passed over."""

    id: str = POLICIES
    ladder: tuple[Rung, ...] = ()
    on_call: tuple[str, ...] = ()
    """Handles of who is reached after the one who did not answer, in order."""
    notify: dict[str, Notify] = {}  # noqa: RUF012 - msgspec copies an empty default per value
    """By handle."""
    gates: tuple[str, ...] = ()
    audit_after_hops: int = 5
    accept_within: int = 900_000
