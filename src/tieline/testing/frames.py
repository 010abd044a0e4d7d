"""Frames for the contract's tests, made as the hub makes them."""

from __future__ import annotations

from tieline.model.capabilities import Capabilities
from tieline.model.content import Document, Paragraph, Text
from tieline.model.delivery import Frame
from tieline.render.dialect import Dialect, Plan
from tieline.render.plan import render


def whole_frame(text: str, can: Capabilities, dialect: Dialect) -> Frame:
    """The first, and so the fullest, frame of a text that is longer than one, in the endpoint's own unit."""
    document = Document(blocks=(Paragraph(children=(Text(text=text),)),))
    return render(Plan(document=document, author="Priya"), can, dialect).frames[0]
