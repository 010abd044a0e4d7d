"""Our scripted Slack with what people press and pick: modals, the App Home, answers, direct messages, streams.

The payloads are those of docs.slack.dev ("block_actions payload", "Shortcuts interaction payloads", "view_submission
payload"); `local_slack.py` sends presses and submissions of its own and must agree with them.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from tests.services.scripted_slack import BASE_TS, GENERAL, ME, Json, ScriptedSlack

TRIGGER = "13345224609.738474920.8088930838d88f008e0"


class PressedSlack(ScriptedSlack):
    """The workspace, with hands in it that press."""

    def __init__(self) -> None:
        super().__init__()
        self.streams: dict[str, str] = {}
        """What each open stream has said, by ts."""
        self.begun: list[str] = []
        self._called = asyncio.Condition()

    @property
    def hook(self) -> str:
        """A `response_url`; what is posted there is a call of `hook`."""
        return f"{self.url}/api/hook"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        await self._noted(self.begun, request.match_info["method"])
        try:
            return await super().handle(request)
        finally:
            async with self._called:
                self._called.notify_all()

    async def until_begun(self, method: str) -> None:
        """Wait, bounded, until a call of a method came in, answered or not."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: method in self.begun), 10)

    async def until_called(self, method: str, count: int = 1) -> list[Json]:
        """Wait, bounded, until a method was called so often; its calls."""
        async with self._called:
            await asyncio.wait_for(self._called.wait_for(lambda: len(self.called(method)) >= count), 10)
        return self.called(method)

    def press(self, value: str, *, message: Json, action: str = "", user: str = "U01ALICE", **more: Any) -> Json:
        """What Slack sends when a button is pressed."""
        action_id = action or f"tieline:{value.partition(':')[0]}"
        pressed = {"type": "button", "action_id": action_id, "block_id": "b1", "value": value, "action_ts": "1.5"}
        return {
            "type": "block_actions",
            "user": {"id": user, "username": "alice", "name": "alice", "team_id": "T01"},
            "api_app_id": "A01",
            "team": {"id": "T01", "domain": "acme"},
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": GENERAL, "is_ephemeral": False},
            "trigger_id": TRIGGER,
            "channel": {"id": GENERAL, "name": "general"},
            "message": message,
            "state": {"values": {}},
            "response_url": self.hook,
            "actions": [pressed],
            **more,
        }

    def shortcut(self, message: Json, *, channel: str = GENERAL, user: str = "U01ALICE", **more: Any) -> Json:
        """What Slack sends when "Send to room" is chosen on a message."""
        return {
            "type": "message_action",
            "token": "t",
            "action_ts": "1583637157.207593",
            "team": {"id": "T01", "domain": "acme"},
            "user": {"id": user, "name": "alice"},
            "channel": {"id": channel, "name": "general"},
            "callback_id": "tieline_send_to_room",
            "trigger_id": TRIGGER,
            "response_url": self.hook,
            "message_ts": message["ts"],
            "message": message,
            **more,
        }

    def submission(self, view: Json, room: str, *, user: str = "U01ALICE", view_id: str = "V01") -> Json:
        """What Slack sends when the modal is sent with a room picked."""
        picked = {
            "type": "static_select",
            "selected_option": {"text": {"type": "plain_text", "text": room}, "value": room},
        }
        return {
            "type": "view_submission",
            "team": {"id": "T01", "domain": "acme"},
            "user": {"id": user, "username": "alice", "name": "alice", "team_id": "T01"},
            "api_app_id": "A01",
            "trigger_id": TRIGGER,
            "view": {**view, "id": view_id, "state": {"values": {"tieline_room": {"room": picked}}}},
            "response_urls": [],
        }

    def _hook(self, sent: Json) -> Json:
        return {}

    def _views_open(self, sent: Json) -> Json:
        return {"view": {**sent["view"], "id": "V01"}}

    def _views_publish(self, sent: Json) -> Json:
        return {"view": sent["view"]}

    def _chat_postEphemeral(self, sent: Json) -> Json:  # noqa: N802 - Slack's name
        return {"message_ts": f"{BASE_TS}.000900"}

    def _conversations_open(self, sent: Json) -> Json:
        if sent["users"] not in self.users:
            return {"ok": False, "error": "user_not_found"}
        return {"channel": {"id": "D01"}}

    def _chat_startStream(self, sent: Json) -> Json:  # noqa: N802 - Slack's name
        if not sent["channel"].startswith("D") and not (
            sent.get("recipient_user_id") and sent.get("recipient_team_id")
        ):
            return {"ok": False, "error": "missing_recipient_team_id"}
        message = self.put(
            sent.get("markdown_text", ""),
            channel=sent["channel"],
            user=ME["user_id"],
            bot_id=ME["bot_id"],
            thread_ts=sent["thread_ts"],
        )
        self.streams[message["ts"]] = message["text"]
        return {"channel": sent["channel"], "ts": message["ts"]}

    def _chat_appendStream(self, sent: Json) -> Json:  # noqa: N802 - Slack's name
        if sent["ts"] not in self.streams:
            return {"ok": False, "error": "message_not_in_streaming_state"}
        self.streams[sent["ts"]] += sent["markdown_text"]
        return {"channel": sent["channel"], "ts": sent["ts"]}

    def _chat_stopStream(self, sent: Json) -> Json:  # noqa: N802 - Slack's name
        if sent["ts"] not in self.streams:
            return {"ok": False, "error": "message_not_in_streaming_state"}
        said = self.streams.pop(sent["ts"]) + sent.get("markdown_text", "")
        message = next(row for row in self.channels[sent["channel"]] if row["ts"] == sent["ts"])
        message.update({"text": said, **({"metadata": sent["metadata"]} if "metadata" in sent else {})})
        return {"channel": sent["channel"], "ts": sent["ts"], "message": message}

    def _chat_update(self, sent: Json) -> Json:
        if sent["ts"] in self.streams:
            return {"ok": False, "error": "streaming_state_conflict"}
        return super()._chat_update(sent)
