"""Slack's cursors: a list comes in pages, each naming the next.

Rule: read to the end; ``oldest`` alone gives the newest page first, so a reader that stops early misses the oldest.
A cursor that repeats itself ends the list instead of the patience. Next stop: :mod:`tieline_slack.history`.

Source: docs.slack.dev, "Pagination".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

from tieline_slack.shapes import mapping, sequence, text

PAGE: Final = 200
"""Items per page; Slack recommends no more."""

Read = Callable[[str, Mapping[str, str]], Awaitable[Mapping[str, object]]]
"""Call a reading method with arguments."""


async def pages(
    read: Read, method: str, arguments: Mapping[str, str], member: str
) -> AsyncIterator[Mapping[str, object]]:
    """Every item of a paged list, in Slack's order."""
    cursor = ""
    while True:
        answer = await read(method, {**arguments, "limit": str(PAGE), **({"cursor": cursor} if cursor else {})})
        for item in sequence(answer.get(member)):
            yield mapping(item)
        following = text(mapping(answer.get("response_metadata")), "next_cursor")
        if not following or following == cursor:
            return
        cursor = following
