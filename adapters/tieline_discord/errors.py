"""Discord's errors, translated in one place into what a retry may do (law 2).

Rule: only what certainly did not happen is :class:`NotDispatched`; what may have happened is :class:`Uncertain` and is
looked up first. An error code of Discord's is a refusal. A refused webhook token is the webhook's fault, never the
bot's. Next stop: the lane reads the attributes of what is raised.

Sources: docs.discord.com, "Opcodes and Status Codes" (JSON error codes, close codes) and "Rate Limits".
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import aiohttp

from tieline.errors import AdapterError, DeliveryError, Misconfigured, NotDispatched, Permanent, Throttled, Uncertain
from tieline.ports.throttling import retry_after_seconds
from tieline_discord import permissions
from tieline_discord.shapes import mapping, sequence, text

GONE: Final = "part_gone"
NO_WEBHOOK: Final = "unknown_webhook"
FULL: Final = "too_many_webhooks"
REFUSED: Final = "missing_permissions"
ARCHIVED: Final = "thread_archived"
THREAD_EXISTS: Final = "thread_exists"
TOO_MANY_INVALID: Final = "too_many_invalid_requests"

INTENT_MEND: Final = (
    "switch on 'Message Content Intent' at discord.com/developers/applications, the application's page 'Bot'"
)
TOKEN_MEND: Final = (
    "put a valid bot_token into the configuration: discord.com/developers/applications, 'Bot', 'Reset Token'"  # noqa: S105 - words
)
_INVITE: Final = "invite the bot (tieline invite discord), and let it see the channel"
_LONGEST_DETAIL: Final = 300
_LONGEST_WAIT: Final = 86400.0


class _Known:
    """What one of Discord's codes means for us."""

    def __init__(self, code: str, fix: str = "", *, lane: bool = False) -> None:
        self.code = code
        self.fix = fix
        self.lane = lane


_CODES: Final[Mapping[int, _Known]] = {
    10003: _Known("unknown_channel", f"check the conversation's id; {_INVITE}", lane=True),
    10004: _Known("unknown_server", _INVITE, lane=True),
    10008: _Known(GONE),
    10013: _Known("unknown_user", "the account is gone: mend the member's Discord account", lane=True),
    10014: _Known("not_showable", "use another emoji: the bot has no access to this one"),
    10015: _Known(NO_WEBHOOK),
    10062: _Known("unknown_interaction"),
    20016: _Known("slow_mode"),
    30007: _Known(FULL, "remove webhooks of the channel (Discord allows 15)"),
    30010: _Known("too_many_reactions", "the message carries as many different reactions as Discord allows"),
    40005: _Known("too_large", "send a smaller file, or raise the server's limit by boosts and set file_limit to it"),
    40060: _Known("answered_already"),
    40067: _Known("tag_required", "the forum demands a tag: take that setting off, or link another channel", lane=True),
    50001: _Known("missing_access", f"let the bot see the channel; {_INVITE}", lane=True),
    50005: _Known("not_own_message", "Discord lets nobody edit another's message"),
    50006: _Known("empty_message"),
    50007: _Known(
        "refuses_direct_messages", "the person must allow direct messages from the server's members", lane=True
    ),
    50008: _Known("not_a_text_channel", "link a text, announcement, forum or voice channel's chat", lane=True),
    50013: _Known(REFUSED, "give the bot its permissions in the channel's settings", lane=True),
    50024: _Known("not_in_this_channel_type", "Discord cannot do this in a channel of this type"),
    50027: _Known(NO_WEBHOOK),
    50035: _Known("invalid_message"),
    50083: _Known(ARCHIVED, "open the thread again"),
    160004: _Known(THREAD_EXISTS),
    160005: _Known("thread_locked", "unlock the thread"),
    160006: _Known("too_many_threads", "close threads: the server has as many open ones as Discord allows"),
    200000: _Known("blocked_by_automod", "a rule of the server's AutoMod forbids this text"),
    200001: _Known("blocked_by_automod", "a rule of the server's AutoMod forbids this title"),
    240000: _Known("blocked_link", "Discord holds a link of the message for harmful"),
}
"""By Discord's JSON code: ours, the mend, and whether the conversation is to blame (its lane waits)."""


