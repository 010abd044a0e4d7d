"""Settings of a channel to phones: what they are and what is wrong with them.

Rule: all problems at once, each with its place and its mend; no SDK is imported. Numbers are written in quotes, for
YAML takes ``+15005550006`` for a sum. Budgets and prices are read here; the hub keeps to them.
Not promised: that a credential works; that is :mod:`tieline_sms.checks`.
Next stop: :mod:`tieline_sms.adapter` reads :class:`Settings`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from tieline.model.base import Value
from tieline.model.capabilities import Budget, Bundle
from tieline.ports.adapter import SettingProblem
from tieline.ports.addresses import is_loopback
from tieline_sms import numbers
from tieline_sms.abilities import Terms
from tieline_sms.ids import Own


class Inbound(StrEnum):
    """How texts reach us: posted by Twilio to our public address, or read by us from Twilio's list."""

    WEBHOOK = "webhook"
    POLL = "poll"


class Settings(Value, kw_only=True, frozen=True):
    """A channel's settings, checked."""

    account_sid: str
    own: Own
    auth_token: str | None = None
    api_key: str | None = None
    api_secret: str | None = None
    inbound: Inbound | None = None
    """None: by webhook where the hub has a public address, else by polling."""
    poll: int = 15
    """Seconds between two readings of the list."""
    api_url: str | None = None
    """A stand-in on this machine; None: Twilio."""
    validity: int = 4 * 3600
    """Seconds after which a text that was not delivered is of no more use."""
    content_sid: str | None = None
    """Template for WhatsApp outside its window: its variable 1 is the text."""
    terms: Terms = Terms()

    def __repr__(self) -> str:
        return f"Settings(account_sid={self.account_sid!r}, own={self.own!r})"


_KNOWN: Final = (
    "account_sid",
    "api_key",
    "api_secret",
    "api_url",
    "auth_token",
    "bundle",
    "content_sid",
    "daily_budget",
    "from",
    "inbound",
    "pace",
    "per_recipient_budget",
    "poll",
    "price",
    "validity",
)
_SIDS: Final = {
    "account_sid": ("AC", "console.twilio.com, Account info"),
    "api_key": ("SK", "console.twilio.com, API keys"),
    "content_sid": ("HX", "console.twilio.com, Content Template Builder"),
}
_SID: Final = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
_DURATION: Final = re.compile(r"([0-9]{1,6})\s*(s|m|h)?")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_BUDGET: Final = re.compile(r"([0-9]{1,9})\s*(segments?)?", re.IGNORECASE)
_FROM_FIX: Final = 'write from: "+15005550006", a Messaging Service (MG…), or "whatsapp:+15005550006", in quotes'
VALIDITY_MAX: Final = 36_000
POLL: Final = range(2, 3601)
PACE_MAX: Final = 1000.0


def check(raw: Mapping[str, object]) -> Sequence[SettingProblem]:
    """Name every fault of a channel's block; empty: :func:`load` will work."""
    return tuple(_problems(raw))


def load(raw: Mapping[str, object]) -> Settings:
    """Read settings that :func:`check` found right."""
    inbound = raw.get("inbound", "auto")
    return Settings(
        account_sid=str(raw["account_sid"]),
        own=_own(raw.get("from")) or Own(),
        auth_token=_text(raw, "auth_token"),
        api_key=_text(raw, "api_key"),
        api_secret=_text(raw, "api_secret"),
        inbound=None if inbound == "auto" else Inbound(str(inbound)),
        poll=_seconds(raw.get("poll", 15)) or 15,
        api_url=_text(raw, "api_url"),
        validity=_seconds(raw.get("validity", "4h")) or VALIDITY_MAX,
        content_sid=_text(raw, "content_sid"),
        terms=_terms(raw),
    )


def _terms(raw: Mapping[str, object]) -> Terms:
    """Pace and money. Budgets are segments of a UTC day."""
    segment, currency = _price(raw.get("price")) or (None, "")
    day, receiver = _budget(raw.get("daily_budget")), _budget(raw.get("per_recipient_budget"))
    bounded = day is not None or receiver is not None
    return Terms(
        pace=_pace(raw.get("pace", 1)) or 1.0,
        price=segment,
        currency=currency,
        budget=Budget(per_day=day, per_receiver=receiver) if bounded else None,
        bundle=_bundle(raw.get("bundle", True)),
    )


def _problems(raw: Mapping[str, object]) -> Iterator[SettingProblem]:
    for name in raw:
        if name not in _KNOWN:
            yield SettingProblem(path=(name,), message=f"unknown setting '{name}'", known=_KNOWN)
    yield from _credentials(raw)
    if _own(raw.get("from")) is None:
        yield SettingProblem(path=("from",), message=_wrong_sender(raw.get("from")), fix=_FROM_FIX)
    yield from _ways(raw)
    yield from _amounts(raw)


