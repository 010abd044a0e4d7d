"""The promises of ports.files, on every store."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator

import pytest

from tests.contract.files.pieces import MIB, Source, content, of
from tieline.files.pieces import PIECE
from tieline.ports.files import Files, FilesError, NoSuchFile, TooLarge

NAME = "att_06e1abcdefghjkmnpqrstvwxyz"


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 5 * MIB, 12 * MIB + 7])
async def test_what_was_saved_is_read_back(files: Files, size: int) -> None:
    data = random.Random(size).randbytes(size)
    step = 100_003
    saved = await files.save(NAME, of(*(data[at : at + step] for at in range(0, size, step))), size)
    assert saved.size == size
    assert saved.sha256 == hashlib.sha256(data).hexdigest()
    assert await content(files, NAME) == data


async def test_one_large_piece_is_as_good_as_many(files: Files) -> None:
    data = random.Random(1).randbytes(6 * MIB)
    await files.save(NAME, of(b"", data, b""), 6 * MIB)
    pieces = [piece async for piece in files.read(NAME)]
    assert b"".join(pieces) == data
    assert len(pieces) > 1


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, None), (0, 0), (0, 1), (5, 5), (9, 5), (3, 300_000), (299_999, None), (300_000, None), (400_000, 500_000)],
)
async def test_a_range_is_read_up_to_its_end_exclusive(files: Files, start: int, end: int | None) -> None:
    data = random.Random(2).randbytes(300_000)
    await files.save(NAME, of(data), MIB)
    assert await content(files, NAME, start, end) == data[start:end]


async def test_a_range_may_end_behind_the_file(files: Files) -> None:
    await files.save(NAME, of(b"abcdef"), 10)
    assert await content(files, NAME, 4, 1000) == b"ef"


async def test_saving_again_replaces_the_whole_file(files: Files) -> None:
    await files.save(NAME, of(b"a long first version"), 100)
    await files.save(NAME, of(b"short"), 100)
    assert await content(files, NAME) == b"short"


@pytest.mark.parametrize("size", [11, 7 * MIB])
async def test_one_byte_too_many_keeps_nothing(files: Files, size: int) -> None:
    source = Source([b"x" * size, b"never read"])
    with pytest.raises(TooLarge) as caught:
        await files.save(NAME, source.read(), size - 1)
    assert caught.value.limit == size - 1
    assert source.closed
    with pytest.raises(NoSuchFile):
        await content(files, NAME)


async def test_too_many_bytes_after_a_part_keep_nothing(files: Files) -> None:
    with pytest.raises(TooLarge):
        await files.save(NAME, of(*[b"x" * MIB] * 8), 8 * MIB - 1)
    with pytest.raises(NoSuchFile):
        await content(files, NAME)


@pytest.mark.parametrize("pieces", [0, 1, 8])
async def test_what_the_source_raises_is_raised_and_nothing_is_kept(files: Files, pieces: int) -> None:
    error = ValueError("the platform hung up")
    source = Source([b"x" * MIB] * pieces, error)
    with pytest.raises(ValueError, match="hung up") as caught:
        await files.save(NAME, source.read(), 100 * MIB)
    assert caught.value is error
    assert source.closed
    with pytest.raises(NoSuchFile):
        await content(files, NAME)


async def test_a_save_that_fails_leaves_the_file_of_before(files: Files) -> None:
    await files.save(NAME, of(b"before"), 100)
    with pytest.raises(TooLarge):
        await files.save(NAME, of(b"x" * 200), 100)
    assert await content(files, NAME) == b"before"


@pytest.mark.parametrize("pieces", [0, 1, 8])
async def test_a_save_that_is_cancelled_keeps_nothing(files: Files, pieces: int) -> None:
    reached = asyncio.Event()
    closed = asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        try:
            for _ in range(pieces):
                yield b"x" * MIB
            reached.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    saving = asyncio.ensure_future(files.save(NAME, hanging(), 100 * MIB))
    async with asyncio.timeout(10):
        await reached.wait()
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
        await closed.wait()
    with pytest.raises(NoSuchFile):
        await content(files, NAME)


async def test_the_source_is_read_in_one_task(files: Files) -> None:
    """Sources hold time-outs and connections, which belong to a task."""
    tasks: set[asyncio.Task[object] | None] = set()

    async def noting() -> AsyncIterator[bytes]:
        for _ in range(20):
            tasks.add(asyncio.current_task())
            yield b"x" * PIECE
        tasks.add(asyncio.current_task())

    await files.save(NAME, noting(), 100 * MIB)
    assert len(tasks) == 1


async def test_a_removed_file_is_gone_and_may_be_removed_again(files: Files) -> None:
    await files.save(NAME, of(b"abc"), 100)
    await files.remove(NAME)
    await files.remove(NAME)
    await files.remove("att_never_there")
    with pytest.raises(NoSuchFile):
        await content(files, NAME)
    with pytest.raises(NoSuchFile):
        await content(files, NAME, 1, 2)


async def test_a_reader_who_stops_early_disturbs_nobody(files: Files) -> None:
    await files.save(NAME, of(b"x" * 3 * MIB), 3 * MIB)
    reading = files.read(NAME)
    async for piece in reading:
        assert piece
        break
    await reading.aclose()  # type: ignore[attr-defined]
    assert len(await content(files, NAME)) == 3 * MIB


async def test_many_files_are_saved_at_once(files: Files) -> None:
    names = [f"{NAME}{number}" for number in range(20)]
    await asyncio.gather(*(files.save(name, of(name.encode(), b"x" * MIB), 2 * MIB) for name in names))
    for name in names:
        assert await content(files, name, 0, len(name)) == name.encode()


TRAVERSALS = [
    "",
    ".",
    "..",
    "../secret",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "a/../b",
    "..\\secret",
    "a\\b",
    "C:\\secret",
    "%2e%2e%2fsecret",
    "%2e%2e",
    "a%2fb",
    "a\0b",
    "att_1\n",
    "\n",
    " att",
    "att.part",
    ".att",
    "‥",  # two dot leader
    "．．",  # fullwidth dots
    "a／b",  # fullwidth solidus
    "∕etc∕passwd",
    "аtt",  # Cyrillic
    "att١",  # a digit of another script
    "~",
    "~root",
    "a:b",
    "a*",
    "x" * 65,
    "x" * 4096,
    "../" * 1365,
]


@pytest.mark.parametrize("name", TRAVERSALS)
async def test_a_name_that_is_no_id_is_refused_by_everything(files: Files, name: str) -> None:
    source = Source([b"x"])
    with pytest.raises(FilesError, match="not the name of a file"):
        await files.save(name, source.read(), 10)
    with pytest.raises(FilesError, match="not the name of a file"):
        await content(files, name)
    with pytest.raises(FilesError, match="not the name of a file"):
        await files.remove(name)
