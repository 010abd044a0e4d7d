"""Where the mailbox was read to: the cursor of catch-up.

Rule: ``uidvalidity:uid``, and behind it the second at which that was so: where the server has numbered the mailbox
anew, UIDs say nothing any more, and reading begins with that day. Repeats do no harm: the Message-ID is the native id.
Next stop: :mod:`tieline_email.history`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from tieline.model.base import Value

_CURSOR: Final = re.compile(r"(\d{1,10}):(\d{1,10})(?:@(\d{1,12}))?")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY: Final = 86400


class Position(Value, kw_only=True, frozen=True):
    """All mails up to ``uid`` are read. ``at`` in seconds since 1970; 0: not known."""

    uidvalidity: int
    uid: int
    at: int = 0

    def __str__(self) -> str:
        """As the hub keeps it."""
        return f"{self.uidvalidity}:{self.uid}@{self.at}"

    @property
    def day_before(self) -> str:
        """A day that is surely before the position, as IMAP's SEARCH SINCE writes it: dates there have no zone."""
        moment = datetime.fromtimestamp(max(self.at - _DAY, 0), UTC)
        return f"{moment.day}-{_MONTHS[moment.month - 1]}-{moment.year}"


def position(cursor: str) -> Position | None:
    """Read a cursor; None: it is none of ours."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        return None
    validity, uid, at = (int(one or 0) for one in found.groups())
    return Position(uidvalidity=validity, uid=uid, at=min(at, 250_000_000_000))