def _credentials(raw: Mapping[str, object]) -> Iterator[SettingProblem]:
    for name, (prefix, where) in _SIDS.items():
        value = raw.get(name)
        if value is None and name != "account_sid":
            continue
        if not (isinstance(value, str) and _SID.fullmatch(value) and value.startswith(prefix)):
            said = "is missing" if value is None or value == "" else f"is no id that begins with {prefix}"
            yield SettingProblem(path=(name,), message=f"'{name}' {said}", fix=f"take it from {where}")
    for name in ("auth_token", "api_secret"):
        if raw.get(name) is not None and not _text(raw, name):
            yield SettingProblem(path=(name,), message=f"'{name}' must be text", fix="write it in quotes")
    if (raw.get("api_key") is None) != (raw.get("api_secret") is None):
        missing = "api_secret" if raw.get("api_secret") is None else "api_key"
        yield SettingProblem(path=(missing,), message="'api_key' and 'api_secret' go together", fix=f"add {missing}")
    elif raw.get("auth_token") is None and raw.get("api_key") is None:
        fix = 'write auth_token: "${TWILIO_AUTH_TOKEN}"'
        yield SettingProblem(path=("auth_token",), message="'auth_token' is missing", fix=fix)


def _ways(raw: Mapping[str, object]) -> Iterator[SettingProblem]:
    inbound = raw.get("inbound", "auto")
    if inbound not in ("auto", "webhook", "poll"):
        fix = "write webhook, or poll where the hub has no public_url"
        yield SettingProblem(path=("inbound",), message=f"unknown way {inbound!r}", fix=fix)
    elif inbound == "webhook" and raw.get("auth_token") is None:
        message = "Twilio signs webhooks with the auth token: without it nothing that comes can be believed"
        yield SettingProblem(path=("inbound",), message=message, fix="add auth_token, or write inbound: poll")
    url = raw.get("api_url")
    if url is not None and not _is_stand_in(url):
        message, fix = "'api_url' must be an address on this machine", "leave it out for Twilio"
        yield SettingProblem(path=("api_url",), message=message, fix=fix)


def _amounts(raw: Mapping[str, object]) -> Iterator[SettingProblem]:
    if "poll" in raw and _seconds(raw["poll"]) not in POLL:
        yield SettingProblem(path=("poll",), message="'poll' is 2 seconds to an hour", fix="write poll: 15")
    validity = _seconds(raw.get("validity", "4h"))
    if validity is None or not 1 <= validity <= VALIDITY_MAX:
        fix = "write a duration up to 10h, such as 4h or 30m"
        yield SettingProblem(path=("validity",), message="'validity' is no duration that Twilio takes", fix=fix)
    if raw.get("price") is not None and _price(raw["price"]) is None:
        fix = "write price: {segment: 0.0079, currency: USD}"
        yield SettingProblem(path=("price",), message="'price' is what a segment costs", fix=fix)
    for name in ("daily_budget", "per_recipient_budget"):
        if raw.get(name) is not None and _budget(raw[name]) is None:
            message = f"'{name}' is how many segments may go out in a day"
            yield SettingProblem(path=(name,), message=message, fix=f"write {name}: 200")
    if not isinstance(raw.get("bundle", True), bool) and not _seconds(raw["bundle"]):
        message = "'bundle' is for how long many texts to one person are gathered into one"
        yield SettingProblem(path=("bundle",), message=message, fix="write bundle: 30s, or false")
    if _pace(raw.get("pace", 1)) is None:
        fix = "write a number; long codes of the US take 1"
        yield SettingProblem(path=("pace",), message="'pace' is texts a second", fix=fix)


def _own(value: object) -> Own | None:
    if not isinstance(value, str):
        return None
    if _SID.fullmatch(value) and value.startswith("MG"):
        return Own(service=value)
    address = numbers.address(value)
    return Own(address=address) if address else None


def _wrong_sender(value: object) -> str:
    if value is None:
        return "'from' is missing"
    if isinstance(value, int | float):
        return "'from' is read as a number: YAML takes + and digits for one"
    return "'from' is no number with its country code, Messaging Service or WhatsApp address"


def _text(raw: Mapping[str, object], name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) and value else None


def _seconds(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    found = _DURATION.fullmatch(str(value).strip())
    return int(found[1]) * _SECONDS[found[2] or "s"] if found else None


def _pace(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < float(value) <= PACE_MAX else None  # type: ignore[arg-type]


def _price(value: object) -> tuple[float, str] | None:
    """Price of a segment, and its currency."""
    if not isinstance(value, Mapping) or not set(value) <= {"segment", "currency"}:
        return None
    segment, currency = value.get("segment"), value.get("currency", "USD")
    if isinstance(segment, bool) or not isinstance(segment, int | float) or not 0 <= segment < math.inf:
        return None
    fits = isinstance(currency, str) and currency.isascii() and currency.isalpha()
    return (float(segment), currency.upper()) if fits else None


def _budget(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    found = _BUDGET.fullmatch(str(value).strip())
    return int(found[1]) if found else None


def _bundle(value: object) -> Bundle | None:
    if isinstance(value, bool):
        return Bundle() if value else None
    return Bundle(within=float(_seconds(value) or 0))


def _is_stand_in(url: object) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in {"http", "https"} and (host == "localhost" or is_loopback(host))
