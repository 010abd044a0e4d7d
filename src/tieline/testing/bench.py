"""What a contract's test works with: one adapter on one platform, people to play, and what they see.

What a platform's stand-in cannot play it answers with :class:`NotApplicable`. Next stop:
:mod:`tieline.testing.contract`.
"""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol, runtime_checkable

from tieline.model.base import Value
from tieline.model.capabilities import Capabilities
from tieline.model.content import Paragraph, Text
from tieline.model.delivery import Endpoint, Frame, Part, PartDirection
from tieline.model.inbound import InboundEdit, InboundEvent, InboundMessage
from tieline.model.message import Author
from tieline.ports.abilities import Follows
from tieline.ports.adapter import ChannelAdapter, Outgoing, PartRef, Sent
from tieline.render.commonmark_writer import CommonMark
from tieline.testing.session import RecordingSession

PATIENCE: Final = 5.0
"""Seconds a test waits for what must happen."""
SILENCE: Final = 0.3
"""Seconds a test listens for what must not happen."""


class NotApplicable(unittest.SkipTest):
    """The requirement does not concern this adapter, or the stand-in cannot play it."""


class Failure(StrEnum):
    """How the platform is asked to fail on the next request."""

    THROTTLED = "throttled"
    """429, to be tried again after 7 seconds."""
    BROKEN = "broken"
    """5xx without effect."""
    LOST_ANSWER = "lost_answer"
    """The effect is done, the connection breaks before the answer."""
    NO_CONNECTION = "no_connection"
    BAD_CREDENTIAL = "bad_credential"
    UNKNOWN_CONVERSATION = "unknown_conversation"


THROTTLE_SECONDS: Final = 7.0


class ShownMessage(Value, kw_only=True, frozen=True):
    """A native message as people on the platform see it."""

    native_id: str | None
    """None: people see no ids here, and neither can the stand-in."""
    text: str
    author: str = ""
    thread: str | None = None
    reply: str | None = None
    reactions: tuple[str, ...] = ()
    pings: bool = False
    """True if it notified everyone."""


class Platform(Protocol):
    """How the kit plays people on the platform and looks at what they see.

    A method that the stand-in cannot play raises :class:`NotApplicable`. ``conversation`` is one that exists.
    """

    @property
    def conversation(self) -> str:
        """Native id of a conversation."""
        ...

    async def write(self, who: str, text: str, *, thread: str | None = None) -> str | None:
        """Somebody (a short name, which the stand-in turns into an account) writes; answers the native id.

        None where the platform gives no ids and the adapter makes its own; then the message is known by its text.
        """
        ...

    async def edit(self, native_id: str, who: str, text: str) -> None:
        """Somebody edits what they wrote."""
        ...

    async def delete(self, native_id: str, who: str) -> None:
        """Somebody deletes what they wrote."""
        ...

    async def react(self, native_id: str, who: str, emoji: str) -> None:
        """Somebody sets a reaction."""
        ...

    async def shown(self) -> Sequence[ShownMessage]:
        """What people see in the conversation, oldest first."""
        ...

    async def fail_next(self, failure: Failure) -> None:
        """The next request fails like this; those after it are well."""
        ...

    async def requests_to_send(self) -> int:
        """How many requests to make a message came in so far."""
        ...


@runtime_checkable
class HangsUp(Protocol):
    """A platform that can end its connections: implement it wherever the adapter keeps one."""

    async def hang_up(self) -> None:
        """End all connections of the adapter, and take new ones at once."""
        ...


