"""The mailbox as it is read: what came after a position, mails whole or hollow, pieces of files.

Rule: nothing is changed (``EXAMINE``, ``BODY.PEEK``), unless ``mark_seen`` asks for the mark "read"; nothing
is ever moved or deleted. Whatever is asked for has a bound: small mails come together up to :data:`TOGETHER` bytes, a
large one hollow (:mod:`tieline_email.structure`), a file in pieces of :data:`PIECE` bytes. aioimaplib keeps an answer
whole, so a piece is what is in memory at a time.
``NOOP`` goes before every search: a server may answer a search with the view it showed last.
Next stop: :mod:`tieline_email.idle` and :mod:`tieline_email.history`.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from imaplib import Internaldate2tuple
from typing import Final

from tieline.errors import NotDispatched
from tieline.model.base import Value
from tieline_email import structure
from tieline_email.config import Settings
from tieline_email.oauth import Tokens
from tieline_email.structure import Item, Part
from tieline_email.wire import Answer, Imap

TOGETHER: Final = 2 * 1024 * 1024
MOST_TOGETHER: Final = 25
"""Mails in one answer: aioimaplib reads an answer's lines one inside the other."""
SIZES_TOGETHER: Final = 100
PIECE: Final = 256 * 1024
READERS: Final = 2
"""Connections beside the one that listens."""
_UIDVALIDITY: Final = re.compile(rb"\[UIDVALIDITY (\d{1,10})\]", re.IGNORECASE)
_UIDNEXT: Final = re.compile(rb"\[UIDNEXT (\d{1,10})\]", re.IGNORECASE)
_SAFE: Final = re.compile(r"[!#-\[\]-~]{1,500}")


class Fetched(Value, kw_only=True, frozen=True):
    """A mail. ``received_at`` in milliseconds; ``left_out``: sizes of the files that ``raw`` lacks, by part path."""

    uid: int
    raw: bytes
    size: int
    received_at: int = 0
    left_out: tuple[tuple[str, int], ...] = ()


class Folder:
    """One connection with the folder open."""

    def __init__(self, imap: Imap, settings: Settings) -> None:
        self.imap = imap
        self._settings = settings
        self.uidvalidity = 0
        self.uidnext = 0

    async def select(self) -> None:
        """Open the folder. Raises DeliveryError."""
        answer = await self.imap.select(self._settings.folder, marks=self._settings.mark_seen)
        told = b"\n".join(bytes(line) for line in answer.lines)
        self.uidvalidity = _number(_UIDVALIDITY, told)
        self.uidnext = _number(_UIDNEXT, told)
        if not self.uidnext:  # a server need not tell
            uids = await self.after(0)
            self.uidnext = max(uids, default=0) + 1

    async def after(self, uid: int) -> list[int]:
        """UIDs above ``uid``, rising. ``n:*`` always names the last mail, so it is looked at again here."""
        found = await self._search("UID", f"{uid + 1}:*")
        return [one for one in found if one > uid]

    async def since(self, day: str) -> list[int]:
        """UIDs of what came since a day, rising."""
        return await self._search("SINCE", day)

    async def with_id(self, native_id: str) -> list[int]:
        """UIDs of the mails with a Message-ID, rising; copies lie in a mailbox too."""
        if not _SAFE.fullmatch(native_id):
            return []
        return await self._search("HEADER", "Message-ID", f'"{native_id}"')

    async def _search(self, *criteria: str) -> list[int]:
        await _ok(self.imap.run("NOOP"))
        self.imap.news.clear()
        answer = await _ok(self.imap.run("SEARCH", *criteria, prefix="UID"))
        numbers = (word for line in answer.lines[:-1] for word in bytes(line).split() if word.isdigit())
        return sorted({int(word) for word in numbers})

    async def mails(self, uids: Sequence[int]) -> AsyncIterator[Fetched]:
        """The mails, in this order; what is gone meanwhile is left out."""
        for start in range(0, len(uids), SIZES_TOGETHER):
            asked = uids[start : start + SIZES_TOGETHER]
            known = {uid: items async for uid, items in self._fetch(asked, "(UID RFC822.SIZE INTERNALDATE)")}
            there = [(uid, _size(known[uid])) for uid in asked if uid in known]
            for group in _groups(there, self._settings.max_size):
                async for one in self._group(group):
                    items = known[one.uid]
                    yield Fetched(
                        uid=one.uid,
                        raw=one.raw,
                        size=_size(items),
                        received_at=_received(items.get("INTERNALDATE")),
                        left_out=one.left_out,
                    )

    async def _group(self, group: Sequence[tuple[int, int]]) -> AsyncIterator[Fetched]:
        if len(group) == 1 and group[0][1] > self._settings.max_size:
            found = await self._hollow(group[0][0])
            if found is not None:
                yield found
            return
        raws = {
            uid: items.get("BODY[]") async for uid, items in self._fetch([uid for uid, _ in group], "(UID BODY.PEEK[])")
        }
        for uid, size in group:
            raw = raws.get(uid)
            if isinstance(raw, bytes):
                yield Fetched(uid=uid, raw=raw, size=size)

    async def structure(self, uid: int) -> Part | None:
        """How a mail is made; None: it is gone."""
        async for _, items in self._fetch([uid], "(UID BODYSTRUCTURE)"):
            return structure.structure(items.get("BODYSTRUCTURE"))
        return None

    async def _hollow(self, uid: int) -> Fetched | None:
        root = await self.structure(uid)
        if root is not None:
            async for _, parts in self._fetch([uid], f"(UID {' '.join(structure.sections(root))})"):
                raw = structure.hollow(root, parts)
                return Fetched(uid=uid, raw=raw, size=0, left_out=tuple(structure.left_out(root).items()))
        return None

    async def head(self, uid: int) -> bytes:
        """A mail's header; empty: it is gone."""
        async for _, items in self._fetch([uid], "(UID BODY.PEEK[HEADER])"):
            found = items.get("BODY[HEADER]")
            return found if isinstance(found, bytes) else b""
        return b""

    async def piece(self, uid: int, section: str, offset: int, count: int = PIECE) -> bytes:
        """Bytes of a section from ``offset``, at most ``count``; empty: there are no more."""
        asked = f"(UID BODY.PEEK[{section}]<{offset}.{count}>)"
        async for _, items in self._fetch([uid], asked):
            found = items.get(f"BODY[{section}]".upper())
            return found if isinstance(found, bytes) else b""
        return b""

    async def mark_seen(self, uid: int) -> None:
        """Mark a mail as read, where the settings ask for it."""
        if self._settings.mark_seen:
            await self.imap.run("STORE", str(uid), "+FLAGS.SILENT", "(\\Seen)", prefix="UID")

    async def _fetch(self, uids: Sequence[int], what: str) -> AsyncIterator[tuple[int, dict[str, Item]]]:
        for start in range(0, len(uids), SIZES_TOGETHER):
            part = uids[start : start + SIZES_TOGETHER]
            answer = await _ok(self.imap.run("FETCH", ",".join(map(str, part)), what, prefix="UID"))
            for items in structure.messages(answer.lines[:-1]):
                uid = items.get("UID")
                if isinstance(uid, bytes) and uid.isdigit():
                    yield int(uid), dict(items)


