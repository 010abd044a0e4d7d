r"""How many SMS segments a text takes, and whether GSM-7 can write it (3GPP TS 23.038).

One segment holds 160 septets of GSM-7 or 70 UTF-16 units of UCS-2; in a longer message each holds 153 or 67, because
the header of a concatenated message takes the rest. ``^{}\[]~|€`` take two septets, and neither an escaped septet nor
a surrogate pair is parted over two segments.

Not promised: national shift tables; what a provider replaces before it sends.
"""

from __future__ import annotations

from typing import Final

GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED: Final = frozenset("^{}\\[~]|€\f")

_GSM_ONE, _GSM_MANY = 160, 153
_UCS_ONE, _UCS_MANY = 70, 67
_BMP: Final = 0xFFFF


def is_gsm(text: str) -> bool:
    """True where GSM-7 can write the whole text."""
    return all(char in GSM_BASIC or char in GSM_EXTENDED for char in text)


def count(text: str) -> int:
    """Segments that the text takes; an empty one takes none."""
    if not text:
        return 0
    if is_gsm(text):
        return _count([2 if char in GSM_EXTENDED else 1 for char in text], _GSM_ONE, _GSM_MANY)
    return _count([2 if ord(char) > _BMP else 1 for char in text], _UCS_ONE, _UCS_MANY)


def _count(sizes: list[int], one: int, many: int) -> int:
    if sum(sizes) <= one:
        return 1
    segments, room = 1, many
    for size in sizes:
        if size > room:
            segments, room = segments + 1, many
        room -= size
    return segments
