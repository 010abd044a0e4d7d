"""Hooks: where monitoring systems send, each on an address of its own.

Rule: the key in the path is the credential: the token of a service that is limited to exactly one room. Whatever is no
such key is answered 404, alike. Firing alerts are raised (or counted), resolved ones closed by their key; a sender that
is answered 5xx sends again, and nothing is harmed by it.
Not promised: that a repeat of the sender is told from a new alert with the same key: both count.
Next stop: :mod:`tieline.coordination.hooks` reads the body.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog
from aiohttp import web

from tieline.api.auth import NO_HOOK
from tieline.api.endpoint import AnyEndpoint, Call, Endpoint, NoQuery, json
from tieline.coordination.hooks import Firing, Heard, hear
from tieline.model.alerts import Alert, AlertState
from tieline.model.commands import AnswerAlert, Command, RaiseAlert
from tieline.model.members import Actor
from tieline.model.outcome import Accepted, Refusal
from tieline.model.rooms import Room

_log = structlog.get_logger("tieline.api")
_EMPTY: Final = Refusal(
    status=422,
    code="empty_text",
    detail="The body says nothing: send Alertmanager's or Grafana's webhook, JSON with a title, or plain text.",
)
_NOT_OPEN: Final = "alert_not_found"


class HookReport(msgspec.Struct, kw_only=True, frozen=True):
    """What became of the alerts of a call; ``ignored``: over already, unreadable, too many, or refused."""

    raised: int
    counted: int
    closed: int
    ignored: int


async def call_hook(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Raise and close alerts as a monitoring system says: Alertmanager, Grafana, JSON with a title, or plain text."""
    heard = hear(await call.request.read())
    if not heard.items and not heard.ignored:
        return _EMPTY
    if (refusal := call.cost(max(0, len(heard.items) - 1))) is not None:
        return refusal
    room = call.services.directory.room_by_id((call.actor.rooms or ("",))[0])
    if room is None:
        return NO_HOOK
    commands = [_command(one, call.actor, room) for one in heard.items]
    outcomes = await asyncio.gather(*(call.execute(command) for command in commands))
    return _report(heard, outcomes, room)


def _command(one: object, actor: Actor, room: Room) -> Command:
    if isinstance(one, Firing):
        return RaiseAlert(
            actor=actor,
            room=room.name,
            summary=one.summary,
            details=one.details,
            severity=one.severity,
            dedup=one.dedup,
        )
    return AnswerAlert(actor=actor, room=room.name, dedup=getattr(one, "dedup", ""), state=AlertState.CLOSED)


def _report(heard: Heard, outcomes: Sequence[Accepted | Refusal], room: Room) -> web.Response | Refusal:
    alerts = [outcome.value for outcome in outcomes if isinstance(outcome, Accepted)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    wrong = [refusal for refusal in refused if refusal.code != _NOT_OPEN]
    if wrong and not alerts:
        return wrong[0]
    for refusal in wrong:
        _log.warning("hook_refused", room=room.name, code=refusal.code, detail=refusal.detail)
    open_ones = [one for one in alerts if isinstance(one, Alert) and one.state is not AlertState.CLOSED]
    counted = sum(one.count > 1 for one in open_ones)
    return json(
        HookReport(
            raised=len(open_ones) - counted,
            counted=counted,
            closed=len(alerts) - len(open_ones),
            ignored=heard.ignored + len(refused),
        )
    )


_TEXT: Final = {"type": "string"}
_OBJECT: Final = {"type": "object", "description": "Alertmanager's or Grafana's webhook, or any object with a title."}
ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path="/hooks/{key}",
        handler=call_hook,
        summary="Raise and close alerts as a monitoring system says",
        tag="Alerts",
        takes={"application/json": _OBJECT, "text/plain": _TEXT},
        answers={200: HookReport},
        level=None,
        secret="key",  # noqa: S106 - the name of a part of the path
        errors=(404, 409, 422),
    ),
)
