"""Alerts: raised once, shown on every channel, climbing to people until one of them answers. Pure deciders.

Rule: an alert and its message are one: its text says its state, by whom and through which channel, and an answer from
anywhere edits it everywhere. The first answer stops the climbs. A state only moves forward; repeating an answer changes
nothing and says who was first. Next stop: :mod:`tieline.coordination.ladder`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tieline.coordination import ladder
from tieline.model.actions import Action, ActionStyle
from tieline.model.alerts import Alert, AlertState
from tieline.model.commands import AnswerAlert, PostDirect, PostMessage, RaiseAlert
from tieline.model.content import Paragraph, Text
from tieline.model.delivery import Delivery
from tieline.model.events import Event
from tieline.model.inbound import NativeAuthor, Receipt
from tieline.model.members import Actor, Member
from tieline.model.message import Author, Message
from tieline.model.outcome import Refusal
from tieline.model.rooms import MessageType, Room
from tieline.ports.deciding import Decision, View
from tieline.render import wire
from tieline.render.commonmark import CommonMark
from tieline.render.wire import rfc3339
from tieline.routing import messages
from tieline.routing.interactions import acknowledge, said
from tieline.routing.people import actor_of, author_there, member_there, who_there
from tieline.routing.writing import author_of

ACK: Final = "ack"
CLOSE: Final = "close"
_WRITER: Final = CommonMark()
_DONE: Final = {AlertState.ACKNOWLEDGED: "Acknowledged", AlertState.CLOSED: "Closed"}


def actions_of(alert: Alert) -> tuple[Action, ...]:
    """What an alert offers in its state."""
    close = Action(name=CLOSE, label="Close", target=alert.message_id)
    if alert.state is AlertState.OPEN:
        return (Action(name=ACK, label="Acknowledge", target=alert.message_id, style=ActionStyle.PRIMARY), close)
    return (close,) if alert.state is AlertState.ACKNOWLEDGED else ()


def text_of(alert: Alert) -> str:
    """The text of an alert's message: what it is about, how often, and what became of it."""
    lines = [
        _WRITER.write((Paragraph(children=(Text(text=alert.summary),)),))
        + (f" (×{alert.count})" if alert.count > 1 else "")
    ]
    if alert.details:
        lines += ["", alert.details]
    if alert.state is not AlertState.OPEN:
        at = rfc3339((alert.closed_at if alert.state is AlertState.CLOSED else alert.answered_at) or alert.updated_at)
        by = f" by {_shown(alert.by)}" if alert.by else ""
        lines += ["", f"*{_DONE[alert.state]}{by}{f' via {alert.via}' if alert.via else ''}, {at[11:16]} UTC*"]
    return "\n".join(lines)


def _shown(who: str) -> str:
    return who if ":" in who else f"**{who}**"


# ── raise ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def raise_alert(command: RaiseAlert, view: View) -> Decision | Refusal:
    """Raise an alert, or count one more of an open one."""
    if bool(command.room) == bool(command.to):
        return Refusal(status=422, code="room_or_to", detail="An alert goes either to a $.room or $.to a member.")
    if not command.summary.strip():
        return Refusal(status=422, code="empty_text", detail="$.summary: an alert needs a summary.")
    place = _place(command)
    known = _open(place, command.dedup, command.actor, view)
    if known is not None:
        return _counted(known, command.actor, view)
    base = Alert(
        id=view.new_id("alr"),
        room_id="",
        message_id="",
        summary=" ".join(command.summary.split()),
        severity=command.severity,
        details=command.details.strip(),
        dedup_key=_key(place, command.dedup),
        source=command.source or (command.actor.member.handle if command.actor.member else ""),
        created_at=view.now,
        updated_at=view.now,
    )
    posted = _posted(command, base, view)
    if isinstance(posted, Refusal):
        return posted
    message = posted.value
    assert isinstance(message, Message)  # noqa: S101 - what posting answers
    alert = msgspec.structs.replace(base, room_id=message.room_id, message_id=message.id)
    shown = msgspec.structs.replace(message, actions=actions_of(alert))
    rows = _again(posted, message, shown)
    climbs = [value for member in _targets(command, view) for value in ladder.begin(alert, member, rows, view)]
    lanes = {value.lane for value in climbs if isinstance(value, Delivery)}
    return msgspec.structs.replace(
        posted,
        value=alert,
        result=alert.id,
        events=tuple(_event(event, message, shown) for event in posted.events),
        puts=(*rows, alert, *climbs),
        lanes=(*posted.lanes, *lanes),
    )


def _place(command: RaiseAlert) -> str:
    return command.room or f"@{command.to}"


def _key(place: str, dedup: str) -> str:
    return f"{place}|{dedup}" if dedup else ""


def _open(place: str, dedup: str, actor: Actor, view: View) -> Alert | None:
    """The open alert of a key, among those that the actor may see: others' private ones are as if they were not."""
    for alert in reversed(view.find(Alert, dedup_key=_key(place, dedup)) if dedup else ()):
        room = view.directory.room_by_id(alert.room_id)
        if room is not None and view.directory.authorize(actor, "read", room=room) is None:
            return alert
    return None


def _posted(command: RaiseAlert, alert: Alert, view: View) -> Decision | Refusal:
    mentions = tuple(member.handle for member in _targets(command, view)) if command.room else ()
    fields = {
        "actor": command.actor,
        "text": text_of(alert),
        "type": MessageType.ALERT,
        "severity": command.severity,
        "mentions": mentions,
    }
    if command.to:
        return messages.post_direct(PostDirect(to=command.to, **fields), view)  # type: ignore[arg-type]
    return messages.post(PostMessage(room=command.room, **fields), view)  # type: ignore[arg-type]


