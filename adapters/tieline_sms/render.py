"""Planned frames as texts for a phone. Pure.

Rule: plain text, written so that it takes few segments (:mod:`tieline_sms.gsm`). What somebody shall act on fits one
segment: the code first, the means to answer at the end, both whole; the text between them is shortened, and what it
belongs to is left out before the answer is. WhatsApp counts characters, so nothing is replaced there.
Next stop: :mod:`tieline_sms.outbound` sends it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tieline.model.actions import Action
from tieline.model.content import Block
from tieline.ports.adapter import Outgoing
from tieline.ports.rendering import Plan
from tieline.render.plain import Plain
from tieline.render.segments import count
from tieline_sms import gsm

BODY_MAX: Final = 1600
"""Characters of one text; more is Twilio's error 21617."""
ANSWERS: Final = ("ok",)
"""What can be answered where the message does not say."""
_DOTS: Final = "..."
_NOTHING: Final = "(no text)"
_LEAST: Final = 20
"""Characters of the text that must stay before marks are left out for it."""
_ENDS: Final = ".!?"
_ALERT: Final = "alert: "
_SPACE: Final = re.compile(r"\s+")


class Texts(Plain):
    """The dialect ``sms``: plain text in few segments."""

    @property
    def name(self) -> str:
        """``sms``."""
        return "sms"

    def write(self, blocks: tuple[Block, ...]) -> str:
        """Blocks as the text that is sent."""
        return gsm.cheapest(super().write(blocks))

    def condense(self, plan: Plan) -> str:
        """What somebody shall act on, in one segment; who says it is named where it is a person's word."""
        text, author = super().write(plan.document.blocks), " ".join(plan.author.split())
        marks = [mark.removeprefix(_ALERT) for mark in plan.marks]
        if plan.prefix and author and not any(mark.startswith(_ALERT) for mark in plan.marks):
            text = f"{author}: {text}"
        return one_segment(plan.code or "", (plan.room, *marks), text, _words(plan.actions))


def one_segment(code: str, marks: Sequence[str], text: str, answers: Sequence[str]) -> str:
    """``1: disk full on db-3 (dj-waste, critical). Reply 1 ack``, in one segment.

    ``marks`` are what it belongs to: the longest is left out first. ``answers`` are the words that are taken with the
    code. A text that would be too long loses the accents that GSM-7 lacks; in another script it has 70 characters.
    """
    said = _SPACE.sub(" ", gsm.cheapest(text)).strip() or _NOTHING
    kept, words = [gsm.named(gsm.fold(mark)) for mark in marks if mark], list(answers)
    if count(_around(code, kept, said, words)) <= 1:
        return _around(code, kept, said, words)
    said = gsm.narrowed(said)
    while True:
        room = _room(code, kept, said, words)
        if room >= min(_LEAST, len(said)) or not (kept or len(words) > 1):
            return _around(code, kept, _shortened(said, room), words)
        if kept:
            kept.remove(max(kept, key=len))
        else:
            words.pop()


def body(outgoing: Outgoing, *, whatsapp: bool = False) -> str:
    """The text of a frame. What is for somebody to act on has its code and the answers, in one segment if it is short.

    A frame that the hub has written with its code already is left as it is.
    """
    text, code, frame = outgoing.frame.text, outgoing.code, outgoing.frame
    if code is None or text.startswith(f"{code}:"):
        return text
    words = _words(frame.actions)
    if frame.total == 1 and outgoing.machine and not whatsapp:
        return one_segment(code, (), text, words)
    head = f"{code}: " if frame.index == 0 else ""
    tail = f"\n{_reply(code, words)}" if frame.index == frame.total - 1 else ""
    return f"{head}{text}{tail}"


def _words(actions: Sequence[Action]) -> tuple[str, ...]:
    return tuple(action.name for action in actions) or ANSWERS


def _around(code: str, marks: Sequence[str], text: str, answers: Sequence[str]) -> str:
    shown = f"{code}: {text}"
    if marks:
        shown += f" ({', '.join(marks)})"
    if not answers:
        return shown
    return f"{shown}{'' if shown[-1] in _ENDS else '.'} {_reply(code, answers)}"


def _reply(code: str, answers: Sequence[str]) -> str:
    return "Reply " + " or ".join(f"{code} {word}" for word in answers)


def _room(code: str, marks: Sequence[str], text: str, answers: Sequence[str]) -> int:
    """The most characters of the text that fit; less than 0 where nothing does."""
    low, high = -1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if count(_around(code, marks, _shortened(text, middle), answers)) <= 1:
            low = middle
        else:
            high = middle - 1
    return low


def _shortened(text: str, room: int) -> str:
    """At most ``room`` characters, and dots for the rest; ended at a word where that costs little."""
    if room >= len(text):
        return text
    cut = text[: max(0, room)]
    at_word = cut.rfind(" ")
    if at_word > len(cut) * 3 // 4:
        cut = cut[:at_word]
    return cut.rstrip(" ,;:-") + _DOTS
