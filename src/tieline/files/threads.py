"""Blocking calls in threads, one after the other.

Rule: a caller that is cancelled waits until its thread is through, so that nobody closes a file under a running write.
Not promised: that a disk which does not answer can be cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[[], T]) -> T:
    """Run ``call`` in a thread. Raises what it raises."""
    work = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait({work})
        if not work.cancelled():
            work.exception()  # seen, and no longer of interest
        raise
