"""The directory's commands: members, tokens, accounts. Rooms, links: :mod:`.rooms`; the file: :mod:`.applying`.

Every decider authorizes first, then resolves names, then answers what to write. Two owners never touch each other's:
what the configuration file made is changed only there (409 ``managed_by_config``).
"""

from __future__ import annotations

import msgspec

from tieline.directory import applying, beside, rooms
from tieline.directory.names import bad_name
from tieline.directory.owned import managed_elsewhere
from tieline.model.base import ManagedBy, Value
from tieline.model.channels import ChannelRecord
from tieline.model.commands import (
    ApplyConfig,
    ArchiveMember,
    ArchiveRoom,
    CreateLink,
    CreateMember,
    CreateRoom,
    CreateToken,
    LearnDirect,
    PauseChannel,
    RegisterChannel,
    RemoveLink,
    ResolveLink,
    RevokeToken,
    TakeInBeside,
    UpdateLink,
    UpdateMember,
    UpdateRoom,
)
from tieline.model.delivery import Delivery, Endpoint, unresolved_direct
from tieline.model.members import Account, Level, Member, Token
from tieline.model.outcome import Refusal
from tieline.ports.deciding import Deciders, Decision, Rule, View


def deciders() -> Deciders:
    """All commands that the directory decides."""
    return {
        CreateMember: Rule(create_member, recalled=_recall_member),
        UpdateMember: Rule(update_member),
        ArchiveMember: Rule(archive_member),
        CreateToken: Rule(create_token, recalled=_recall_token),
        RevokeToken: Rule(revoke_token),
        TakeInBeside: Rule(beside.take_in),
        RegisterChannel: Rule(register_channel),
        LearnDirect: Rule(learn_direct),
        PauseChannel: Rule(pause_channel),
        CreateRoom: Rule(rooms.create_room, recalled=rooms.recall_room),
        UpdateRoom: Rule(rooms.update_room),
        ArchiveRoom: Rule(rooms.archive_room),
        CreateLink: Rule(rooms.create_link, recalled=rooms.recall_link),
        UpdateLink: Rule(rooms.update_link),
        RemoveLink: Rule(rooms.remove_link),
        ResolveLink: Rule(rooms.resolve_link),
        ApplyConfig: Rule(applying.apply_config),
    }


def member_not_found(handle: str) -> Refusal:
    """The answer for an absent member."""
    return Refusal(status=404, code="member_not_found", detail=f"There is no member '@{handle}'.")


def create_member(command: CreateMember, view: View) -> Decision | Refusal:
    """Create a member with its accounts."""
    directory = view.directory
    if refusal := directory.authorize(command.actor, "manage_members") or bad_name("handle", command.handle):
        return refusal
    if directory.member(command.handle):
        return Refusal(status=409, code="handle_taken", detail=f"'@{command.handle}' exists already.")
    member = Member(
        id=view.new_id("mem"),
        handle=command.handle,
        kind=command.kind,
        level=command.level,
        display=command.display,
        ai=command.ai,
        machine=command.machine,
        specialities=command.specialities,
        created_at=view.now,
    )
    accounts = _accounts(member, command.accounts, view)
    if isinstance(accounts, Refusal):
        return accounts
    return Decision(value=member, result=member.id, puts=(member, *accounts))


def _accounts(member: Member, wanted: dict[str, str], view: View) -> tuple[Value, ...] | Refusal:
    out: list[Value] = []
    for channel, native_id in wanted.items():
        taken = view.directory.account(channel, native_id)
        if taken is not None and taken.member_id != member.id:
            return Refusal(
                status=409,
                code="account_taken",
                detail=f"'{native_id}' on '{channel}' belongs to another member already.",
            )
        out.append(Account(channel=channel, native_id=native_id, member_id=member.id, joined_at=view.now))
    return tuple(out)


def update_member(command: UpdateMember, view: View) -> Decision | Refusal:
    """Change a member; accounts named with an empty id are taken away."""
    directory = view.directory
    if refusal := directory.authorize(command.actor, "manage_members"):
        return refusal
    member = directory.member(command.handle)
    if member is None:
        return member_not_found(command.handle)
    if member.managed_by is ManagedBy.CONFIG:
        return managed_elsewhere(f"member '@{member.handle}'", None)
    changes = {
        name: value
        for name in ("kind", "level", "display", "ai", "machine", "specialities")
        if (value := getattr(command, name)) is not msgspec.UNSET
    }
    changed = msgspec.structs.replace(member, **changes)
    wanted = {} if command.accounts is msgspec.UNSET else command.accounts
    accounts = _accounts(member, {channel: native for channel, native in wanted.items() if native}, view)
    if isinstance(accounts, Refusal):
        return accounts
    drops = tuple(a for a in directory.accounts_of(member.id) if a.channel in wanted)
    return Decision(value=changed, puts=(changed, *accounts), drops=tuple(d for d in drops if not _kept(d, accounts)))


def _kept(account: Account, kept: tuple[Value, ...]) -> bool:
    return any(
        isinstance(k, Account) and (k.channel, k.native_id) == (account.channel, account.native_id) for k in kept
    )


