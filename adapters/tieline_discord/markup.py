"""Discord's markdown in: text to content."""

from __future__ import annotations

from collections.abc import Mapping

from tieline.model.base import Value
from tieline.model.content import Document, plain


class Entities(Value, kw_only=True, frozen=True):
    """Names of what a text mentions, by id."""

    users: Mapping[str, str] = {}
    roles: Mapping[str, str] = {}
    channels: Mapping[str, str] = {}


def parse(text: str, entities: Entities | None = None) -> Document:
    """Read Discord's markdown. Total: any text gives a document, in normal form."""
    return plain(text)
