"""Files through the Python client, against a running hub; broken connections included."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.api.house import House
from tieline.client import Client, ClientError, MessageEvent
from tieline.client.files import safe_name
from tieline.client.stream import AttachmentEvent, decode
from tieline.model.attachments import Attached, FileState

MIB = 1024 * 1024


@pytest_asyncio.fixture
async def bob(house: House) -> AsyncIterator[Client]:
    async with Client(house.url, house.tokens["bob"]) as client:
        yield client


async def test_a_file_goes_up_with_a_message_and_comes_down_again(bob: Client, tmp_path: Path) -> None:
    data = os.urandom(3 * MIB)
    source = tmp_path / "Bericht für heute.pdf"
    source.write_bytes(data)
    seen: list[tuple[int, int | None]] = []
    made = await bob.upload(source, progress=lambda done, total: seen.append((done, total)))
    assert (made.name, made.mime, made.size) == (source.name, "application/pdf", 3 * MIB)
    assert seen[-1] == (3 * MIB, 3 * MIB)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    message = await bob.post("studio", attachments=[made.id])
    assert message.attachments == (Attached(id=made.id, name=source.name, mime="application/pdf", size=3 * MIB),)
    folder = tmp_path / "down"
    folder.mkdir()
    seen.clear()
    got = await bob.download(made.id, folder, progress=lambda done, total: seen.append((done, total)))
    assert (got, got.read_bytes()) == (folder / source.name, data)
    assert seen[-1] == (3 * MIB, 3 * MIB)
    assert [file.name for file in folder.iterdir()] == [source.name]
    [event] = (await bob.events("studio")).items
    assert isinstance(event, MessageEvent)
    assert event.attachments == message.attachments


async def test_bytes_and_streams_go_up_under_a_given_name(bob: Client, tmp_path: Path) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    made = await bob.upload(stream(), name='a"b\r\n.txt', mime="text/x-notes")
    assert (made.name, made.mime, made.size) == ('a"b.txt', "text/x-notes", 7)
    assert (await bob.download(made.id, tmp_path / "x")).read_bytes() == b"one two"
    empty = await bob.upload(b"")
    assert (empty.name, empty.size) == ("file", 0)
    assert (await bob.download(empty.id, tmp_path / "empty")).read_bytes() == b""
    direct = await bob.post_direct("lin", "see", attachments=[made.id, empty.id])
    assert [file.id for file in direct.attachments] == [made.id, empty.id]


async def test_what_is_refused_is_raised_with_its_problem(bob: Client, house: House, tmp_path: Path) -> None:
    with pytest.raises(ClientError) as caught:
        await bob.download("att_none", tmp_path / "x")
    assert caught.value.code == "attachment_not_found"
    async with Client(house.url, house.tokens["eve"]) as eve:
        with pytest.raises(ClientError) as caught:
            await eve.upload(b"x" * 2 * MIB)
    assert caught.value.code == "level_too_low"
    with pytest.raises(ClientError) as caught:
        await bob.upload(b"x" * 30 * MIB)
    assert (caught.value.code, "26214400 bytes" in caught.value.problem.detail) == ("too_large", True)
    with pytest.raises(ClientError) as caught:
        await bob.post("studio", "x", attachments=["att_none"])
    assert caught.value.code == "attachment_not_found"
    with pytest.raises(FileNotFoundError):
        await bob.upload(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        await bob.upload(tmp_path)
    assert not (tmp_path / "x").exists()
    assert not (tmp_path / ".att_none.part").exists()


async def test_nothing_is_overwritten_unless_it_may_be(bob: Client, tmp_path: Path) -> None:
    made = await bob.upload(b"new", name="a.txt")
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(FileExistsError):
        await bob.download(made.id, tmp_path)
    assert (tmp_path / "a.txt").read_text() == "old"
    assert (await bob.download(made.id, tmp_path, overwrite=True)).read_text() == "new"
    (tmp_path / "link").symlink_to(tmp_path / "a.txt")
    with pytest.raises(FileExistsError):
        await bob.download(made.id, tmp_path / "link")
    (tmp_path / f".{made.id}.part").symlink_to(tmp_path / "a.txt")
    assert (await bob.download(made.id, tmp_path / "b")).read_text() == "new"
    assert (tmp_path / "a.txt").read_text() == "new"
    assert not (tmp_path / "b").is_symlink()


async def test_a_download_goes_on_where_an_earlier_one_ended(bob: Client, house: House, tmp_path: Path) -> None:
    data = os.urandom(2 * MIB)
    made = await bob.upload(data)
    part = tmp_path / f".{made.id}.part"
    part.write_bytes(data[:MIB])
    seen: list[tuple[int, int | None]] = []
    got = await bob.download(made.id, tmp_path / "x", progress=lambda done, total: seen.append((done, total)))
    assert got.read_bytes() == data
    assert seen[0][0] > MIB
    assert seen[-1] == (2 * MIB, 2 * MIB)
    part.write_bytes(data)  # all of it, but never given its name
    assert (await bob.download(made.id, tmp_path / "y")).read_bytes() == data
    part.write_bytes(b"?" * MIB)
    with pytest.raises(ClientError) as caught:
        await bob.download(made.id, tmp_path / "z")
    assert caught.value.code == "damaged_download"
    assert not part.exists()
    part.write_bytes(b"?" * MIB)
    assert (await bob.download(made.id, tmp_path / "z", resume=False)).read_bytes() == data


def size_of(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


async def grown(file: Path, size: int) -> None:
    """Wait, bounded, until a file is larger."""
    async with asyncio.timeout(10):
        while True:
            if size_of(file) > size:
                return
            await asyncio.sleep(0.005)


async def test_a_download_survives_more_broken_connections_than_it_has_tries(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe before the hub cuts each of the first connections after some of its answer."""
    monkeypatch.setattr("tieline.client.problem._PAUSE", 0)
    hub = urlsplit(house.url)
    budgets = [300_000] * 6

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(hub.hostname, hub.port)
        left = budgets.pop(0) if budgets else 10**9
        had = size_of(part)
        try:
            up_writer.write(await reader.readuntil(b"\r\n\r\n"))
            while left > 0 and (piece := await up_reader.read(min(left, 65_536))):
                writer.write(piece)
                await writer.drain()
                left -= len(piece)
            if left <= 0:
                await grown(part, had)  # what lies in the client's buffer when a connection breaks is lost
        finally:
            up_writer.close()
            writer.close()

    data = os.urandom(2 * MIB)
    async with Client(house.url, house.tokens["bob"]) as direct:
        made = await direct.upload(data)
    part = tmp_path / f".{made.id}.part"
    server = await asyncio.start_server(pipe, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Client(f"http://127.0.0.1:{port}", house.tokens["bob"]) as broken:
        got = await asyncio.wait_for(broken.download(made.id, tmp_path / "x"), 30)
    server.close()
    assert got.read_bytes() == data
    assert budgets == []


def test_an_attachment_event_is_read() -> None:
    raw = (
        b'{"type":"attachment","room":"studio","seq":4,"message":"msg_1",'
        b'"attachments":[{"id":"att_1","name":"a.png","mime":"image/png","state":"failed","detail":"too large"}]}'
    )
    event = decode(raw)
    assert isinstance(event, AttachmentEvent)
    assert event.attachments[0].state is FileState.FAILED


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("../../.bashrc", "bashrc"),
        ("..\\evil.exe", "evil.exe"),
        ("/etc/passwd", "passwd"),
        ("", "file"),
        ("..", "file"),
        ("a\x1b[31m.txt", "a[31m.txt"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("名" * 100, "名" * 66),
    ],
)
def test_names_that_hubs_tell_are_made_harmless(told: str, kept: str) -> None:
    assert safe_name(told) == kept


@given(st.text(max_size=400))
def test_every_name_is_one_short_printable_part(told: str) -> None:
    name = safe_name(told)
    assert name not in ("", ".", "..")
    assert "/" not in name
    assert not name.startswith(".")
    assert name.isprintable()
    assert len(name.encode("utf-8", "surrogatepass")) <= 255
