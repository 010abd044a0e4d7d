"""What a mailbox can show and do, as levels. Pure.

Rules: one frame whatever the length, since a mail is as long as it needs to be. What is sent stays: a mail cannot be
changed or taken back, and a second mail for every mended word would be a storm, so an edit is *dropped*, and says so.
The author's name stands in From beside the hub's address (*partial*: DMARC forbids the author's own). An action is a
word to answer with (*partial*: no press, but the words stand in the mail). ``accepted`` is all that a mail server
promises; a bounce comes later, and a receipt for reading only where somebody's program sends one.
Next stop: the conformance kit proves each level.
"""

from __future__ import annotations

from typing import Final

from tieline.model.capabilities import (
    AttachmentSupport,
    Bundle,
    Capabilities,
    IdentitySupport,
    Overflow,
    RateLimit,
    ReactionSupport,
    Receipts,
    Support,
    TextLimit,
    Timed,
)

TEXT_MAX: Final = 200_000
"""Characters of one mail."""
NAME_MAX: Final = 64
FILES_MAX: Final = 10
FILE_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of one file."""
TOTAL_MAX: Final = 18 * 1024 * 1024
"""Bytes of all files of one mail: in base 64 a quarter less than the 25 MB that most servers take."""


def capabilities(*, file_limit: int = FILE_LIMIT, rate: RateLimit | None = None) -> Capabilities:
    """Capabilities of one endpoint; ``file_limit`` in bytes."""
    return Capabilities(
        text=TextLimit(max=TEXT_MAX, overflow=Overflow.ATTACH, max_parts=1),
        dialect="email",
        rich_text=Support.FULL,
        code_block=Support.FULL,
        table=Support.FULL,
        link=Support.FULL,
        thread=Support.FULL,
        reply=Support.FULL,
        references=True,
        edit=Timed(level=Support.DROPPED),
        delete=Timed(level=Support.REJECTED),
        reaction=ReactionSupport(level=Support.DROPPED),
        attachment=AttachmentSupport(level=Support.FULL, max_size=file_limit, with_text=True, per_message=FILES_MAX),
        identity=IdentitySupport(level=Support.PARTIAL, name_max=NAME_MAX),
        receipts=Receipts(accepted=True),
        history=True,
        inbound_attachment=True,
        buttons=Support.PARTIAL,
        direct=Support.FULL,
        bundle=Bundle(fewest=3, within=60.0, whole=True),
        rate=rate or RateLimit(per_second=1 / 30, burst=5),
    )
