"""Files on their way, for Slack's contract tests: made, carried, fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from tests.contract.slack.slack_making import outgoing
from tests.services.scripted_slack import GENERAL
from tieline.model.attachments import FileSource, NativeFile
from tieline.model.delivery import Frame, FrameFile
from tieline.ports.adapter import Outgoing, OutgoingFile
from tieline_slack.adapter import SlackAdapter

BIG = 50_000_000
PIECE = bytes(range(256)) * 256


def file(name: str, data: bytes, *, alt: str = "", size: int | None = None) -> OutgoingFile:
    async def read() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 7):
            yield data[start : start + 7]

    return OutgoingFile(name=name, mime="text/plain", size=len(data) if size is None else size, alt=alt, read=read)


def carrying(*attached: OutgoingFile, key: str = "dlv_1:500", **more: Any) -> Outgoing:
    frames = tuple(
        FrameFile(id=f"att_{at}", name=one.name, mime=one.mime, size=one.size) for at, one in enumerate(attached)
    )
    made = outgoing("", key=key, **more)
    frame = Frame(text="", index=500, total=1, units=0, files=frames)
    return msgspec.structs.replace(made, frame=frame, files=attached)


async def fetched(adapter: SlackAdapter, one: NativeFile) -> bytes:
    source = FileSource(channel="team-slack", conversation=GENERAL, native_id="1.1", file=one)
    return b"".join([piece async for piece in adapter.fetch(source)])


def big(size: int = BIG) -> OutgoingFile:
    """A file that is nowhere whole."""
    return OutgoingFile(name="big.bin", mime="application/octet-stream", size=size, alt="", read=lambda: pieces(size))


async def pieces(size: int) -> AsyncIterator[bytes]:
    """Its bytes."""
    for start in range(0, size, len(PIECE)):
        yield PIECE[: min(len(PIECE), size - start)]
