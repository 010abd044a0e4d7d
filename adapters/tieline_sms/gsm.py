"""Text made cheap to send: typographic characters become plain ones where that saves segments. Pure, total.

Rule: one curly quote makes a whole text UCS-2, and 160 characters become 70. So quotes, dashes, dots, bullets and
spaces are replaced where GSM-7 can then write the text; emoji are named (``(fire)``) only where that saves a segment.
Letters are never changed: ``ő`` costs what it costs. What cannot become GSM-7 stays as it was written. The size never
shrinks when a text grows, so that a text can be split by size.
Not promised: that ``«`` was not dear to its author. Next stop: :mod:`tieline_sms.render`.

Sources: 3GPP TS 23.038; Twilio, "Smart Encoding".
"""

from __future__ import annotations

import unicodedata
from typing import Final

from tieline.render.segments import count, is_gsm

_ROWS: Final = {
    "'": "‘’‚‛ʼʹ′´`",
    '"': "“”„‟″«»❝❞",
    "<": "‹",
    ">": "›",
    "-": "‐‑‒–—―−•‣◦▪●⁃·",
    " ": "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\u2028\u2029",
    "...": "…",
    "->": "→➔➜",
    "<-": "←",
    "=>": "⇒",
    "<=": "≤",
    ">=": "≥",
    "!=": "≠",
    "x": "×✕✖",
    "/": "÷",
    "(c)": "©",
    "(R)": "®",
    "(TM)": "™",
    "1/2": "½",
    "1/4": "¼",
    "3/4": "¾",
    "": "\u200b\u2060\ufeff\u00ad\u200e\u200f",
}
_FOLD: Final = str.maketrans({char: plain for plain, chars in _ROWS.items() for char in chars})
_LETTERS: Final = str.maketrans(
    {"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Œ": "OE", "œ": "oe", "ı": "i", "Þ": "Th", "þ": "th", "ð": "d"}
)
"""Letters that Unicode takes for whole."""
_NAMES: Final = {"✓": "OK", "✔": "OK", "✅": "OK", "☑": "OK", "❌": "X", "⚠": "!", "🔴": "(red)", "🟢": "(green)"}
_PARTS_OF_EMOJI: Final = frozenset({"\u200d", "\ufe0e", "\ufe0f", "\u20e3"})
_SKIN: Final = range(0x1F3FB, 0x1F400)
_FLAG_A: Final = 0x1F1E6
_FLAGS: Final = range(_FLAG_A, 0x1F200)


def fold(text: str) -> str:
    """Typographic characters as plain ones."""
    return unicodedata.normalize("NFC", text).translate(_FOLD)


def named(text: str) -> str:
    """Pictures as their names; letters and everything else as they are."""
    return text if is_gsm(text) else "".join(_name(char) for char in text)


def cheapest(text: str) -> str:
    """The text in as few segments as it can have without a letter changed."""
    if is_gsm(text):
        return text
    text, folded = unicodedata.normalize("NFC", text), fold(text)
    options = [folded, text] if is_gsm(folded) else [text, named(folded)]
    return min(options, key=count)  # the first of equals


def narrowed(text: str) -> str:
    """The text as GSM-7, with pictures named and accents dropped that GSM-7 lacks (``ő`` as ``o``, ``ł`` as ``l``).

    What is written in another script stays as it is: nothing would be won.
    """
    plain = "".join(char if is_gsm(char) else _bare(char) for char in named(fold(text)))
    return plain if is_gsm(plain) else text


def _bare(char: str) -> str:
    parts = unicodedata.normalize("NFKD", char.translate(_LETTERS))
    return "".join(part for part in parts if not unicodedata.combining(part))


def _name(char: str) -> str:
    code = ord(char)
    if is_gsm(char):
        return char
    if char in _PARTS_OF_EMOJI or code in _SKIN:
        return ""
    if code in _FLAGS:
        return chr(ord("A") + code - _FLAG_A)
    if char in _NAMES:
        return _NAMES[char]
    if unicodedata.category(char) != "So":
        return char
    return f"({unicodedata.name(char, 'sign').lower()})"
