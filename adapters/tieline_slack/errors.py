"""Slack's errors, translated in one function into what a retry may do (law 2).

Rule: only what certainly did not happen is :class:`NotDispatched`; what may have happened is :class:`Uncertain` and is
looked up by its metadata first. Whatever is unknown counts as uncertain, unless Slack itself answered with an error
code: then it refused. Next stop: the lane reads the attributes of what is raised.

Sources: docs.slack.dev, "Errors" of chat.postMessage, chat.update, chat.delete, reactions.add and "Rate limits".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError

from tieline.errors import (
    AdapterError,
    DeliveryError,
    Misconfigured,
    NotDispatched,
    Permanent,
    Throttled,
    Uncertain,
)

DEFAULT_WAIT: Final = 30.0
"""Seconds to wait where Slack says "slow down" and not how long (slack_sdk assumes the same)."""
LONGEST_WAIT: Final = 86400.0
"""A day: what is longer is no answer of Slack's, and a date that far is shown, not computed with."""

INVITE: Final = "write /invite @tieline in that channel"
REINSTALL: Final = "reinstall the app to the workspace and put its new bot token into the configuration"
UNARCHIVE: Final = "unarchive the channel, or remove the link"

_CREDENTIAL: Final[Mapping[str, str]] = {
    "invalid_auth": "check bot_token: it is wrong, or of another workspace",
    "not_authed": "set bot_token",
    "token_revoked": REINSTALL,
    "token_expired": REINSTALL,
    "account_inactive": REINSTALL,
    "app_missing_action_url": REINSTALL,
    "no_permission": REINSTALL,
    "not_allowed_token_type": "use the bot token (xoxb-…) as bot_token and the app-level token (xapp-…) as app_token",
    "missing_scope": "add the scope in the app's settings (tieline manifest slack prints them all) and reinstall it",
    "ekm_access_denied": "ask the workspace's administrators: they have suspended access",
    "org_login_required": "the workspace is being migrated: try again when that is over",
    "team_access_not_granted": REINSTALL,
}
"""Faults of the credential: nothing on this channel will work until a person mends it."""

EDIT_CLOSED: Final = "edit_window_closed"
"""The message cannot be edited any more: the hub says the new text in a note below it."""
_EDIT_CLOSED: Final = frozenset({EDIT_CLOSED, "cant_update_message", "cannot_update_message"})

NOT_SHOWABLE: Final = "not_showable"
"""The reaction has no form here, and no retry gives it one."""
_UNSHOWN: Final[Mapping[str, str]] = {
    "invalid_name": "the workspace has no such emoji",
    "too_many_emoji": "the message carries as many emoji as Slack allows",
    "too_many_reactions": "the message carries as many reactions as Slack allows",
}

_PLACE: Final = frozenset({"not_in_channel", "channel_not_found", "is_archived", "restricted_action"})
"""Faults of the conversation: the message waits until a person has mended it."""
_MESSAGE: Final[Mapping[str, str]] = {
    "not_in_channel": INVITE,
    "channel_not_found": f"check the conversation's id; in a private channel {INVITE}",
    "is_archived": UNARCHIVE,
    "restricted_action": "a workspace or channel setting forbids the app to post there: ask an administrator",
    "msg_too_long": "shorten the message",
    "msg_blocks_too_long": "shorten the message",
    "no_text": "the message is empty",
    EDIT_CLOSED: "the workspace lets nobody edit messages that old: set edit_window of the channel to it",
    "cant_delete_message": "only messages of this app can be deleted",
    "user_not_in_channel": "the person has left the channel",
    "thread_not_found": "the thread is gone",
    "file_uploads_disabled": "the workspace lets nobody upload files: ask an administrator",
    "file_uploads_except_images_disabled": "the workspace takes pictures only: ask an administrator",
    "file_type_not_allowed": "the workspace does not take files of this kind: ask an administrator",
    "blocked_file_type": "the workspace does not take files of this kind: ask an administrator",
    "file_upload_size_restricted": "the workspace does not take files this large: ask an administrator",
    "storage_limit_reached": "the workspace has no room for files: ask an administrator",
    "malware_detected": "Slack found malware in the file",
    "messages_tab_disabled": "switch on the app's Messages tab (App Home)",
}
"""Faults of the one message or place, and what a person can do about each."""

