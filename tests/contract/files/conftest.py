"""Two file stores, one suite: every test of this folder that asks for `files` runs on both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.contract.files.s3_server import S3Server
from tieline.files.opening import open_files
from tieline.ports.files import Files


@pytest.fixture(scope="session")
def s3(missing_server: Callable[[str], NoReturn]) -> Iterator[S3Server]:
    if not S3Server.is_installed():
        missing_server("moto with its server (moto[s3], flask, flask-cors) and obstore are not installed")
    with S3Server() as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    return s3.make_bucket(f"b-{uuid4().hex[:12]}")


@pytest.fixture
def local_files(tmp_path: Path) -> Files:
    return open_files("files", base=tmp_path)


@pytest.fixture
def s3_files(s3: S3Server, bucket: str, tmp_path: Path) -> Files:
    return open_files(
        f"s3://{bucket}/some/prefix",
        base=tmp_path,
        endpoint=s3.endpoint,
        region="us-east-1",
        access_key="key",
        secret_key="secret",
    )


@pytest_asyncio.fixture(params=["local_files", "s3_files"], ids=["local", "s3"])
async def files(request: pytest.FixtureRequest) -> AsyncIterator[Files]:
    found: Files = request.getfixturevalue(request.param)
    yield found
    await found.close()
    await found.close()
