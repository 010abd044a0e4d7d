"""Lanes are stopped after each test, whatever it left running."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.unit.routing_lanes.rig import Rig


@pytest.fixture
async def make_rig() -> AsyncIterator[Callable[..., Rig]]:
    """Make a rig; it is stopped in the end."""
    rigs: list[Rig] = []

    def make(*channels: str, conversations: int = 1) -> Rig:
        rig = Rig(*(channels or ("slack",)), conversations=conversations)
        rigs.append(rig)
        return rig

    yield make
    for rig in rigs:
        await rig.stop()
