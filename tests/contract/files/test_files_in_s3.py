"""What is special about S3: prefixes, hidden parts of broken uploads, servers that refuse; and opening a store."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.contract.files.pieces import MIB, content, of
from tests.contract.files.s3_server import S3Server
from tieline.files.local import LocalFiles
from tieline.files.opening import open_files
from tieline.ports.files import Files, FilesError, TooLarge


def opened(endpoint: str, bucket: str, base: Path) -> Files:
    return open_files(
        f"s3://{bucket}", base=base, endpoint=endpoint, region="eu-1", access_key="key", secret_key="topsecret"
    )


async def test_files_stand_below_the_prefix(s3: S3Server, bucket: str, s3_files: Files) -> None:
    await s3_files.save("att_1", of(b"x"), 10)
    assert "<Key>some/prefix/att_1</Key>" in s3.keys(bucket)


async def test_a_broken_upload_leaves_no_hidden_parts(s3: S3Server, bucket: str, s3_files: Files) -> None:
    with pytest.raises(TooLarge):
        await s3_files.save("att_1", of(*[b"x" * MIB] * 12), 11 * MIB)
    assert s3.uploads(bucket) == 0


async def test_a_cancelled_upload_leaves_no_hidden_parts(s3: S3Server, bucket: str, s3_files: Files) -> None:
    reached = asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        for _ in range(7):
            yield b"x" * MIB
        reached.set()
        await asyncio.Event().wait()

    saving = asyncio.ensure_future(s3_files.save("att_1", hanging(), 100 * MIB))
    async with asyncio.timeout(10):
        await reached.wait()
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
    assert s3.uploads(bucket) == 0
    assert "<Key>" not in s3.keys(bucket)


async def test_a_bucket_that_is_not_there_is_told(s3: S3Server, tmp_path: Path) -> None:
    files = opened(s3.endpoint, "no-such-bucket", tmp_path)
    with pytest.raises(FilesError, match="no such bucket") as caught:
        await files.save("att_1", of(*[b"x" * MIB] * 20), 100 * MIB)
    assert caught.value.fix == "make the bucket"
    with pytest.raises(FilesError, match="no such bucket"):
        await content(files, "att_1")


async def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        files = opened(f"http://127.0.0.1:{free.getsockname()[1]}", "bucket", tmp_path)
        source_closed = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * MIB
            finally:
                source_closed.set()

        async with asyncio.timeout(30):
            with pytest.raises(FilesError, match="does not answer") as caught:
                await files.save("att_1", endless(), 10_000 * MIB)
    assert "endpoint" in caught.value.fix
    assert source_closed.is_set()


async def test_a_server_that_is_silent_does_not_hold_up_who_is_cancelled(tmp_path: Path) -> None:
    asked = asyncio.Event()
    over = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await over.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        files = opened(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "bucket", tmp_path)
        saving = asyncio.ensure_future(files.save("att_1", of(b"x"), 10))
        await asyncio.wait_for(asked.wait(), 10)
        saving.cancel()
        async with asyncio.timeout(1.9):
            with pytest.raises(asyncio.CancelledError):
                await saving
        over.set()


async def test_keys_that_are_refused_are_told_without_being_shown(tmp_path: Path) -> None:
    async def refuse(request: web.Request) -> web.Response:
        body = "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>key</AWSAccessKeyId></Error>"
        return web.Response(status=403, text=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        files = opened(f"http://127.0.0.1:{port}", "bucket", tmp_path)
        with pytest.raises(FilesError, match="403 SignatureDoesNotMatch") as caught:
            await files.save("att_1", of(b"x"), 10)
        assert "access_key" in caught.value.fix
        assert "AWSAccessKeyId" not in str(caught.value)
    finally:
        await runner.cleanup()


def test_a_folder_is_relative_to_the_configuration(tmp_path: Path) -> None:
    assert isinstance(open_files("./data/files", base=tmp_path), LocalFiles)
    assert (tmp_path / "data" / "files").is_dir()


@pytest.mark.parametrize(
    "store", ["", "http://bucket", "s3://", "s3:///prefix", "s3://key:secret@bucket", "s3://b?x=1", "s3://b:9000/x"]
)
def test_a_store_that_makes_no_sense_is_refused_with_a_mend(store: str, tmp_path: Path) -> None:
    with pytest.raises(FilesError) as caught:
        open_files(store, base=tmp_path)
    assert caught.value.fix
    assert "secret" not in str(caught.value)


def test_a_missing_package_names_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; sys.modules['obstore'] = None\n"
        "from tieline.files.opening import open_files\n"
        "from tieline.ports.files import FilesError\n"
        "try: open_files('s3://b', base=pathlib.Path('.'))\n"
        "except FilesError as error: print(error.fix)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path
    )
    assert done.stdout.strip() == "pip install 'tieline[s3]'"
