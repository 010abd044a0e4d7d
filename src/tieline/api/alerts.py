"""Alerts: raise, list, look at, acknowledge, close.

Rule: an alert is seen by who sees its room; what one may not see looks like what is absent. Times of creation, in
milliseconds, are the cursors of the list. Next stop: :mod:`tieline.coordination.alerts` decides; :mod:`.hooks` for
monitoring systems.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, UnsetType

from tieline.api.endpoint import AnyEndpoint, Call, Endpoint, NoQuery, find_room, json
from tieline.api.operations import visible_rooms
from tieline.api.pages import Listing, by_time
from tieline.model.alerts import Alert, AlertState, Climb, ClimbState
from tieline.model.commands import AnswerAlert, Command, RaiseAlert
from tieline.model.members import Actor, Level
from tieline.model.outcome import Accepted, Refusal
from tieline.model.rooms import Room, Severity
from tieline.model.shapes import Handle, Key, Request, Short
from tieline.ports.directory import Directory
from tieline.render.wire import rfc3339, rfc3339_or_none

_STATE: Final = "|".join(state.value for state in AlertState)
_NO_NUL: Final = r"^[^\x00]*$"


class AlertBody(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An alert to raise in a ``room`` or ``to`` a member; or, by its ``dedup`` there, one to acknowledge or close."""

    room: Handle | None = None
    to: Handle | None = None
    summary: Annotated[str, Meta(max_length=1000, pattern=_NO_NUL)] = ""
    """One line; needed to raise one."""
    details: Annotated[str, Meta(max_length=40_000, pattern=_NO_NUL)] = ""
    severity: Severity = Severity.WARNING
    dedup: Short = ""
    """While one with it is open there, another only counts."""
    action: Literal["trigger", "ack", "close"] = "trigger"
    client_id: Key | None = None


class ClimbOut(msgspec.Struct, kw_only=True, frozen=True):
    """A member on the way up a ladder; ``reached`` says where they were written to, ``next_at`` when the next is."""

    member: str
    state: ClimbState
    reached: tuple[str, ...]
    next_at: str | None


class AlertOut(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=False):
    """An alert. ``message`` shows it; ``by`` and ``via`` say who answered, and through which channel."""

    id: str
    room: str
    message: str
    summary: str
    details: str
    severity: Severity
    dedup: str
    """Empty once it is closed."""
    source: str
    state: AlertState
    count: int
    by: str | None
    via: str | None
    answered_at: str | None
    closed_at: str | None
    created_at: str
    updated_at: str
    climbs: tuple[ClimbOut, ...] | UnsetType = UNSET
    """Only of one alert that was asked for by its id."""


class Alerts(msgspec.Struct, kw_only=True, frozen=True):
    """A page of alerts, by creation."""

    items: tuple[AlertOut, ...]
    next: int | None


