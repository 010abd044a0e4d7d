"""Files that platforms hold come into the file store: the rows are the queue, channels never wait for one another."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.unit.files.copying_rig import ACTOR, FOREVER, LIMIT, STUBBORN, Rig, Step
from tests.unit.routing_lanes.rig import SteadyChannels
from tieline.errors import DeliveryError, Expired, HubBusy, NotDispatched, Permanent, StoreError, Throttled, Uncertain
from tieline.files.copying import AT_ONCE, PAGE, PATIENCE
from tieline.files.copying_one import SILENCE
from tieline.files.local import LocalFiles
from tieline.files.sweeping import sweep
from tieline.model.attachments import Attachment, FileState
from tieline.model.commands import CreateAttachment, FinishAttachment
from tieline.model.events import EventKind
from tieline.model.message import Message
from tieline.model.outcome import Accepted
from tieline.ports.adapter import AdapterContext, ChannelAdapter
from tieline.ports.files import FilesError, Saved
from tieline.ports.hub import Committed
from tieline.testing.files import MemoryFiles
from tieline.testing.scripted_adapter import ScriptedAdapter

GONE_NOW = NotDispatched("http_503", "the file's server answers 503")
Make = Callable[..., Rig]


@pytest.fixture
async def make_rig() -> AsyncIterator[Make]:
    rigs: list[Rig] = []

    def make(*channels: str, files: object = None) -> Rig:
        rigs.append(Rig(*(channels or ("slack",)), files=files))  # type: ignore[arg-type]
        return rigs[-1]

    yield make
    for rig in rigs:
        for adapter in rig.adapters.values():
            adapter.released.set()
        await rig.copying.stop()


def everything(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


def kept(rig: Rig) -> dict[str, bytes]:
    assert isinstance(rig.files, MemoryFiles)
    return rig.files.kept


# ── what works ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_file_is_copied_as_soon_as_its_message_is_committed(make_rig: Make) -> None:
    rig = make_rig()
    heard: list[Committed] = []
    rig.bus.subscribe(heard.append)
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1")
    assert rig.row(name).state is FileState.RECEIVING
    await rig.clock.settle()
    row = rig.row(name)
    assert (row.state, row.size, row.mime) == (FileState.READY, 20, "application/pdf")
    assert row.sha256 == hashlib.sha256(b"F1" * 10).hexdigest()
    assert kept(rig) == {name: b"F1" * 10}
    assert rig.clock.monotonic() == 0
    message = rig.hub.get(Message, str(row.message_id))
    assert message is not None
    assert message.attachments[0].state is FileState.READY
    assert heard[-1].events[0].kind is EventKind.ATTACHMENT


async def test_rows_that_wait_already_are_taken_up_at_the_start(make_rig: Make) -> None:
    rig = make_rig("slack", "guild")
    names = rig.hear("slack", "F1", "F2") + rig.hear("guild", "F3")
    await rig.copying.start()
    await rig.clock.settle()
    assert [rig.row(name).state for name in names] == [FileState.READY] * 3


async def test_waking_finds_what_the_bus_did_not_tell(make_rig: Make) -> None:
    rig = make_rig()
    await rig.copying.start()
    await rig.clock.settle()
    rig.bus.quiet = True
    (name,) = rig.hear("slack", "F1")
    await rig.clock.settle()
    assert rig.row(name).state is FileState.RECEIVING
    rig.copying.wake()
    await rig.clock.settle()
    assert rig.row(name).state is FileState.READY


async def test_without_being_told_anything_it_looks_once_a_minute(make_rig: Make) -> None:
    rig = make_rig()
    await rig.copying.start()
    await rig.clock.settle()
    rig.bus.quiet = True
    (name,) = rig.hear("slack", "F1")
    await rig.clock.advance(61)
    assert rig.row(name).state is FileState.READY


async def test_uploads_are_none_of_its_business(make_rig: Make) -> None:
    rig = make_rig()
    await rig.copying.start()
    outcome = rig.hub.decide(CreateAttachment(actor=ACTOR, name="a.txt", mime="text/plain", keep=1000))
    assert isinstance(outcome, Accepted)
    await rig.clock.advance(PATIENCE * 2)
    assert rig.finished() == []


# ── what is tried again ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_may_work_later_is_tried_again_with_growing_pauses(make_rig: Make) -> None:
    rig = make_rig()
    half: list[Step] = [b"half", GONE_NOW]
    rig.adapters["slack"].script("F1", *[half] * 8)
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1")
    await rig.clock.run_until(rig.settled)
    assert rig.adapters["slack"].seconds("F1") == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    assert rig.row(name).state is FileState.READY
    assert kept(rig) == {name: b"F1" * 10}


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (GONE_NOW, "the file's server answers 503; it was tried for 10 minutes"),
        (Uncertain("x", "lost"), "lost; it was tried for 10 minutes"),
        (Permanent("x", "the token is not valid", stops_channel=True), "the token is not valid; it was tried for 10"),
        (ValueError("a bug"), "its channel failed to hand it over; it was tried for 10 minutes"),
    ],
)
async def test_patience_ends_after_ten_minutes_with_a_clear_word(make_rig: Make, error: Exception, detail: str) -> None:
    rig = make_rig()
    rig.adapters["slack"].script("F1", *[[error]] * 100)
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1")
    await rig.clock.run_until(rig.settled)
    assert PATIENCE <= rig.clock.monotonic() <= PATIENCE + 61
    assert rig.row(name).state is FileState.FAILED
    assert rig.row(name).detail.startswith(detail)
    assert kept(rig) == {}


async def test_a_platform_that_asks_to_wait_is_left_alone_by_all_files_of_its_channel(make_rig: Make) -> None:
    rig = make_rig("slack", "guild")
    rig.adapters["slack"].script("F1", [Throttled("http_429", retry_after=30)])
    await rig.copying.start()
    rig.hear("slack", "F1")
    await rig.clock.settle()
    rig.hear("slack", "F2")
    rig.hear("guild", "F3")
    await rig.clock.run_until(rig.settled)
    assert rig.adapters["slack"].seconds("F1") == [0, 30]
    assert rig.adapters["slack"].seconds("F2") == [30]
    assert rig.adapters["guild"].seconds("F3") == [0]


async def test_a_file_store_that_is_full_is_asked_again(make_rig: Make) -> None:
    class Full(MemoryFiles):
        refusals = 2

        async def save(self, name: str, pieces: AsyncIterator[bytes], limit: int) -> Saved:
            if self.refusals:
                self.refusals -= 1
                raise FilesError("the disk is full", fix="make room")
            return await super().save(name, pieces, limit)

    rig = make_rig(files=Full())
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1")
    await rig.clock.run_until(rig.settled)
    assert rig.row(name).state is FileState.READY
    assert rig.clock.monotonic() == 3


async def test_a_database_that_refuses_is_asked_again_without_fetching_again(make_rig: Make) -> None:
    rig = make_rig()
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1")
    rig.hub.errors = [HubBusy("busy"), StoreError("the disk is full")]
    await rig.clock.run_until(rig.settled)
    assert rig.row(name).state is FileState.READY
    assert rig.adapters["slack"].seconds("F1") == [0]


# ── what fails for good ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (Permanent("file_gone", "it is not there any more"), "it is not there any more"),
        (Permanent("no_access"), "the platform does not give it out"),
        (Permanent("x", "two\nlines  of\x0b" + "x" * 500), "two lines of " + "x" * 187),
        (Expired("x", "too late"), "too late"),
    ],
)
async def test_what_will_never_work_fails_at_once(make_rig: Make, error: DeliveryError, detail: str) -> None:
    rig = make_rig()
    rig.adapters["slack"].script("F1", [b"half", error])
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1")
    await rig.clock.settle()
    assert (rig.row(name).state, rig.row(name).detail) == (FileState.FAILED, detail)
    assert kept(rig) == {}


async def test_a_file_that_says_it_is_too_large_is_not_asked_for(make_rig: Make) -> None:
    rig = make_rig()
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1", size=LIMIT + 1)
    await rig.clock.settle()
    assert (rig.row(name).state, rig.row(name).detail) == (FileState.FAILED, "it is larger than 25 MB")
    assert rig.adapters["slack"].begun == []


async def test_a_file_that_turns_out_too_large_is_not_kept(make_rig: Make) -> None:
    rig = make_rig()
    rig.adapters["slack"].script("F1", [b"x" * 5_000_000] * 6)
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1", size=10)
    await rig.clock.settle()
    assert (rig.row(name).state, rig.row(name).detail) == (FileState.FAILED, "it is larger than 25 MB")
    assert kept(rig) == {}


async def test_a_channel_without_the_ability_says_so(make_rig: Make) -> None:
    rig = make_rig()
    fetching = rig.adapters["slack"]
    rig.channels.adapters["slack"] = plain_adapter(fetching)
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1")
    await rig.clock.settle()
    assert (rig.row(name).state, rig.row(name).detail) == (FileState.FAILED, "its channel cannot hand files over")


def plain_adapter(fetching: ScriptedAdapter) -> ChannelAdapter:
    settings = {"platform": fetching._platform}
    return ScriptedAdapter(AdapterContext(channel="slack", settings=settings, clock=fetching._clock))


# ── channels ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_channel_that_hangs_delays_nobody_else(make_rig: Make) -> None:
    """Law 3."""
    rig = make_rig("slack", "guild")
    files = [f"F{number}" for number in range(30)]
    for file in files:
        rig.adapters["slack"].script(file, [b"x", FOREVER])
    await rig.copying.start()
    rig.hear("slack", *files[:20])
    rig.hear("slack", *files[20:])
    names = rig.hear("guild", *[f"G{number}" for number in range(20)])
    await rig.clock.settle()
    assert {rig.row(name).state for name in names} == {FileState.READY}
    assert rig.clock.monotonic() == 0
    assert rig.adapters["slack"].most_at_once == AT_ONCE
    assert len(rig.adapters["slack"].begun) == AT_ONCE


async def test_silence_is_given_up_after_a_minute_and_tried_again(make_rig: Make) -> None:
    rig = make_rig()
    rig.adapters["slack"].script("F1", [b"x", FOREVER])
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1")
    await rig.clock.run_until(rig.settled)
    first, second = rig.adapters["slack"].seconds("F1")
    assert first == 0
    assert SILENCE <= second <= 2 * SILENCE + 2
    assert kept(rig) == {name: b"F1" * 10}


async def test_a_channel_that_is_away_is_waited_for(make_rig: Make) -> None:
    rig = make_rig()
    rig.channels.set_down("slack")
    (name,) = rig.hear("slack", "F1")
    await rig.copying.start()
    await rig.clock.advance(PATIENCE * 10)
    assert rig.row(name).state is FileState.RECEIVING
    rig.adapters["slack"].script("F1", [GONE_NOW])
    rig.channels.set_down("slack", down=False)
    await rig.clock.run_until(rig.settled)
    assert rig.row(name).state is FileState.READY, "patience begins with the first attempt"


async def test_a_channel_that_is_not_configured_any_more_is_given_up(make_rig: Make) -> None:
    rig = make_rig("slack", "guild")
    (name,) = rig.hear("slack", "F1")
    del rig.channels.adapters["slack"]
    await rig.copying.start()
    await rig.clock.advance(PATIENCE - 1)
    assert rig.row(name).state is FileState.RECEIVING
    await rig.clock.advance(62)
    assert rig.row(name).detail == "its channel is not configured any more"


async def test_many_files_of_an_absent_channel_do_not_hide_others_after_a_restart(make_rig: Make) -> None:
    rig = make_rig("slack", "guild")
    rig.channels.set_down("slack")
    for number in range(PAGE // 20 + 5):
        rig.hear("slack", *[f"F{number}-{index}" for index in range(20)])
    (name,) = rig.hear("guild", "G1")
    await rig.copying.start()
    await rig.clock.settle()
    assert rig.row(name).state is FileState.READY


async def test_no_file_is_fetched_twice_at_once_and_none_is_forgotten(make_rig: Make) -> None:
    rig = make_rig("slack", "guild")
    await rig.copying.start()
    names: list[str] = []
    for number in range(60):
        channel = ("slack", "guild")[number % 2]
        file = f"F{number}"
        steps: list[Step] = [b"x"] * (number % 7)
        rig.adapters[channel].script(file, *[[*steps, GONE_NOW]] * (number % 3))  # none, one or two failures
        names += rig.hear(channel, file)
        rig.copying.wake()
        await asyncio.sleep(0)
    await rig.clock.run_until(rig.settled)
    assert {rig.row(name).state for name in names} == {FileState.READY}
    assert len(kept(rig)) == 60
    assert sorted(command.attachment_id for command in rig.finished()) == sorted(names)
    for adapter in rig.adapters.values():
        assert not adapter.twice
        assert adapter.most_at_once <= AT_ONCE


# ── messages that go away ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_file_of_a_deleted_message_is_not_fetched_any_more(make_rig: Make) -> None:
    rig = make_rig()
    rig.channels.set_down("slack")
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1")
    await rig.clock.settle()
    rig.delete_message_of(name)
    rig.channels.set_down("slack", down=False)
    await rig.clock.advance(PATIENCE)
    assert rig.adapters["slack"].begun == []
    assert rig.finished() == []


async def test_bytes_that_come_after_their_row_is_gone_are_removed(make_rig: Make) -> None:
    rig = make_rig()

    class Slow(MemoryFiles):
        async def save(self, name: str, pieces: AsyncIterator[bytes], limit: int) -> Saved:
            saved = await super().save(name, pieces, limit)
            rig.hub._rows[Attachment].clear()
            return saved

    rig.files = Slow()
    rig.copying = rig.make()
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1")
    await rig.clock.settle()
    assert [command.attachment_id for command in rig.finished()] == [name]
    assert kept(rig) == {}


# ── stopping and starting ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_restart_in_the_middle_resumes(make_rig: Make, tmp_path: Path) -> None:
    rig = make_rig(files=LocalFiles(tmp_path))
    fetching = rig.adapters["slack"]
    fetching.script("F1", [b"x" * 1_000_000, FOREVER])
    await rig.copying.start()
    (name,) = rig.hear("slack", "F1")
    await rig.clock.run_until(lambda: bool(everything(tmp_path)))
    began = time.monotonic()
    await rig.copying.stop()
    assert time.monotonic() - began < 2
    assert fetching.at_work == set()
    assert everything(tmp_path) == []
    assert rig.row(name).state is FileState.RECEIVING
    await rig.restart()
    await rig.clock.run_until(rig.settled)
    assert b"".join([piece async for piece in rig.files.read(name)]) == b"F1" * 10


async def test_stopping_does_not_wait_for_whoever_does_not_listen(make_rig: Make) -> None:
    rig = make_rig()
    for number in range(4):
        rig.adapters["slack"].script(f"F{number}", [b"x", STUBBORN])
    await rig.copying.start()
    rig.hear("slack", "F0", "F1", "F2", "F3")
    await rig.clock.settle()
    assert len(rig.adapters["slack"].at_work) == 4
    began = time.monotonic()
    await rig.copying.stop()
    await rig.copying.stop()
    assert time.monotonic() - began < 2.5
    rig.adapters["slack"].released.set()
    await rig.clock.settle()


async def test_after_the_stop_nothing_is_begun(make_rig: Make) -> None:
    rig = make_rig()
    await rig.copying.start()
    await rig.copying.stop()
    rig.hear("slack", "F1")
    await rig.clock.advance(PATIENCE)
    assert rig.adapters["slack"].begun == []
    assert rig.bus.listeners == []
    assert isinstance(rig.channels, SteadyChannels)
    assert rig.channels._listeners == []


# ── the sweep ────────────────────────────────────────────────────────────────────────────────────────────────────────


def upload(rig: Rig, number: int, keep: int = 1000) -> str:
    outcome = rig.hub.decide(CreateAttachment(actor=ACTOR, name=f"{number}.txt", mime="text/plain", keep=keep))
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.value, Attachment)
    name = outcome.value.id
    rig.hub.decide(FinishAttachment(attachment_id=name, state=FileState.READY, size=1, sha256=""))
    kept(rig)[name] = b"x"
    return name


async def test_the_sweep_drops_what_nobody_keeps_bytes_first(make_rig: Make) -> None:
    rig = make_rig()
    names = [upload(rig, number) for number in range(250)]
    later = upload(rig, 250, keep=100_000)
    assert await sweep(rig.hub, rig.hub, rig.files, rig.clock) == 0
    await rig.clock.advance(2)
    assert await sweep(rig.hub, rig.hub, rig.files, rig.clock) == 250
    assert set(kept(rig)) == {later}
    assert all(rig.hub.get(Attachment, name) is None for name in names)
    assert rig.hub.get(Attachment, later) is not None


async def test_a_file_that_cannot_be_removed_keeps_its_row(make_rig: Make) -> None:
    rig = make_rig()

    class Broken(MemoryFiles):
        async def remove(self, name: str) -> None:
            if name == stuck:
                raise FilesError("the disk does not answer")
            await super().remove(name)

    rig.files = Broken()
    stuck, other = upload(rig, 1), upload(rig, 2)
    await rig.clock.advance(2)
    assert await sweep(rig.hub, rig.hub, rig.files, rig.clock) == 1
    assert set(kept(rig)) == {stuck}
    assert rig.hub.get(Attachment, stuck) is not None
    assert rig.hub.get(Attachment, other) is None
