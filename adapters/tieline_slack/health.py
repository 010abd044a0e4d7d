"""How the conversations are: renamed, archived, left, and what of it is told to the hub.

Rule: what Slack tells of a place reaches the session at once (:func:`read` is pure and total), and each catch-up looks
at the conversation once more, since such events come only while somebody listens. A look that fails says nothing.
Not promised: troubles of conversations that are only written to, before the next send meets them.
Next stop: the session shows them in the channel's health.

Source: docs.slack.dev, "Events": channel_archive, channel_rename, member_left_channel, tokens_revoked, …
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tieline.errors import DeliveryError
from tieline.model.base import Value
from tieline.ports.adapter import Session
from tieline_slack import places
from tieline_slack.errors import INVITE, REINSTALL, UNARCHIVE
from tieline_slack.inbound import Me
from tieline_slack.paging import Read
from tieline_slack.shapes import flag, mapping, sequence, text


class Trouble(Value, kw_only=True, frozen=True):
    """What is wrong with a conversation; without a ``problem`` all is well again."""

    conversation: str
    problem: str | None = None
    fix: str = ""


class Renamed(Value, kw_only=True, frozen=True):
    """A conversation has another name."""

    conversation: str
    label: str


class Gone(Value, kw_only=True, frozen=True):
    """The app itself is no longer in the workspace."""

    reason: str
    fix: str


News = Trouble | Renamed | Gone

_ARCHIVED: Final = "the channel is archived"
_LEFT: Final = "the bot is not in the channel"
_MEND_LINK: Final = "link another channel, or remove the link"
_KINDS: Final[Mapping[str, tuple[str | None, str]]] = {
    "archive": (_ARCHIVED, UNARCHIVE),
    "unarchive": (None, ""),
    "left": (_LEFT, INVITE),
    "deleted": ("the channel was deleted", _MEND_LINK),
}
_PREFIXES: Final = ("channel_", "group_")
KINDS: Final = (
    *(f"{prefix}{kind}" for prefix in _PREFIXES for kind in ("rename", *_KINDS)),
    "member_joined_channel",
    "member_left_channel",
    "channel_id_changed",
    "tokens_revoked",
    "app_uninstalled",
)
"""Types of the events that :func:`read` understands: what the app subscribes to for them."""


def read(event: Mapping[str, object], me: Me) -> News | None:
    """What an event says of a place or of the app; None: nothing."""
    kind = text(event, "type")
    if kind not in KINDS:
        return None
    if kind in {"tokens_revoked", "app_uninstalled"}:
        return _gone(kind, event, me)
    if kind == "channel_id_changed":
        return _moved(event)
    if kind.startswith("member_"):
        return _member(kind, event, me)
    return _place(kind.partition("_")[2], event)


def tell(news: News, session: Session) -> None:
    """Hand it to the session."""
    match news:
        case Trouble():
            session.troubled(news.conversation, news.problem, fix=news.fix)
        case Renamed():
            session.renamed(news.conversation, news.label)
        case Gone():
            session.went_down(news.reason, fix=news.fix)


async def look(ask: Read, conversation: str, session: Session) -> None:
    """See how a conversation is and tell the session. Raises nothing."""
    try:
        answer = await ask("conversations.info", {"channel": conversation})
    except DeliveryError:
        return
    for news in _seen(conversation, mapping(answer.get("channel"))):
        tell(news, session)


def _seen(conversation: str, channel: Mapping[str, object]) -> tuple[News, ...]:
    if text(channel, "id") != conversation or flag(channel, "is_im"):
        return ()
    named = (Renamed(conversation=conversation, label=places.shown(channel)),) if text(channel, "name") else ()
    if flag(channel, "is_archived"):
        return (*named, Trouble(conversation=conversation, problem=_ARCHIVED, fix=UNARCHIVE))
    if channel.get("is_member") is False:
        return (*named, Trouble(conversation=conversation, problem=_LEFT, fix=INVITE))
    return (*named, Trouble(conversation=conversation))


def _place(kind: str, event: Mapping[str, object]) -> News | None:
    channel = mapping(event.get("channel"))
    conversation = text(channel, "id") or text(event, "channel")
    if not conversation:
        return None
    if kind == "rename":
        name = text(channel, "name")
        return Renamed(conversation=conversation, label=f"#{name}") if name else None
    problem, fix = _KINDS[kind]
    return Trouble(conversation=conversation, problem=problem, fix=fix)


def _member(kind: str, event: Mapping[str, object], me: Me) -> News | None:
    conversation = text(event, "channel")
    if not conversation or not me.user_id or text(event, "user") != me.user_id:
        return None
    if kind == "member_joined_channel":
        return Trouble(conversation=conversation)
    return Trouble(conversation=conversation, problem=_LEFT, fix=INVITE)


def _moved(event: Mapping[str, object]) -> News | None:
    old, new = text(event, "old_channel_id"), text(event, "new_channel_id")
    if not (old and new):
        return None
    return Trouble(
        conversation=old, problem=f"Slack gave the channel another id, {new}", fix="link the channel by its new id"
    )


def _gone(kind: str, event: Mapping[str, object], me: Me) -> News | None:
    if kind == "app_uninstalled":
        return Gone(reason="the app was removed from the workspace", fix=REINSTALL)
    if me.user_id and me.user_id in sequence(mapping(event.get("tokens")).get("bot")):
        return Gone(reason="the bot token was revoked", fix=REINSTALL)
    return None
