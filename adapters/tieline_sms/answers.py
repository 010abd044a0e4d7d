"""What a short text answers: a code with a word, help, or that somebody wants nothing more. Pure, total.

Rule: only a whole text counts. ``1 ok``, ``ack 1``, ``1`` and ``help`` are answers; ``1 ok for me, but ask Sam`` is
talk, and goes to the hub as a message. Words are read whatever their case, with one wrong, missing, doubled or swapped
letter where no other word is meant, and in a few languages. Words that stop all texts must be exact: a slip of the
thumb must not cut somebody off, and a carrier reads them exactly too.
What a code means, and what became of an old one, is the hub's business. Next stop: :mod:`tieline_sms.inbound`.

Sources: Twilio, "Support for opt-out keywords (SMS STOP filtering)"; CTIA, Messaging Principles and Best Practices.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

STOP: Final = frozenset({"stop", "unsubscribe", "end", "quit", "stopall", "revoke", "optout", "cancel"})
START: Final = frozenset({"start", "unstop"})
"""``yes`` starts, too, where Twilio itself says so (``OptOutType``); else it is a word of talk."""

HELP: Final = "help"

_WORDS: Final = {
    "ok": ("ok", "okay", "oke", "k", "yes", "ja", "si", "sí", "oui", "sim", "tak", "да"),
    "ack": ("ack", "acknowledge", "acknowledged", "gesehen", "visto", "vu", "bestätigt"),
    "accept": ("accept", "accepted", "annehmen", "angenommen", "acepto", "aceptar", "accepte", "aceito", "accetto"),
    "done": ("done", "resolved", "fixed", "erledigt", "fertig", "hecho", "listo", "fait", "feito", "fatto", "готово"),
    "decline": ("decline", "declined", "reject", "no", "ablehnen", "nein", "rechazar", "refuse", "refuser", "recuso"),
}
_BY_WORD: Final = {spelling: word for word, spellings in _WORDS.items() for spelling in spellings}
_HELPS: Final = frozenset({"help", "info", "hilfe", "ayuda", "aide", "ajuda", "aiuto", "?"})
_OTHER: Final = frozenset(
    {"dont", "don", "done?", "stop", "back", "pack", "hack", "lack", "rack", "sack", "tack", "act"}
)
"""One letter away from a word, but words of their own that may mean the opposite, or nothing."""
_SHORTEST_WITH_SLIPS: Final = 3
_CODE: Final = re.compile(r"#?([0-9]{1,4})")
_AFTER_CODE: Final = re.compile(r"(?<=[0-9])\s*[-–:,.)]\s*(?=[^\W\d_])")
_EDGES: Final = " \t\r\n.,;:!\"'`´’‘“”()[]<>*_…"
_BETWEEN: Final = _EDGES + "-–—"


def consent(text: str) -> bool | None:
    """False: nothing more, please (STOP); True: again (START); None: the text says neither."""
    word = "".join(char for char in _plain(text) if char not in _BETWEEN)
    if word in STOP or word in {"optout", "stopall"}:
        return False
    return True if word in START else None


def answer(text: str) -> tuple[str, str] | None:
    """``(code, word)`` of a text that is an answer and nothing else, the word in English; None: it is talk.

    A bare code has an empty word; help has an empty code, or that of what it is about.
    """
    words = _AFTER_CODE.sub(" ", _plain(text)).split()
    words = [stripped for stripped in (word.strip(_EDGES) for word in words) if stripped]
    match words:
        case [one]:
            code = _code(one)
            if code is not None:
                return code, ""
            joined = re.fullmatch(r"#?([0-9]{1,4})([^\W\d_]+)", one) or re.fullmatch(r"([^\W\d_]+)#?([0-9]{1,4})", one)
            return _pair(joined[1], joined[2]) if joined else _help(one)
        case [first, second]:
            return _pair(first, second)
        case _:
            return None


def command(text: str) -> str | None:
    """The answer as a command for the hub: ``1 ack``, ``1``, ``help``, ``1 help``; None: it is talk."""
    read = answer(text)
    return None if read is None else " ".join(part for part in read if part)


def _pair(first: str, second: str) -> tuple[str, str] | None:
    code, word = _code(first), second
    if code is None:
        code, word = _code(second), first
    meant = _meant(word)
    return None if code is None or meant is None else (code, meant)


def _help(word: str) -> tuple[str, str] | None:
    return ("", HELP) if _meant(word) == HELP else None


def _code(word: str) -> str | None:
    found = _CODE.fullmatch(word)
    return (found[1].lstrip("0") or "0") if found else None


def _meant(word: str) -> str | None:
    if word in _HELPS:
        return HELP
    if word in _BY_WORD:
        return _BY_WORD[word]
    if len(word) < _SHORTEST_WITH_SLIPS or word in _OTHER or word in STOP or word in START:
        return None
    near = {_BY_WORD.get(one, HELP if one in _HELPS else "") for one in _slips(word)} - {""}
    return near.pop() if len(near) == 1 else None


def _slips(word: str) -> Iterator[str]:
    """The known words of at least three letters that are one slip away."""
    for known in (*_BY_WORD, *_HELPS):
        if len(known) >= _SHORTEST_WITH_SLIPS and known[0] == word[0] and _is_one_slip(word, known):
            yield known


def _is_one_slip(one: str, other: str) -> bool:
    """One letter wrong, missing, too many, or two neighbours swapped."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    at = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return swapped or one[at + 1 :] == other[at + 1 :]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:200]).casefold().strip()
