"""Ties a contract's tests to the requirements they prove, and minds the list of known faults.

Each test runs its own event loop, so that no plugin of pytest is needed. Next stop: :mod:`tieline.testing.contract`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import wraps
from typing import Protocol, TypeVar

from tieline.ports.adapter import ChannelAdapter
from tieline.testing.bench import Bench, NotApplicable, Platform
from tieline.testing.session import RecordingSession


class Provable(Protocol):
    """What the ties need of a contract."""

    @property
    def exceptions(self) -> Mapping[str, str]:
        """Requirement id to the reason why it is not met."""
        ...

    def platform(self) -> AbstractAsyncContextManager[Platform]:
        """A fresh platform."""
        ...

    def make_adapter(self, platform: Platform) -> ChannelAdapter:
        """The adapter, not connected."""
        ...


C = TypeVar("C", bound="Provable")
_Test = Callable[[C], None]


def proves(*ids: str) -> Callable[[Callable[[C, Bench], Awaitable[None]]], _Test[C]]:
    """Tie a test to the requirements it proves; it gets a connected bench."""

    def tie(test: Callable[[C, Bench], Awaitable[None]]) -> _Test[C]:
        @wraps(test)
        def run(self: C) -> None:
            async def on_bench() -> None:
                async with self.platform() as platform:
                    bench = Bench(self.make_adapter(platform), platform, RecordingSession())
                    try:
                        await bench.connect()
                        await test(self, bench)
                    finally:
                        await bench.adapter.disconnect()

            _with_exceptions(self.exceptions, ids, lambda: asyncio.run(on_bench()))

        del run.__wrapped__  # pytest would take ``bench`` for a fixture
        run.requirements = ids  # type: ignore[attr-defined]
        return run

    return tie


def proves_alone(*ids: str) -> Callable[[Callable[[C], Awaitable[None]]], _Test[C]]:
    """Tie a test that makes its own adapter."""

    def tie(test: Callable[[C], Awaitable[None]]) -> _Test[C]:
        @wraps(test)
        def run(self: C) -> None:
            async def alone() -> None:
                await test(self)

            _with_exceptions(self.exceptions, ids, lambda: asyncio.run(alone()))

        del run.__wrapped__
        run.requirements = ids  # type: ignore[attr-defined]
        return run

    return tie


def _with_exceptions(exceptions: Mapping[str, str], ids: Sequence[str], test: Callable[[], None]) -> None:
    reasons = [exceptions[one] for one in ids if one in exceptions]
    if not reasons:
        test()
        return
    try:
        test()
    except NotApplicable:
        raise
    except Exception as error:
        raise NotApplicable(f"known: {reasons[0]}") from error
    raise AssertionError(
        f"{', '.join(ids)} is listed as an exception ({reasons[0]}), but holds: strike it off the list"
    )
