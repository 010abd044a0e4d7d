"""After an outage, one digest instead of everything that waited, for links that ask for it (``backlog: digest``). Pure.

Rule: what waited longer than :data:`WAITED` goes into one line each, in order, and its delivery says in which digest it
was shown; alerts, handoffs and messages that mention somebody still go by themselves, before it. Decided in one
transaction on the lane as it is, so nothing is in two digests or in none.
Next stop: :mod:`tieline.routing.lane` sends the digest like any line of the hub.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tieline.model.capabilities import Bundle, Support
from tieline.model.commands import DigestLane
from tieline.model.delivery import Degradation, Delivery, DeliveryState, Operation
from tieline.model.message import Message
from tieline.model.outcome import Refusal
from tieline.model.rooms import Backlog, Link, MessageType, Severity
from tieline.ports.deciding import Decision, View
from tieline.render.wire import rfc3339

WAITED: Final = 60_000
"""Milliseconds after which something waited through an outage, rather than for its turn."""
FEWEST: Final = 3
"""Fewer messages than this are sent by themselves."""
SHORT: Final = 200
"""Characters of each message."""
_BY_THEMSELVES: Final = frozenset({MessageType.ALERT, MessageType.HANDOFF})


def wanted(page: Sequence[Delivery], link: Link | None, now: int) -> bool:
    """Tell whether a lane's page is worth a digest."""
    if link is None or link.backlog is not Backlog.DIGEST:
        return False
    return sum(1 for delivery in page if _waited(delivery, now)) >= FEWEST


def gathers(page: Sequence[Delivery], bundle: Bundle | None, now: int) -> float | None:
    """Seconds until what waits for one receiver goes as one; 0: now; None: each by itself."""
    if bundle is None:
        return None
    fresh = [delivery for delivery in page if _is_fresh(delivery)]
    if len(fresh) < bundle.fewest:
        return None
    return max(0.0, bundle.within - (now - min(delivery.created_at for delivery in fresh)) / 1000)


def _waited(delivery: Delivery, now: int) -> bool:
    return _is_fresh(delivery) and delivery.created_at + WAITED <= now


def _is_fresh(delivery: Delivery) -> bool:
    waits = delivery.operation is Operation.SEND and delivery.state is DeliveryState.QUEUED
    return waits and not delivery.sent and not delivery.late


def digest(command: DigestLane, view: View) -> Decision | Refusal:
    """Put what waited in a lane into one digest; answers how many messages are in it."""
    here = list(view.find(Delivery, lane=command.lane))
    record = view.directory.channel(here[0].channel) if here else None
    if record is not None and record.epoch != command.epoch:
        return Refusal(status=409, code="stale_epoch", detail="Another hub works this lane now.")
    taken: list[tuple[Delivery, Message]] = []
    for delivery in here:
        takes = _is_fresh(delivery) if command.bundle else _waited(delivery, view.now)
        message = view.get(Message, delivery.message_id) if takes else None
        if (
            message is not None
            and ((command.bundle and not command.whole) or _may(message))
            and message.deleted_at is None
        ):
            taken.append((delivery, message))
    if len(taken) < FEWEST:
        return Decision(value=0)
    text = _bundled(taken) if command.bundle and not command.whole else _digested(taken, away=not command.bundle)
    notice = _notice(taken[0][0], text, view)
    shown = Degradation(feature="message", level=Support.FALLBACK, detail=f"shown in digest {notice.id}")
    ended = tuple(
        msgspec.structs.replace(
            delivery, state=DeliveryState.SENT, degradations=(shown,), frames=None, fault=None, updated_at=view.now
        )
        for delivery, _ in taken
    )
    return Decision(value=len(taken), puts=(*ended, notice), lanes=(command.lane,))


def _may(message: Message) -> bool:
    return message.type not in _BY_THEMSELVES and not message.mentions and message.deleted_at is None


def _digested(taken: Sequence[tuple[Delivery, Message]], *, away: bool) -> str:
    messages = [message for _, message in taken]
    why = " while this channel was away" if away else ""
    title = f"**{len(messages)} messages{why}** ({_time(messages[0])} to {_time(messages[-1])})"
    return "\n".join([title, "", *(_line(message) for message in messages)])


def _bundled(taken: Sequence[tuple[Delivery, Message]]) -> str:
    """One short line: how many, how bad, their codes, and the worst of them."""
    alerts = [message for _, message in taken if message.type is MessageType.ALERT]
    worst = max((message for _, message in taken), key=lambda m: m.severity.rank if m.severity else -1)
    critical = sum(1 for message in alerts if message.severity is Severity.CRITICAL)
    codes = [int(delivery.code) for delivery, _ in taken if delivery.code]
    what = f"{len(taken)} alerts" if len(alerts) == len(taken) else f"{len(taken)} messages"
    told = f" ({critical} critical)" if critical else ""
    words = _escaped(" ".join(worst.text.split())[:60])
    answer = f" Codes {min(codes)}-{max(codes)}: reply {codes[-1]} ack" if codes else ""
    return f"{what}{told}, such as: {words}.{answer}"


def _notice(first: Delivery, text: str, view: View) -> Delivery:
    return Delivery(
        id=view.new_id("dlv"),
        position=view.take_position(),
        operation=Operation.NOTICE,
        room_id=first.room_id,
        message_id="",
        seq=first.seq,
        link_id=first.link_id,
        channel=first.channel,
        conversation=first.conversation,
        via=first.via,
        lane=first.lane,
        text=text,
        created_at=view.now,
        updated_at=view.now,
    )


def _time(message: Message) -> str:
    return f"{rfc3339(message.created_at)[11:16]} UTC"


def _line(message: Message) -> str:
    words = " ".join(message.text.split())
    short = words if len(words) <= SHORT else f"{words[: SHORT - 1].rstrip()}…"
    files = "".join(f" [file: {file.name}]" for file in message.attachments)
    return f"- {_escaped(message.author.display)}: {_escaped(short)}{files}"


def _escaped(text: str) -> str:
    """Words that mean themselves in CommonMark."""
    return "".join(f"\\{char}" if char in _MARKS else char for char in text)


_MARKS: Final = frozenset("\\`*_~[]<>#|!&")
