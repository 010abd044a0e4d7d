"""Content out as the text of a mail's frame. Pure.

Rule: a frame's text is CommonMark; :mod:`tieline_email.render` makes both bodies of the mail from it, the plain one and
the HTML one. So one text is measured, kept and shown in a preview, and both bodies always say the same.
Not promised: that the text as it stands is what a mail shows. Next stop: :mod:`tieline_email.render`.
"""

from __future__ import annotations

from tieline.model.content import Block
from tieline.render.commonmark_writer import CommonMark


class EmailDialect:
    """The dialect ``email``."""

    def __init__(self) -> None:
        self._writer = CommonMark()

    @property
    def name(self) -> str:
        """``email``."""
        return "email"

    def write(self, blocks: tuple[Block, ...]) -> str:
        """Blocks as CommonMark, escaped."""
        return self._writer.write(blocks)
