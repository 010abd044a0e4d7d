"""How many files a member moves at once: each holds a connection and an open file, however slowly its bytes go.

Counted in memory, per application and member. Not promised: fairness between the tokens of one member.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiohttp import web

from tieline.api.endpoint import Call
from tieline.model.outcome import Refusal

TRANSFERS: Final = web.AppKey("transfers", Counter[str])
"""Uploads and downloads under way, by member."""
_AGAIN: Final = 1.0


@contextmanager
def transfer(call: Call[Any, Any]) -> Iterator[Refusal | None]:
    """Count one transfer while it lasts; a refusal (429) is one too many, and not counted."""
    counts, most = call.request.app[TRANSFERS], call.services.settings.transfers_at_once
    who = call.actor.member.id if call.actor.member else ""
    if counts[who] >= most:
        detail = f"You have {most} uploads and downloads under way; wait until one has ended."
        yield Refusal(status=429, code="too_many_transfers", detail=detail, retry_after=_AGAIN)
        return
    counts[who] += 1
    try:
        yield None
    finally:
        counts[who] -= 1
        if not counts[who]:
            del counts[who]
