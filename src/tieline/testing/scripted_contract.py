"""The scripted adapter's contract: the kit proves itself on its own reference."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar, Final

from tieline.ports.adapter import Manifest
from tieline.ports.clock import SystemClock
from tieline.testing import scripted
from tieline.testing.contract import THROTTLE_SECONDS, AdapterContract, Failure, Platform, ShownMessage
from tieline.testing.scripted import Behaviour, ScriptedPlatform
from tieline.testing.scripted_able import ABLE_MANIFEST

_FAILURES: Final[Mapping[Failure, Behaviour]] = {
    Failure.THROTTLED: scripted.throttled(str(THROTTLE_SECONDS)),
    Failure.BROKEN: scripted.BROKEN,
    Failure.LOST_ANSWER: scripted.LOST_ANSWER,
    Failure.NO_CONNECTION: scripted.REFUSED,
    Failure.BAD_CREDENTIAL: scripted.UNAUTHORIZED,
    Failure.UNKNOWN_CONVERSATION: scripted.UNKNOWN_PLACE,
}


class ScriptedPeople:
    """Plays people on a :class:`ScriptedPlatform`."""

    conversation = "C1"

    def __init__(self, platform: ScriptedPlatform) -> None:
        self.service = platform

    async def write(self, who: str, text: str, *, thread: str | None = None) -> str:
        """Somebody writes."""
        return self.service.write(self.conversation, who, text, thread=thread)

    async def edit(self, native_id: str, who: str, text: str) -> None:
        """Somebody edits."""
        self.service.change(native_id, who, text)

    async def delete(self, native_id: str, who: str) -> None:
        """Somebody deletes."""
        self.service.remove(native_id, who)

    async def react(self, native_id: str, who: str, emoji: str) -> None:
        """Somebody reacts."""
        self.service.mark(native_id, who, emoji)

    async def shown(self) -> Sequence[ShownMessage]:
        """What people see."""
        return self._seen(self.conversation)

    def _seen(self, conversation: str) -> Sequence[ShownMessage]:
        return [
            ShownMessage(
                native_id=one.native_id,
                text=one.text,
                author=one.author,
                thread=one.thread,
                reply=one.reply,
                reactions=tuple(sorted(emoji for emoji, _ in one.reactions)),
            )
            for one in self.service.shown(conversation)
        ]

    async def files_shown(self, native_id: str) -> Sequence[tuple[str, int]]:
        """Names and sizes."""
        told = [file.rpartition(":") for file in self.service.find(native_id).files]
        return [(name, int(size)) for name, _, size in told]

    async def buttons_shown(self, native_id: str) -> Sequence[str]:
        """What they bring back."""
        return self.service.find(native_id).buttons

    def person(self, who: str) -> str:
        """Names are ids here."""
        return who

    async def shown_to(self, who: str) -> Sequence[ShownMessage]:
        """What one person sees."""
        return self._seen(scripted.direct_with(who))

    async def share(self, who: str, name: str, data: bytes) -> str:
        """Somebody shares a file."""
        return self.service.share(self.conversation, who, name, data)

    async def fail_next(self, failure: Failure) -> None:
        """The next call fails."""
        self.service.script(_FAILURES[failure])

    async def requests_to_send(self) -> int:
        """How many sends came in."""
        return self.service.count(operation="send")


class ScriptedContract(AdapterContract):
    """Proves :mod:`tieline.testing.scripted_able`, and with it :mod:`tieline.testing.scripted_adapter`."""

    manifest: ClassVar[Manifest] = ABLE_MANIFEST

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[Platform]:
        """A fresh one in memory."""
        yield ScriptedPeople(ScriptedPlatform(SystemClock()))

    def settings(self, platform: Platform) -> Mapping[str, object]:
        """What leads to it."""
        assert isinstance(platform, ScriptedPeople)
        return {"platform": platform.service, "token": "good"}
