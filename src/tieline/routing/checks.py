"""What a text must be before anything is decided about it: bounded, and storable in both databases."""

from __future__ import annotations

import re
from typing import Final

from tieline.model.outcome import Refusal
from tieline.model.shapes import MAX_TEXT

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def check_text(text: str, *, may_be_empty: bool = False) -> Refusal | None:
    """Refuse what a caller of the API can mend."""
    if (not text or text.isspace()) and not may_be_empty:
        return Refusal(status=422, code="empty_text", detail="$.text: a message needs text, or attachments.")
    if len(text) > MAX_TEXT:
        return Refusal(
            status=413,
            code="text_too_long",
            detail=f"$.text: {len(text)} characters; at most {MAX_TEXT}. Put the rest where a link can point to.",
        )
    if found := _UNSTORABLE.search(text):
        return Refusal(
            status=422,
            code="bad_character",
            detail=f"$.text: character {found.start()} is U+{ord(found.group()):04X}, which is no text.",
        )
    return None


def storable(text: str) -> str:
    """Make a platform's text storable: what the platform let through we keep, but for what no database takes."""
    return _UNSTORABLE.sub("\ufffd", text[:MAX_TEXT])
