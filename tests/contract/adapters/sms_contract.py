"""The contract of phones, on our own Twilio on loopback, for its faults on demand; what it shows of Twilio, the third
party's emulator in ``tests/contract/sms`` shows too. Once with webhooks, once by polling.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

from tests.services import scripted_twilio
from tests.services.scripted_twilio import ACCOUNT, ANA, BO, OURS, PUBLIC, TOKEN, Lose, Reply, ScriptedTwilio, scripted
from tieline.plugins.discovery import load_factory
from tieline.ports.abilities import HttpRoutes
from tieline.ports.adapter import AdapterContext, ChannelAdapter, Manifest
from tieline.testing.bench import Bench, eventually, text_of
from tieline.testing.contract import AdapterContract, Failure, NotApplicable, Platform, ShownMessage, proves
from tieline_sms.manifest import MANIFEST

PEOPLE = {"ana": ANA, "bo": BO}


class PeopledTwilio(ScriptedTwilio):
    """Our Twilio with a phone in its conversation. A phone has one owner: whoever writes there writes as its number."""

    conversation = ANA

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0.0

    async def write(self, who: str, text: str, *, thread: str | None = None) -> str:  # type: ignore[override]
        return await super().write(ANA, text)

    async def edit(self, native_id: str, who: str, text: str) -> None:
        """Nothing that Twilio would tell."""

    async def delete(self, native_id: str, who: str) -> None:
        """Nothing that Twilio would tell."""

    async def react(self, native_id: str, who: str, emoji: str) -> None:
        """A reaction on SMS is a text of its own; nothing else is told."""

    async def shown(self) -> Sequence[ShownMessage]:
        return self._on(ANA)

    def person(self, who: str) -> str:
        return PEOPLE[who] if who != "ana" else "+447700900199"

    async def shown_to(self, who: str) -> Sequence[ShownMessage]:
        return self._on(self.person(who))

    def _on(self, number: str) -> list[ShownMessage]:
        sent = [one for one in self.sent() if one["to"] == number]
        return [ShownMessage(native_id=one["sid"], text=one["body"], author=OURS) for one in sent]

    async def fail_next(self, failure: Failure) -> None:
        match failure:
            case Failure.THROTTLED:
                self.script.append(Reply.error(20429, 429, "Too Many Requests", **{"Retry-After": "7"}))
            case Failure.BROKEN:
                self.script.append(Reply(500))
            case Failure.LOST_ANSWER:
                self.script.append(Lose())
            case Failure.BAD_CREDENTIAL:
                self.script.append(Reply.error(20003, 401, "Authenticate"))
            case Failure.UNKNOWN_CONVERSATION:
                self.script.append(Reply.error(21211, message="Invalid 'To' Phone Number"))
            case Failure.NO_CONNECTION:
                raise NotApplicable("shown in tests/contract/sms/test_sms_faults.py, where the server is gone")

    async def requests_to_send(self) -> int:
        return len(self.requests)


class SmsContract(AdapterContract):
    """With webhooks."""

    manifest: ClassVar[Manifest] = MANIFEST
    public_url: ClassVar[str | None] = PUBLIC

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[Platform]:
        async with scripted(PeopledTwilio()) as twilio:
            assert isinstance(twilio, PeopledTwilio)
            if self.public_url is None:
                twilio.sms_url = ""
            yield twilio

    def settings(self, platform: Platform) -> Mapping[str, object]:
        assert isinstance(platform, PeopledTwilio)
        return {"account_sid": ACCOUNT, "auth_token": TOKEN, "from": OURS, "api_url": platform.url, "poll": 2}

    def make_adapter(self, platform: Platform) -> ChannelAdapter:
        assert isinstance(platform, PeopledTwilio)
        settings, url = self.settings(platform), self.public_url
        context = AdapterContext(channel=scripted_twilio.CHANNEL, settings=settings, clock=self.clock, public_url=url)
        adapter = load_factory(self.manifest)(context)
        assert isinstance(adapter, HttpRoutes)
        platform.adapter = adapter
        return adapter

    @proves("ADP-010", "ADP-011", "ADP-012")
    async def test_what_people_write_is_handed_over_in_order(self, bench: Bench) -> None:
        """As in the kit, but of one author: a phone's conversation has no two."""
        texts = [f"message number {n}" for n in range(10)]
        ids = [await bench.platform.write("ana", text) for text in texts]
        await eventually(lambda: len(bench.messages()) >= len(ids), "ten messages are handed over")
        heard = bench.messages()
        assert [text_of(event) for event in heard] == texts
        assert [event.native_id for event in heard] == ids
        assert {event.conversation for event in heard} == {ANA} == {event.author.native_id for event in heard}
        assert not any(event.author.is_self for event in heard)


class PollingSmsContract(SmsContract):
    """By polling: no public address."""

    public_url: ClassVar[str | None] = None
