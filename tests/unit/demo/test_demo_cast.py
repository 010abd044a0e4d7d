"""The cast looks at its own scene only, and what it shows of a refusal stays until it is mended."""

import asyncio
from pathlib import Path

import pytest

from tieline.bootstrap.demo_board import STAGE, Board
from tieline.bootstrap.demo_cast import Cast, Missed
from tieline.bootstrap.demo_world import PLACES, READER, make_config, make_panes
from tieline.directory import MemoryDirectory
from tieline.model.outcome import Refusal
from tieline.testing.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def cast(clock: VirtualClock) -> Cast:
    return Cast(Board(make_panes(clock)), MemoryDirectory(), clock)


async def test_a_message_of_an_earlier_scene_is_not_taken_for_this_ones(cast: Cast, clock: VirtualClock) -> None:
    cast.says("slack", "priya", "the same words")
    await clock.advance(60)
    cast._began = clock.now()
    later = cast.says("slack", "priya", "the same words")
    assert (await cast.seen("slack", "the same words")).native_id == later


async def test_a_scene_that_waits_for_a_cut_channel_ends_instead_of_hanging(cast: Cast, clock: VirtualClock) -> None:
    failed: list[Missed] = []

    async def wait() -> None:
        try:
            await cast.seen("slack", "never said")
        except Missed as missed:
            failed.append(missed)

    waiting = asyncio.ensure_future(wait())
    await clock.advance(20)
    await waiting
    assert "never said" in str(failed[0])


async def test_nothing_is_mended_twice(cast: Cast) -> None:
    refusal = await cast.mend("ref_unknown", "text")
    assert isinstance(refusal, Refusal)
    assert refusal.status == 409


def test_a_board_tells_only_what_changed(cast: Cast) -> None:
    board = cast.board
    number, parts = board.state()
    assert set(parts) == {*board.panes, STAGE}
    cast.says("discord", "milo", "hello")
    now, parts = board.state(number)
    assert set(parts) == {"discord"}
    assert board.state(now) == (now, {})


def test_every_place_lets_the_reader_type_and_every_account_belongs_to_a_member(
    clock: VirtualClock, tmp_path: Path
) -> None:
    config = make_config(tmp_path / "x.db", make_panes(clock))
    for place in PLACES:
        assert place.typists[0].handle == READER
        for typist in place.typists:
            if typist.handle is not None:
                assert config.members[typist.handle].accounts[place.channel] == typist.native
    assert {link.channel for link in config.rooms["studio"].links} == set(config.channels)
