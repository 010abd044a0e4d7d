"""Messages and their events: list, long poll, edit, delete, react, deliveries of one message.

Next stop: :mod:`tieline.routing` decides what a post becomes; :mod:`tieline.render.wire` writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, UnsetType

from tieline.api.endpoint import AnyEndpoint, Call, Endpoint, NoQuery, encode, json
from tieline.api.pages import After, Listing, next_after, next_before
from tieline.api.posting import deliveries_of
from tieline.api.waiting import wait_for_event
from tieline.model.commands import Command, DeleteMessage, EditMessage, React
from tieline.model.events import Event
from tieline.model.members import Level
from tieline.model.message import Message
from tieline.model.outcome import Refusal
from tieline.model.rooms import Room
from tieline.model.shapes import (
    DeliveryOut,
    EditRequest,
    MessageOut,
    Messages,
)
from tieline.ports.reading import DeliveryFilter, Page
from tieline.render.outs import delivery_out
from tieline.render.wire import framed, message_out

_MAX_DELIVERIES: Final = 500
_MAX_EMOJI: Final = 64


# ── queries ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class EventsQuery(After, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """``wait``: how many seconds to wait for an event if there is none yet."""

    wait: Annotated[int, Meta(ge=0, le=60)] = 0


class Events(msgspec.Struct, kw_only=True, frozen=True):
    """Events as the web socket sends them; ``next`` is the ``after`` of the next page, null at the end."""

    items: tuple[dict[str, object], ...]
    next: int | None


class Deliveries(msgspec.Struct, kw_only=True, frozen=True):
    """A page of deliveries."""

    items: tuple[DeliveryOut, ...]
    next: int | None


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def list_messages(call: Call[None, Listing]) -> web.Response | Refusal:
    """Current state of a room's messages, ascending by seq."""
    room = call.room()
    if isinstance(room, Refusal):
        return room
    query = call.query
    if query.after is not UNSET and query.before is not UNSET:
        return Refusal(status=400, code="invalid_parameter", detail="?after and ?before cannot stand together.")
    messages = await call.services.reader.messages(room.id, query.page())
    last = (next_after if query.before is UNSET else next_before)([m.seq for m in messages], query.limit)
    by_message = await deliveries_of(call.services, room, messages)
    items = [message_out(m, room.name, by_message.get(m.id, ())) for m in messages]
    return json(b'{"messages":[' + b",".join(items) + b'],"next":' + encode(last) + b"}")


async def list_events(call: Call[None, EventsQuery]) -> web.Response | Refusal:
    """Every event of a room after a seq; waits for one if asked to."""
    room = call.room()
    if isinstance(room, Refusal):
        return room
    query = call.query
    after = 0 if query.after is UNSET else query.after
    events = await wait_for_event(call.services, room.id, after, query.limit, query.wait)
    if isinstance(recheck := call.room(), Refusal):
        return recheck
    return events_page(events, room.name, next_after([event.seq for event in events], query.limit))


def events_page(events: Sequence[Event], stream: str, last: int | None) -> web.Response:
    """Events as the web socket frames them, in a page; ``last`` is where the next page begins."""
    items = b",".join([framed(event, stream) for event in events])
    return json(b'{"items":[' + items + b'],"next":' + encode(last) + b"}")


async def _message(call: Call[None, NoQuery] | Call[EditRequest, NoQuery]) -> tuple[Message, Room] | Refusal:
    """A message and its room, if the actor may see them."""
    name = call.path("id")
    message = await call.services.reader.message(name)
    room = call.services.directory.room_by_id(message.room_id) if message else None
    if message is None or room is None or call.services.directory.authorize(call.actor, "read", room=room):
        return _not_found(name)
    return message, room


def _not_found(name: str) -> Refusal:
    return Refusal(status=404, code="message_not_found", detail=f"There is no message '{name}', or you may not see it.")


