"""Oneself: who I am, who is here, what concerns me. Next stop: :mod:`tieline.routing` fills inboxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta

from tieline.api.endpoint import AnyEndpoint, Call, Endpoint, NoQuery, find_room, json
from tieline.api.members import level_name, member_out, room_names
from tieline.api.messages import events_page
from tieline.api.pages import After, next_after
from tieline.api.waiting import wait_for_event
from tieline.model.commands import SetInboxCursor
from tieline.model.events import Event, inbox_stream
from tieline.model.outcome import Refusal
from tieline.model.shapes import CursorBody, InboxItem, MeOut, PresenceOut
from tieline.render.wire import rfc3339

_NO_MEMBER: Final = Refusal(status=403, code="guest", detail="This credential belongs to no member.")


class InboxQuery(After, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Without ``after``: what comes after the stored cursor. ``wait``: seconds to wait if there is nothing yet."""

    wait: Annotated[int, Meta(ge=0, le=60)] = 0


class Inbox(msgspec.Struct, kw_only=True, frozen=True):
    """A page of the inbox; ``next`` is the ``after`` of the next page, null at the end."""

    items: tuple[InboxItem, ...]
    next: int | None


class PresenceList(msgspec.Struct, kw_only=True, frozen=True):
    """Everybody who is connected, by handle."""

    items: tuple[PresenceOut, ...]


class _InRoom(msgspec.Struct):
    room: str


_room_of = msgspec.json.Decoder(_InRoom).decode


async def get_me(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Who one is, and what this credential may do."""
    member = call.actor.member
    if member is None:
        return _NO_MEMBER
    directory = call.services.directory
    return json(
        MeOut(
            member=member_out(member, directory, call.actor),
            level=level_name(call.actor.level),
            rooms=room_names(call.actor.rooms, directory),
        )
    )


async def list_presence(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Who is connected by web socket."""
    found: dict[str, PresenceOut] = {}
    for source in call.services.presence:
        for present in source.present():
            member = call.services.directory.member_by_id(present.member_id)
            if member is not None:
                found[member.handle] = PresenceOut(
                    handle=member.handle,
                    kind=member.kind,
                    connections=present.connections,
                    since=rfc3339(present.since),
                )
    return json(PresenceList(items=tuple(found[handle] for handle in sorted(found))))


async def get_inbox(call: Call[None, InboxQuery]) -> web.Response | Refusal:
    """What concerns me: mentions, replies, direct messages."""
    member = call.actor.member
    if member is None:
        return _NO_MEMBER
    query = call.query
    after = await call.services.reader.inbox_cursor(member.id) if query.after is UNSET else query.after
    found = await wait_for_event(call.services, inbox_stream(member.id), after, query.limit, query.wait)
    return _page(call, found, query.limit)


def _page(call: Call[None, InboxQuery], found: Sequence[Event], limit: int) -> web.Response:
    """Only what stands in rooms one may still see; the page's end is that of all that was read."""
    seen = [event for event in found if _visible(call, event)]
    return events_page(seen, "@me", next_after([event.seq for event in found], limit))


def _visible(call: Call[None, InboxQuery], event: Event) -> bool:
    room = _room_of(event.body).room
    return not isinstance(find_room(call.services, call.actor, room), Refusal)


async def put_inbox_cursor(call: Call[CursorBody, NoQuery]) -> web.Response | Refusal:
    """Remember how far one has read the inbox."""
    outcome = await call.execute(SetInboxCursor(actor=call.actor, after=call.body.after))
    return outcome if isinstance(outcome, Refusal) else web.Response(status=204)


_TAG: Final = "Me"
ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path="/me",
        handler=get_me,
        summary="Who one is, and what this credential may do",
        tag=_TAG,
        answers={200: MeOut},
    ),
    Endpoint(
        method="GET",
        path="/presence",
        handler=list_presence,
        summary="Who is connected",
        tag=_TAG,
        answers={200: PresenceList},
    ),
    Endpoint(
        method="GET",
        path="/inbox",
        handler=get_inbox,
        summary="What concerns me, after the stored cursor or a given one",
        tag=_TAG,
        query=InboxQuery,
        answers={200: Inbox},
    ),
    Endpoint(
        method="PUT",
        path="/inbox/cursor",
        handler=put_inbox_cursor,
        summary="Remember how far one has read the inbox",
        tag=_TAG,
        body=CursorBody,
        answers={204: None},
        errors=(422,),
    ),
)
