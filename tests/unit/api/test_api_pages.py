"""Pages of rows that are counted by their millisecond: none is lost where many were made in one."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tieline.api.pages import by_time
from tieline.ports.reading import Page

Row = tuple[int, int]
"""When, and which."""


class Rows:
    """Rows in memory, read as :class:`tieline.ports.reading.Reader` reads them."""

    def __init__(self, moments: Sequence[int]) -> None:
        self.all: list[Row] = [(at, number) for number, at in enumerate(sorted(moments))]

    async def read(self, page: Page) -> Sequence[Row]:
        after, before = page.after, page.before
        found = [r for r in self.all if (after is None or r[0] > after) and (before is None or r[0] < before)]
        backwards = before is not None and after is None
        return found[-page.limit :] if backwards else found[: page.limit]

    async def walk(self, limit: int, *, backwards: bool) -> list[Row]:
        found: list[Row] = []
        cursor: int | None = 10**6 if backwards else -1
        while cursor is not None:
            page = Page(before=cursor, limit=limit) if backwards else Page(after=cursor, limit=limit)
            rows, cursor = await by_time(self.read, page, lambda row: row[0])
            found = [*rows, *found] if backwards else [*found, *rows]
        return found


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(1, 7), st.booleans())
async def test_every_row_comes_once_and_in_order(moments: list[int], limit: int, backwards: bool) -> None:
    rows = Rows(moments)
    assert await rows.walk(limit, backwards=backwards) == rows.all
