"""Credentials in the configured database, through the hub's own deciders.

Rule: everything is written by :func:`tieline.store.offline.execute_beside`, hub running or not. A member that stands in
the configuration but not yet in the database is taken in first, where no hub runs. Next stop:
:mod:`tieline.directory`, which decides.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Final

from tieline.cli.failing import Failed, say
from tieline.config import Config
from tieline.directory import MemoryDirectory, deciders, digest, new_secret
from tieline.errors import StoreError
from tieline.model.commands import Command, CreateMember, CreateToken, RevokeToken
from tieline.model.members import Level, Member, MemberKind, Token
from tieline.model.outcome import Accepted, Outcome, Refusal
from tieline.model.shapes import NewToken, TokenOut
from tieline.render.wire import rfc3339, rfc3339_or_none
from tieline.store.migrating import migrate, schema_state
from tieline.store.offline import execute_beside, read_beside
from tieline.store.schema import SchemaState

_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", "[::]"})  # noqa: S104 - recognized, not bound


class Local:
    """The database of a configuration. Raises :class:`StoreError`; an absent or empty one is made."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._url = config.hub.database
        if schema_state(self._url) is SchemaState.EMPTY:
            migrate(self._url)
        self.directory = self.read()

    def read(self) -> MemoryDirectory:
        """What the directory holds now."""
        return MemoryDirectory(read_beside(self._url))

    def execute(self, *commands: Command) -> Sequence[Outcome]:
        """Carry out commands, all or none."""
        now = time.time_ns() // 1_000_000
        done = execute_beside(self._url, commands, deciders=deciders(), make_directory=MemoryDirectory, now=now)
        if not done.taken_in:
            say("The running hub has not taken it in yet; it will, within moments, or when it is restarted.")
        self.directory = self.read()
        return done.outcomes

    def take_in_config(self) -> None:
        """Take in members and rooms of the file, as the hub does when it starts; a running hub has done so."""
        asyncio.run(_apply(self.config))
        self.directory = self.read()

    def tokens(self, *, everything: bool) -> Sequence[TokenOut]:
        """Tokens, newest last; without `everything` those that still work."""
        now = time.time_ns() // 1_000_000
        found = sorted(self.directory.tokens(), key=lambda token: (token.created_at, token.id))
        return [token_out(token, self.directory) for token in found if everything or _works(token, now)]

    def revoke(self, token_id: str) -> Accepted | Refusal:
        """Revoke a token; repeating it changes nothing."""
        return self.execute(RevokeToken(token_id=token_id))[0]


def _works(token: Token, now: int) -> bool:
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


async def _apply(config: Config) -> None:
    """Apply the file as the only hub; raises :class:`StoreError` where another one runs."""
    from tieline.bootstrap.specs import apply_command
    from tieline.ports.clock import SystemClock
    from tieline.ports.local_bus import LocalBus
    from tieline.store import Store

    store = Store(
        config.hub.database,
        directory=MemoryDirectory(),
        deciders=deciders(),
        bus=LocalBus(),
        clock=SystemClock(),
    )
    await store.start()
    try:
        outcome = await store.hub.execute(apply_command(config))
    finally:
        await store.close()
    if isinstance(outcome, Refusal):
        raise Failed(outcome.detail, fix="rename one of them, in the file or by the API")


# ── making ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def make_token(
    local: Local,
    handle: str,
    *,
    kind: MemberKind | None,
    level: Level | None,
    rooms: tuple[str, ...] | None,
    expires_in: int | None,
    label: str,
) -> NewToken:
    """Make a token for a member, and the member where `kind` says what it is. Raises :class:`Failed`."""
    _take_in(local, handle, rooms or ())
    member = local.directory.member(handle)
    commands: list[Command] = []
    if member is None:
        commands.append(_new_member(handle, kind, level))
    elif kind is not None and kind is not member.kind:
        raise Failed(f"@{handle} is {member.kind.value} already", fix="leave --kind out")
    commands.append(
        CreateToken(
            handle=handle,
            digest=digest(secret := new_secret()),
            level=level or (member.level if member else Level.L2),
            rooms=rooms,
            label=label,
            expires_at=None if expires_in is None else time.time_ns() // 1_000_000 + expires_in,
        )
    )
    token = _token(local.execute(*commands)[-1])
    shown = token_out(token, local.directory)
    return NewToken(**{name: getattr(shown, name) for name in TokenOut.__struct_fields__}, token=secret)


def _new_member(handle: str, kind: MemberKind | None, level: Level | None) -> CreateMember:
    if kind is None:
        fix = f"to create it, say what it is: tieline token create {handle} --kind human|ai|service"
        raise Failed(f"there is no member @{handle}", fix=fix)
    return CreateMember(handle=handle, kind=kind, level=level or Level.L2)


def make_link(local: Local, handle: str) -> str:
    """Make a sign-in link for a member. Raises :class:`Failed`."""
    from tieline.api import auth, login

    _take_in(local, handle, ())
    member = local.directory.member(handle)
    if member is None:
        raise Failed(f"there is no member @{handle}", fix=f"make one: tieline token create {handle} --kind human")
    secret = new_secret(auth.CODE_PREFIX)
    expires = time.time_ns() // 1_000_000 + login.CODE_SECONDS * 1000
    command = CreateToken(
        handle=handle, digest=digest(secret), level=member.level, label=login.CODE_LABEL, expires_at=expires
    )
    _token(local.execute(command)[0])
    return f"{base_url(local.config)}/login?code={secret}"


def _take_in(local: Local, handle: str, rooms: Sequence[str]) -> None:
    """Where the file names what the database does not know yet, take the file in."""
    config, directory = local.config, local.directory
    unknown = handle in config.members and directory.member(handle) is None
    if unknown or any(room in config.rooms and directory.room(room) is None for room in rooms):
        local.take_in_config()


def _token(outcome: Outcome) -> Token:
    if isinstance(outcome, Refusal):
        raise Failed(outcome.detail)
    if not isinstance(outcome.value, Token):
        raise StoreError(f"a token was expected, not {type(outcome.value).__name__}")
    return outcome.value


def token_out(token: Token, directory: MemoryDirectory) -> TokenOut:
    """A token as JSON readers get it."""
    member: Member | None = directory.member_by_id(token.member_id)
    rooms = None if token.rooms is None else [directory.room_by_id(room_id) for room_id in token.rooms]
    return TokenOut(
        id=token.id,
        handle=member.handle if member else "",
        level=f"L{int(token.level)}",  # type: ignore[arg-type] # Level has these four
        rooms=None if rooms is None else tuple(room.name for room in rooms if room),
        label=token.label,
        created_at=rfc3339(token.created_at),
        expires_at=rfc3339_or_none(token.expires_at),
        revoked_at=rfc3339_or_none(token.revoked_at),
    )


# ── the running hub ──────────────────────────────────────────────────────────────────────────────────────────────────


def base_url(config: Config) -> str:
    """Where the hub is: as the world calls it, else where this shell talks to it, else where it listens."""
    here = os.environ.get("TIELINE_URL", "").rstrip("/")
    return config.hub.public_url or here or f"http://{_reachable(config.hub.listen)}"


def _reachable(listen: str) -> str:
    host, _, port = listen.rpartition(":")
    return f"127.0.0.1:{port}" if host in _EVERYWHERE else listen
