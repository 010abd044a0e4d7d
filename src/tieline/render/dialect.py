"""What rendering is asked for and what it gives: the dialect protocol, the plan of a message, its frames.

Defined here, below ``ports`` in the layers; adapters and the hub import the names from :mod:`tieline.ports.rendering`.
Next stop: :mod:`tieline.render.plan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from tieline.model.actions import Action
from tieline.model.base import Value
from tieline.model.content import Block, Document
from tieline.model.delivery import Degradation, Frame, FrameFile
from tieline.render.files import Lost


class Dialect(Protocol):
    """Writes content as one platform's text. Pure. The built-in ones are in :mod:`tieline.render`."""

    @property
    def name(self) -> str:
        """``commonmark``, ``slack``, ``plain`` and so on."""
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
    files: tuple[FrameFile, ...] = ()
    missing: tuple[Lost, ...] = ()
    """Files that the hub itself does not have: on their way still, or not to be had."""
    actions: tuple[Action, ...] = ()
    code: str | None = None
    """What the receiver answers with, where answers are words."""
    room: str = ""
    """Title of the room, or its name."""
    source_size: int = 0
    """Bytes of the whole text as it was written: what it is as a file. 0: it does not go as one."""


@runtime_checkable
class Condenses(Protocol):
    """A dialect that has a short form of its own for what somebody shall act on (one SMS)."""

    def condense(self, plan: Plan) -> str:
        """The whole message in one part: ``plan.code`` first, the means to answer whole, the text shortened."""
        ...


class Rendered(Value, kw_only=True, frozen=True):
    """Frames in order, and what could not be shown as it is."""

    frames: tuple[Frame, ...]
    degradations: tuple[Degradation, ...] = ()


NativeNames = Mapping[str, str]
"""Handle to native id on one channel."""
