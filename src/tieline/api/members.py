"""Members and tokens. Next stop: :mod:`tieline.directory` decides."""

from __future__ import annotations

from typing import Final, Literal, cast

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from tieline.api.endpoint import AnyEndpoint, Call, Endpoint, NoQuery, json
from tieline.api.pages import ByName, by_name
from tieline.directory.tokens import digest, new_secret
from tieline.model.commands import ArchiveMember, CreateMember, CreateToken, RevokeToken, UpdateMember
from tieline.model.members import Actor, Level, Member, Token
from tieline.model.outcome import Accepted, Refusal
from tieline.model.shapes import MemberBody, MemberOut, MemberPatch, NewToken, TokenBody, TokenOut
from tieline.ports.directory import Directory
from tieline.render.wire import rfc3339, rfc3339_or_none

LevelName = Literal["L1", "L2", "L3", "L4"]


class Members(msgspec.Struct, kw_only=True, frozen=True):
    """A page of members, by handle."""

    items: tuple[MemberOut, ...]
    next: str | None


class Tokens(msgspec.Struct, kw_only=True, frozen=True):
    """A page of tokens, by id."""

    items: tuple[TokenOut, ...]
    next: str | None


def level_name(level: Level) -> LevelName:
    """``L2`` and the like."""
    return cast("LevelName", level.name)


def member_out(member: Member, directory: Directory, reader: Actor) -> MemberOut:
    """A member as ``reader`` may see it: accounts are for administrators and oneself."""
    own = reader.member is not None and reader.member.id == member.id
    shown = own or directory.authorize(reader, "manage_members") is None
    accounts = {a.channel: a.native_id for a in directory.accounts_of(member.id)} if shown else None
    return MemberOut(
        id=member.id,
        handle=member.handle,
        kind=member.kind,
        level=level_name(member.level),
        display=member.display,
        ai=member.ai,
        machine=member.machine,
        specialities=member.specialities,
        accounts=accounts,
        managed_by=member.managed_by.value,
        created_at=rfc3339(member.created_at),
    )


async def list_members(call: Call[None, ByName]) -> web.Response | Refusal:
    """All members, by handle."""
    directory = call.services.directory
    found = {member.handle: member for member in directory.members()}
    names, last = by_name(list(found), call.query)
    return json(Members(items=tuple(member_out(found[name], directory, call.actor) for name in names), next=last))


async def create_member(call: Call[MemberBody, NoQuery]) -> web.Response | Refusal:
    """Create a member."""
    body = call.body
    key = call.client_id(body.client_id)
    if isinstance(key, Refusal):
        return key
    command = CreateMember(
        actor=call.actor,
        client_id=key,
        handle=body.handle,
        kind=body.kind,
        level=Level[body.level],
        display=body.display,
        ai=body.ai,
        machine=body.machine,
        specialities=body.specialities,
        accounts=body.accounts,
    )
    return _member_answer(call.services.directory, call.actor, await call.execute(command), 201)


def _member_answer(
    directory: Directory, actor: Actor, outcome: Accepted | Refusal, status: int = 200
) -> web.Response | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    if not isinstance(outcome.value, Member):
        raise TypeError(outcome.value)
    return json(member_out(outcome.value, directory, actor), 200 if outcome.repeat else status)


async def update_member(call: Call[MemberPatch, NoQuery]) -> web.Response | Refusal:
    """Change a member."""
    body = call.body
    level: Level | UnsetType = UNSET if body.level is UNSET else Level[body.level]
    command = UpdateMember(
        actor=call.actor,
        handle=call.path("handle"),
        kind=body.kind,
        level=level,
        display=body.display,
        ai=body.ai,
        machine=body.machine,
        specialities=body.specialities,
        accounts=body.accounts,
    )
    return _member_answer(call.services.directory, call.actor, await call.execute(command))


