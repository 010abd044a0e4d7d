"""What is kept aside, what messages were before something was cut out of them, and what went out today.

Rule: people of L3 decide about what is kept; what would go to a room one may not see looks absent. A credential that
is limited to rooms sees neither what belongs to no room nor who received how much.
Next stop: :mod:`tieline.routing.keeping` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, UnsetType

from tieline.api.endpoint import AnyEndpoint, Call, Endpoint, NoQuery, find_room, json
from tieline.api.pages import Listing, by_time
from tieline.model.commands import DecideKept
from tieline.model.keeping import Kept, KeptState, Usage
from tieline.model.members import Actor, Level
from tieline.model.outcome import Refusal
from tieline.model.shapes import Handle, Request
from tieline.ports.directory import Directory
from tieline.ports.reading import Page
from tieline.render.wire import rfc3339

_STATE: Final = "|".join(state.value for state in KeptState)
_NEEDS: Final = "manage_deliveries"
_PAGE: Final = 500


class KeptOut(msgspec.Struct, kw_only=True, frozen=True):
    """A message that was not posted, and why. ``author`` is the name it gave itself, ``room`` where it would go."""

    id: str
    channel: str
    conversation: str
    author: str
    author_native: str
    text: str
    reason: str
    room: str | None
    thread: str | None
    state: KeptState
    at: str
    decided_by: str | None


class KeptList(msgspec.Struct, kw_only=True, frozen=True):
    """A page of what is kept, by time."""

    items: tuple[KeptOut, ...]
    next: int | None


class KeptQuery(Listing, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What is in a state (several with commas); by default what waits for a decision."""

    state: Annotated[str, Meta(max_length=100, pattern=f"^({_STATE})(,({_STATE}))*$")] | UnsetType = UNSET

    def states(self) -> tuple[KeptState, ...]:
        """The states asked for."""
        if self.state is UNSET:
            return (KeptState.KEPT,)
        return tuple(KeptState(word.strip()) for word in self.state.split(","))


