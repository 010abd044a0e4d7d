"""Reading the list again and again, where Twilio cannot reach us.

Rule: every text is handed over in order, and reading goes on behind it only once it is durable (law 1); a list that
does not answer is told as a lost connection, and goes on by itself. What became of our sends is told when it changes.
Not promised: what strangers wrote while the hub was down; people in linked conversations are read from history.
Next stop: the hub's session, through :class:`tieline_sms.door.Door`.
"""

from __future__ import annotations

import logging
from typing import Final

from tieline.errors import DeliveryError, TielineError
from tieline.model.inbound import InboundStatus
from tieline.ports.adapter import Session
from tieline.ports.clock import Clock
from tieline_sms.door import Door
from tieline_sms.history import History
from tieline_sms.ids import Mark

log: Final = logging.getLogger("tieline.sms")


class Polling:
    """Reads one channel's list every so many seconds."""

    def __init__(self, history: History, door: Door, session: Session, clock: Clock, seconds: int) -> None:
        self._history = history
        self._door = door
        self._session = session
        self._clock = clock
        self._seconds = seconds
        self._mark = Mark(at=0)
        self._told: dict[str, InboundStatus] = {}
        self.is_up = True

    async def begin(self) -> None:
        """Find where the list stands: what is older is history. Raises DeliveryError."""
        self._mark = await self._history.present()

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            await self._clock.sleep(self._seconds)
            await self.once()

    async def once(self) -> None:
        """Read the list, and hand over what is new. Never raises a fault of Twilio's or the hub's."""
        try:
            await self._texts()
            await self._statuses()
        except DeliveryError as error:
            if self.is_up:
                self.is_up = False
                self._session.went_down(f"Twilio's list cannot be read: {error}", fix=error.fix)
            return
        except TielineError as error:  # the hub could not take it: the same texts again at the next reading
            log.warning("not taken, will be read again: %s", error)
            return
        if not self.is_up:
            self.is_up = True
            await self._session.came_up()

    async def _texts(self) -> None:
        news = await self._history.news(self._mark)
        for one in news.texts:
            await self._door.text(one)
            self._mark = self._mark.behind(one.at, one.sid)
        self._mark = news.mark

    async def _statuses(self) -> None:
        found = await self._history.statuses(0)
        for status in found:
            before = self._told.get(status.native_id)
            if before is None or (before.state, before.code) != (status.state, status.code):
                await self._door.status(status)
                self._told[status.native_id] = status
        listed = {status.native_id for status in found}
        self._told = {sid: status for sid, status in self._told.items() if sid in listed}