async def get_message(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """One message as it is now; a deleted one is a tombstone."""
    found = await _message(call)
    if isinstance(found, Refusal):
        return found
    return await _current(call, *found)


async def _current(
    call: Call[None, NoQuery] | Call[EditRequest, NoQuery], message: Message, room: Room
) -> web.Response:
    which = DeliveryFilter(message_id=message.id)
    deliveries = await call.services.reader.deliveries(which, Page(limit=_MAX_DELIVERIES))
    return json(message_out(message, room.name, deliveries))


# ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def edit_message(call: Call[EditRequest, NoQuery]) -> web.Response | Refusal:
    """Change a message's text: its author, or L3."""
    key = call.client_id(call.body.client_id)
    if isinstance(key, Refusal):
        return key
    found = await _message(call)
    if isinstance(found, Refusal):
        return found
    command = EditMessage(
        actor=call.actor, message_id=found[0].id, text=call.body.text, streaming=call.body.streaming, client_id=key
    )
    return await _changed(call, command, found[1])


async def delete_message(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Make a message a tombstone: its author, or L3."""
    key = call.client_id(None)
    if isinstance(key, Refusal):
        return key
    found = await _message(call)
    if isinstance(found, Refusal):
        return found
    return await _changed(call, DeleteMessage(actor=call.actor, message_id=found[0].id, client_id=key), found[1])


async def _changed(
    call: Call[None, NoQuery] | Call[EditRequest, NoQuery], command: Command, room: Room
) -> web.Response | Refusal:
    outcome = await call.execute(command)
    if isinstance(outcome, Refusal):
        return outcome
    if not isinstance(outcome.value, Message):
        raise TypeError(outcome.value)
    return await _current(call, outcome.value, room)


async def put_reaction(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Set a reaction; what is set already is success."""
    return await _react(call, on=True)


async def delete_reaction(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Take a reaction back; what is not there is success."""
    return await _react(call, on=False)


async def _react(call: Call[None, NoQuery], *, on: bool) -> web.Response | Refusal:
    emoji = call.path("emoji")
    if len(emoji) > _MAX_EMOJI or any(ord(c) < ord(" ") or "\ud800" <= c <= "\udfff" for c in emoji):
        return Refusal(
            status=422, code="invalid_emoji", detail="An emoji is a Unicode emoji or :name:, percent-encoded."
        )
    found = await _message(call)
    if isinstance(found, Refusal):
        return found
    outcome = await call.execute(React(actor=call.actor, message_id=found[0].id, emoji=emoji, on=on))
    return outcome if isinstance(outcome, Refusal) else web.Response(status=204)


async def message_deliveries(call: Call[None, After]) -> web.Response | Refusal:
    """What became of a message on every link."""
    name = call.path("id")
    message = await call.services.reader.message(name)
    room = call.services.directory.room_by_id(message.room_id) if message else None
    if message is None or room is None or call.services.directory.authorize(call.actor, "read", room=room):
        return _not_found(name)
    query = call.query
    after: int | UnsetType = query.after
    page = Page(after=None if after is UNSET else after, limit=query.limit)
    found = await call.services.reader.deliveries(DeliveryFilter(message_id=message.id), page)
    items = tuple(delivery_out(delivery, room.name) for delivery in found)
    return json(Deliveries(items=items, next=next_after([d.position for d in found], query.limit)))


_TAG: Final = "Messages"
ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path="/rooms/{room}/messages",
        handler=list_messages,
        summary="Current state of a room's messages, ascending by seq",
        tag=_TAG,
        query=Listing,
        answers={200: Messages},
        errors=(404,),
    ),
    Endpoint(
        method="GET",
        path="/rooms/{room}/events",
        handler=list_events,
        summary="Every event of a room after a seq; long poll with wait",
        tag=_TAG,
        query=EventsQuery,
        answers={200: Events},
        errors=(404,),
    ),
    Endpoint(
        method="GET",
        path="/messages/{id}",
        handler=get_message,
        summary="One message as it is now",
        tag=_TAG,
        answers={200: MessageOut},
        errors=(404,),
    ),
    Endpoint(
        method="PATCH",
        path="/messages/{id}",
        handler=edit_message,
        summary="Change a message's text: its author, or L3",
        tag=_TAG,
        body=EditRequest,
        answers={200: MessageOut},
        level=Level.L2,
        errors=(404, 409, 422),
        keyed=True,
    ),
    Endpoint(
        method="DELETE",
        path="/messages/{id}",
        handler=delete_message,
        summary="Make a message a tombstone: its author, or L3",
        tag=_TAG,
        answers={200: MessageOut},
        level=Level.L2,
        errors=(404, 409),
        keyed=True,
    ),
    Endpoint(
        method="PUT",
        path="/messages/{id}/reactions/{emoji}",
        handler=put_reaction,
        summary="Set a reaction; idempotent",
        tag=_TAG,
        answers={204: None},
        level=Level.L2,
        errors=(404, 409, 422),
    ),
    Endpoint(
        method="DELETE",
        path="/messages/{id}/reactions/{emoji}",
        handler=delete_reaction,
        summary="Take a reaction back; idempotent",
        tag=_TAG,
        answers={204: None},
        level=Level.L2,
        errors=(404, 409, 422),
    ),
    Endpoint(
        method="GET",
        path="/messages/{id}/deliveries",
        handler=message_deliveries,
        summary="What became of a message on every link",
        tag=_TAG,
        query=After,
        answers={200: Deliveries},
        errors=(404,),
    ),
)
