"""Slack's contract, on our own Slack on loopback, for its faults on demand; what it shows of Slack, the third parties'
stand-ins in ``tests/contract/slack`` show too.
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from tests.services.scripted_slack import GENERAL, ME, Json, Lose, Reply, ScriptedSlack, scripted
from tieline.ports.adapter import Manifest
from tieline.testing.contract import AdapterContract, Failure, NotApplicable, Platform, ShownMessage
from tieline_slack import emoji
from tieline_slack.manifest import MANIFEST

IDS = {"ana": "U01ANA", "bo": "U02BO"}
POST = "chat.postMessage"
_BROADCAST = re.compile(r"<!(channel|here|everyone)")


class PeopledSlack(ScriptedSlack):
    """Our Slack with two people in it, deletion, and reactions that are kept."""

    conversation = GENERAL

    def __init__(self) -> None:
        super().__init__()
        self.users = {one: {"id": one, "profile": {"display_name": name}} for name, one in IDS.items()}
        self.base = int(time.time())
        self._reactions: dict[str, set[str]] = {}
        self._envelopes = 0

    async def write(self, who: str, text: str, *, thread: str | None = None) -> str:
        more = {"thread_ts": thread} if thread else {}
        message = self.put(text, user=IDS[who], **more)
        await self._report({**message, "channel": GENERAL})
        return str(message["ts"])

    async def edit(self, native_id: str, who: str, text: str) -> None:
        message = self._find(native_id)
        before = dict(message)
        message.update(text=text, edited={"user": IDS[who], "ts": "1790000000.000100"})
        await self._report(
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": GENERAL,
                "message": message,
                "previous_message": before,
                "ts": "1790000000.000200",
            }
        )

    async def delete(self, native_id: str, who: str) -> None:
        message = self._find(native_id)
        self.channels[GENERAL].remove(message)
        await self._report(
            {
                "type": "message",
                "subtype": "message_deleted",
                "channel": GENERAL,
                "deleted_ts": native_id,
                "previous_message": message,
                "ts": "1790000000.000300",
            }
        )

    async def react(self, native_id: str, who: str, char: str) -> None:
        await self._report(
            {
                "type": "reaction_added",
                "user": IDS[who],
                "reaction": emoji.to_slack(char),
                "item": {"type": "message", "channel": GENERAL, "ts": native_id},
                "event_ts": "1790000000.000400",
            }
        )

    async def shown(self) -> Sequence[ShownMessage]:
        return [
            ShownMessage(
                native_id=str(one["ts"]),
                text=html.unescape(str(one["text"])),
                author=str(one.get("username", one["user"])),
                thread=one.get("thread_ts"),
                reactions=tuple(self._reactions.get(str(one["ts"]), ())),
                pings=bool(_BROADCAST.search(str(one["text"]))),
            )
            for one in self.channels[GENERAL]
        ]

    async def fail_next(self, failure: Failure) -> None:
        match failure:
            case Failure.THROTTLED:
                self.script(POST, Reply(429, b'{"ok":false,"error":"ratelimited"}', {"Retry-After": "7"}))
            case Failure.BROKEN:
                self.script(POST, Reply(500, b"<html>"))
            case Failure.LOST_ANSWER:
                self.script(POST, Lose())
            case Failure.BAD_CREDENTIAL:
                self.script(POST, Reply.error("invalid_auth"))
            case Failure.UNKNOWN_CONVERSATION:
                self.script(POST, Reply.error("channel_not_found"))
            case Failure.NO_CONNECTION:
                raise NotApplicable("shown in tests/contract/slack/test_slack_faults.py, where the server is gone")

    async def requests_to_send(self) -> int:
        return len(self.called(POST))

    def _reactions_add(self, sent: Json) -> Json:
        there = self._reactions.setdefault(sent["timestamp"], set())
        if sent["name"] in there:
            return {"ok": False, "error": "already_reacted"}
        there.add(sent["name"])
        return {}

    def _reactions_remove(self, sent: Json) -> Json:
        there = self._reactions.setdefault(sent["timestamp"], set())
        if sent["name"] not in there:
            return {"ok": False, "error": "no_reaction"}
        there.remove(sent["name"])
        return {}

    def _find(self, ts: str) -> Json:
        return next(message for message in self.channels[GENERAL] if message["ts"] == ts)

    async def _report(self, event: dict[str, Any]) -> None:
        self._envelopes += 1
        await self.until_sockets(1)
        payload = {"type": "event_callback", "team_id": ME["team_id"], "event": json.loads(json.dumps(event))}
        await self.deliver(payload, envelope=f"env-{self._envelopes}")


class SlackContract(AdapterContract):
    """In Socket Mode."""

    manifest: ClassVar[Manifest] = MANIFEST

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[Platform]:
        async with scripted(PeopledSlack()) as slack:
            assert isinstance(slack, PeopledSlack)
            yield slack

    def settings(self, platform: Platform) -> Mapping[str, object]:
        assert isinstance(platform, PeopledSlack)
        return platform.settings
