"""After an outage: what happened to messages that the hub knows, where a history tells only of new and changed ones.

Rule: the newest messages of a conversation are asked for as they are now (:class:`~tieline.ports.abilities.Surveys`);
what is gone was deleted, a reaction that is new was set, what was edited since the hub heard of it last was edited; all
reach the hub as the events that were missed.
Not promised: messages older than :data:`NEWEST`. Whoever edits a message on its platform, and within :data:`APART`
through the hub as well, may find the platform's text there again. Next stop:
:class:`tieline.plugins.runner.Runner` does it behind catch-up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import structlog

from tieline.errors import DeliveryError
from tieline.model.delivery import Part, PartDirection
from tieline.model.inbound import InboundDelete, InboundEvent, InboundReaction, NativeAuthor
from tieline.model.message import Message
from tieline.ports.abilities import NativeState, Surveys
from tieline.ports.directory import Directory
from tieline.ports.reading import Reader

NEWEST: Final = 100
APART: Final = 60_000
"""Milliseconds: so far a platform's clock may be behind ours before a missed edit is taken for one that we know."""
_log = structlog.get_logger(__name__)


async def missed(
    channel: str, conversation: str, adapter: Surveys, directory: Directory, reader: Reader
) -> Sequence[InboundEvent]:
    """Deletions, edits and reactions that nobody told of. A platform that cannot tell now costs only these."""
    parts = [part for part in await reader.newest_parts(channel, conversation, NEWEST) if part.message_id]
    if not parts:
        return ()
    try:
        states = {state.native_id: state for state in await adapter.survey(conversation, parts)}
    except DeliveryError as error:
        _log.warning("not_surveyed", channel=channel, conversation=conversation, error=str(error))
        return ()
    messages = {message.id: message for message in await reader.messages_by_id([part.message_id for part in parts])}
    events: list[InboundEvent] = []
    shown: dict[str, list[tuple[Part, NativeState]]] = {}
    for part in reversed(parts):
        message, state = messages.get(part.message_id), states.get(part.native_id)
        if message is None or message.deleted_at is not None:
            continue
        if state is not None:
            shown.setdefault(message.id, []).append((part, state))
            events += _edits(part, state, message)
        elif part.direction is PartDirection.IN:
            author = NativeAuthor(native_id=part.author_native or "", display="") if part.author_native else None
            events.append(InboundDelete(conversation=conversation, native_id=part.native_id, author=author))
    for message_id, states_of in shown.items():
        events += _reactions(channel, states_of, messages[message_id], directory)
    return events


def _edits(part: Part, state: NativeState, message: Message) -> Iterator[InboundEvent]:
    """The edit, if it may be newer than what the hub knows of what people wrote; the same text changes nothing."""
    known_at = message.edited_at or message.created_at
    is_theirs = part.direction is PartDirection.IN
    if is_theirs and state.edited is not None and state.edited.edited_at > known_at - APART:
        yield state.edited


def _reactions(
    channel: str, states: Sequence[tuple[Part, NativeState]], message: Message, directory: Directory
) -> Iterator[InboundEvent]:
    """What was set and taken back on a message, whichever of its parts it was set on."""
    part = states[0][0]
    known = {
        (reaction.emoji, who): at
        for reaction in message.reactions
        for who, at in zip(reaction.by, reaction.places, strict=True)
    }
    now = {
        (emoji, _who(channel, author, directory)): author for _, state in states for emoji, author in state.reactions
    }
    for (emoji, who), author in now.items():
        if (emoji, who) not in known:
            yield _reaction(part, author, emoji, on=True)
    here = f"{channel}|{part.conversation}"
    for emoji, who in sorted(key for key, at in known.items() if at == here and key not in now):
        if (native_id := _native(channel, who, directory)) is not None:
            yield _reaction(part, NativeAuthor(native_id=native_id, display=who), emoji, on=False)


def _reaction(part: Part, author: NativeAuthor, emoji: str, *, on: bool) -> InboundReaction:
    return InboundReaction(conversation=part.conversation, native_id=part.native_id, author=author, emoji=emoji, on=on)


def _native(channel: str, who: str, directory: Directory) -> str | None:
    """The native id behind a name in the hub's reactions."""
    member = directory.member(who)
    if member is None:
        return who.partition(":")[2] or None
    accounts = (account for account in directory.accounts_of(member.id) if account.channel == channel)
    return next((account.native_id for account in accounts), None)


def _who(channel: str, author: NativeAuthor, directory: Directory) -> str:
    """How the hub's reactions name somebody."""
    account = directory.account(channel, author.native_id)
    member = directory.member_by_id(account.member_id) if account else None
    return member.handle if member is not None and member.archived_at is None else f"{channel}:{author.native_id}"
