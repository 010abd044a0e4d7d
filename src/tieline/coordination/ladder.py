"""Ladders: how a member is reached, rung after rung, until somebody answers. Pure deciders.

Rule: a climb's next deadline stands in its row, so that a restart loses none and fires each once: a rung is named by
its number, and a late or repeated wake changes nothing. Quiet hours put off everything but what is critical. Who does
not answer is followed by the next one on call. Handoffs climb by the same rows.
Not promised: a rung whose channel the member has no account on; it is passed over.
Next stop: :mod:`tieline.coordination.deadlines` wakes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tieline.model.alerts import Alert, AlertState, Climb, ClimbState
from tieline.model.base import Value
from tieline.model.channels import ChannelRecord, Trait
from tieline.model.commands import ClimbOn
from tieline.model.delivery import Delivery, DeliveryState, Endpoint, Fault, Operation, unresolved_direct
from tieline.model.members import Account, Member
from tieline.model.message import Message
from tieline.model.outcome import Refusal
from tieline.model.policies import MENTION, Notify, QuietHours, Rung
from tieline.model.rooms import Severity
from tieline.ports.deciding import Decision, View
from tieline.routing import codes
from tieline.routing.router import admitted

MINUTE: Final = 60_000
LADDER: Final = (
    Rung(via=MENTION, wait=5 * MINUTE),
    Rung(via="direct", wait=5 * MINUTE),
    Rung(via="email", wait=10 * MINUTE),
    Rung(via="sms", wait=10 * MINUTE),
)
"""The ladder where nobody wrote one."""
ANSWERED: Final = Fault(code="answered", detail="Somebody answered before this was sent.")


def begin(alert: Alert, member: Member, rows: Sequence[object], view: View) -> list[Value]:
    """Begin a climb: the climb, and what its first rung sends. ``rows``: what this decision writes beside it."""
    climb = Climb(
        id=view.new_id("clm"),
        subject=alert.id,
        message_id=alert.message_id,
        member_id=member.id,
        due_at=view.now,
        created_at=view.now,
        updated_at=view.now,
    )
    known = [row for row in rows if isinstance(row, Delivery)]
    return list(_climb(climb, alert, known, view))


def climb_on(command: ClimbOn, view: View) -> Decision | Refusal:
    """A deadline has come."""
    climb = view.get(Climb, command.climb_id)
    if climb is None or climb.state is not ClimbState.CLIMBING or climb.rung != command.rung or climb.due_at > view.now:
        return Decision(value=climb)
    alert = view.get(Alert, climb.subject)
    if alert is None or alert.state is not AlertState.OPEN:
        done = msgspec.structs.replace(climb, state=ClimbState.ANSWERED, updated_at=view.now)
        return Decision(value=done, puts=(done,))
    puts = _climb(climb, alert, list(view.find(Delivery, message_id=climb.message_id)), view)
    lanes = {value.lane for value in puts if isinstance(value, Delivery)}
    return Decision(value=puts[0], puts=tuple(puts), lanes=tuple(lanes))


def stop(alert: Alert, view: View) -> list[Value]:
    """Somebody answered: no climb goes on, and what a climb has sent but not begun does not go out."""
    stopped: list[Value] = [
        msgspec.structs.replace(climb, state=ClimbState.ANSWERED, updated_at=view.now)
        for climb in view.find(Climb, subject=alert.id)
        if climb.state is ClimbState.CLIMBING
    ]
    for delivery in view.find(Delivery, message_id=alert.message_id):
        waits = delivery.state in {DeliveryState.QUEUED, DeliveryState.HELD} and delivery.sent == 0
        if waits and delivery.link_id is None and delivery.operation is Operation.SEND:
            stopped.append(
                msgspec.structs.replace(delivery, state=DeliveryState.EXPIRED, fault=ANSWERED, updated_at=view.now)
            )
    return stopped


# ── one rung after another ───────────────────────────────────────────────────────────────────────────────────────────


def _climb(climb: Climb, alert: Alert, sent: list[Delivery], view: View) -> list[Value]:
    """The climb as it is after its turn, first, and what it sends."""
    member = view.directory.member_by_id(climb.member_id)
    if member is None or member.archived_at is not None:
        return _followed(climb, alert, view)
    notify = view.directory.policies().notify.get(member.handle, Notify())
    until = _quiet_until(notify.quiet, view.now) if alert.severity is not Severity.CRITICAL else None
    if until is not None:
        return [msgspec.structs.replace(climb, due_at=until, updated_at=view.now)]
    rungs = notify.ladder or view.directory.policies().ladder or LADDER
    for number in range(climb.rung, len(rungs)):
        rung = rungs[number]
        reached, values = _reach(rung, member, alert, sent, view)
        if reached is not None:
            there = (*climb.reached, reached)
            up = msgspec.structs.replace(
                climb, rung=number + 1, due_at=view.now + rung.wait, reached=there, updated_at=view.now
            )
            return [up, *values]
    return _followed(climb, alert, view)


def _reach(
    rung: Rung, member: Member, alert: Alert, sent: list[Delivery], view: View
) -> tuple[str | None, list[Value]]:
    """Where the member was written to, and what does it; None: not on this rung."""
    if rung.via == MENTION:
        return MENTION, []
    account = _account(rung.via, member, view)
    if account is None:
        return None, []
    conversation = conversation_with(account, view)
    if any((d.channel, d.conversation) == (account.channel, conversation) and _shows(d) for d in sent):
        return account.channel, []  # a link has brought it there
    return account.channel, _delivery(alert, account.channel, conversation, view)


def _shows(delivery: Delivery) -> bool:
    return delivery.operation is Operation.SEND and delivery.state not in {DeliveryState.FAILED, DeliveryState.EXPIRED}


def _account(via: str, member: Member, view: View) -> Account | None:
    for account in view.directory.accounts_of(member.id):
        record = view.directory.channel(account.channel)
        if record is not None and _fits(via, account, record):
            return account
    return None


def _fits(via: str, account: Account, record: ChannelRecord) -> bool:
    return via in {account.channel, record.adapter} or (via == "direct" and Trait.DIRECT in record.traits)


def conversation_with(account: Account, view: View) -> str:
    """The conversation in which a member is written to by themselves."""
    record = view.directory.channel(account.channel)
    if record is not None and Trait.DIRECT in record.traits:
        return account.direct or unresolved_direct(account.native_id)
    return account.native_id


def _delivery(alert: Alert, channel: str, conversation: str, view: View) -> list[Value]:
    endpoint = Endpoint(channel=channel, conversation=conversation)
    given = codes.wanted(channel, conversation, alert.message_id, view)
    delivery = Delivery(
        id=view.new_id("dlv"),
        position=view.take_position(),
        operation=Operation.SEND,
        room_id=alert.room_id,
        message_id=alert.message_id,
        seq=_seq(alert, view),
        link_id=None,
        channel=channel,
        conversation=conversation,
        via=endpoint.via,
        lane=endpoint.lane,
        code=given[0].code if given else None,
        created_at=view.now,
        updated_at=view.now,
    )
    return [admitted(delivery, view), *given]


def _seq(alert: Alert, view: View) -> int:
    message = view.get(Message, alert.message_id)
    return message.seq if message else 0


def _followed(climb: Climb, alert: Alert, view: View) -> list[Value]:
    """Nobody answered on any rung: the next one on call climbs."""
    tired = msgspec.structs.replace(climb, state=ClimbState.EXHAUSTED, updated_at=view.now)
    on_call = view.directory.policies().on_call
    for turn in range(climb.turn + 1, len(on_call)):
        member = view.directory.member(on_call[turn])
        if member is not None and member.id != climb.member_id:
            after = Climb(
                id=view.new_id("clm"),
                subject=alert.id,
                message_id=alert.message_id,
                member_id=member.id,
                due_at=view.now,
                turn=turn,
                created_at=view.now,
                updated_at=view.now,
            )
            return [tired, after]
    return [tired]


# ── quiet hours ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _quiet_until(quiet: QuietHours | None, now: int) -> int | None:
    """When the quiet hours that hold now end, in milliseconds; None: they do not hold."""
    if quiet is None or quiet.start == quiet.end:
        return None
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(_zone(quiet.zone))
    minute = local.hour * 60 + local.minute
    over_night = quiet.start > quiet.end
    inside = (minute >= quiet.start or minute < quiet.end) if over_night else quiet.start <= minute < quiet.end
    if not inside:
        return None
    end = local.replace(hour=quiet.end // 60 % 24, minute=quiet.end % 60, second=0, microsecond=0)
    if end <= local:
        end += timedelta(days=1)
    return round(end.timestamp() * 1000)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