def _targets(command: RaiseAlert, view: View) -> list[Member]:
    """Whom an alert climbs to: the member it is for, or the first on call."""
    names = [command.to] if command.to else list(view.directory.policies().on_call[:1])
    return [member for name in names if (member := view.directory.member(name)) is not None]


def _again(decision: Decision, old: Message, new: Message) -> tuple[object, ...]:
    return tuple(new if value is old else value for value in decision.puts)


def _event(event: Event, old: Message, new: Message) -> Event:
    """The message's event, with what it offers; inbox events hold the message as it was posted."""
    if event.body != wire.message_body(old):
        return event
    return msgspec.structs.replace(event, body=wire.message_body(new))


def _counted(alert: Alert, actor: Actor, view: View) -> Decision | Refusal:
    room = view.directory.room_by_id(alert.room_id)
    if room is not None and (refusal := view.directory.authorize(actor, "post", room=room)) is not None:
        return refusal
    more = msgspec.structs.replace(alert, count=alert.count + 1, updated_at=view.now)
    return _told(more, author_of(actor.member), view)


def recall(result: str, view: View) -> object:
    """The alert a repeat is answered with, as it is now."""
    return view.get(Alert, result)


# ── answer ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def answer(command: AnswerAlert, view: View) -> Decision | Refusal:
    """Acknowledge or close through the API."""
    alert = (
        view.get(Alert, command.alert_id)
        if command.alert_id
        else _open(command.room, command.dedup, command.actor, view)
    )
    room = view.directory.room_by_id(alert.room_id) if alert else None
    if alert is None or room is None or view.directory.authorize(command.actor, "read", room=room) is not None:
        name = command.alert_id or command.dedup
        return Refusal(
            status=404, code="alert_not_found", detail=f"There is no open alert '{name}', or you may not see it."
        )
    if refusal := view.directory.authorize(command.actor, "react", room=room):
        return refusal
    member = command.actor.member
    who = member.handle if member else "tieline"
    return answered(alert, command.state, who, "api", author_of(member), view)


def answered(alert: Alert, state: AlertState, who: str, via: str, by: Author, view: View) -> Decision:
    """The decision that an alert is answered; one that was answered further already stays."""
    if state.rank <= alert.state.rank:
        return Decision(value=alert, result=alert.id)
    closed = state is AlertState.CLOSED
    moved = msgspec.structs.replace(
        alert,
        state=state,
        by=who if alert.by is None or closed else alert.by,
        via=via if alert.via is None or closed else alert.via,
        answered_at=alert.answered_at or view.now,
        closed_at=view.now if closed else None,
        dedup_key="" if closed else alert.dedup_key,
        updated_at=view.now,
    )
    decision, stopped = _told(moved, by, view), ladder.stop(alert, view)
    ended = {value.lane for value in stopped if isinstance(value, Delivery)}
    told = [value for value in decision.puts if not (isinstance(value, Delivery) and value.lane in ended)]
    return msgspec.structs.replace(decision, puts=(*told, *stopped))


def _told(alert: Alert, by: Author, view: View) -> Decision:
    """The alert with its message, changed to say what it is now."""
    message = view.get(Message, alert.message_id)
    room = view.directory.room_by_id(alert.room_id)
    if message is None or room is None or message.deleted_at is not None:
        return Decision(value=alert, result=alert.id, puts=(alert,))
    offered = msgspec.structs.replace(message, actions=actions_of(alert))
    decision = messages.edited(offered, room, text_of(alert), by, view)
    return msgspec.structs.replace(decision, value=alert, result=alert.id, puts=(*decision.puts, alert))


# ── presses ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def pressed_ack(channel: str, author: NativeAuthor, message: Message, view: View) -> Decision:
    """A press of "Acknowledge", or its word or code."""
    return _pressed(channel, author, message, AlertState.ACKNOWLEDGED, view)


def pressed_close(channel: str, author: NativeAuthor, message: Message, view: View) -> Decision:
    """A press of "Close", or its word or code."""
    return _pressed(channel, author, message, AlertState.CLOSED, view)


def _pressed(channel: str, author: NativeAuthor, message: Message, state: AlertState, view: View) -> Decision:
    found = view.find(Alert, message_id=message.id)
    if not found:
        return acknowledge(channel, author, message, view)
    alert, room = found[0], view.directory.room_by_id(message.room_id)
    member = member_there(channel, author, view)
    if room is None or (refusal := _refusal(member, room, view)) is not None:
        return said("You may not answer this." if room is None or refusal is None else refusal.detail)
    if state.rank <= alert.state.rank:
        return said(_already(alert))
    decision = answered(alert, state, who_there(channel, author, member), channel, author_there(author, member), view)
    text = f"{_DONE[state]}: {alert.summary}. Everybody sees that it was you."
    return msgspec.structs.replace(decision, value=Receipt(status="answered", message_id=message.id, answer=text))


def _refusal(member: Member | None, room: Room, view: View) -> Refusal | None:
    return view.directory.authorize(actor_of(member), "react", room=room)


def _already(alert: Alert) -> str:
    at = rfc3339(alert.closed_at or alert.answered_at or alert.updated_at)[11:16]
    return f"{_DONE[alert.state]} already by {_shown(alert.by or 'somebody')} via {alert.via or 'the API'}, {at} UTC."
