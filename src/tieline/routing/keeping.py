"""Consent, and messages that are kept aside: forged senders, unknown numbers. Pure.

Rule: who says STOP is written to no more on that channel, durably, whatever waits; what is not believed is never posted
and never answered, but kept whole and shown to people, who release or discard it.
"""

from __future__ import annotations

import msgspec

from tieline.model.commands import DecideKept
from tieline.model.content import plain
from tieline.model.delivery import Delivery, DeliveryState, Endpoint, Part, PartDirection
from tieline.model.inbound import InboundConsent, InboundMessage, NativeAuthor, Receipt
from tieline.model.keeping import Consent, Kept, KeptState
from tieline.model.outcome import Refusal
from tieline.model.rooms import Room
from tieline.ports.deciding import Decision, View
from tieline.routing.router import OPTED_OUT


def consent(channel: str, event: InboundConsent, view: View) -> Decision:
    """Decide a STOP or START; what waits for a STOP ends, visibly."""
    row = Consent(
        channel=channel, conversation=event.conversation, wanted=event.wanted, word=event.word[:40], at=view.now
    )
    ended: tuple[Delivery, ...] = ()
    if not event.wanted:
        lane = Endpoint(channel=channel, conversation=event.conversation).lane
        ended = tuple(
            msgspec.structs.replace(d, state=DeliveryState.EXPIRED, fault=OPTED_OUT, updated_at=view.now)
            for d in view.find(Delivery, lane=lane)
            if d.state in {DeliveryState.QUEUED, DeliveryState.HELD} and d.sent == 0
        )
    return Decision(value=Receipt(status="stored"), puts=(row, *ended))


def keep(  # noqa: PLR0913 - what is known of it
    channel: str,
    place: str,
    event: InboundMessage,
    text: str,
    reason: str,
    view: View,
    *,
    room: Room | None = None,
    thread: str | None = None,
) -> Decision:
    """Keep a message aside; a repeat of it finds itself."""
    row = Kept(
        id=view.new_id("kpt"),
        channel=channel,
        conversation=place,
        native_id=event.native_id,
        author=event.author.display,
        author_native=event.author.native_id,
        text=text,
        reason=reason,
        room_id=room.id if room else None,
        thread=thread,
        at=view.now,
    )
    mark = Part(
        channel=channel,
        conversation=place,
        native_id=event.native_id,
        message_id="",
        room_id="",
        direction=PartDirection.IN,
        author_native=event.author.native_id,
        created_at=view.now,
    )
    return Decision(value=Receipt(status="kept"), puts=(row, mark))


def released(command: DecideKept, view: View) -> tuple[Kept, Room | None, InboundMessage | None] | Refusal:
    """Who may decide, and what is to be posted where; a discarded one is not posted."""
    if refusal := view.directory.authorize(command.actor, "manage_deliveries"):
        return refusal
    row = view.get(Kept, command.kept_id)
    if row is None:
        return Refusal(status=404, code="kept_not_found", detail=f"Nothing is kept as '{command.kept_id}'.")
    if row.state is not KeptState.KEPT:
        return Refusal(status=409, code="kept_decided", detail=f"It was {row.state.value} already.")
    if command.state is KeptState.DISCARDED:
        return row, None, None
    room = view.directory.room(command.room) if command.room else view.directory.room_by_id(row.room_id or "")
    if room is None:
        return Refusal(status=422, code="room_needed", detail="$.room: name the room it goes to.")
    if refusal := view.directory.authorize(command.actor, "post", room=room):
        return refusal
    event = InboundMessage(
        conversation=row.conversation,
        native_id=f"released:{row.native_id}",
        author=NativeAuthor(native_id=row.author_native, display=row.author),
        content=plain(row.text),
        sent_at=row.at,
        automated=True,
    )
    return row, room, event