class AlertsQuery(Listing, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Alerts of a room, or in a state (several with commas: ``open,acknowledged``)."""

    room: Handle | UnsetType = UNSET
    state: Annotated[str, Meta(max_length=100, pattern=f"^({_STATE})(,({_STATE}))*$")] | UnsetType = UNSET

    def states(self) -> tuple[AlertState, ...]:
        """The states asked for."""
        return (
            tuple(AlertState)
            if self.state is UNSET
            else tuple(AlertState(word.strip()) for word in self.state.split(","))
        )


def alert_out(alert: Alert, room: Room, climbs: tuple[ClimbOut, ...] | UnsetType = UNSET) -> AlertOut:
    """An alert as JSON readers get it."""
    return AlertOut(
        id=alert.id,
        room=room.name,
        message=alert.message_id,
        summary=alert.summary,
        details=alert.details,
        severity=alert.severity,
        dedup=alert.dedup_key.partition("|")[2],
        source=alert.source,
        state=alert.state,
        count=alert.count,
        by=alert.by,
        via=alert.via,
        answered_at=rfc3339_or_none(alert.answered_at),
        closed_at=rfc3339_or_none(alert.closed_at),
        created_at=rfc3339(alert.created_at),
        updated_at=rfc3339(alert.updated_at),
        climbs=climbs,
    )


# ── raise and answer ─────────────────────────────────────────────────────────────────────────────────────────────────


async def raise_alert(call: Call[AlertBody, NoQuery]) -> web.Response | Refusal:
    """Raise an alert, or count one more of an open one (200); with ``action``, answer the open one by its key."""
    body = call.body
    key = call.client_id(body.client_id)
    if isinstance(key, Refusal):
        return key
    if body.action != "trigger":
        return await _by_key(call)
    if (refusal := _may_raise(call)) is not None:
        return refusal
    command = RaiseAlert(
        actor=call.actor,
        client_id=key,
        room=body.room or "",
        to=(body.to or "").removeprefix("@"),
        summary=body.summary,
        details=body.details,
        severity=body.severity,
        dedup=body.dedup,
    )
    return _raised(call, await call.execute(command))


def _may_raise(call: Call[AlertBody, NoQuery]) -> Refusal | None:
    """Before the key is looked up: whoever may not post learns nothing of what is open."""
    if not call.body.room:
        return call.services.directory.authorize(call.actor, "post")
    room = find_room(call.services, call.actor, call.body.room, "post")
    return room if isinstance(room, Refusal) else None


def _raised(call: Call[AlertBody, NoQuery], outcome: Accepted | Refusal) -> web.Response | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    alert = _alert(outcome)
    room = _room(call.services.directory, call.actor, alert)
    if room is None:
        return _not_found(call.body.dedup)
    return json(alert_out(alert, room), 200 if outcome.repeat or alert.count > 1 else 201)


async def _by_key(call: Call[AlertBody, NoQuery]) -> web.Response | Refusal:
    body = call.body
    if not body.dedup or bool(body.room) == bool(body.to):
        detail = "$.dedup: name the alert's key, with either its $.room or the member it went $.to."
        return Refusal(status=422, code="dedup_needed", detail=detail)
    state = AlertState.ACKNOWLEDGED if body.action == "ack" else AlertState.CLOSED
    place = body.room or "@" + (body.to or "").removeprefix("@")
    return await _answered(call, AnswerAlert(actor=call.actor, room=place, dedup=body.dedup, state=state))


async def ack_alert(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Acknowledge an alert: nobody is disturbed further. Repeating it changes nothing."""
    return await _answered(call, _answer(call, AlertState.ACKNOWLEDGED))


async def close_alert(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Close an alert; the next one with its key is a new one. Repeating it changes nothing."""
    return await _answered(call, _answer(call, AlertState.CLOSED))


def _answer(call: Call[None, NoQuery], state: AlertState) -> AnswerAlert:
    return AnswerAlert(actor=call.actor, alert_id=call.path("id"), state=state)


async def _answered(call: Call[None, NoQuery] | Call[AlertBody, NoQuery], command: Command) -> web.Response | Refusal:
    outcome = await call.execute(command)
    if isinstance(outcome, Refusal):
        return outcome
    alert = _alert(outcome)
    room = _room(call.services.directory, call.actor, alert)
    return _not_found(alert.id) if room is None else json(alert_out(alert, room))


def _alert(outcome: Accepted) -> Alert:
    if not isinstance(outcome.value, Alert):
        raise TypeError(outcome.value)
    return outcome.value


# ── read ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def list_alerts(call: Call[None, AlertsQuery]) -> web.Response | Refusal:
    """Alerts of the rooms one may see, by creation."""
    query, directory = call.query, call.services.directory
    if query.room is UNSET:
        rooms = visible_rooms(directory, call.actor)
    else:
        room = find_room(call.services, call.actor, query.room)
        if isinstance(room, Refusal):
            return room
        rooms = (room.id,)
    reader, states = call.services.reader, query.states()
    found, last = await by_time(lambda page: reader.alerts(rooms, states, page), query.page(), lambda a: a.created_at)
    return json(Alerts(items=tuple(_shown(found, directory)), next=last))


def _shown(alerts: Sequence[Alert], directory: Directory) -> list[AlertOut]:
    pairs = ((alert, directory.room_by_id(alert.room_id)) for alert in alerts)
    return [alert_out(alert, room) for alert, room in pairs if room is not None]


async def get_alert(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """One alert, with its climbs: who was reached where, and when the next rung is."""
    name = call.path("id")
    alert = await call.services.reader.alert(name)
    room = _room(call.services.directory, call.actor, alert) if alert else None
    if alert is None or room is None:
        return _not_found(name)
    climbs = await call.services.reader.climbs_of(alert.id)
    return json(alert_out(alert, room, tuple(_climb(climb, call.services.directory) for climb in climbs)))


def _climb(climb: Climb, directory: Directory) -> ClimbOut:
    member = directory.member_by_id(climb.member_id)
    goes_on = climb.state is ClimbState.CLIMBING
    return ClimbOut(
        member=member.handle if member else "",
        state=climb.state,
        reached=climb.reached,
        next_at=rfc3339(climb.due_at) if goes_on else None,
    )


def _room(directory: Directory, actor: Actor, alert: Alert) -> Room | None:
    """The alert's room, if the actor may see it."""
    room = directory.room_by_id(alert.room_id)
    return None if room is None or directory.authorize(actor, "read", room=room) is not None else room


def _not_found(name: str) -> Refusal:
    return Refusal(status=404, code="alert_not_found", detail=f"There is no alert '{name}', or you may not see it.")


_TAG: Final = "Alerts"
ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path="/alerts",
        handler=raise_alert,
        summary="Raise an alert in a room or to a member, or answer the open one with its key",
        tag=_TAG,
        body=AlertBody,
        answers={201: AlertOut, 200: AlertOut},
        level=Level.L2,
        errors=(404, 409, 422),
        keyed=True,
    ),
    Endpoint(
        method="GET",
        path="/alerts",
        handler=list_alerts,
        summary="Alerts of the rooms one may see, by creation",
        tag=_TAG,
        query=AlertsQuery,
        answers={200: Alerts},
        errors=(404,),
    ),
    Endpoint(
        method="GET",
        path="/alerts/{id}",
        handler=get_alert,
        summary="One alert, with who was reached where",
        tag=_TAG,
        answers={200: AlertOut},
        errors=(404,),
    ),
    Endpoint(
        method="POST",
        path="/alerts/{id}/ack",
        handler=ack_alert,
        summary="Acknowledge an alert: nobody is disturbed further",
        tag=_TAG,
        answers={200: AlertOut},
        level=Level.L2,
        errors=(404, 409),
    ),
    Endpoint(
        method="POST",
        path="/alerts/{id}/close",
        handler=close_alert,
        summary="Close an alert",
        tag=_TAG,
        answers={200: AlertOut},
        level=Level.L2,
        errors=(404, 409),
    ),
)
