"""Settings of a Discord channel: what they are and what is wrong with them.

Rule: all problems at once, each with its place and its mend; no SDK is imported. Not promised: that a token works;
that is :mod:`tieline_discord.checks`. Next stop: :mod:`tieline_discord.adapter` reads :class:`Settings`.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from tieline.model.base import Value
from tieline.ports.adapter import SettingProblem

API: Final = "https://discord.com/api/v10"
GATEWAY: Final = "wss://gateway.discord.gg/"
MEBIBYTE: Final = 1024 * 1024
FILE_LIMIT: Final = 10 * MEBIBYTE
"""Bytes of one file that a server without boosts takes."""
MOST_FILE: Final = 500 * MEBIBYTE
PACE: Final = 0.5
"""Messages a second in one channel: a webhook may make 30 in a minute."""
MAX_PACE: Final = 1000.0

_KNOWN: Final = ("bot_token", "api_url", "gateway_url", "file_limit", "pace", "previews")
_UNITS: Final = {"B": 1, "KB": 1000, "MB": 1000**2, "KIB": 1024, "MIB": MEBIBYTE}
_TOKEN_AT: Final = "take it from discord.com/developers/applications, the application's page 'Bot', 'Reset Token'"  # noqa: S105 - words


class Settings(Value, kw_only=True, frozen=True):
    """A Discord channel's settings, checked."""

    bot_token: str
    api_url: str = API
    """The REST API with its version, without a slash at the end."""
    gateway_url: str | None = None
    """Another gateway than Discord's own; None: Discord's."""
    file_limit: int = FILE_LIMIT
    """Bytes of one file."""
    pace: float = PACE
    """Messages a second in one channel."""
    previews: bool = False
    """Let Discord embed what the links in our messages lead to."""

    @property
    def is_local(self) -> bool:
        """True where the REST API is on this machine (tests)."""
        return is_loopback(urlsplit(self.api_url).hostname)

    def __repr__(self) -> str:
        """Without the token."""
        return f"Settings(api_url={self.api_url!r}, gateway_url={self.gateway_url!r})"


def check(raw: Mapping[str, object]) -> Sequence[SettingProblem]:
    """Name every fault of a channel's block; empty: :func:`load` will work."""
    return tuple(_problems(raw))


def load(raw: Mapping[str, object]) -> Settings:
    """Read settings that :func:`check` found right."""
    return Settings(
        bot_token=_bare(str(raw["bot_token"])),
        api_url=_api(raw.get("api_url")),
        gateway_url=_text(raw.get("gateway_url")),
        file_limit=_bytes(raw.get("file_limit")) or FILE_LIMIT,
        pace=_pace(raw.get("pace", PACE)) or PACE,
        previews=raw.get("previews") is True,
    )


def application_id(token: str) -> str | None:
    """The application's id, which a bot token begins with in base64; None if it does not."""
    part = _bare(token).partition(".")[0]
    try:
        found = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return found if found.isdigit() else None


def is_loopback(host: str | None) -> bool:
    """True for this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _problems(raw: Mapping[str, object]) -> Iterator[SettingProblem]:
    for name in raw:
        if name not in _KNOWN:
            yield SettingProblem(
                path=(name,), message=f"unknown setting '{name}'", fix=f"known are {', '.join(_KNOWN)}", known=_KNOWN
            )
    yield from _token(raw.get("bot_token"))
    yield from _addresses(raw)
    yield from _rest(raw)


def _token(value: object) -> Iterator[SettingProblem]:
    if value is None or value == "":
        yield SettingProblem(path=("bot_token",), message="'bot_token' is missing", fix=_TOKEN_AT)
    elif not isinstance(value, str) or not _bare(value) or not _bare(value).isascii() or " " in _bare(value):
        yield SettingProblem(path=("bot_token",), message="'bot_token' is no token", fix=_TOKEN_AT)


def _addresses(raw: Mapping[str, object]) -> Iterator[SettingProblem]:
    for name, scheme in (("api_url", "http"), ("gateway_url", "ws")):
        value = raw.get(name)
        if value is not None and not _is_usable(value, scheme):
            message = f"'{name}' must be a {scheme}s URL"
            yield SettingProblem(path=(name,), message=message, fix="leave it out for Discord's own")


def _rest(raw: Mapping[str, object]) -> Iterator[SettingProblem]:
    if raw.get("file_limit") is not None and _bytes(raw["file_limit"]) is None:
        fix = "write bytes as a number, or 10MiB; servers with boosts take 50 or 100 MiB"
        yield SettingProblem(path=("file_limit",), message="'file_limit' is the size of one file", fix=fix)
    if _pace(raw.get("pace", PACE)) is None:
        fix = f"write a number up to {MAX_PACE:g}; Discord allows {PACE:g} on the long run"
        yield SettingProblem(path=("pace",), message="'pace' is messages a second", fix=fix)
    if not isinstance(raw.get("previews", False), bool):
        yield SettingProblem(path=("previews",), message="'previews' is true or false", fix="write true or false")


def _bare(token: str) -> str:
    return token.strip().removeprefix("Bot ").strip()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _api(value: object) -> str:
    """Discord's own, or another one; its version is added where it has none."""
    url = (_text(value) or API).rstrip("/")
    return url if urlsplit(url).path.rpartition("/")[2].startswith("v") else f"{url}/v10"


def _pace(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value <= MAX_PACE and math.isfinite(value) else None


def _bytes(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip().upper()
    digits = text.rstrip("BKMI ")
    unit = _UNITS.get(text[len(digits) :].strip() or "B")
    if unit is None or not digits.isascii() or not digits.isdigit() or len(digits) > 12:  # noqa: PLR2004 - a terabyte
        return None
    size = int(digits) * unit
    return size if 0 < size <= MOST_FILE else None


def _is_usable(url: object, scheme: str) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == f"{scheme}s" or (parts.scheme == scheme and is_loopback(host)))