async def archive_member(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Archive a member: its tokens stop working, what it wrote stays."""
    outcome = await call.execute(ArchiveMember(actor=call.actor, handle=call.path("handle")))
    return outcome if isinstance(outcome, Refusal) else web.Response(status=204)


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def token_out(token: Token, directory: Directory) -> TokenOut:
    """A token as JSON readers get it."""
    member = directory.member_by_id(token.member_id)
    return TokenOut(
        id=token.id,
        handle=member.handle if member else "",
        level=level_name(token.level),
        rooms=room_names(token.rooms, directory),
        label=token.label,
        created_at=rfc3339(token.created_at),
        expires_at=rfc3339_or_none(token.expires_at),
        revoked_at=rfc3339_or_none(token.revoked_at),
    )


def room_names(ids: tuple[str, ...] | None, directory: Directory) -> tuple[str, ...] | None:
    """Names of the rooms a credential is limited to."""
    if ids is None:
        return None
    rooms = (directory.room_by_id(room_id) for room_id in ids)
    return tuple(room.name for room in rooms if room)


async def list_tokens(call: Call[None, ByName]) -> web.Response | Refusal:
    """One's own tokens, and for L4 all; never a secret."""
    directory = call.services.directory
    found = {
        token.id: token
        for token in directory.tokens()
        if directory.authorize(call.actor, "manage_tokens", owner=token.member_id) is None
    }
    names, last = by_name(sorted(found), call.query)
    return json(Tokens(items=tuple(token_out(found[name], directory) for name in names), next=last))


async def create_token(call: Call[TokenBody, NoQuery]) -> web.Response | Refusal:
    """Make a token and show its secret this once; by default for oneself, at one's own level and rooms."""
    body = call.body
    secret = new_secret()
    directory = call.services.directory
    own = call.actor.member
    handle = body.handle or (own.handle if own else "")
    member = directory.member(handle)
    limit = call.actor.level if member is None else Level(min(call.actor.level, member.level))
    command = CreateToken(
        actor=call.actor,
        handle=handle,
        digest=digest(secret),
        level=limit if body.level is None else Level[body.level],
        rooms=room_names(call.actor.rooms, directory) if body.rooms is None else body.rooms,
        label=body.label,
        expires_at=None if body.expires_in is None else call.services.clock.now() + body.expires_in * 1000,
    )
    if (refusal := _wider(call.actor, command, directory)) is not None:
        return refusal
    outcome = await call.execute(command)
    if isinstance(outcome, Refusal):
        return outcome
    if not isinstance(outcome.value, Token):
        raise TypeError(outcome.value)
    shown = msgspec.structs.asdict(token_out(outcome.value, directory))
    return json(NewToken(**shown, token=secret), 201)


def _wider(actor: Actor, command: CreateToken, directory: Directory) -> Refusal | None:
    """A credential that is limited to rooms makes none that reaches further."""
    allowed = room_names(actor.rooms, directory)
    if allowed is None or set(command.rooms or ()) <= set(allowed):
        return None
    return Refusal(
        status=403, code="rooms_too_wide", detail="Your token is limited to rooms, and so is any that it makes."
    )


async def revoke_token(call: Call[None, NoQuery]) -> web.Response | Refusal:
    """Revoke a token: its connections close within a second. Repeating it changes nothing."""
    outcome = await call.execute(RevokeToken(actor=call.actor, token_id=call.path("id")))
    return outcome if isinstance(outcome, Refusal) else web.Response(status=204)


_MEMBERS: Final = "Members"
_TOKENS: Final = "Tokens"
ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path="/members",
        handler=list_members,
        summary="All members, by handle",
        tag=_MEMBERS,
        query=ByName,
        answers={200: Members},
    ),
    Endpoint(
        method="POST",
        path="/members",
        handler=create_member,
        summary="Create a member",
        tag=_MEMBERS,
        body=MemberBody,
        answers={201: MemberOut, 200: MemberOut},
        level=Level.L4,
        errors=(409, 422),
        keyed=True,
    ),
    Endpoint(
        method="PATCH",
        path="/members/{handle}",
        handler=update_member,
        summary="Change a member",
        tag=_MEMBERS,
        body=MemberPatch,
        answers={200: MemberOut},
        level=Level.L4,
        errors=(404, 409, 422),
    ),
    Endpoint(
        method="DELETE",
        path="/members/{handle}",
        handler=archive_member,
        summary="Archive a member: its tokens stop working, what it wrote stays",
        tag=_MEMBERS,
        answers={204: None},
        level=Level.L4,
        errors=(404, 409),
    ),
    Endpoint(
        method="GET",
        path="/tokens",
        handler=list_tokens,
        summary="One's own tokens, and for L4 all; never a secret",
        tag=_TOKENS,
        query=ByName,
        answers={200: Tokens},
    ),
    Endpoint(
        method="POST",
        path="/tokens",
        handler=create_token,
        summary="Make a token; its secret is shown this once",
        tag=_TOKENS,
        body=TokenBody,
        answers={201: NewToken},
        errors=(404, 422),
    ),
    Endpoint(
        method="DELETE",
        path="/tokens/{id}",
        handler=revoke_token,
        summary="Revoke a token; its connections close within a second",
        tag=_TOKENS,
        answers={204: None},
        errors=(404,),
    ),
)
