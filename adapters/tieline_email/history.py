"""What came while nobody listened, page by page; and a mail as the hub's event.

Rule: the mailbox is one conversation, whoever writes; a contact's address is only written to, and has no history of its
own. The cursor is :class:`~tieline_email.ids.Position`; without one reading begins at the present. A page is bounded in
mails, and of each mail only the text is kept. Reading again does no harm.
Next stop: :mod:`tieline.plugins.catchup` asks for pages.
"""

from __future__ import annotations

import logging
from typing import Final

import msgspec

from tieline.model.inbound import InboundEvent, InboundMessage
from tieline.ports.abilities import Resync
from tieline.ports.clock import Clock
from tieline_email import ids, inbound
from tieline_email.addresses import is_own
from tieline_email.ids import Position
from tieline_email.mailbox import Fetched, Folder, Mailbox
from tieline_email.me import FolderId, Me
from tieline_email.mime import WHOLE

PAGE: Final = 50
"""Mails of a page."""
_log = logging.getLogger(__name__)


class History:
    """The reading of the past of one mailbox."""

    def __init__(self, mailbox: Mailbox, me: Me, clock: Clock) -> None:
        self._mailbox = mailbox
        self._me = me
        self._clock = clock

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        """What came after ``cursor``. Raises DeliveryError."""
        if not is_own(conversation, self._me.address):
            return Resync(events=(), cursor=cursor)
        async with self._mailbox.reading() as folder:
            known = ids.position(cursor) if cursor is not None else None
            if known is None:
                return Resync(events=(), cursor=str(self._present(folder)))
            return await self._page(folder, known)

    def _present(self, folder: Folder) -> Position:
        return Position(uidvalidity=folder.uidvalidity, uid=folder.uidnext - 1, at=self._clock.now() // 1000)

    async def _page(self, folder: Folder, known: Position) -> Resync:
        same = known.uidvalidity == folder.uidvalidity
        uids = await (folder.after(known.uid) if same else folder.since(known.day_before))
        if not uids:
            now = Position(uidvalidity=folder.uidvalidity, uid=known.uid if same else folder.uidnext - 1, at=known.at)
            return Resync(events=(), cursor=str(now))
        page, at = uids[:PAGE], known.at
        events: list[InboundEvent] = []
        async for mail in folder.mails(page):
            event = event_of(mail, self._me, folder.uidvalidity)
            at = mail.received_at // 1000 or at
            if event is not None:
                events.append(event)
        cursor = str(Position(uidvalidity=folder.uidvalidity, uid=page[-1], at=at))
        return Resync(events=tuple(events), cursor=cursor, more=len(uids) > len(page))


def event_of(mail: Fetched, me: Me, uidvalidity: int) -> InboundEvent | None:
    """A mail as an event, with the cursor behind it and its files where they lie; None: it says nothing to us."""
    place = FolderId(uidvalidity=uidvalidity, uid=mail.uid)
    try:
        event = inbound.read(mail.raw, me, place, received_at=mail.received_at)
    except Exception as error:  # noqa: BLE001 - reading is total; should it ever not be, one mail must not stop all others
        _log.error("mail %s:%s could not be read: %r", uidvalidity, mail.uid, error)
        return None
    if not isinstance(event, InboundMessage):
        return event
    sizes = {**dict(mail.left_out), **({WHOLE: mail.size} if mail.left_out else {})}
    files = tuple(
        msgspec.structs.replace(one, url=f"imap:{uidvalidity}:{mail.uid}", size=sizes.get(one.id, one.size))
        for one in event.files
    )
    cursor = Position(uidvalidity=uidvalidity, uid=mail.uid, at=mail.received_at // 1000)
    return msgspec.structs.replace(event, files=files, cursor=str(cursor))
