"""Listening: what comes into the mailbox is handed to the hub, one mail after the other, for as long as it takes.

Rule (law 1): the position moves past a mail only when the hub has taken it; what it could not take is handed over
again. A connection that ends in whatever way (dropped, kicked, half open, the server started anew) is told, and made
again with growing pauses; then what came meanwhile is read. Where the server has numbered the mailbox anew, reading
begins with the day before: repeats do no harm, because the Message-ID is the native id. IDLE is renewed every few
minutes, which shows whether the line is whole. Where there is no IDLE, the mailbox is looked at every ``poll``
seconds. Not promised: a position over restarts of the hub; that is :mod:`tieline_email.history`, for linked
conversations. Next stop: :mod:`tieline_email.inbound` reads the mail, the hub's session takes it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from tieline.errors import DeliveryError, HubBusy, NotDispatched, Permanent, StoreError
from tieline.ports.adapter import Session
from tieline.ports.clock import Clock
from tieline.ports.waiting import rest
from tieline_email.config import Settings
from tieline_email.ids import Position
from tieline_email.mailbox import Fetched, Folder, Mailbox

_LONGEST: Final = 60.0
_LONGEST_REFUSED: Final = 600.0
"""Seconds between attempts where the server refuses us: it would lock the account."""

Hand = Callable[[Fetched, int], Awaitable[None]]
"""Give a mail, with its UIDVALIDITY, to the hub. Raises StoreError where the hub cannot take it now."""


class Listener:
    """Listens to one mailbox; :meth:`stop` it."""

    def __init__(self, mailbox: Mailbox, settings: Settings, clock: Clock, session: Session, hand: Hand) -> None:
        self._mailbox = mailbox
        self._settings = settings
        self._clock = clock
        self._session = session
        self._hand = hand
        self._folder: Folder | None = None
        self._position = Position(uidvalidity=0, uid=0)
        self._work: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        """True while the connection is there."""
        return self._folder is not None and self._folder.imap.is_open

    async def start(self) -> None:
        """Connect, and begin at the present. Raises DeliveryError; afterwards it keeps itself connected."""
        folder = await self._mailbox.open()
        self._position = Position(uidvalidity=folder.uidvalidity, uid=folder.uidnext - 1, at=self._clock.now() // 1000)
        self._folder = folder
        self._work = asyncio.create_task(self._run(folder), name="mailbox")

    async def stop(self) -> None:
        """End. Idempotent; does not raise."""
        work, self._work = self._work, None
        if work is not None:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        folder, self._folder = self._folder, None
        if folder is not None:
            await folder.imap.close()

    async def _run(self, folder: Folder) -> None:
        while True:
            why: Exception
            try:
                await self._listen(folder)
            except DeliveryError as error:
                why = error
            except Exception as error:  # noqa: BLE001 - whatever a server makes the library raise: connect anew
                why = NotDispatched("connection_lost", f"{type(error).__name__}: {error}")
            folder.imap.abort()
            self._session.went_down(str(why), fix=getattr(why, "fix", ""))
            folder = self._folder = await self._open_again()
            await self._session.came_up()

    async def _open_again(self) -> Folder:
        attempt = 0
        while True:
            try:
                return await self._mailbox.open()
            except DeliveryError as error:
                longest = _LONGEST_REFUSED if isinstance(error, Permanent) else _LONGEST
                self._session.went_down(str(error), fix=error.fix)
                await self._clock.sleep(min(longest, 2.0 ** min(attempt, 10)) * random.uniform(0.5, 1.0))  # noqa: S311
                attempt += 1

    async def _listen(self, folder: Folder) -> None:
        """Read what is new and wait for more, until the connection ends: then it raises."""
        while True:
            await self._read(folder)
            if folder.imap.is_open and not folder.imap.news.is_set():
                await self._wait(folder)
            if not folder.imap.is_open:
                raise NotDispatched("connection_lost", folder.imap.why_closed)

    async def _read(self, folder: Folder) -> None:
        position = self._position
        if position.uidvalidity == folder.uidvalidity:
            uids = await folder.after(position.uid)
        else:
            uids = await folder.since(position.day_before)
            self._position = Position(uidvalidity=folder.uidvalidity, uid=0, at=position.at)
        async for mail in folder.mails(uids):
            await self._hand_over(mail, folder.uidvalidity)
            await folder.mark_seen(mail.uid)
            at = mail.received_at // 1000 or self._position.at
            self._position = Position(uidvalidity=folder.uidvalidity, uid=mail.uid, at=at)

    async def _hand_over(self, mail: Fetched, uidvalidity: int) -> None:
        while True:
            try:
                await self._hand(mail, uidvalidity)
            except StoreError as error:
                await self._clock.sleep(error.retry_after if isinstance(error, HubBusy) else 1.0)
            else:
                return

    async def _wait(self, folder: Folder) -> None:
        imap = folder.imap
        if not imap.can_idle:
            await rest(self._clock, self._settings.poll, imap.news)
            return
        await imap.idle()
        await rest(self._clock, self._settings.idle, imap.news)
        if imap.is_open:
            await imap.done()
