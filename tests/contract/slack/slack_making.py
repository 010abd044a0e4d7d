"""What Slack's contract tests make: contexts, adapters, frames."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.services.local_slack import GENERAL
from tieline.model.delivery import Endpoint, Frame, Part, PartDirection
from tieline.model.message import Author
from tieline.ports.adapter import AdapterContext, Outgoing, PartRef, Session
from tieline.ports.clock import Clock, SystemClock
from tieline_slack.adapter import SlackAdapter, create

PRIYA = Author(handle="priya", kind="human", display="Priya", avatar="https://img.example/p.png")


class RushedClock(SystemClock):
    """The machine's clock, but whoever waits on it waits no time; what was asked for is noted."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(0)


def make(settings: Mapping[str, object], *, clock: Clock | None = None, public_url: str | None = None) -> SlackAdapter:
    context = AdapterContext(
        channel="team-slack", settings=settings, clock=clock or SystemClock(), public_url=public_url
    )
    return create(context)


@asynccontextmanager
async def connected(adapter: SlackAdapter, session: Session) -> AsyncIterator[SlackAdapter]:
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
    thread: str | None = None,
    author: Author | None = PRIYA,
    notice_for: str | None = None,
) -> Outgoing:
    return Outgoing(
        key=key,
        delivery_id=key.rpartition(":")[0],
        endpoint=Endpoint(channel="team-slack", conversation=conversation),
        frame=Frame(text=text, index=0, total=1, units=len(text)),
        author=author,
        thread=thread,
        notice_for=notice_for,
    )


def part(native_id: str, *, conversation: str = GENERAL) -> PartRef:
    return PartRef(
        endpoint=Endpoint(channel="team-slack", conversation=conversation),
        part=Part(
            channel="team-slack",
            conversation=conversation,
            native_id=native_id,
            message_id="msg_1",
            room_id="room_1",
            direction=PartDirection.OUT,
        ),
    )
