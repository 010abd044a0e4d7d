"""To whom a message goes: the people who wrote in its thread, or those the channel names.

Rule: who wrote what is read from the mailbox itself, so that it is known after a restart too; what was looked up or
read lately is remembered. Nobody is guessed: a thread in which nobody wrote goes to the channel's ``to``, and where
there is none it goes nowhere and says so. Not promised: people who were only in copy; they never wrote to the hub, and
get no token. Next stop: :mod:`tieline_email.outbound`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from tieline.model.base import Value
from tieline.model.inbound import InboundEvent, InboundMessage
from tieline.ports.adapter import Outgoing
from tieline_email import addresses, automated, headers, threads
from tieline_email.inbound import NO_ID
from tieline_email.mailbox import Mailbox
from tieline_email.me import Me

MOST: Final = 10
"""People of one thread that are written to: those who wrote last."""
_LOOKED_AT: Final = 20
_REMEMBERED: Final = 5000


class Letter(Value, kw_only=True, frozen=True):
    """Who wrote a mail, and under which subject. Without an address nobody did whom one could answer."""

    address: str = ""
    subject: str = ""


class Audience(Value, kw_only=True, frozen=True):
    """Who gets a message, and the subject it goes on under."""

    people: tuple[str, ...]
    subject: str | None = None


class Correspondents:
    """Knows who wrote which mail of one mailbox."""

    def __init__(self, mailbox: Mailbox, me: Me, to: Sequence[str]) -> None:
        self._mailbox = mailbox
        self._me = me
        self._to = tuple(to)
        self._known: OrderedDict[str, Letter] = OrderedDict()

    def heard(self, event: InboundEvent, raw: bytes) -> None:
        """A mail came in: remember its writer."""
        if isinstance(event, InboundMessage):
            self._remember(event.native_id, self._letter(raw[: headers.HEAD_MAX]))

    async def of(self, outgoing: Outgoing) -> Audience:
        """Who a message of the mailbox's own conversation goes to. Raises DeliveryError."""
        if outgoing.notice_for is not None:
            return Audience(people=(outgoing.notice_for,), subject=await self._subject(outgoing))
        letters = [one for one in await self._letters(outgoing) if one.address]
        people = tuple(dict.fromkeys(one.address for one in letters))[:MOST]
        subject = next((one.subject for one in letters if one.subject), None)
        return Audience(people=people or self._to, subject=subject)

    async def _subject(self, outgoing: Outgoing) -> str | None:
        return next((one.subject for one in await self._letters(outgoing) if one.subject), None)

    async def _letters(self, outgoing: Outgoing) -> list[Letter]:
        """The mails a message follows, the nearest first."""
        named = (outgoing.reply, *reversed(outgoing.references), outgoing.thread)
        ids = list(dict.fromkeys(one for one in named if one and not self._is_own(one)))[:_LOOKED_AT]
        missing = [one for one in ids if one not in self._known and not one.endswith(NO_ID)]
        if missing:
            await self._look_up(missing)
        return [self._known[one] for one in ids if one in self._known]

    async def _look_up(self, ids: Sequence[str]) -> None:
        async with self._mailbox.reading() as folder:
            for one in ids:
                uids = await folder.with_id(one)
                self._remember(one, self._letter(await folder.head(uids[0])) if uids else Letter())

    def _letter(self, head: bytes) -> Letter:
        fields = headers.parse(head.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        found = addresses.mailboxes(fields.first("from"))
        address = found[0].address if len(found) == 1 else ""
        if addresses.is_own(address, self._me.address):
            address = ""
        return Letter(address=address, subject=threads.base(headers.words(fields.first("subject"))))

    def _is_own(self, native_id: str) -> bool:
        return automated.signed(native_id, self._me) is not None

    def _remember(self, native_id: str, letter: Letter) -> None:
        self._known[native_id] = letter
        self._known.move_to_end(native_id)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