class ReleaseBody(Request, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where a kept message goes; needed where that is not known."""

    room: Handle | None = None


class OriginalOut(msgspec.Struct, kw_only=True, frozen=True):
    """The text of a message as it came, with the quotations and signatures that were left out of it."""

    message: str
    text: str


class ReceiverUsage(msgspec.Struct, kw_only=True, frozen=True):
    """What went to one receiver."""

    conversation: str
    units: int
    messages: int


class UsageOut(msgspec.Struct, kw_only=True, frozen=True):
    """What went out on a channel in one UTC day, in the channel's units (segments of SMS), most first."""

    channel: str
    day: str
    units: int
    messages: int
    receivers: tuple[ReceiverUsage, ...]


class UsageQuery(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A UTC day, ``2026-11-20``; by default today."""

    day: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | UnsetType = UNSET


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def list_kept(call: Call[None, KeptQuery]) -> web.Response | Refusal:
    """Messages that were not posted: forged senders, unknown numbers. Nobody was answered."""
    if (refusal := call.services.directory.authorize(call.actor, _NEEDS)) is not None:
        return refusal
    reader, states = call.services.reader, call.query.states()
    found, last = await by_time(lambda page: reader.kept(states, page), call.query.page(), lambda kept: kept.at)
    directory = call.services.directory
    items = tuple(kept_out(one, directory) for one in found if _sees(call.actor, one, directory))
    return json(KeptList(items=items, next=last))


def _sees(actor: Actor, kept: Kept, directory: Directory) -> bool:
    if kept.room_id is None:
        return actor.rooms is None
    room = directory.room_by_id(kept.room_id)
    return room is not None and directory.authorize(actor, "read", room=room) is None


def kept_out(kept: Kept, directory: Directory) -> KeptOut:
    """Something that is kept, as JSON readers get it."""
    room = directory.room_by_id(kept.room_id) if kept.room_id else None
    return KeptOut(
        id=kept.id,
        channel=kept.channel,
        conversation=kept.conversation,
        author=kept.author,
        author_native=kept.author_native,
        text=kept.text,
        reason=kept.reason,
        room=room.name if room else None,
        thread=kept.thread,
        state=kept.state,
        at=rfc3339(kept.at),
        decided_by=kept.decided_by,
    )


async def release_kept(call: Call[ReleaseBody, NoQuery]) -> web.Response | Refusal:
    """Post a kept message after all, into the room it was for or the one that is named."""
    return await _decided(call, KeptState.RELEASED, call.body.room)


async def discard_kept(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Let a kept message be; it stays readable as discarded."""
    return await _decided(call, KeptState.DISCARDED, None)


async def _decided(
    call: Call[None, NoQuery] | Call[ReleaseBody, NoQuery], state: KeptState, target: str | None
) -> web.Response | Refusal:
    directory, name = call.services.directory, call.path("id")
    if (refusal := directory.authorize(call.actor, _NEEDS)) is not None:
        return refusal
    known = await _find(call, name)
    if known is None or not _sees(call.actor, known, directory):
        return Refusal(status=404, code="kept_not_found", detail=f"Nothing is kept as '{name}', or you may not see it.")
    if target is not None and isinstance(room := find_room(call.services, call.actor, target, "post"), Refusal):
        return room
    outcome = await call.execute(DecideKept(actor=call.actor, kept_id=name, state=state, room=target))
    if isinstance(outcome, Refusal):
        return outcome
    if not isinstance(outcome.value, Kept):
        raise TypeError(outcome.value)
    return json(kept_out(outcome.value, directory))


async def _find(call: Call[None, NoQuery] | Call[ReleaseBody, NoQuery], name: str) -> Kept | None:
    """One that is kept, from the newest back: it is mostly the new ones that people decide about."""
    before: int | None = call.services.clock.now() + 60_000
    states = tuple(KeptState)
    while before is not None:
        page = Page(before=before, limit=_PAGE)
        found, before = await by_time(lambda asked: call.services.reader.kept(states, asked), page, lambda one: one.at)
        if (known := next((one for one in found if one.id == name), None)) is not None:
            return known
    return None


# ── originals and usage ──────────────────────────────────────────────────────────────────────────────────────────────


async def get_original(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """The text of a message as it came, where quotations or a signature were left out of it."""
    name = call.path("id")
    message = await call.services.reader.message(name)
    room = call.services.directory.room_by_id(message.room_id) if message else None
    hidden = message is None or room is None or call.services.directory.authorize(call.actor, "read", room=room)
    if message is None or hidden or message.deleted_at is not None:
        return _no_original(name)
    text = await call.services.reader.original(name)
    return _no_original(name) if text is None else json(OriginalOut(message=name, text=text))


def _no_original(name: str) -> Refusal:
    detail = f"There is no message '{name}' of which something was left out, or you may not see it."
    return Refusal(status=404, code="original_not_found", detail=detail)


async def channel_usage(call: Call[None, UsageQuery]) -> web.Response | Refusal:
    """How much went out on a channel in one day, in all and to each receiver."""
    if (refusal := call.services.directory.authorize(call.actor, _NEEDS)) is not None:
        return refusal
    name, day = call.path("channel"), call.query.day
    if call.services.directory.channel(name) is None:
        return Refusal(status=404, code="channel_not_found", detail=f"There is no channel '{name}'.")
    if day is UNSET:
        day = datetime.fromtimestamp(call.services.clock.now() / 1000, UTC).date().isoformat()
    elif not _is_day(day):
        return Refusal(status=400, code="invalid_parameter", detail="?day: write a day that there is: 2026-11-20.")
    return json(usage_out(name, day, await call.services.reader.usage(name, day), call.actor))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def usage_out(channel: str, day: str, rows: Sequence[Usage], actor: Actor) -> UsageOut:
    """A day of a channel as JSON readers get it."""
    whole = next((row for row in rows if not row.conversation), None)
    each = [row for row in rows if row.conversation]
    receivers = sorted(each, key=lambda row: (-row.units, row.conversation)) if actor.rooms is None else []
    return UsageOut(
        channel=channel,
        day=day,
        units=whole.units if whole else sum(row.units for row in each),
        messages=whole.messages if whole else sum(row.messages for row in each),
        receivers=tuple(
            ReceiverUsage(conversation=row.conversation, units=row.units, messages=row.messages) for row in receivers
        ),
    )


_TAG: Final = "Kept aside"
ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path="/kept",
        handler=list_kept,
        summary="Messages that were not posted, and why",
        tag=_TAG,
        query=KeptQuery,
        answers={200: KeptList},
        level=Level.L3,
    ),
    Endpoint(
        method="POST",
        path="/kept/{id}/release",
        handler=release_kept,
        summary="Post a kept message after all",
        tag=_TAG,
        body=ReleaseBody,
        answers={200: KeptOut},
        level=Level.L3,
        errors=(404, 409, 422),
    ),
    Endpoint(
        method="POST",
        path="/kept/{id}/discard",
        handler=discard_kept,
        summary="Let a kept message be",
        tag=_TAG,
        answers={200: KeptOut},
        level=Level.L3,
        errors=(404, 409),
    ),
    Endpoint(
        method="GET",
        path="/messages/{id}/original",
        handler=get_original,
        summary="The text of a message as it came, where something was left out of it",
        tag="Messages",
        answers={200: OriginalOut},
        errors=(404,),
    ),
    Endpoint(
        method="GET",
        path="/channels/{channel}/usage",
        handler=channel_usage,
        summary="How much went out on a channel in one day",
        tag="Channels",
        query=UsageQuery,
        answers={200: UsageOut},
        level=Level.L3,
        errors=(404,),
    ),
)
