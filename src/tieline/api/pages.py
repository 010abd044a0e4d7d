"""Lists: what one may ask for, and where the next page begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tieline.model.shapes import Seq
from tieline.ports.reading import Page

Limit = Annotated[int, Meta(ge=1, le=500)]


class After(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Only what comes after a number; at most ``limit``."""

    after: Seq | UnsetType = UNSET
    limit: Limit = 50


class Listing(After, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Only what comes after a number, or the nearest before one."""

    before: Seq | UnsetType = UNSET

    def page(self) -> Page:
        """The page for the reader."""
        return Page(
            after=None if self.after is UNSET else self.after,
            before=None if self.before is UNSET else self.before,
            limit=self.limit,
        )


class ByName(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Only what comes after a name; at most ``limit``."""

    after: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    limit: Limit = 50


def next_after(numbers: Sequence[int], limit: int) -> int | None:
    """The ``after`` of the next page; None where this page was not full, so that it is the last."""
    return numbers[-1] if len(numbers) == limit else None


def next_before(numbers: Sequence[int], limit: int) -> int | None:
    """The ``before`` of the next page backwards."""
    return numbers[0] if len(numbers) == limit and numbers[0] > 1 else None


def by_name(names: Sequence[str], query: ByName) -> tuple[Sequence[str], str | None]:
    """The names (ascending) of a page, and the ``after`` of the next."""
    later = names if query.after is UNSET else [name for name in names if name > query.after]
    page = later[: query.limit]
    return page, page[-1] if len(later) > query.limit else None