def refused(status: int, body: object, headers: Mapping[str, str], *, needs: int = 0, now: int = 0) -> DeliveryError:
    """What an answer that is no success means. ``needs``: the permission that the call takes; ``now`` in ms."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _throttled(body, headers, now)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Uncertain(f"http_{status}", f"Discord had a fault of its own (HTTP {status})")
    code = mapping(body).get("code")
    known = _CODES.get(code) if isinstance(code, int) else None
    detail = _detail(status, body)
    if known is not None:
        fix = permissions.mend(needs) if known.code == REFUSED and needs else known.fix
        return Permanent(known.code, detail, stops_lane=known.lane, fix=fix)
    if status == HTTPStatus.UNAUTHORIZED:
        return Permanent("unauthorized", "Discord refuses the bot's token", stops_channel=True, fix=TOKEN_MEND)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Permanent("too_large", detail, fix="send smaller files")
    if not isinstance(code, int) and status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return Permanent(f"http_{status}", f"{detail}, not by its API", stops_channel=True, fix="check api_url")
    return Permanent(f"discord_{code}" if code else f"http_{status}", detail)


def unanswered(error: Exception) -> DeliveryError:
    """What a call that got no answer means; raise it ``from`` the original."""
    match error:
        case DeliveryError():
            return error
        case aiohttp.ConnectionTimeoutError() | aiohttp.ClientConnectorError():
            return NotDispatched(
                "no_connection", f"Discord could not be reached: {what(error)}", fix="check the network"
            )
        case aiohttp.InvalidURL():
            return Permanent("bad_api_url", what(error), stops_channel=True, fix="check api_url")
        case TimeoutError():
            return Uncertain("no_answer", "Discord did not answer in time")
        case aiohttp.ClientError() | OSError():
            return Uncertain("lost_answer", f"the connection broke before Discord's answer: {what(error)}")
        case _:
            return Uncertain("bad_answer", f"Discord's answer could not be read: {what(error)}")


def lifecycle(error: DeliveryError) -> AdapterError:
    """The same fault, where it is one of connecting or looking up instead of sending."""
    if isinstance(error, Permanent):
        return Misconfigured(f"Discord: {error}", fix=error.fix)
    return AdapterError(f"Discord: {error}", fix=error.fix)


def closed(code: int | None) -> AdapterError:
    """What the gateway's close code means: Misconfigured where a person must mend something."""
    match code:
        case 4004:
            return Misconfigured("Discord refuses the bot's token", fix=TOKEN_MEND)
        case 4014:
            return Misconfigured("Message Content intent is off", fix=INTENT_MEND)
        case 4013:
            return Misconfigured("Discord does not know one of the intents", fix="update Tieline")
        case 4010 | 4011:
            return Misconfigured(
                "the bot is in too many servers for one connection", fix="use a bot of its own for Tieline"
            )
        case 4012:
            return Misconfigured("Discord no longer speaks this version of its gateway", fix="update Tieline")
        case _:
            return AdapterError(f"Discord closed the connection ({code or 'no code'})")


def what(error: BaseException) -> str:
    """An exception in a line."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _throttled(body: object, headers: Mapping[str, str], now: int) -> Throttled:
    told = mapping(body).get("retry_after")
    wait = told if isinstance(told, int | float) and not isinstance(told, bool) else headers.get("Retry-After")
    seconds = min(retry_after_seconds(wait, now), _LONGEST_WAIT)
    everywhere = (
        mapping(body).get("global") is True or headers.get("X-RateLimit-Scope") == "global" or not mapping(body)
    )
    return Throttled(
        "rate_limited", f"Discord asks to wait {seconds:g} s", retry_after=seconds, account_wide=everywhere
    )


def _detail(status: int, body: object) -> str:
    message = text(mapping(body), "message") or f"HTTP {status}"
    faults = "; ".join(_faults(mapping(body).get("errors"), "", 6))
    return f"Discord refused: {message}{f' ({faults})' if faults else ''}"[:_LONGEST_DETAIL]


def _faults(errors: object, path: str, depth: int) -> list[str]:
    """Discord's nested ``errors``, flat: ``content: Must be 2000 or fewer in length``."""
    if depth == 0:
        return []
    found = [f"{path}: {text(mapping(one), 'message')}" for one in sequence(mapping(errors).get("_errors"))]
    for name, inner in mapping(errors).items():
        if name != "_errors":
            found += _faults(inner, f"{path}.{name}" if path else str(name), depth - 1)
    return found