@dataclass
class Bench:
    """One adapter on one platform, with what a test needs."""

    adapter: ChannelAdapter
    platform: Platform
    session: RecordingSession
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    @property
    def endpoint(self) -> Endpoint:
        """The conversation as the bot uses it."""
        return Endpoint(channel="test", conversation=self.platform.conversation)

    @property
    def can(self) -> Capabilities:
        """What the endpoint can do."""
        return self.adapter.capabilities(self.endpoint)

    async def connect(self) -> None:
        """As the hub does: connect, then follow the conversation where the adapter asks for that."""
        await self.adapter.connect(self.session)
        await self.follow()

    async def follow(self) -> None:
        """What the hub does whenever the channel came up."""
        if isinstance(self.adapter, Follows):
            await self.adapter.follow(self.platform.conversation)

    def outgoing(self, text: str, **fields: Any) -> Outgoing:  # noqa: ANN401 - fields of Outgoing
        """A frame to send, written in the adapter's dialect."""
        number = next(self._numbers)
        delivery = f"dlv_test{number}"
        written = self.adapter.dialect(self.endpoint).write((Paragraph(children=(Text(text=text),)),))
        values: dict[str, Any] = {
            "key": f"{delivery}:0",
            "delivery_id": delivery,
            "endpoint": self.endpoint,
            "frame": Frame(text=written, index=0, total=1, units=len(written)),
            "author": Author(handle="priya", kind="human", display="Priya"),
            **fields,
        }
        return Outgoing(**values)

    async def send(self, text: str, **fields: Any) -> Sent:  # noqa: ANN401 - fields of Outgoing
        """Send a text."""
        return await self.adapter.send(self.outgoing(text, **fields))

    def ref(self, native_id: str) -> PartRef:
        """A part of ours."""
        part = Part(
            channel="test",
            conversation=self.platform.conversation,
            native_id=native_id,
            message_id="msg_test",
            room_id="room_test",
            direction=PartDirection.OUT,
        )
        return PartRef(endpoint=self.endpoint, part=part)

    async def message(self, native_id: str) -> ShownMessage:
        """What people see of a message: by its id, or, where they see no ids, the newest. Fails if they see nothing."""
        shown = await self.platform.shown()
        found = [one for one in shown if one.native_id in {native_id, None}]
        seen = [one.native_id for one in shown]
        assert found, f"people see no message {native_id!r}, which send answered; they see {seen}"
        return found[-1]

    async def wrote(self, who: str, text: str, *, thread: str | None = None) -> InboundMessage:
        """Somebody writes; what the adapter hands over of it. Fails if it hands over nothing."""
        native_id = await self.platform.write(who, text, thread=thread)
        known = f"{who}'s message {text!r}" + (f" under the id {native_id}" if native_id is not None else "")
        event = await self.heard(lambda event: is_message(event, native_id, text), known)
        assert isinstance(event, InboundMessage)
        return event

    def messages(self) -> list[InboundMessage]:
        """The messages that were handed over."""
        return [event for event in self.session.events if isinstance(event, InboundMessage)]

    async def heard(self, wanted: Callable[[InboundEvent], bool], what: str) -> InboundEvent:
        """Wait until the adapter hands over an event like this."""
        try:
            await eventually(lambda: any(wanted(event) for event in self.session.events), "")
        except AssertionError:
            raise AssertionError(
                f"expected within {PATIENCE:g} s: the adapter hands over {what}; it handed over {self._summary()}"
            ) from None
        return next(event for event in self.session.events if wanted(event))

    def _summary(self) -> str:
        """The last five events, shortly."""
        last = [f"{type(event).__name__} {event.native_id!r}" for event in self.session.events[-5:]]
        return f"{len(self.session.events)} events, at last {', '.join(last)}" if last else "nothing"

    async def hears_nothing_like(self, unwanted: Callable[[InboundEvent], bool], what: str) -> None:
        """Listen for a moment; fail if such an event is handed over."""
        await asyncio.sleep(SILENCE)
        assert not any(unwanted(event) for event in self.session.events), what


def text_of(event: InboundMessage | InboundEdit) -> str:
    """Its text as CommonMark."""
    return CommonMark().write(event.content.blocks).strip()


def is_message(event: InboundEvent, native_id: str | None, text: str) -> bool:
    """True if it is the message with this id or, where the platform gives none, with this text."""
    if not isinstance(event, InboundMessage):
        return False
    return text_of(event) == text if native_id is None else event.native_id == native_id


async def eventually(check: Callable[[], bool], what: str, limit: float = PATIENCE) -> None:
    """Wait until ``check()``; AssertionError that says ``what`` if it never is."""
    try:
        async with asyncio.timeout(limit):
            while not check():  # noqa: ASYNC110 - what is waited for is somebody else's state
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"expected within {limit:g} s: {what}") from None
