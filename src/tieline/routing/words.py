"""Words that do something: ``ack``, ``1 ack``, ``done``. One grammar for every channel where answers are words. Pure.

Rule: only a text that is nothing but such words counts; everything else is talk. Next stop:
:mod:`tieline.routing.hearing`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tieline.model.actions import Action

_SAME: Final = {
    "ack": "ack",
    "acknowledge": "ack",
    "acknowledged": "ack",
    "ok": "ack",
    "okay": "ack",
    "accept": "accept",
    "accepted": "accept",
    "yes": "accept",
    "decline": "decline",
    "no": "decline",
    "done": "done",
    "complete": "done",
    "completed": "done",
    "close": "close",
    "closed": "close",
    "resolve": "close",
    "resolved": "close",
}
_FALLBACK: Final = {
    "ack": ("ack", "accept"),
    "accept": ("accept", "ack"),
    "done": ("done", "close"),
    "close": ("close", "done"),
}
"""What a word may mean where its own action is not offered: ``ok`` to a handoff accepts it."""
_CODED: Final = re.compile(
    r"(?:(?P<code>\d{1,4})[\s.:,)-]*(?P<after>[a-z]+)?|(?P<before>[a-z]+)[\s#]+(?P<last>\d{1,4}))[.!]*"
)


def word_of(text: str) -> str | None:
    """The one word that a text is, in the words of actions; None: it is talk."""
    return _SAME.get(text.strip().strip(".!").lower())


def coded(text: str) -> tuple[str, str | None] | None:
    """Code and word of ``1 ack``, ``ack 1`` or ``1``; None: neither."""
    found = _CODED.fullmatch(text.strip().lower())
    if found is None:
        return None
    code, word = found["code"] or found["last"], found["after"] or found["before"]
    if word is not None and word not in _SAME:
        return None
    return code.lstrip("0") or "0", _SAME[word] if word else None


def action_in(word: str | None, actions: Sequence[Action]) -> Action | None:
    """The action that a word means; without a word the first one."""
    if word is None:
        return actions[0] if actions else None
    for name in _FALLBACK.get(word, (word,)):
        for action in actions:
            if action.name == name:
                return action
    return None
