"""Which URLs are links, and where a bare URL in a text ends.

The rule: only ``http``, ``https`` and ``mailto`` are links; whatever else looks like one stays text. A bare URL ends
like in GitHub's autolinks: before closing punctuation and before a parenthesis that was not opened in it.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

BARE: Final = re.compile(r"(?<![A-Za-z0-9+.\-])https?://[^\s<>\[\]\"`\\^{|}]+", re.IGNORECASE)
_SCHEME: Final = re.compile(r"(?:https?://|mailto:)[^\s/?#]", re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[\s<>\"`\\^{|}\x00-\x20\x7f\ud800-\udfff]")
_TRAILING: Final = "?!.,:;*_~'"


def safe_url(url: str) -> str | None:
    """The URL with unsafe characters percent-encoded, or None where it may not be a link."""
    clean = url.strip()
    if _SCHEME.match(clean) is None:
        return None
    return _UNSAFE.sub(lambda found: quote(found.group().encode("utf-8", "replace"), safe=""), clean)


def bare_end(text: str, start: int, end: int) -> int:
    """Where the bare URL ``text[start:end]`` really ends; ``start`` where nothing of it is a URL."""
    while end > start and _is_trailing(text, start, end):
        end -= 1
    return end if _SCHEME.match(text, start, end) else start


def _is_trailing(text: str, start: int, end: int) -> bool:
    last = text[end - 1]
    return last in _TRAILING or (last == ")" and text.count(")", start, end) > text.count("(", start, end))


def find_bare(text: str) -> list[tuple[int, int]]:
    """Places of the bare URLs in a text, in order."""
    if "://" not in text:
        return []
    places = []
    for found in BARE.finditer(text):
        end = bare_end(text, found.start(), found.end())
        if end > found.start():
            places.append((found.start(), end))
    return places
