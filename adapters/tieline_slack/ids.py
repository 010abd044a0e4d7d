"""Slack's identifiers: timestamps that are ids, links to messages, and the mark we leave on what we send.

A message's id is its ``ts``: seconds since 1970 with six decimals, unique in its conversation; compare it as two whole
numbers, never as a float. Pure; wrong input gives a defined answer, never an exception. Next stop: everywhere.
"""

from __future__ import annotations

from typing import Final

METADATA_EVENT: Final = "tieline_delivery"
"""``metadata.event_type`` of all we post; its payload is ``{key, delivery}``: the frame's key and the delivery's id."""

NOTHING_READ: Final = "0"
"""The cursor before the first message of a conversation."""


def order(ts: str) -> tuple[int, int]:
    """Key to sort timestamps by; what is none sorts first."""
    seconds, _, fraction = ts.partition(".")
    if not (_is_number(seconds) and (not fraction or _is_number(fraction))):
        return (0, 0)
    return int(seconds), int(fraction[:6].ljust(6, "0"))


def milliseconds(ts: str) -> int:
    """When that was, in milliseconds since 1970; 0 for what is no timestamp."""
    seconds, micros = order(ts)
    return seconds * 1000 + micros // 1000


def from_milliseconds(now: int) -> str:
    """The timestamp of a moment, for ``oldest`` and ``latest``."""
    return f"{now // 1000}.{now % 1000:03d}000"


def permalink(workspace_url: str, conversation: str, ts: str, thread: str | None) -> str | None:
    """The address of a message as Slack forms it (``chat.getPermalink`` gives the same); None without a workspace."""
    if not workspace_url.startswith(("https://", "http://")):
        return None
    address = f"{workspace_url.rstrip('/')}/archives/{conversation}/p{ts.replace('.', '')}"
    return f"{address}?thread_ts={thread}&cid={conversation}" if thread and thread != ts else address


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15  # noqa: PLR2004 - far beyond any moment, short to read
