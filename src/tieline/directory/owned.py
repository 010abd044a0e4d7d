"""Two ways in, one owner each: the configuration file and the API change only their own."""

from __future__ import annotations

from tieline.model.outcome import Refusal
from tieline.model.rooms import Place


def managed_elsewhere(what: str, place: Place | None) -> Refusal:
    """409 ``managed_by_config``, with file and line where known."""
    where = f"{place.file}, line {place.line}" if place else "the configuration file"
    extra: dict[str, object] = {"file": place.file, "line": place.line} if place else {}
    return Refusal(
        status=409,
        code="managed_by_config",
        detail=f"The {what} is managed by {where}. Change it there; the hub reloads by itself.",
        extra=extra,
    )
