"""Undo what platforms do to the characters of a text, without touching its lines.

Two forms come out, of equal length and with equal line breaks: `tidy` (entities decoded, invisible characters gone,
odd spaces made plain) from which values are cut, and `folded` (besides, full-width forms, brackets, quotes and dashes
as ASCII) in which labels are sought. A file name may hold a dash or a full-width colon on purpose; a label may not.
Hence both. Not promised: that a character hidden on purpose inside a path survives. Next stop: `labels`.
"""

import html
import re
import unicodedata
from typing import Final

_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_BREAK: Final = re.compile(r"<br ?/?>", re.IGNORECASE)
_BREAKS: Final = "\r\x0b\x0c\x85\u2028\u2029"
_ENTITY_ROUNDS: Final = 3

_JOINERS: Final = "\u200c\u200d"
_JOINER_BY_ASCII: Final = re.compile(rf"(?:^|(?<=[\x00-\x7f]))[{_JOINERS}]|[{_JOINERS}](?=[\x00-\x7f]|$)")
_INVISIBLE: Final = (
    0x00AD, 0x034F, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xFEFF,
    *range(0x202A, 0x202F), *range(0x2066, 0x2070),
)  # fmt: skip
_SPACES: Final = (0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_TIDY: Final[dict[int, str | None]] = dict.fromkeys(_INVISIBLE) | dict.fromkeys(_SPACES, " ")

_FOLD: Final[dict[int, str]] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "【〔［「『〖⟦⁅❲﹝"), "["),
    **dict.fromkeys(map(ord, "】〕］」』〗⟧⁆❳﹞"), "]"),
    **dict.fromkeys(map(ord, "：﹕︰∶꞉ː"), ":"),
    **dict.fromkeys(map(ord, "“”„‟«»″〝〞＂"), '"'),
    **dict.fromkeys(map(ord, "‘’‚‛′ʼ＇"), "'"),
    **dict.fromkeys(map(ord, "‐‑‒–—―−﹣"), "-"),
    **dict.fromkeys(map(ord, "＿﹍﹎﹏"), "_"),
    **dict.fromkeys(map(ord, "＠﹫"), "@"),
    **dict.fromkeys(map(ord, "。．｡"), "."),
    **dict.fromkeys(map(ord, "，、﹐､"), ","),
    **dict.fromkeys(range(0xFE00, 0xFE10), " "),
}


def untangle(text: str) -> tuple[str, str]:
    """Return (tidy, folded): equal in length and in line breaks. Linear in the length of the text."""
    if "&" in text:
        text = _decode_entities(text)
    if "<" in text:
        text = _BREAK.sub("\n", text)
    text = _plain_breaks(text)
    if text.isascii():
        return text, text
    tidy = text.translate(_TIDY)
    if "\u200c" in tidy or "\u200d" in tidy:
        tidy = _JOINER_BY_ASCII.sub("", tidy)
    return tidy, tidy.translate(_FOLD)


def _plain_breaks(text: str) -> str:
    """Make every line break a line feed: CRLF is one line to whoever counts, and so is a page break."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    for char in _BREAKS:
        if char in text:
            text = text.replace(char, "\n")
    return text


def has_entity(text: str) -> bool:
    """Whether an HTML entity is left: text coded more often than any platform does."""
    return "&" in text and _ENTITY.search(text) is not None


def is_plain(text: str) -> bool:
    """Whether a value can be shown and stored: no control characters, no lone surrogates, nothing invisible."""
    return text.isprintable() or all(char.isprintable() or char in _JOINERS for char in text)


def is_symbol(char: str) -> bool:
    """Whether a character is a sign set beside a value, such as an emoji or the remains of one."""
    return not char.isascii() and unicodedata.category(char) in {"So", "Sk", "Sm", "Mn", "Me", "Cn", "Co"}


def _decode_entities(text: str) -> str:
    for _ in range(_ENTITY_ROUNDS):
        decoded = _ENTITY.sub(_decode_entity, text)
        if decoded == text:
            break
        text = decoded
    return text


def _decode_entity(match: re.Match[str]) -> str:
    char = html.unescape(match[0])
    return " " if char.isspace() else char
