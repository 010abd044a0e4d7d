"""What changed about who may do what, one line of the log each: members, accounts, tokens, rooms, links, channels.

Told from what was committed, so that nothing is written that did not happen, whoever asked for it and however. Names
and ids only; a token's digest and a code never stand here.
"""

from __future__ import annotations

import structlog

from tieline.model.base import Value
from tieline.model.channels import ChannelRecord
from tieline.model.members import Account, Member, Token
from tieline.model.rooms import Link, Room
from tieline.ports.directory import Directory
from tieline.ports.hub import Bus, Committed

_log = structlog.get_logger(__name__)


class Audit:
    """Writes the lines for one hub."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def listen(self, bus: Bus) -> None:
        """Write what is committed from now on."""
        bus.subscribe(self._heard)

    def _heard(self, committed: Committed) -> None:
        for value in committed.changed:
            self._tell("changed", value)
        for value in committed.dropped:
            self._tell("removed", value)

    def _tell(self, act: str, value: Value) -> None:
        match value:
            case Member(handle=handle, level=level, archived_at=archived_at):
                _log.info("member_" + _word(act, archived_at), member=handle, level=f"L{int(level)}", id=value.id)
            case Account(channel=channel, native_id=native_id, member_id=member_id):
                _log.info("account_" + act, channel=channel, native_id=native_id, member=self._handle(member_id))
            case Token(member_id=member_id, revoked_at=revoked_at):
                act = "revoked" if revoked_at else act
                _log.info(
                    "token_" + act,
                    id=value.id,
                    member=self._handle(member_id),
                    level=f"L{int(value.level)}",
                    label=value.label,
                )
            case Room(name=name, archived_at=archived_at):
                _log.info("room_" + _word(act, archived_at), room=name, id=value.id, access=value.access.value)
            case Link(channel=channel, archived_at=archived_at):
                _log.info(
                    "link_" + _word(act, archived_at),
                    id=value.id,
                    channel=channel,
                    to=value.conversation or value.label,
                )
            case ChannelRecord(name=name):
                _log.info("channel_" + act, channel=name, paused=value.paused, epoch=value.epoch)
            case _:
                pass

    def _handle(self, member_id: str) -> str:
        member = self._directory.member_by_id(member_id)
        return member.handle if member else member_id


def _word(act: str, archived_at: int | None) -> str:
    return act if archived_at is None else "archived"
