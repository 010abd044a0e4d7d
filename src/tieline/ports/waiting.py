"""Waiting with a bound, in the time of a :class:`~tieline.ports.clock.Clock`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from tieline.ports.clock import Clock

T = TypeVar("T")


class NoAnswer(TimeoutError):
    """The bound was reached; the call was cancelled, and what it did meanwhile is not known."""


async def within(clock: Clock, seconds: float, call: Awaitable[T]) -> T:
    """Await ``call`` for at most ``seconds`` of ``clock``. Raises NoAnswer, or what the call raises."""
    work = asyncio.ensure_future(call)
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({work, timer}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise NoAnswer(f"no answer within {seconds:g} s")
    finally:
        timer.cancel()
        work.cancel()


async def rest(clock: Clock, seconds: float, woken: asyncio.Event) -> None:
    """Wait ``seconds`` of ``clock``, or until ``woken`` is set."""
    if seconds <= 0 or woken.is_set():
        return
    event = asyncio.ensure_future(woken.wait())
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({event, timer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        event.cancel()
        timer.cancel()
