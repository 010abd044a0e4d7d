"""Content out as Discord's markdown."""

from __future__ import annotations

from tieline.model.content import Block
from tieline.render.plain import Plain


class DiscordDialect:
    """The dialect ``discord``. ``previews``: links may show previews."""

    def __init__(self, *, previews: bool = False) -> None:
        self._previews = previews

    @property
    def name(self) -> str:
        """``discord``."""
        return "discord"

    def write(self, blocks: tuple[Block, ...]) -> str:
        """Blocks as Discord's markdown."""
        return Plain().write(blocks)
