"""Take off what stands around a value: markup, quotes, trailing punctuation, emoji, links made by the platform.

Rule: only what no right value can end or begin with is taken off, and peeling what was peeled changes nothing; a path
keeps what may belong to a file's name. Not promised: that an author's own comment behind a value is told from the
value. Next stop: `fields`.
"""

import re
from typing import Final

from tieline.packets.clean import is_symbol

_TRAILING: Final = " \t*`\"'.,;!|\\…“”‘’„‟«»‹›。，、；！｡"
_LEADING: Final = " \t*`\"'“”‘’„‟«»‹›"
_SIGN: Final = re.compile(r":[a-z0-9_+-]{2,50}:|<a?:\w{2,32}:\d{1,20}>")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_WINDOWS: Final = re.compile(r"[A-Za-z]:\\|\\\\")
_ANGLE_LINK: Final = re.compile(r"<((?:https?|mailto|ftp|tel):[^<>|\s]+)(?:\|([^<>|]*))?>", re.IGNORECASE)
_MARKDOWN_LINK: Final = re.compile(r"\[([^\[\]]+)\]\(<?(https?://(?:[^()\s<>]|\([^()\s<>]*\))+)>?\)", re.IGNORECASE)
_LINK: Final = re.compile(f"{_ANGLE_LINK.pattern}|{_MARKDOWN_LINK.pattern}", re.IGNORECASE)
_SCHEME: Final = re.compile(r"(?:https?://|mailto:|ftp://)", re.IGNORECASE)


def peel(value: str, open_underscores: int = 0, *, ascii_only: bool = False) -> str:
    """Return the value alone. `ascii_only` fields lose everything else beside them; paths lose lone emoji only."""
    while True:
        before = value
        value = _drop_signs(value.lstrip(_LEADING).rstrip(_TRAILING), ascii_only=ascii_only)
        if value.endswith("~~"):
            value = value[:-2].removeprefix("~~")
        if open_underscores and value.endswith("_" * open_underscores):
            value, open_underscores = value[:-open_underscores], 0
        value = _unwrap(value)
        if value == before:
            return value


def unescape(value: str) -> str:
    """Take away the backslashes by which Markdown keeps punctuation plain; a Windows path keeps its own."""
    if "\\" not in value or _WINDOWS.match(value):
        return value
    return _ESCAPE.sub(r"\1", value)


def readings(value: str) -> list[str]:
    """Return what a value with links may mean, likeliest first: as typed, the text of the link, its address."""
    if "<" not in value and "](" not in value:
        return [value]
    whole = _LINK.fullmatch(value)
    if whole is None:
        return [_LINK.sub(_typed_part, value)]
    address, label = _parts(whole)
    if not label:
        return [address]
    return [label] if _was_typed(address, label) else [label, address]


def _typed_part(match: re.Match[str]) -> str:
    """Undo a link inside a value if the platform made it of what was typed; any other is no part of a value."""
    address, label = _parts(match)
    if not label:
        return address
    return label if _was_typed(address, label) else match[0]


def _parts(match: re.Match[str]) -> tuple[str, str]:
    angle_address, angle_label, markdown_label, markdown_address = match.groups()
    return (angle_address or markdown_address, angle_label or markdown_label or "")


def _was_typed(address: str, label: str) -> bool:
    return _bare(address) == _bare(label)


def _bare(address: str) -> str:
    return _SCHEME.sub("", address, count=1).rstrip("/").casefold()


def _unwrap(value: str) -> str:
    if value.startswith("_") and value.endswith("_"):
        return value[1:-1]
    if value.startswith("(") and value.endswith(")"):
        return value[1:-1]
    if value.endswith(")") and value.count(")") > value.count("("):
        return value[:-1]
    return value


def _drop_signs(value: str, *, ascii_only: bool) -> str:
    while value:
        head, _, tail = value.rpartition(" ")
        if not _is_sign(tail, ascii_only=ascii_only):
            break
        value = head.rstrip()
    while value:
        head, _, tail = value.partition(" ")
        if not _is_sign(head, ascii_only=ascii_only):
            break
        value = tail.lstrip()
    if ascii_only:
        while value and is_symbol(value[-1]):
            value = value[:-1]
        while value and is_symbol(value[0]):
            value = value[1:]
    return value


def _is_sign(word: str, *, ascii_only: bool) -> bool:
    if not word:
        return True
    if _SIGN.fullmatch(word):
        return True
    return all(not char.isascii() if ascii_only else is_symbol(char) for char in word)
