"""Who somebody on a platform is to the hub: the member behind the account, or a guest (law 7)."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from tieline.model.inbound import NativeAuthor
from tieline.model.members import Actor, Level, Member, Via
from tieline.model.message import BOT, Author
from tieline.ports.deciding import View
from tieline.routing.checks import storable

_SPACE: Final = re.compile(r"\s+")


def member_there(channel: str, author: NativeAuthor, view: View) -> Member | None:
    """The active member behind an account; None: a guest."""
    account = view.directory.account(channel, author.native_id)
    member = view.directory.member_by_id(account.member_id) if account else None
    return member if member is not None and member.archived_at is None else None


def actor_of(member: Member | None) -> Actor:
    """Who acts from a channel."""
    return Actor(member=member, level=member.level if member else Level.L2, via=Via.CHANNEL)


def author_there(author: NativeAuthor, member: Member | None) -> Author:
    """The author value of somebody on a platform."""
    if member is not None:
        return msgspec.structs.replace(Author.of(member), avatar=author.avatar)
    display = storable(_SPACE.sub(" ", author.display)).strip()[:80] or author.native_id
    return Author(handle=None, kind=BOT if author.is_bot else "guest", display=display, avatar=author.avatar)


def who_there(channel: str, author: NativeAuthor, member: Member | None) -> str:
    """How reactions name them: the handle, or ``channel:native_id``."""
    return member.handle if member else f"{channel}:{author.native_id}"
