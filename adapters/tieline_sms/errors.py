"""Twilio's errors, translated in one place into what a retry may do (law 2).

Rule: an answer with an error code of Twilio's is a refusal; a 5xx, a broken or a lost answer may hide a sent text and
is :class:`Uncertain`; only what certainly did not go out is :class:`NotDispatched`. A fault of the sender or of the
credential stops the channel, one of the receiver's number its lane, and STOP is :class:`OptedOut`.
Next stop: the lane reads the attributes of what is raised.

Source: twilio.com/docs/api/errors (by number).
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import aiohttp

from tieline.errors import (
    AdapterError,
    DeliveryError,
    Misconfigured,
    NotDispatched,
    OptedOut,
    Permanent,
    Throttled,
    Uncertain,
)
from tieline.model.base import Value
from tieline.ports.throttling import retry_after_seconds
from tieline_sms.shapes import mapping, text, whole

OPTED_OUT: Final = "opted_out"
WINDOW: Final = "outside_window"
WINDOW_MEND: Final = (
    "WhatsApp takes free text for 24 hours after the person wrote; set content_sid to an approved template with one "
    "variable, or wait until they write"
)
CREDENTIAL_MEND: Final = "check account_sid and auth_token (or api_key and api_secret) at console.twilio.com"
_FROM_MEND: Final = "set 'from' to a number, WhatsApp sender or Messaging Service of this Twilio account"
_NUMBER_MEND: Final = "mend the number: +, country code, number"
_REGISTER: Final = "register the sender for this traffic at console.twilio.com (A2P 10DLC, toll-free verification)"
_LONGEST: Final = 300
_QUEUE_FULL: Final = 60.0

_STOPPED_BY_PERSON: Final = 21610
_RATES: Final = frozenset({20429, 14107, 63018})
_QUEUES: Final = frozenset({21611, 30001})


class Known(Value, frozen=True, kw_only=True):
    """What one of Twilio's codes means: our code, the mend, and who is to blame."""

    code: str
    fix: str = ""
    lane: bool = False
    channel: bool = False


def _lane(code: str, fix: str = _NUMBER_MEND) -> Known:
    return Known(code=code, fix=fix, lane=True)


def _channel(code: str, fix: str) -> Known:
    return Known(code=code, fix=fix, channel=True)


CODES: Final[Mapping[int, Known]] = {
    20003: _channel("unauthorized", CREDENTIAL_MEND),
    20005: _channel("account_not_active", "see console.twilio.com: the account is suspended or closed"),
    20404: _channel("unknown_account", CREDENTIAL_MEND),
    30002: _channel("account_suspended", "see console.twilio.com: the account is suspended"),
    21212: _channel("bad_sender", _FROM_MEND),
    21603: _channel("no_sender", _FROM_MEND),
    21606: _channel("not_our_number", _FROM_MEND),
    21659: _channel("not_our_number", _FROM_MEND),
    21660: _channel("not_our_number", _FROM_MEND),
    21703: _channel("service_without_senders", "add a sender to the Messaging Service"),
    21704: _channel("service_without_senders", "add a sender to the Messaging Service"),
    21712: _channel("service_without_senders", "add a sender to the Messaging Service"),
    63007: _channel("not_our_number", _FROM_MEND),
    21201: _lane("no_number"),
    21211: _lane("invalid_number"),
    21217: _lane("invalid_number"),
    21614: _lane("not_a_mobile_number"),
    21265: _lane("no_short_codes", "write to a phone's number"),
    21266: _lane("own_number", "the conversation is our own number: link a person's"),
    21408: _lane("country_not_allowed", "allow the country at console.twilio.com, Messaging, Geo permissions"),
    21608: _lane("unverified_number", "a trial account writes to verified numbers only: verify it, or upgrade"),
    21612: _lane("unreachable_from_sender", "use a sender that can reach the number's country"),
    63003: _lane("not_on_whatsapp", "the number has no WhatsApp"),
    63024: _lane("not_on_whatsapp", "the number has no WhatsApp"),
    21602: Known(code="empty_text"),
    21605: Known(code="too_long"),
    21617: Known(code="too_long"),
    63016: Known(code=WINDOW, fix=WINDOW_MEND),
    30003: Known(code="unreachable", fix="the phone is off or without service; try another way"),
    30004: Known(code="blocked", fix="the person or the carrier blocks our texts"),
    30005: Known(code="unknown_number", fix=_NUMBER_MEND),
    30006: Known(code="landline", fix="give the member a mobile number"),
    30007: Known(code="filtered", fix="the carrier took it for spam; " + _REGISTER),
    30008: Known(code="lost_by_carrier"),
    30036: Known(code="expired", fix="the phone was not reached within 'validity'"),
    30034: Known(code="not_registered", fix=_REGISTER),
    30032: Known(code="not_registered", fix=_REGISTER),
}
"""By Twilio's number. The last ones come only in status callbacks."""


def refused(status: int, body: object, headers: Mapping[str, str], now: int = 0) -> DeliveryError:
    """What an answer that is no success means; ``now`` in milliseconds."""
    said = mapping(body)
    number = whole(said.get("code"))
    detail = f"{text(said, 'message') or f'HTTP {status}'}"[:_LONGEST] + (f" (Twilio {number})" if number else "")
    if status == HTTPStatus.TOO_MANY_REQUESTS or number in _RATES:
        wait = retry_after_seconds(headers.get("Retry-After"), now)
        return Throttled("throttled", detail, retry_after=wait, account_wide=True)
    if number in _QUEUES:
        return Throttled("queue_full", detail, retry_after=_QUEUE_FULL, account_wide=True)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Uncertain(f"http_{status}", f"Twilio had a fault of its own (HTTP {status})")
    if number == _STOPPED_BY_PERSON:
        return OptedOut(OPTED_OUT, detail, fix="they must text START to our number")
    known = CODES.get(number)
    if known is not None:
        return Permanent(known.code, detail, stops_channel=known.channel, stops_lane=known.lane, fix=known.fix)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return Permanent(f"http_{status}", detail, stops_channel=True, fix=CREDENTIAL_MEND)
    if status < HTTPStatus.BAD_REQUEST:
        return Uncertain("bad_answer", f"HTTP {status} is no answer of Twilio's")
    return Permanent(f"twilio_{number}" if number else f"http_{status}", detail)


def failure(number: int) -> tuple[str, str]:
    """Code and words for an error that a status callback names; 0: it names none."""
    if number == _STOPPED_BY_PERSON:
        return OPTED_OUT, "they do not want our texts (Twilio 21610)"
    known = CODES.get(number)
    if known is not None:
        return known.code, f"{known.fix or 'see twilio.com/docs/api/errors'} (Twilio {number})"
    return (f"twilio_{number}", f"see twilio.com/docs/api/errors/{number}") if number else ("undelivered", "")


def lost(error: Exception) -> DeliveryError:
    """What a failed request means: whether it may have reached Twilio."""
    what = f"{type(error).__name__}: {error}"[:_LONGEST]
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL):
        return NotDispatched("no_connection", f"Twilio does not answer: {what}")
    return Uncertain("lost_answer", what)


def lifecycle(error: DeliveryError) -> AdapterError:
    """The same fault, where it is one of connecting instead of sending."""
    if isinstance(error, Permanent):
        return Misconfigured(f"Twilio: {error}", fix=error.fix)
    return AdapterError(f"Twilio: {error}", fix=error.fix)
