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
        self._react(native_id, emoji.to_slack(char) or "", IDS[who], on=True)
        await self._report(
            {
                "type": "reaction_added",
                "user": IDS[who],
                "reaction": emoji.to_slack(char),
                "item": {"type": "message", "channel": GENERAL, "ts": native_id},
                "event_ts": "1790000000.000400",
            }
        )

    async def share(self, who: str, name: str, data: bytes) -> str:
        shared = self.share_file(name, data, user=IDS[who])
        message = self.put("", user=IDS[who], subtype="file_share", files=[shared])
        await self._report({**message, "channel": GENERAL})
        return str(message["ts"])

    def person(self, who: str) -> str:
        return IDS[who]

    async def shown(self) -> Sequence[ShownMessage]:
        return self._seen(GENERAL)

    async def shown_to(self, who: str) -> Sequence[ShownMessage]:
        return self._seen(f"D{IDS[who]}")

    async def files_shown(self, native_id: str) -> Sequence[tuple[str, int]]:
        held = [self.files[one["id"]] for one in self._find(native_id).get("files", [])]
        return [(file.name, file.size) for file in held]

    async def buttons_shown(self, native_id: str) -> Sequence[str]:
        rows = [block for block in self._find(native_id).get("blocks", []) if block["type"] == "actions"]
        return [str(one["value"]) for row in rows for one in row["elements"]]

    def _seen(self, channel: str) -> Sequence[ShownMessage]:
        return [
            ShownMessage(
                native_id=str(one["ts"]),
                text=html.unescape(str(one["text"])),
                author=str(one.get("username", one["user"])),
                thread=one.get("thread_ts"),
                reactions=tuple(one["name"] for one in one.get("reactions", ()) if one["users"]),
                pings=bool(_BROADCAST.search(str(one["text"]))),
            )
            for one in self.channels.get(channel, ())
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

    def _chat_postMessage(self, sent: Json) -> Json:  # noqa: N802 - Slack's name
        answer = super()._chat_postMessage(sent)
        if "message" in answer and "blocks" in sent:
            answer["message"]["blocks"] = sent["blocks"]
        return answer

    def _conversations_open(self, sent: Json) -> Json:
        channel = f"D{sent['users']}"
        self.channels.setdefault(channel, [])
        return {"channel": {"id": channel}}

    def _reactions_add(self, sent: Json) -> Json:
        done = self._react(sent["timestamp"], sent["name"], ME["user_id"], on=True)
        return {} if done else {"ok": False, "error": "already_reacted"}

    def _reactions_remove(self, sent: Json) -> Json:
        done = self._react(sent["timestamp"], sent["name"], ME["user_id"], on=False)
        return {} if done else {"ok": False, "error": "no_reaction"}

    def _react(self, ts: str, name: str, user: str, *, on: bool) -> bool:
        """Set or take back a reaction in the message itself, as the history shows it; False: it is so already."""
        set_by = {one["name"]: one["users"] for one in self._find(ts).get("reactions", [])}
        users = set_by.setdefault(name, [])
        if (user in users) == on:
            return False
        (users.append if on else users.remove)(user)
        kept = [{"name": name, "users": users, "count": len(users)} for name, users in set_by.items() if users]
        self._find(ts)["reactions"] = kept
        return True

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
