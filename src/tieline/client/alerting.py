"""The client's calls about alerts, what is kept aside, originals and usage. Next stop: :mod:`tieline.client.hub`."""

from __future__ import annotations

import secrets

from tieline.client.answers import AlertAnswer, AlertPage, KeptAnswer, KeptPage, OriginalAnswer, UsageAnswer
from tieline.client.wire import TRIES, Query, Wire, part
from tieline.model.rooms import Severity


class AlertCalls(Wire):
    """One method per operation; :class:`~tieline.client.Client` has them all."""

    # ── alerts ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def alert(  # noqa: PLR0913 - what there is to say of an alert
        self,
        summary: str,
        *,
        room: str = "",
        to: str = "",
        details: str = "",
        severity: Severity = Severity.WARNING,
        dedup: str = "",
        client_id: str = "",
        tries: int = TRIES,
    ) -> AlertAnswer:
        """Raise an alert in a ``room`` or ``to`` a member; while one with its ``dedup`` is open there, it only counts.

        Tried again like :meth:`post`.
        """
        place = {"room": room} if room else {"to": to}
        body = {
            **place,
            "summary": summary,
            "details": details,
            "severity": severity,
            "dedup": dedup,
            "client_id": client_id or secrets.token_hex(12),
        }
        return await self._again(AlertAnswer, "/alerts", body, tries)

    async def alerts(
        self,
        *,
        room: str | None = None,
        state: str | None = None,
        after: int | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> AlertPage:
        """Alerts by creation; ``state`` may name several with commas."""
        query: Query = {"room": room, "state": state, "after": after, "before": before, "limit": limit}
        return await self._ask(AlertPage, "GET", "/alerts", query=query)

    async def alert_now(self, alert_id: str) -> AlertAnswer:
        """One alert, with its climbs."""
        return await self._ask(AlertAnswer, "GET", f"/alerts/{part(alert_id)}")

    async def ack(self, alert_id: str = "", *, dedup: str = "", room: str = "", to: str = "") -> AlertAnswer:
        """Acknowledge an alert, by its id or by its ``dedup`` in a ``room`` or ``to`` a member."""
        return await self._answer_alert("ack", alert_id, dedup, room, to)

    async def close_alert(self, alert_id: str = "", *, dedup: str = "", room: str = "", to: str = "") -> AlertAnswer:
        """Close an alert, by its id or by its ``dedup`` in a ``room`` or ``to`` a member."""
        return await self._answer_alert("close", alert_id, dedup, room, to)

    async def _answer_alert(self, action: str, alert_id: str, dedup: str, room: str, to: str) -> AlertAnswer:
        if alert_id:
            return await self._ask(AlertAnswer, "POST", f"/alerts/{part(alert_id)}/{action}")
        body = {**({"room": room} if room else {"to": to}), "dedup": dedup, "action": action}
        return await self._ask(AlertAnswer, "POST", "/alerts", body=body)

    # ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def kept(self, *, state: str | None = None, after: int | None = None, limit: int = 50) -> KeptPage:
        """Messages that were not posted, by time; by default those that wait for a decision."""
        return await self._ask(KeptPage, "GET", "/kept", query={"state": state, "after": after, "limit": limit})

    async def release(self, kept_id: str, *, room: str | None = None) -> KeptAnswer:
        """Post a kept message after all; ``room`` says where to, if that was not known."""
        return await self._ask(KeptAnswer, "POST", f"/kept/{part(kept_id)}/release", body={"room": room})

    async def discard(self, kept_id: str) -> KeptAnswer:
        """Let a kept message be."""
        return await self._ask(KeptAnswer, "POST", f"/kept/{part(kept_id)}/discard")

    async def original(self, message_id: str) -> OriginalAnswer:
        """The text of a message as it came, where something was left out of it."""
        return await self._ask(OriginalAnswer, "GET", f"/messages/{part(message_id)}/original")

    async def usage(self, channel: str, *, day: str | None = None) -> UsageAnswer:
        """How much went out on a channel in one UTC day (``2026-11-20``); by default today."""
        return await self._ask(UsageAnswer, "GET", f"/channels/{part(channel)}/usage", query={"day": day})