def archive_member(command: ArchiveMember, view: View) -> Decision | Refusal:
    """Archive a member: its tokens and accounts stop working, what it wrote stays."""
    directory = view.directory
    if refusal := directory.authorize(command.actor, "manage_members"):
        return refusal
    member = directory.member(command.handle)
    if member is None:
        return member_not_found(command.handle)
    if member.managed_by is ManagedBy.CONFIG:
        return managed_elsewhere(f"member '@{member.handle}'", None)
    archived = msgspec.structs.replace(member, archived_at=view.now)
    return Decision(value=archived, puts=(archived,), drops=tuple(directory.accounts_of(member.id)))


def _recall_member(result: str, view: View) -> object:
    return view.directory.member_by_id(result)


def create_token(command: CreateToken, view: View) -> Decision | Refusal:
    """Store a token's digest. One may make tokens for oneself, not above one's own level."""
    directory = view.directory
    member = directory.member(command.handle)
    if refusal := directory.authorize(command.actor, "manage_tokens", owner=member.id if member else None):
        return refusal
    if member is None:
        return member_not_found(command.handle)
    if command.level > max(command.actor.level, Level.L1) or command.level > member.level:
        return Refusal(
            status=403,
            code="level_too_low",
            detail=f"A token of L{int(command.level)} for '@{member.handle}' needs that level of both of you; "
            f"the member has L{int(member.level)}, you have L{int(command.actor.level)}.",
        )
    room_ids = _room_ids(command.rooms, view)
    if isinstance(room_ids, Refusal):
        return room_ids
    token = Token(
        id=view.new_id("tok"),
        member_id=member.id,
        digest=command.digest,
        level=command.level,
        rooms=room_ids,
        label=command.label,
        created_at=view.now,
        expires_at=command.expires_at,
    )
    return Decision(value=token, result=token.id, puts=(token,))


def _room_ids(names: tuple[str, ...] | None, view: View) -> tuple[str, ...] | Refusal | None:
    if names is None:
        return None
    ids: list[str] = []
    for name in names:
        room = view.directory.room(name)
        if room is None:
            return Refusal(status=404, code="room_not_found", detail=f"There is no room '{name}'.")
        ids.append(room.id)
    return tuple(ids)


def _recall_token(result: str, view: View) -> object:
    return next((token for token in view.directory.tokens() if token.id == result), None)


def revoke_token(command: RevokeToken, view: View) -> Decision | Refusal:
    """Revoke a token; repeating it changes nothing."""
    token = next((t for t in view.directory.tokens() if t.id == command.token_id), None)
    if refusal := view.directory.authorize(command.actor, "manage_tokens", owner=token.member_id if token else None):
        return refusal
    if token is None:
        return Refusal(status=404, code="token_not_found", detail=f"There is no token '{command.token_id}'.")
    if token.revoked_at is not None:
        return Decision(value=token)
    revoked = msgspec.structs.replace(token, revoked_at=view.now)
    return Decision(value=revoked, puts=(revoked,))


# ── channels ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def register_channel(command: RegisterChannel, view: View) -> Decision | Refusal:
    """Keep a record of a configured channel; pause survives restarts."""
    old = view.directory.channel(command.name)
    same = old is not None and (old.adapter, old.traits, old.own) == (command.adapter, command.traits, command.own)
    if same and not command.bump:
        return Decision(value=old)
    record = ChannelRecord(
        name=command.name,
        adapter=command.adapter,
        paused=old.paused if old else False,
        epoch=(old.epoch if old else 0) + 1,
        traits=command.traits,
        own=command.own,
    )
    return Decision(value=record, puts=(record,))


def learn_direct(command: LearnDirect, view: View) -> Decision | Refusal:
    """The direct conversation with an account is known: what waits for it moves to its lane."""
    account = view.directory.account(command.channel, command.native_id)
    if account is None:
        return Refusal(status=404, code="account_not_found", detail=f"Nobody is '{command.native_id}' there.")
    changed = msgspec.structs.replace(account, direct=command.conversation)
    lane = Endpoint(channel=command.channel, conversation=command.conversation).lane
    waiting = Endpoint(channel=command.channel, conversation=unresolved_direct(command.native_id)).lane
    moved = tuple(
        msgspec.structs.replace(delivery, conversation=command.conversation, lane=lane, updated_at=view.now)
        for delivery in view.find(Delivery, lane=waiting)
    )
    return Decision(value=changed, puts=(changed, *moved), lanes=(lane,) if moved else ())


def pause_channel(command: PauseChannel, view: View) -> Decision | Refusal:
    """Pause or resume; what waits stays and is shown."""
    if refusal := view.directory.authorize(command.actor, "manage_channels"):
        return refusal
    record = view.directory.channel(command.channel)
    if record is None:
        return Refusal(status=404, code="channel_not_found", detail=f"There is no channel '{command.channel}'.")
    changed = msgspec.structs.replace(record, paused=command.paused)
    return Decision(value=changed, puts=(changed,))
