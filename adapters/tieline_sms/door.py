"""The way of everything that comes from Twilio to the hub, however it came.

Rule: it returns once the hub has it (law 1). An answer to a command goes back as a text, once, and only for a command
that was new; nothing is ever answered to our own number. Who was refused by the carrier is reported as one who said
STOP. Next stop: the hub's session.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Final

from tieline.errors import DeliveryError, TielineError
from tieline.model.inbound import InboundCommand, InboundConsent, InboundEvent, InboundStatus, Receipt
from tieline.ports.adapter import Session
from tieline.ports.clock import Clock
from tieline.render import commonmark
from tieline_sms import inbound
from tieline_sms.ids import Mark, Own
from tieline_sms.inbound import Text
from tieline_sms.outbound import Outbound
from tieline_sms.render import Texts
from tieline_sms.window import Window

log: Final = logging.getLogger("tieline.sms")
REPEAT: Final = "repeat"


class Door:
    """One channel's."""

    def __init__(self, session: Session, out: Outbound, window: Window, own: Own, clock: Clock) -> None:
        self._session = session
        self._out = out
        self._window = window
        self._own = own
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    async def text(self, read: Text) -> None:
        """Hand over what somebody wrote. Raises what the session raises."""
        now = self._clock.now()
        there = self._out.twilios(now)
        mark = Mark(at=read.at or there, seen=frozenset({read.sid}))
        event = inbound.event_of(read, self._own, now, mark)
        self._window.heard(event.conversation, mark.at)
        receipt = await self._session.receive(event)
        if isinstance(event, InboundCommand) and receipt.answer and receipt.status != REPEAT:
            self._later(self._answer(event, receipt))

    async def status(self, status: InboundStatus) -> None:
        """Hand over what became of a send. Raises what the session raises."""
        await self._session.receive(status)
        consent = inbound.consent_of_status(status)
        if consent is not None:
            await self._session.receive(consent)

    def refused(self, consent: InboundConsent) -> None:
        """A receiver turned out to want nothing: told while the lane goes on."""
        self._later(self._tell(consent))

    async def close(self) -> None:
        """End what is on its way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, command: InboundCommand, receipt: Receipt) -> None:
        said = Texts().write(commonmark.parse(receipt.answer or "").blocks)
        try:
            await self._out.answer(command.conversation, said)
        except DeliveryError as error:
            log.warning("an answer to %s was not sent: %s", command.native_id, error)

    async def _tell(self, event: InboundEvent) -> None:
        try:
            await self._session.receive(event)
        except TielineError as error:
            log.warning("not taken: %s", error)
