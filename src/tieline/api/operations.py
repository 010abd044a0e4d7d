"""What the hub is doing: channels, deliveries, previews, packet checks, the configuration as it stands.

Next stop: :mod:`tieline.routing` decides retries; :mod:`tieline.plugins` knows channels.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, UnsetType

from tieline.api.endpoint import AnyEndpoint, Call, Endpoint, NoQuery, find_room, json
from tieline.api.pages import After, next_after
from tieline.model.channels import ChannelHealth, ChannelState
from tieline.model.commands import Command, DiscardDelivery, PauseChannel, RetryDelivery
from tieline.model.delivery import Delivery, DeliveryState, Fault
from tieline.model.members import Actor, Level
from tieline.model.outcome import Refusal
from tieline.model.shapes import (
    ChannelOut,
    DeliveryOut,
    FindingOut,
    PacketCheckBody,
    PacketReport,
    PreviewBody,
    PreviewItem,
)
from tieline.ports.abilities import Checks
from tieline.ports.directory import Directory
from tieline.ports.reading import DeliveryFilter, Page
from tieline.render.outs import delivery_out, fault_out
from tieline.render.wire import rfc3339, rfc3339_or_none

_TEST_SECONDS: Final = 30
_STATE: Final = "|".join(state.value for state in DeliveryState)
Depth = Sequence[tuple[DeliveryState, int, int]]
"""State, count, and when the oldest was made."""
Depths = Mapping[str, Depth]


class Channels(msgspec.Struct, kw_only=True, frozen=True):
    """All channels, by name."""

    items: tuple[ChannelOut, ...]
    next: None = None


class Findings(msgspec.Struct, kw_only=True, frozen=True):
    """What a channel's test found; empty where the adapter has no test."""

    items: tuple[FindingOut, ...]


class PreviewOut(msgspec.Struct, kw_only=True, frozen=True):
    """What every outward link of the room would show."""

    items: tuple[PreviewItem, ...]


