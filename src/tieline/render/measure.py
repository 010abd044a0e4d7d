"""How long a rendered text is in the unit that an endpoint's limit counts."""

from __future__ import annotations

from tieline.model.capabilities import TextUnit
from tieline.render import segments


def units(text: str, unit: TextUnit) -> int:
    """Length of ``text``: code points, UTF-16 units, UTF-8 bytes or SMS segments."""
    match unit:
        case TextUnit.CHARACTERS:
            return len(text)
        case TextUnit.UTF16:
            return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
        case TextUnit.BYTES:
            return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        case TextUnit.SEGMENTS:
            return segments.count(text)
