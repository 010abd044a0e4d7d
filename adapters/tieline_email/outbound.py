"""A frame becomes a mail for each of its readers, and is handed to the mail server.

Rule: one try (law 2). The Message-ID is made of the delivery, so every try and every copy has the same, and most mail
programs show a repeat once. Each reader gets a copy of their own, because the token in it is theirs. A reader whom the
server refuses for good is told at the channel; the others get theirs, and a retry leaves out who has it (as long as the
hub runs). The budgets are asked first.
Promised is class C: a send in doubt cannot be looked up, since SMTP keeps no list of what it took.
Next stop: :mod:`tieline_email.smtp`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from tieline.errors import Permanent
from tieline.ports.adapter import Outgoing, OutgoingFile, Sent, Session
from tieline.ports.clock import Clock
from tieline_email import addresses, compose
from tieline_email.abilities import TOTAL_MAX
from tieline_email.budget import Budget
from tieline_email.config import Settings
from tieline_email.correspondents import Audience, Correspondents
from tieline_email.me import Me
from tieline_email.smtp import Smtp

_REMEMBERED: Final = 5000
NOBODY: Final = "nobody_to_write_to"


class Outbound:
    """The writing side of one mailbox."""

    def __init__(self, smtp: Smtp, who: Correspondents, me: Me, settings: Settings, clock: Clock) -> None:
        self._smtp = smtp
        self._who = who
        self._me = me
        self._clock = clock
        self._threads = Budget(settings.per_thread, clock, "the thread")
        self._contacts = Budget(settings.per_contact, clock, "the address")
        self._done: OrderedDict[tuple[str, str], None] = OrderedDict()
        """Copies that the server took, by key and reader."""

    async def send(self, outgoing: Outgoing, session: Session | None) -> Sent:
        """Hand over one frame. Raises DeliveryError."""
        audience = await self._audience(outgoing)
        waiting = [one for one in audience.people if (outgoing.key, one) not in self._done]
        thread = outgoing.thread or outgoing.endpoint.conversation
        for one in waiting:
            self._threads.check(thread)
            self._contacts.check(one)
        files = await _contents(outgoing.files)
        refused: list[Permanent] = []
        for one in waiting:
            try:
                await self._copy(outgoing, one, audience.subject, files, thread)
            except Permanent as error:
                if error.stops_channel:
                    raise
                refused.append(error)
        if refused and len(refused) == len(audience.people):
            raise refused[0]
        if refused and session is not None:
            session.troubled(outgoing.endpoint.conversation, str(refused[0]), fix=refused[0].fix)
        return Sent(native_id=compose.native_id(outgoing, self._me), thread=outgoing.thread)

    async def _audience(self, outgoing: Outgoing) -> Audience:
        conversation = outgoing.endpoint.conversation
        if addresses.is_own(conversation, self._me.address):
            audience = await self._who.of(outgoing)
            if not audience.people:
                detail = "the message answers no mail, and the channel names nobody"
                fix = "write in a thread that began with a mail, or set 'to' of the channel"
                raise Permanent(NOBODY, detail, fix=fix)
            return audience
        address = addresses.normal(conversation)
        if not address:
            fix = "write a mail address as the link's conversation"
            raise Permanent("no_address", f"{conversation!r} is no address", stops_lane=True, fix=fix)
        return Audience(people=(address,), subject=(await self._who.of(outgoing)).subject)

    async def _copy(
        self, outgoing: Outgoing, to: str, subject: str | None, files: Sequence[bytes], thread: str
    ) -> None:
        made = compose.mail(
            outgoing, self._me, to, now=self._clock.now(), files=files, subject=subject, hops=outgoing.hops
        )
        await self._smtp.send(compose.as_bytes(made), to)
        self._threads.take(thread)
        self._contacts.take(to)
        self._done[outgoing.key, to] = None
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)


async def _contents(files: Sequence[OutgoingFile]) -> list[bytes]:
    """The files' bytes: a mail is made whole. Raises Permanent where they are too many."""
    found: list[bytes] = []
    total = 0
    for file in files:
        pieces: list[bytes] = []
        async for piece in file.read():
            total += len(piece)
            if total > TOTAL_MAX:
                raise Permanent("too_large", f"the files of one mail are at most {TOTAL_MAX // 2**20} MiB together")
            pieces.append(piece)
        found.append(b"".join(pieces))
    return found
