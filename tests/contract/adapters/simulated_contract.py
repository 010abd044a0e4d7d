"""The simulated platform's contract: one per platform it plays."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

from tieline.ports.adapter import Manifest
from tieline.ports.clock import SystemClock
from tieline.testing.contract import AdapterContract, Failure, NotApplicable, Platform, ShownMessage
from tieline_simulated.adapter import RETRY_AFTER
from tieline_simulated.manifest import MANIFEST
from tieline_simulated.platform import SimulatedPlatform, Switch
from tieline_simulated.simulators import simulator_for

IDS = {"ana": "U0ANA", "bo": "U0BO"}
_SWITCHES = {
    Failure.THROTTLED: Switch.THROTTLED,
    Failure.LOST_ANSWER: Switch.FLAKY,
    Failure.NO_CONNECTION: Switch.CUT,
}


class SimulatedPeople:
    """People in front of a simulated platform."""

    def __init__(self, service: SimulatedPlatform) -> None:
        self.service = service
        self.conversation = service.conversation

    async def write(self, who: str, text: str, *, thread: str | None = None) -> str:
        return self.service.say(IDS[who], text, thread=thread)

    async def edit(self, native_id: str, who: str, text: str) -> None:
        self._expect(self.service.simulator.capabilities().inbound_edit)
        assert self.service.change(IDS[who], native_id, text)

    async def delete(self, native_id: str, who: str) -> None:
        self._expect(self.service.simulator.capabilities().inbound_delete)
        assert self.service.remove(IDS[who], native_id)

    async def react(self, native_id: str, who: str, emoji: str) -> None:
        self._expect(self.service.simulator.capabilities().inbound_reaction)
        assert self.service.mark(IDS[who], native_id, emoji, on=True)

    def _expect(self, possible: bool) -> None:
        if not possible:
            raise NotApplicable(f"{self.service.simulator.title} has no such act")

    async def shown(self) -> Sequence[ShownMessage]:
        return [
            ShownMessage(
                native_id=one.native_id,
                text=html.unescape(re.sub(r"<[^>]+>", "", one.html)).strip(),
                author=one.name,
                thread=one.thread,
                reply=one.reply,
                reactions=tuple(sorted(one.reactions)),
            )
            for one in self.service.messages()
        ]

    async def fail_next(self, failure: Failure) -> None:
        if failure not in _SWITCHES:
            raise NotApplicable("the simulated platform has no switch for it")
        self.service.set_switch(_SWITCHES[failure])

    async def requests_to_send(self) -> int:
        return sum(1 for message in self.service.messages() if message.user is None)


class SimulatedContract(AdapterContract):
    """Of the platform named ``plays``."""

    manifest: ClassVar[Manifest] = MANIFEST
    plays: ClassVar[str] = "slack"
    throttle_seconds: ClassVar[float] = RETRY_AFTER

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[Platform]:
        people = {native_id: name.title() for name, native_id in IDS.items()}
        yield SimulatedPeople(
            SimulatedPlatform(simulator_for(self.plays), SystemClock(), conversation="#here", people=people)
        )

    def settings(self, platform: Platform) -> Mapping[str, object]:
        assert isinstance(platform, SimulatedPeople)
        return {"platform": self.plays, "pane": platform.service}
