"""The way from Slack to the hub's session: what came is read, and handed over.

Rule: :meth:`Door.event` returns when the hub has stored what it read (law 1); what is nobody's message is told to the
session, or to the desk where people press and pick. Next stop: :mod:`tieline_slack.wire` calls it, one conversation in
order; :mod:`tieline_slack.connection` tells it of the socket.
"""

from __future__ import annotations

from collections.abc import Mapping

from tieline.ports.adapter import Session
from tieline.render import commonmark
from tieline_slack import health, inbound
from tieline_slack.dialect import SlackDialect
from tieline_slack.shapes import text
from tieline_slack.workspace import Workspace


class Door:
    """Between one workspace and one session; is :class:`tieline_slack.wire.Ears`."""

    def __init__(self, workspace: Workspace, session: Session) -> None:
        self._workspace = workspace
        self._session = session
        self._desk = workspace.desk(session)

    async def event(self, event: Mapping[str, object]) -> None:
        """Read an event and hand it over; returns when it is durable."""
        if text(event, "type") == "app_home_opened":
            if text(event, "tab") == "home":
                self._desk.opened(text(event, "user"))
            return
        me = self._workspace.me
        news = health.read(event, me)
        if news is not None:
            health.tell(news, self._session)
            return
        people = await self._workspace.names.look_up(user for user in inbound.people_in(event) if user != me.user_id)
        read = inbound.read(event, me, people)
        if read is not None:
            self._workspace.calls.heard(read)
            await self._session.receive(read)

    async def command(self, payload: Mapping[str, object]) -> str | None:
        """Read a command and hand it over; the answer is the hub's, in Slack's dialect."""
        read = inbound.read_command(payload, self._workspace.me)
        if read is None:
            return None
        receipt = await self._session.receive(read)
        if receipt.answer is None:
            return None
        return SlackDialect().write(commonmark.parse(receipt.answer).blocks)

    def late(self, payload: Mapping[str, object], answer: str) -> None:
        """Show the answer to a command by itself."""
        self._desk.tell(payload, answer)

    async def interaction(self, payload: Mapping[str, object]) -> dict[str, object] | None:
        """Take a press, a shortcut or a filled modal."""
        return await self._desk.take(payload)

    def lost(self, reason: str, fix: str) -> None:
        """The socket is gone."""
        self._session.went_down(reason, fix=fix)

    def back(self) -> None:
        """The socket is open again."""
        self._workspace.catch_up(self._session)
