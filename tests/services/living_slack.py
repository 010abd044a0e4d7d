"""A Slack that lives: people write, edit, delete, react and share files, and the workspace tells the app of all of it.

Envelopes that were not acknowledged are sent again on the next socket, in order, as Slack does with events; what the
app itself does is told back to it as well. Built on our scripted Slack because no third party's stand-in keeps metadata
and sends again; what it shows of Slack itself, `local_slack.py` must agree with.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tests.services.scripted_slack import GENERAL, ME, Json
from tests.services.scripted_slack_more import PressedSlack

ALICE = "U01ALICE"


class LivingSlack(PressedSlack):
    """One workspace with people in it."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: dict[str, Json] = {}
        """Envelopes that wait for their acknowledgement, in order."""
        self.own_emoji: set[str] = set()
        """Names of emoji that the workspace made itself."""
        self.no_emoji: set[str] = set()
        """Names of emoji that it does not have: reacting with one is refused."""
        self._envelopes = 0
        self._sending: asyncio.Lock = asyncio.Lock()

    def person(self, user: str, name: str) -> str:
        """A new person; the id."""
        self.users[user] = {"id": user, "profile": {"display_name": name}}
        return user

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def says(
        self, text: str, *, user: str = ALICE, channel: str = GENERAL, thread: str | None = None, **more: Any
    ) -> str:
        """Somebody writes; the message's ts."""
        row = self.put(text, channel=channel, user=user, **({"thread_ts": thread} if thread else {}), **more)
        await self.tell({**row, "channel": channel, "event_ts": row["ts"], "channel_type": "channel"})
        return str(row["ts"])

    async def shares(
        self, name: str, data: bytes, text: str = "", *, user: str = ALICE, channel: str = GENERAL, **more: Any
    ) -> str:
        """Somebody shares a file; the message's ts."""
        file = self.share_file(name, data, user=user, mime=more.pop("mime", "text/plain"))
        return await self.says(text, user=user, channel=channel, subtype="file_share", files=[file], **more)

    async def edits(self, ts: str, text: str, *, channel: str = GENERAL) -> None:
        """The author changes a message."""
        row = self.row(ts, channel)
        before = dict(row)
        self._count += 1
        stamp = f"{self.base + self._count}.000200"
        row.update(text=text, edited={"user": row["user"], "ts": stamp})
        await self.tell(
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": channel,
                "message": dict(row),
                "previous_message": before,
                "ts": stamp,
                "event_ts": stamp,
            }
        )

    async def deletes(self, ts: str, *, channel: str = GENERAL) -> None:
        """The author takes a message back."""
        row = self.row(ts, channel)
        self.channels[channel].remove(row)
        self._count += 1
        stamp = f"{self.base + self._count}.000300"
        gone = {"type": "message", "subtype": "message_deleted", "deleted_ts": ts, "previous_message": row}
        await self.tell({**gone, "channel": channel, "ts": stamp, "event_ts": stamp})

    async def reacts(self, ts: str, name: str, *, user: str = ALICE, channel: str = GENERAL, on: bool = True) -> None:
        """Somebody sets or takes back a reaction, by Slack's name of it."""
        self._reacted(self.row(ts, channel), name, user, on=on)
        item = {"type": "message", "channel": channel, "ts": ts}
        kind = "reaction_added" if on else "reaction_removed"
        await self.tell({"type": kind, "user": user, "reaction": name, "item": item, "event_ts": ts})

    # ── eyes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def row(self, ts: str, channel: str = GENERAL) -> Json:
        """A message by its ts. Raises KeyError."""
        for row in self.channels[channel]:
            if row["ts"] == ts:
                return row
        raise KeyError(ts)

    def shown(self, channel: str = GENERAL) -> list[Json]:
        """The messages as people see them, oldest first: author, text, thread, files, reactions."""
        return [self._seen(row) for row in sorted(self.channels[channel], key=lambda row: float(row["ts"]))]

    def _seen(self, row: Json) -> Json:
        profile = self.users.get(row["user"], {}).get("profile", {})
        author = row.get("username") or profile.get("display_name") or row["user"]
        files = [self.files[file["id"]] for file in row.get("files", [])]
        return {
            "ts": row["ts"],
            "author": author,
            "by_us": row["user"] == ME["user_id"],
            "text": row["text"],
            "thread": row["thread_ts"] if row.get("thread_ts") not in {None, row["ts"]} else None,
            "blocks": row.get("blocks", []),
            "files": [(file.name, file.size) for file in files if not file.is_deleted],
            "reactions": {one["name"]: list(one["users"]) for one in row.get("reactions", []) if one["users"]},
        }

    # ── the app's side ───────────────────────────────────────────────────────────────────────────────────────────

    async def tell(self, event: Json) -> None:
        """Tell the app of an event; it is told again until it acknowledges."""
        self._envelopes += 1
        envelope = f"env-{self._envelopes}"
        body = {"type": "event_callback", "team_id": ME["team_id"], "event_id": f"Ev{self._envelopes}", "event": event}
        async with self._sending:
            self.pending[envelope] = body
            await self._send(envelope, body, 0)

    async def _send(self, envelope: str, body: Json, attempt: int) -> None:
        if not self.sockets or self.sockets[-1].closed:
            return
        sent = {"envelope_id": envelope, "type": "events_api", "payload": body, "retry_attempt": attempt}
        try:
            await self.sockets[-1].send_json(sent)
        except ConnectionError:
            return  # it waits for the next socket

    async def _noted(self, where: list[Any], what: Any) -> None:
        await super()._noted(where, what)
        if where is self.acks:
            self.pending.pop(what.get("envelope_id", ""), None)
        elif where is self.sockets:
            async with self._sending:
                for envelope, body in list(self.pending.items()):
                    await self._send(envelope, body, 1)

    def _chat_postMessage(self, sent: Json) -> Json:  # noqa: N802 - Slack's name
        answer = super()._chat_postMessage(sent)
        if "message" in answer and sent.get("blocks"):
            answer["message"]["blocks"] = sent["blocks"]
        return answer

    def _chat_update(self, sent: Json) -> Json:
        answer = super()._chat_update(sent)
        if "ts" in answer and "blocks" in sent:
            self.row(sent["ts"], sent["channel"])["blocks"] = sent["blocks"]
        return answer

    def _reactions_add(self, sent: Json) -> Json:
        if sent["name"] in self.no_emoji:
            return {"ok": False, "error": "invalid_name"}
        return self._react(sent, on=True)

    def _reactions_remove(self, sent: Json) -> Json:
        return self._react(sent, on=False)

    def _react(self, sent: Json, *, on: bool) -> Json:
        try:
            row = self.row(sent["timestamp"], sent["channel"])
        except KeyError:
            return {"ok": False, "error": "message_not_found"}
        if not self._reacted(row, sent["name"], ME["user_id"], on=on):
            return {"ok": False, "error": "already_reacted" if on else "no_reaction"}
        return {}

    def _reacted(self, row: Json, name: str, user: str, *, on: bool) -> bool:
        reactions: list[Json] = row.setdefault("reactions", [])
        found = next((one for one in reactions if one["name"] == name), None)
        if found is None:
            found = {"name": name, "users": [], "count": 0}
            reactions.append(found)
        if (user in found["users"]) == on:
            return False
        (found["users"].append if on else found["users"].remove)(user)
        found["count"] = len(found["users"])
        row["reactions"] = [one for one in reactions if one["users"]]
        return True
