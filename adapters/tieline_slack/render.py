"""What is sent, as arguments of Slack's methods. Pure.

Rule: the frame's text goes out as it was planned, and nothing in it is read a second time: ``parse: none`` and
``link_names: false``, so that no text pings anyone (law 6). The author's name and picture stand beside the text
(``chat:write.customize``), our key in the metadata, where a look-up finds it again. A frame with actions has blocks
besides: its text and its buttons; ``text`` stays, for notifications. An edit without actions takes the buttons away.
Next stop: :mod:`tieline_slack.outbound` makes the calls.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from tieline.ports.adapter import Outgoing
from tieline_slack import ids
from tieline_slack.interactions import with_buttons

NAME_MAX: Final = 80
TEXT_MAX: Final = 4000
"""Slack may split a message near here, and ``chat.update`` takes no more."""

Arguments = dict[str, object]
"""Arguments of one method, as JSON."""


def post(outgoing: Outgoing, *, previews: bool = False) -> Arguments:
    """Arguments of ``chat.postMessage``."""
    arguments: Arguments = {
        **_said(outgoing),
        "mrkdwn": True,
        "unfurl_links": previews,
        "unfurl_media": previews,
        "metadata": _mark(outgoing),
        **_author(outgoing),
    }
    if outgoing.thread is not None:
        arguments["thread_ts"] = outgoing.thread
    return arguments


def notice(outgoing: Outgoing, reader: str) -> Arguments:
    """Arguments of ``chat.postEphemeral``: shown to one person alone. It carries no metadata, so it cannot be found."""
    arguments: Arguments = {**_said(outgoing), "user": reader, **_author(outgoing)}
    if outgoing.thread is not None:
        arguments["thread_ts"] = outgoing.thread
    return arguments


def update(outgoing: Outgoing, native_id: str) -> Arguments:
    """Arguments of ``chat.update``. The name cannot be changed; the mark is written again, so that it stays."""
    return {"blocks": [], **_said(outgoing), "ts": native_id, "metadata": _mark(outgoing)}


def completion(outgoing: Outgoing, uploaded: Sequence[str]) -> Arguments:
    """Fields of ``files.completeUploadExternal``: the files in one message, under their author's name."""
    named = [{"id": one, "title": file.name} for one, file in zip(uploaded, outgoing.files, strict=True)]
    fields: Arguments = {
        "files": json.dumps(named),
        "channel_id": outgoing.endpoint.conversation,
        **_author(outgoing),
    }
    if outgoing.thread is not None:
        fields["thread_ts"] = outgoing.thread
    return fields


def _said(outgoing: Outgoing) -> Arguments:
    buttons = with_buttons(outgoing.frame.text, outgoing.frame.actions)
    return {
        "channel": outgoing.endpoint.conversation,
        "text": outgoing.frame.text,
        "parse": "none",
        "link_names": False,
        **({"blocks": buttons} if buttons else {}),
    }


def _mark(outgoing: Outgoing) -> Arguments:
    payload = {"key": outgoing.key, "delivery": outgoing.delivery_id}
    return {"event_type": ids.METADATA_EVENT, "event_payload": payload}


def _author(outgoing: Outgoing) -> Arguments:
    if outgoing.author is None or not outgoing.author.display.strip():
        return {}
    shown: Arguments = {"username": outgoing.author.display[:NAME_MAX]}
    avatar = outgoing.author.avatar
    if avatar is not None and avatar.startswith("https://"):
        shown["icon_url"] = avatar
    return shown