class DeliveriesQuery(After, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Deliveries in a state (several with commas: ``failed,held``) or on a channel."""

    state: Annotated[str, Meta(max_length=200, pattern=f"^({_STATE})(,({_STATE}))*$")] | UnsetType = UNSET
    channel: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET

    def states(self) -> tuple[DeliveryState, ...] | None:
        """The states asked for."""
        return None if self.state is UNSET else tuple(DeliveryState(word.strip()) for word in self.state.split(","))


class DeliveryList(msgspec.Struct, kw_only=True, frozen=True):
    """A page of deliveries, by position."""

    items: tuple[DeliveryOut, ...]
    next: int | None


# ── channels ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def list_channels(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Health of every channel, and what waits in its lanes."""
    depths: dict[str, list[tuple[DeliveryState, int, int]]] = {}
    for channel, state, count, oldest in await call.services.reader.lane_depths():
        depths.setdefault(channel, []).append((state, count, oldest))
    directory = call.services.directory
    health = [*call.services.channels.health()]
    known = {one.name for one in health}
    health += [_switched_off(name, depths[name], directory) for name in sorted(depths) if name not in known]
    return json(Channels(items=tuple(channel_out(one, depths, directory) for one in health)))


def _switched_off(name: str, rows: Depth, directory: Directory) -> ChannelHealth:
    """A channel that is not configured now, and for which something waits all the same (law 4)."""
    record = directory.channel(name)
    return ChannelHealth(
        name=name,
        adapter=record.adapter if record else "",
        state=ChannelState.OFF,
        since=min(oldest for _, _, oldest in rows),
        fault=Fault(
            code="switched_off",
            detail="The channel is not in the configuration, or not enabled, and deliveries wait for it.",
            fix="enable it, or remove its links, or discard what waits",
        ),
    )


def channel_out(health: ChannelHealth, depths: Depths, directory: Directory) -> ChannelOut:
    """A channel as JSON readers get it."""
    record = directory.channel(health.name)
    rows = depths.get(health.name, ())
    waiting = [(count, oldest) for state, count, oldest in rows if state.is_open]
    return ChannelOut(
        name=health.name,
        adapter=health.adapter,
        state=health.state.value,
        since=rfc3339(health.since),
        retry_at=rfc3339_or_none(health.retry_at),
        error=fault_out(health.fault),
        paused=record is not None and record.paused,
        open=sum(count for count, _ in waiting),
        failed=sum(count for state, count, _ in rows if state is DeliveryState.FAILED),
        oldest_open_at=rfc3339_or_none(min((oldest for _, oldest in waiting), default=None)),
    )


async def pause_channel(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Stop sending on a channel until it is resumed; what waits is shown."""
    return await _executed(call, PauseChannel(actor=call.actor, channel=call.path("channel"), paused=True))


async def resume_channel(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Send on a channel again."""
    return await _executed(call, PauseChannel(actor=call.actor, channel=call.path("channel"), paused=False))


async def _executed(call: Call[None, NoQuery], command: Command) -> web.Response | Refusal:
    outcome = await call.execute(command)
    return outcome if isinstance(outcome, Refusal) else web.Response(status=204)


async def test_channel(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Try a channel's credentials and conversations, changing nothing on the platform."""
    if (refusal := call.services.directory.authorize(call.actor, "manage_channels")) is not None:
        return refusal
    name = call.path("channel")
    adapter = call.services.channels.known(name)
    if adapter is None:
        return Refusal(status=404, code="channel_not_found", detail=f"There is no channel '{name}'.")
    if not isinstance(adapter, Checks):
        return json(Findings(items=()))
    links = call.services.directory.links_on(name)
    try:
        async with asyncio.timeout(_TEST_SECONDS):
            found = await adapter.check([link.conversation for link in links if link.conversation])
    except TimeoutError:
        return Refusal(
            status=502, code="channel_failed", detail=f"The platform did not answer within {_TEST_SECONDS} s."
        )
    return json(Findings(items=tuple(FindingOut(level=f.level, message=f.message, fix=f.fix) for f in found)))


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────


def visible_rooms(directory: Directory, actor: Actor) -> tuple[str, ...]:
    """Ids of the rooms an actor may see."""
    return tuple(room.id for room in directory.rooms() if directory.authorize(actor, "read", room=room) is None)


async def list_deliveries(call: Call[None, DeliveriesQuery]) -> web.Response | Refusal:
    """Deliveries of the rooms one may see, by position."""
    query = call.query
    directory = call.services.directory
    which = DeliveryFilter(
        states=query.states(),
        channel=None if query.channel is UNSET else query.channel,
        room_ids=visible_rooms(directory, call.actor),
    )
    page = Page(after=None if query.after is UNSET else query.after, limit=query.limit)
    found = await call.services.reader.deliveries(which, page)
    items = tuple(delivery_out(delivery, _room_name(directory, delivery)) for delivery in found)
    return json(DeliveryList(items=items, next=next_after([d.position for d in found], query.limit)))


def _room_name(directory: Directory, delivery: Delivery) -> str:
    room = directory.room_by_id(delivery.room_id)
    return room.name if room else ""


async def retry_delivery(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Try a dead letter or a held delivery again; it goes out late and marked."""
    return await _delivery(call, RetryDelivery(actor=call.actor, delivery_id=call.path("id")))


async def discard_delivery(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Give a delivery up; it ends visibly as expired."""
    return await _delivery(call, DiscardDelivery(actor=call.actor, delivery_id=call.path("id")))


async def _delivery(call: Call[None, NoQuery], command: Command) -> web.Response | Refusal:
    name = call.path("id")
    delivery = await call.services.reader.delivery(name)
    room = call.services.directory.room_by_id(delivery.room_id) if delivery else None
    if delivery is None or room is None or call.services.directory.authorize(call.actor, "read", room=room):
        return Refusal(
            status=404, code="delivery_not_found", detail=f"There is no delivery '{name}', or you may not see it."
        )
    outcome = await call.execute(command)
    if isinstance(outcome, Refusal):
        return outcome
    now = outcome.value if isinstance(outcome.value, Delivery) else await call.services.reader.delivery(name)
    return json(delivery_out(now or delivery, room.name))


# ── looking before sending ───────────────────────────────────────────────────────────────────────────────────────────


async def preview(call: Call[PreviewBody, NoQuery]) -> web.Response | Refusal:
    """Show a message as every channel of the room would, without sending it."""
    room = find_room(call.services, call.actor, call.body.room)
    if isinstance(room, Refusal):
        return room
    items = await call.services.preview(call.actor, room, call.body.text, call.body.type)
    return json(PreviewOut(items=tuple(items)))


async def check_packet(call: Call[PacketCheckBody, NoQuery]) -> web.Response | Refusal:
    """Judge a text as a packet."""
    return json(call.services.check_packet(call.body.text))


async def export_config(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Members, rooms and links as YAML, whoever owns them."""
    if (refusal := call.services.directory.authorize(call.actor, "admin")) is not None:
        return refusal
    return web.Response(text=call.services.export_config(), content_type="application/yaml")


_CHANNELS: Final = "Channels"
_DELIVERIES: Final = "Deliveries"
_LOOK: Final = "Preview and packets"
ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path="/channels",
        handler=list_channels,
        summary="Health of every channel, and what waits in its lanes",
        tag=_CHANNELS,
        answers={200: Channels},
    ),
    Endpoint(
        method="POST",
        path="/channels/{channel}/pause",
        handler=pause_channel,
        summary="Stop sending on a channel; what waits is shown",
        tag=_CHANNELS,
        answers={204: None},
        level=Level.L4,
        errors=(404,),
    ),
    Endpoint(
        method="POST",
        path="/channels/{channel}/resume",
        handler=resume_channel,
        summary="Send on a channel again",
        tag=_CHANNELS,
        answers={204: None},
        level=Level.L4,
        errors=(404,),
    ),
    Endpoint(
        method="POST",
        path="/channels/{channel}/test",
        handler=test_channel,
        summary="Try a channel's credentials and conversations",
        tag=_CHANNELS,
        answers={200: Findings},
        level=Level.L4,
        errors=(404, 502),
    ),
    Endpoint(
        method="GET",
        path="/deliveries",
        handler=list_deliveries,
        summary="Deliveries of the rooms one may see",
        tag=_DELIVERIES,
        query=DeliveriesQuery,
        answers={200: DeliveryList},
    ),
    Endpoint(
        method="POST",
        path="/deliveries/{id}/retry",
        handler=retry_delivery,
        summary="Try a dead letter or a held delivery again",
        tag=_DELIVERIES,
        answers={200: DeliveryOut},
        level=Level.L3,
        errors=(404, 409),
    ),
    Endpoint(
        method="POST",
        path="/deliveries/{id}/discard",
        handler=discard_delivery,
        summary="Give a delivery up; it ends visibly",
        tag=_DELIVERIES,
        answers={200: DeliveryOut},
        level=Level.L3,
        errors=(404, 409),
    ),
    Endpoint(
        method="POST",
        path="/preview",
        handler=preview,
        summary="Show a message as every channel would, without sending it",
        tag=_LOOK,
        body=PreviewBody,
        answers={200: PreviewOut},
        errors=(404, 422),
    ),
    Endpoint(
        method="POST",
        path="/packets/check",
        handler=check_packet,
        summary="Judge a text as a packet: violations, fixes, corrected text",
        tag=_LOOK,
        body=PacketCheckBody,
        answers={200: PacketReport},
        errors=(422,),
    ),
    Endpoint(
        method="GET",
        path="/config",
        handler=export_config,
        summary="Members, rooms and links as YAML",
        tag=_CHANNELS,
        answers={200: object},  # YAML: a string on the wire, an object to whoever parses it
        level=Level.L4,
        media="application/yaml",
    ),
)
