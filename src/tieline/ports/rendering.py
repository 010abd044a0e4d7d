"""What the hub and adapters share of rendering: the dialect protocol and what is planned from a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tieline.model.base import Value
from tieline.model.content import Block, Document
from tieline.model.delivery import Degradation, Frame


class Dialect(Protocol):
    """Writes content as one platform's text. Pure. The built-in ones are in :mod:`tieline.render`."""

    @property
    def name(self) -> str:
        """``commonmark``, ``slack``, ``plain``, or an adapter's own."""
        ...

    def write(self, blocks: tuple[Block, ...]) -> str:
        """Blocks as native text, escaped so that no Text becomes markup or a mention (law 6)."""
        ...


class Plan(Value, kw_only=True, frozen=True):
    """What is to be shown of a message on one endpoint.

    ``document`` has its mentions resolved to the channel's native ids; ``author`` is the name to show; ``prefix`` is
    true where the endpoint cannot show an author's own name, so that it stands in the text; ``quote`` is the start of
    the message replied to, where replies are shown as quotations.
    """

    document: Document
    author: str
    prefix: bool = False
    quote: str | None = None
    marks: tuple[str, ...] = ()
    """Short words put in front: ``late``, ``edited``, ``alert: critical``."""


class Rendered(Value, kw_only=True, frozen=True):
    """Frames in order, and what could not be shown as it is."""

    frames: tuple[Frame, ...]
    degradations: tuple[Degradation, ...] = ()


NativeNames = Mapping[str, str]
"""Handle to native id on one channel."""
