"""Lists: what one may ask for, and where the next page begins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tieline.model.shapes import Seq
from tieline.ports.reading import Page

T = TypeVar("T")
MOMENT: Final = 100_000
"""Most rows of one millisecond; a page is never cut inside of one."""
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


async def by_time(
    read: Callable[[Page], Awaitable[Sequence[T]]], page: Page, at: Callable[[T], int]
) -> tuple[Sequence[T], int | None]:
    """A page of rows that are counted by their millisecond, ascending, and where the next begins.

    What was made in one millisecond stays together: a page may be shorter for it, or longer where it is all there is.
    """
    backwards = page.after is None and page.before is not None
    found = list(await read(msgspec.structs.replace(page, limit=page.limit + 1)))
    if len(found) <= page.limit:
        return found, None
    edge = at(found[0] if backwards else found[-1])
    kept = [one for one in found if at(one) != edge]
    if not kept:
        return await read(Page(after=edge - 1, before=edge + 1, limit=MOMENT)), edge
    return kept, at(kept[0] if backwards else kept[-1])
