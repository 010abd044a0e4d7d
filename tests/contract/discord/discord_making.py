"""What Discord's contract tests make: contexts, adapters, frames, parts, files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.services.scripted_discord import GENERAL, ScriptedDiscord
from tieline.model.actions import Action
from tieline.model.delivery import Endpoint, Frame, FrameFile, Part, PartDirection
from tieline.model.message import Author
from tieline.ports.adapter import AdapterContext, Outgoing, OutgoingFile, PartRef, Session
from tieline.ports.clock import Clock, SystemClock
from tieline_discord.adapter import DiscordAdapter, create

CHANNEL = "team-discord"
PRIYA = Author(handle="priya", kind="human", display="Priya", avatar="https://img.example/p.png")


class RushedClock(SystemClock):
    """The machine's clock, but whoever waits on it waits no time; what was asked for is noted."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(0)


def settings(discord: ScriptedDiscord, **more: object) -> Mapping[str, object]:
    return {
        "bot_token": discord.token,
        "api_url": discord.api_url,
        "gateway_url": discord.gateway_url,
        "pace": 100,
        **more,
    }


def make(discord: ScriptedDiscord, *, clock: Clock | None = None, **more: object) -> DiscordAdapter:
    context = AdapterContext(channel=CHANNEL, settings=settings(discord, **more), clock=clock or RushedClock())
    return create(context)


@asynccontextmanager
async def connected(adapter: DiscordAdapter, session: Session) -> AsyncIterator[DiscordAdapter]:
    try:
        await adapter.connect(session)
        yield adapter
    finally:
        await adapter.disconnect()


def outgoing(
    text: str,
    *,
    key: str = "dlv_1:0",
    conversation: str = GENERAL,
    via: str = "auto",
    author: Author | None = PRIYA,
    actions: Sequence[Action] = (),
    files: Sequence[OutgoingFile] = (),
    **more: Any,
) -> Outgoing:
    named = tuple(FrameFile(id=file.name, name=file.name, mime=file.mime, size=file.size) for file in files)
    frame = Frame(text=text, index=0, total=1, units=len(text), actions=tuple(actions), files=named)
    return Outgoing(
        key=key,
        delivery_id=key.rpartition(":")[0],
        endpoint=Endpoint(channel=CHANNEL, conversation=conversation, via=via),
        frame=frame,
        author=author,
        files=tuple(files),
        **more,
    )


def part(native_id: str, *, conversation: str = GENERAL, thread: str | None = None, via: str = "auto") -> PartRef:
    return PartRef(
        endpoint=Endpoint(channel=CHANNEL, conversation=conversation, via=via),
        part=Part(
            channel=CHANNEL,
            conversation=conversation,
            native_id=native_id,
            message_id="msg_1",
            room_id="room_1",
            direction=PartDirection.OUT,
            thread_native=thread,
        ),
    )


def file(name: str, data: bytes, *, mime: str = "text/plain", size: int | None = None, alt: str = "") -> OutgoingFile:
    """A file in pieces of three bytes; ``size``: what it says of itself, if that is wrong."""

    async def read() -> AsyncIterator[bytes]:
        for at in range(0, len(data), 3):
            yield data[at : at + 3]

    return OutgoingFile(name=name, mime=mime, size=len(data) if size is None else size, alt=alt, read=read)
