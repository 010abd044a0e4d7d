r"""How many SMS segments a text takes, and whether GSM-7 can write it (3GPP TS 23.038).

One segment holds 160 septets of GSM-7 or 70 UTF-16 units of UCS-2; in a longer message each holds 153 or 67, because
the header of a concatenated message takes the rest. ``^{}\[]~|€`` take two septets. What is one character to the eye
(an emoji of many parts, a letter with marks, a flag) is not parted over two segments, as Twilio counts; nor is an
escaped septet.

Not promised: national shift tables; what a provider replaces before it sends.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED: Final = frozenset("^{}\\[~]|€\f")

_GSM_ONE, _GSM_MANY = 160, 153
_UCS_ONE, _UCS_MANY = 70, 67
_BMP: Final = 0xFFFF
_MARKS: Final = frozenset({"Mn", "Me", "Mc"})
_JOINER: Final = "\u200d"
_JOINERS: Final = frozenset({"\u200c", _JOINER})
_TAGS: Final = range(0xE0020, 0xE0080)
_SKINS: Final = range(0x1F3FB, 0x1F400)
_FLAGS: Final = range(0x1F1E6, 0x1F200)


def is_gsm(text: str) -> bool:
    """True where GSM-7 can write the whole text."""
    return all(char in GSM_BASIC or char in GSM_EXTENDED for char in text)


def count(text: str) -> int:
    """Segments that the text takes; an empty one takes none."""
    if not text:
        return 0
    if is_gsm(text):
        return _count([2 if char in GSM_EXTENDED else 1 for char in text], _GSM_ONE, _GSM_MANY)
    return _count(list(_clusters(text)), _UCS_ONE, _UCS_MANY)


def _clusters(text: str) -> Iterator[int]:
    """UTF-16 units of each character as the eye sees it (a plain reading of UAX 29)."""
    size, before, flags = 0, "", 0
    for char in text:
        is_flag = ord(char) in _FLAGS
        if (size and not (_extends(char) or _is_joined(before, char) or (is_flag and flags % 2))) or (
            before in {"\r", "\n"} and size
        ):
            yield size
            size = 0
        size += 2 if ord(char) > _BMP else 1
        before, flags = char, flags + 1 if is_flag else 0
    if size:
        yield size


def _extends(char: str) -> bool:
    code = ord(char)
    return unicodedata.category(char) in _MARKS or char in _JOINERS or code in _TAGS or code in _SKINS


def _is_joined(before: str, char: str) -> bool:
    return before == _JOINER and unicodedata.category(char) == "So"


def _count(sizes: list[int], one: int, many: int) -> int:
    if sum(sizes) <= one:
        return 1
    segments, room = 1, many
    for size in sizes:
        if size > room:
            segments, room = segments + 1, many
        room -= size
    return segments
