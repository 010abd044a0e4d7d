"""What becomes of a command: accepted with a value, or refused with a problem (law 10)."""

from __future__ import annotations

from tieline.model.base import Value
from tieline.model.packet import Violation


class Refusal(Value, kw_only=True, frozen=True):
    """Why a command was refused. ``status`` is the HTTP status it maps to; everything stays as it was.

    ``code`` is stable; ``detail`` names the place and the mend; ``extra`` are further members of the problem document.
    """

    status: int
    code: str
    detail: str
    violations: tuple[Violation, ...] = ()
    extra: dict[str, object] = {}  # noqa: RUF012 - msgspec copies an empty default per value
    retry_after: float | None = None


class Accepted(Value, kw_only=True, frozen=True):
    """A command that took effect, or (``repeat``) had taken effect before under the same key."""

    value: object = None
    repeat: bool = False


Outcome = Accepted | Refusal