class Mailbox:
    """Opens connections to one account."""

    def __init__(self, settings: Settings, tls: ssl.SSLContext | None, tokens: Tokens | None) -> None:
        self._settings = settings
        self._tls = tls
        self._tokens = tokens
        self._slots = asyncio.Semaphore(READERS)

    async def open(self) -> Folder:
        """A connection with the folder open, for who listens. Raises DeliveryError."""
        imap = await Imap.open(self._settings.imap, self._tls, self._tokens)
        folder = Folder(imap, self._settings)
        try:
            await folder.select()
        except BaseException:
            imap.abort()
            raise
        return folder

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Folder]:
        """A connection for a while; who comes when :data:`READERS` are there waits."""
        async with self._slots:
            folder = await self.open()
            try:
                yield folder
            finally:
                await folder.imap.close()


def _groups(mails: Sequence[tuple[int, int]], whole: int) -> Iterator[Sequence[tuple[int, int]]]:
    """Mails that are asked for together: a large one alone."""
    group: list[tuple[int, int]] = []
    total = 0
    for uid, size in mails:
        if group and (size > whole or total + size > TOGETHER or len(group) >= MOST_TOGETHER):
            yield group
            group, total = [], 0
        group.append((uid, size))
        total += size
        if size > whole:
            yield group
            group, total = [], 0
    if group:
        yield group


async def _ok(call: object) -> Answer:
    answer = await call  # type: ignore[misc]
    assert isinstance(answer, Answer)  # noqa: S101 - Imap.run's
    if answer.result != "OK":
        raise NotDispatched("imap_no", answer.text)
    return answer


def _number(wanted: re.Pattern[bytes], told: bytes) -> int:
    found = wanted.search(told)
    return int(found[1]) if found else 0


def _size(items: dict[str, Item]) -> int:
    found = items.get("RFC822.SIZE")
    return int(found) if isinstance(found, bytes) and found.isdigit() else 0


def _received(found: Item) -> int:
    """INTERNALDATE in milliseconds; 0: not told, or no date."""
    if not isinstance(found, bytes):
        return 0
    try:
        moment = Internaldate2tuple(b'INTERNALDATE "' + found.strip() + b'"')
        return max(int(time.mktime(moment)) * 1000, 0) if moment else 0
    except (ValueError, OverflowError):
        return 0
