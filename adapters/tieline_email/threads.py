"""How mails hang together: Message-IDs, what follows what, subjects. Pure.

Rules: a native id is a Message-ID without its angle brackets. What a mail follows is its In-Reply-To, then all its
References from the last to the first: the nearest first. What we send names its parent's chain and the parent (RFC 5322
3.6.4), at most :data:`MOST`, and of a longer chain the first and the last. Gmail parts a thread where its subject
changes, so an answer has the subject of what it follows, with ``Re:`` once.
Not promised: Outlook's ``Thread-Index``, which nobody else can make.

Next stop: :mod:`tieline_email.compose`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from tieline.render.normal import clean

MOST: Final = 20
"""Message-IDs of a References header that we write."""
MARKER: Final = "--- Please write your reply above this line ---"
"""The line that our own mail begins with; what stands below it in a reply is quoted."""
NO_ID: Final = "no-message-id.invalid"
"""Domain of native ids that we make for mails without one; no header ever names them."""
_READ: Final = 100
_ID_MAX: Final = 500
_HEADER_MAX: Final = 30_000
_IDS: Final = re.compile(r"<\s*([^<>\s]{1,500})\s*>")
_BARE: Final = re.compile(r"[^<>\s,;\"()]{1,250}@[^<>\s,;\"()]{1,250}")
_SAFE_ID: Final = re.compile(r"[!-;=?-~]{1,500}")
_PREFIX: Final = re.compile(
    r"\s*(?:re|aw|antw|antwort|sv|vs|ref|rif|res|odp|ynt|fwd?|wg|tr|rv|enc|回复|答复|转发|返信|回覆)\s*(?:\[\d{1,4}\])?\s*[:：]\s*",
    re.IGNORECASE,
)
_WORDS: Final = 60
_SUBJECT_MAX: Final = 200


def ids(header: str) -> tuple[str, ...]:
    """The Message-IDs of a header, in order, without brackets; a header that forgot the brackets is read too."""
    header = header[:_HEADER_MAX]
    found = _IDS.findall(header) or _BARE.findall(header)
    return tuple(dict.fromkeys(found))[-_READ:]


def message_id(header: str) -> str | None:
    """The Message-ID itself; None: there is none."""
    return next(iter(ids(header)), None)


def follows(in_reply_to: str, references: str, own: str = "") -> tuple[str, ...]:
    """What a mail follows, the nearest first, without itself."""
    chain = (*ids(in_reply_to)[:1], *reversed(ids(references)), *ids(in_reply_to)[1:])
    return tuple(one for one in dict.fromkeys(chain) if one != own)[:_READ]


def chain(references: Sequence[str], parent: str | None) -> tuple[str, ...]:
    """The References of what we send: oldest first, the parent last, bounded; what no header can hold is left out."""
    every = [one for one in dict.fromkeys(references) if one != parent]
    safe = [one for one in (*every, *([parent] if parent else [])) if _SAFE_ID.fullmatch(one)]
    return tuple(safe if len(safe) <= MOST else [safe[0], *safe[-(MOST - 1) :]])


def bracketed(names: Iterable[str]) -> str:
    """Message-IDs as a header writes them."""
    return " ".join(f"<{name}>" for name in names)


def base(subject: str) -> str:
    """A subject without ``Re:``, ``Fwd:`` and their sisters in other languages."""
    subject = one_line(subject)
    for _ in range(_READ):
        found = _PREFIX.match(subject)
        if found is None:
            break
        subject = subject[found.end() :]
    return subject.strip()


def subject(room: str, text: str, *, known: str | None = None, is_answer: bool = False) -> str:
    """The subject of a mail: ``known`` of what it follows, else the room and the first words of the thread."""
    words = base(known) if known else _made(one_line(room), text)
    return f"Re: {words}" if is_answer else words


def one_line(text: str) -> str:
    """Text as a header may hold it: one line, no controls, of bounded length."""
    return " ".join(clean(text[:2000]).split())[:_SUBJECT_MAX].strip()


def _made(room: str, text: str) -> str:
    words = one_line(next((line for line in text.split("\n") if line.strip()), ""))
    if len(words) > _WORDS:
        words = words[:_WORDS].rsplit(" ", 1)[0].rstrip(" ,;:.-") + "…"
    return ": ".join(part for part in (room, words) if part) or "(no subject)"
