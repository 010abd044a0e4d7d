"""Posting: one message, or many at once.

The hot path: one decode, one command, one encode; a room without links costs no read. Next stop:
:mod:`tieline.routing` decides what a post becomes; :mod:`tieline.render.wire` writes it.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from aiohttp import web

from tieline.api.endpoint import AnyEndpoint, Call, Endpoint, NoQuery, json
from tieline.api.problems import REQUEST_ID, invalid_body, of_exception
from tieline.api.services import ApiServices
from tieline.model.commands import Command, PostDirect, PostMessage
from tieline.model.delivery import Delivery
from tieline.model.members import Level
from tieline.model.message import Message
from tieline.model.outcome import Accepted, Outcome, Refusal
from tieline.model.rooms import Room
from tieline.model.shapes import BatchBody, BatchResults, MessageOut, PostBody, nul_refusal
from tieline.ports.reading import DeliveryFilter, Page
from tieline.render.outs import problem_body
from tieline.render.wire import message_out

_MAX_DELIVERIES: Final = 500
_POST: Final = msgspec.json.Decoder(PostBody)


async def post_message(call: Call[PostBody, NoQuery]) -> web.Response | Refusal:
    """Post a message to a room."""
    return await _post(call, call.body.command(call.actor, call.path("room")))


async def post_direct(call: Call[PostBody, NoQuery]) -> web.Response | Refusal:
    """Post to a member: to the private room of the two."""
    command = call.body.command(call.actor, "")
    if isinstance(command, PostMessage):
        command = PostDirect(**msgspec.structs.asdict(command), to=call.path("handle"))
    return await _post(call, command)


async def _post(call: Call[PostBody, NoQuery], command: PostMessage | Refusal) -> web.Response | Refusal:
    if call.key is not None and isinstance(command, PostMessage):
        key = call.client_id(command.client_id)
        command = key if isinstance(key, Refusal) else msgspec.structs.replace(command, client_id=key)
    if isinstance(command, Refusal):
        return command
    outcome = await call.execute(command)
    if isinstance(outcome, Refusal):
        return outcome
    body = await posted(call.services, outcome.value)
    return json(body, 200 if outcome.repeat else 201)


async def posted(services: ApiServices, value: object) -> bytes:
    """The message a command answered, with its deliveries where the room has links at all."""
    message = _as_message(value)
    room = _room_of(services, message)
    return message_out(message, room.name, (await deliveries_of(services, room, [message])).get(message.id, ()))


def _as_message(value: object) -> Message:
    if not isinstance(value, Message):
        raise TypeError(value)
    return value


def _room_of(services: ApiServices, message: Message) -> Room:
    room = services.directory.room_by_id(message.room_id)
    if room is None:
        raise LookupError(message.room_id)
    return room


async def deliveries_of(
    services: ApiServices, room: Room, messages: Sequence[Message]
) -> Mapping[str, Sequence[Delivery]]:
    """Deliveries by message id; a room without links costs no read."""
    grouped: dict[str, list[Delivery]] = {}
    if not messages or not services.directory.links_of(room.id):
        return grouped
    which = DeliveryFilter(message_ids=tuple(message.id for message in messages))
    page = Page(limit=_MAX_DELIVERIES)
    while True:
        found = await services.reader.deliveries(which, page)
        for delivery in found:
            grouped.setdefault(delivery.message_id, []).append(delivery)
        if len(found) < _MAX_DELIVERIES:
            return grouped
        page = Page(after=found[-1].position, limit=_MAX_DELIVERIES)


async def post_batch(call: Call[BatchBody, NoQuery]) -> web.Response | Refusal:
    """Post several messages; each is decided by itself, in order."""
    if (refusal := call.cost(len(call.body.messages) - 1)) is not None:
        return refusal
    outcomes = await _submit_all(call, [_batch_command(call, bytes(raw)) for raw in call.body.messages])
    messages = [_as_message(outcome.value) for outcome in outcomes if isinstance(outcome, Accepted)]
    room = _room_of(call.services, messages[0]) if messages else None
    deliveries = await deliveries_of(call.services, room, messages) if room else {}
    name = room.name if room else ""
    results = [_batch_result(call, outcome, name, deliveries) for outcome in outcomes]
    return json(b'{"results":[' + b",".join(results) + b"]}")


def _batch_command(call: Call[BatchBody, NoQuery], raw: bytes) -> PostMessage | Refusal:
    try:
        body = _POST.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return invalid_body(error)
    return nul_refusal(raw) or body.command(call.actor, call.path("room"))


async def _submit_all(
    call: Call[BatchBody, NoQuery], commands: Sequence[PostMessage | Refusal]
) -> Sequence[Outcome | BaseException]:
    """Give all to the door at once and wait for them together; one future for the batch."""
    outcomes: list[Outcome | BaseException | None] = [c if isinstance(c, Refusal) else None for c in commands]
    waiting = sum(outcome is None for outcome in outcomes)
    if not waiting:
        return [outcome for outcome in outcomes if outcome is not None]
    together: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def done(index: int, outcome: Outcome | BaseException) -> None:
        nonlocal waiting
        outcomes[index] = outcome
        waiting -= 1
        if not waiting and not together.done():
            together.set_result(None)

    for index, command in enumerate(commands):
        if isinstance(command, Command):
            call.services.hub.submit(command, functools.partial(done, index))
    await together
    return [outcome for outcome in outcomes if outcome is not None]


def _batch_result(
    call: Call[BatchBody, NoQuery],
    outcome: Outcome | BaseException,
    room: str,
    deliveries: Mapping[str, Sequence[Delivery]],
) -> bytes:
    match outcome:
        case Accepted():
            message = _as_message(outcome.value)
            return message_out(message, room, deliveries.get(message.id, ()))
        case Refusal():
            return problem_body(outcome)
        case Exception():
            return problem_body(of_exception(outcome, call.request[REQUEST_ID]))
        case _:
            raise outcome


_TAG: Final = "Messages"
ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path="/rooms/{room}/messages",
        handler=post_message,
        summary="Post a message to a room",
        tag=_TAG,
        body=PostBody,
        answers={201: MessageOut, 200: MessageOut},
        level=Level.L2,
        errors=(404, 409, 422),
        keyed=True,
    ),
    Endpoint(
        method="POST",
        path="/members/{handle}/messages",
        handler=post_direct,
        summary="Post to a member: the two share a private room, which is made if need be",
        tag=_TAG,
        body=PostBody,
        answers={201: MessageOut, 200: MessageOut},
        level=Level.L2,
        errors=(404, 409, 422),
        keyed=True,
    ),
    Endpoint(
        method="POST",
        path="/rooms/{room}/messages/batch",
        handler=post_batch,
        summary="Post up to 500 messages; results in order, each a message or a problem",
        tag=_TAG,
        body=BatchBody,
        answers={200: BatchResults},
        level=Level.L2,
        errors=(422,),
    ),
)