_GONE: Final = frozenset({"message_not_found"})
_THROTTLED: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_MAYBE: Final = frozenset(
    {"fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
"""Slack writes of ``fatal_error`` that parts of the operation may have succeeded."""


def translate(error: Exception, *, now: float | None = None) -> DeliveryError:
    """What went wrong in a call, as one of our own errors; raise it ``from`` the original.

    ``now`` is in seconds since 1970, for a ``Retry-After`` that is a date.
    """
    match error:
        case DeliveryError():
            return error
        case SlackApiError():
            return _answered(error, now)
        case aiohttp.ConnectionTimeoutError() | aiohttp.ClientConnectorError():
            return NotDispatched(
                "no_connection", f"Slack could not be reached: {_what(error)}", fix="check the network"
            )
        case aiohttp.InvalidURL():
            return Permanent("bad_api_url", _what(error), stops_channel=True, fix="check api_url")
        case TimeoutError():
            return Uncertain("no_answer", "Slack did not answer in time")
        case aiohttp.ClientError() | OSError():
            return Uncertain("lost_answer", f"the connection broke before Slack's answer: {_what(error)}")
        case _:
            return Uncertain("bad_answer", f"Slack's answer could not be read: {_what(error)}")


def retry_after(value: str | None, *, now: float | None = None) -> float:
    """Seconds that a ``Retry-After`` asks for: a number (RFC 9110: whole; fractions are seen) or an HTTP date."""
    text = (value or "").strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, now)
    if math.isnan(seconds):
        return DEFAULT_WAIT
    return min(max(seconds, 1.0), LONGEST_WAIT)


def error_code(error: SlackApiError) -> str:
    """Slack's own code in an answer, or an empty string."""
    data = getattr(error.response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) else ""


def _answered(error: SlackApiError, now: float | None) -> DeliveryError:
    code, status = error_code(error), _status(error)
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in _THROTTLED:
        wait = retry_after(_header(error, "Retry-After"), now=now)
        return Throttled("rate_limited", f"Slack asks to wait {wait:g} s", retry_after=wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _MAYBE:
        return Uncertain(code or f"http_{status}", f"Slack had a fault of its own (HTTP {status})")
    if not code:
        return _without_code(status)
    if code in _GONE:
        return Permanent("part_gone", "the message is no longer there")
    if code in _EDIT_CLOSED:
        return Permanent(EDIT_CLOSED, f"Slack refused: {code}", fix=_MESSAGE[EDIT_CLOSED])
    if code in _CREDENTIAL:
        return Permanent(code, _needed(error), stops_channel=True, fix=_CREDENTIAL[code])
    return Permanent(code, f"Slack refused: {code}", stops_lane=code in _PLACE, fix=_MESSAGE.get(code, ""))


def without_scope(error: Permanent, scope: str) -> Permanent:
    """A fault that concerns ``scope`` alone: where the app lacks it, all that needs no files goes on."""
    if error.code != "missing_scope":
        return error
    fix = f"add the scope {scope} in the app's settings (tieline manifest slack prints them all) and reinstall it"
    return Permanent(error.code, error.detail, fix=fix)


def unshown(error: Permanent, emoji: str) -> Permanent:
    """A refused reaction: ``not_showable`` where Slack has no place or no picture for it."""
    if error.code not in _UNSHOWN:
        return error
    return Permanent(NOT_SHOWABLE, f"{emoji} is not shown on Slack: {_UNSHOWN[error.code]}")


def _without_code(status: int) -> DeliveryError:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Permanent(
            f"http_{status}", f"the Web API answers {status}", stops_channel=True, fix="check api_url and bot_token"
        )
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Permanent(f"http_{status}", f"the Web API refused the request with {status}")
    return Uncertain("bad_answer", f"HTTP {status} with an answer that is not Slack's")


def _needed(error: SlackApiError) -> str:
    data = getattr(error.response, "data", None)
    needed = data.get("needed") if isinstance(data, dict) else None
    return f"needed: {needed}" if isinstance(needed, str) and needed else "Slack refuses the credential"


def _status(error: SlackApiError) -> int:
    # slack_sdk gives its own response, or aiohttp's where the body was no JSON: they name the status differently.
    for name in ("status_code", "status"):
        status = getattr(error.response, name, None)
        if isinstance(status, int):
            return status
    return 0


def _header(error: SlackApiError, name: str) -> str | None:
    headers = getattr(error.response, "headers", None)
    if not isinstance(headers, Mapping):
        return None
    found = [value for key, value in headers.items() if str(key).lower() == name.lower()]
    return str(found[0]) if found else None


def _until(text: str, now: float | None) -> float:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return math.nan
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() - (datetime.now(UTC).timestamp() if now is None else now)


def _what(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def lifecycle(error: DeliveryError) -> AdapterError:
    """The same fault, where it is one of connecting or looking up instead of sending."""
    if isinstance(error, Permanent):
        return Misconfigured(f"Slack: {error}", fix=error.fix)
    return AdapterError(f"Slack: {error}", fix=error.fix)
