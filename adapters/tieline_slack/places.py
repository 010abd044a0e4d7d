"""Conversations by what people call them, and what the bot may do there.

Rule: a name is turned into an id once and the id is kept; the bot must be a member, or nothing would ever arrive.
Next stop: :mod:`tieline_slack.checks` asks the same for ``tieline check --live``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tieline.errors import DeliveryError, Misconfigured
from tieline_slack.errors import INVITE, lifecycle
from tieline_slack.outbound import Outbound
from tieline_slack.paging import pages
from tieline_slack.shapes import flag, text

_ID: Final = re.compile(r"[CGD][A-Z0-9]{2,20}")


async def resolve(calls: Outbound, written: str) -> tuple[str, str]:
    """``#dj-waste``, ``dj-waste`` or an id as (id, name). Raises Misconfigured, or AdapterError for a while."""
    name = written.strip().removeprefix("#")
    try:
        channel = await (info(calls, name) if _ID.fullmatch(name) else _by_name(calls, name.lower()))
    except DeliveryError as error:
        raise lifecycle(error) from error
    if channel is None:
        raise Misconfigured(
            f"Slack has no channel '{written}' that the bot can see",
            fix=f"check the name; in a private channel {INVITE}",
        )
    if not is_member(channel):
        raise Misconfigured(f"the bot is not in '{shown(channel)}'", fix=INVITE)
    return text(channel, "id"), shown(channel)


async def info(calls: Outbound, conversation: str) -> Mapping[str, object] | None:
    """A conversation by id; None: there is none that the bot can see. Raises DeliveryError."""
    try:
        answer = await calls.read("conversations.info", {"channel": conversation})
    except DeliveryError as error:
        if error.code == "channel_not_found":
            return None
        raise
    channel = answer.get("channel")
    return channel if isinstance(channel, dict) else None


def is_member(channel: Mapping[str, object]) -> bool:
    """True where the bot receives what is written."""
    return flag(channel, "is_member") or flag(channel, "is_im")


def shown(channel: Mapping[str, object]) -> str:
    """``#dj-waste``, or the id of what has no name."""
    return text(channel, "id") if flag(channel, "is_im") else f"#{text(channel, 'name')}"


async def _by_name(calls: Outbound, name: str) -> Mapping[str, object] | None:
    arguments = {"types": "public_channel,private_channel", "exclude_archived": "true"}
    async for channel in pages(calls.read, "conversations.list", arguments, "channels"):
        if name in {text(channel, "name"), text(channel, "name_normalized")}:
            return channel
    return None
