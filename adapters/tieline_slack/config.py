"""Settings of a Slack channel: what they are and what is wrong with them.

Rule: all problems at once, each with its place and its mend; no SDK is imported. Not promised: that a token works;
that is :mod:`tieline_slack.checks`. Next stop: :mod:`tieline_slack.adapter` reads :class:`Settings`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from urllib.parse import urlsplit

from tieline.model.base import Value
from tieline.ports.adapter import SettingProblem


class Mode(StrEnum):
    """How Slack reaches us: over a web socket that we open, or by signed HTTP requests."""

    SOCKET = "socket"
    HTTP = "http"


class Settings(Value, kw_only=True, frozen=True):
    """A Slack channel's settings, checked."""

    bot_token: str
    app_token: str | None = None
    signing_secret: str | None = None
    mode: Mode = Mode.SOCKET
    api_url: str | None = None
    """Another Web API than Slack's own; ends with a slash. None: what slack_sdk talks to."""
    edit_window: int | None = None
    """Seconds after which the workspace lets nobody edit any more; None: no limit."""
    previews: bool = False
    """Let Slack unfurl links in what we post."""
    streaming: bool = False
    """Show growing texts in threads as Slack's streams; :mod:`tieline_slack.streaming` says what that costs."""
    pace: float = 1.0
    """Messages a second in one conversation. Slack allows about one; more only where a workspace was granted more."""

    @property
    def is_local(self) -> bool:
        """True where the Web API is on this machine (tests): no proxy stands between."""
        return self.api_url is not None and _is_loopback(urlsplit(self.api_url).hostname or "")


_KNOWN = frozenset(
    {"bot_token", "app_token", "signing_secret", "mode", "api_url", "edit_window", "previews", "pace", "streaming"}
)
MAX_PACE = 1000.0
_DURATION = re.compile(r"(\d{1,9})(s|m|h|d)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TOKENS_AT = "api.slack.com/apps, the app's page"


def check(raw: Mapping[str, object]) -> Sequence[SettingProblem]:
    """Name every fault of a channel's block; empty: :func:`load` will work."""
    return tuple(_problems(raw))


def load(raw: Mapping[str, object]) -> Settings:
    """Read settings that :func:`check` found right."""
    return Settings(
        bot_token=str(raw["bot_token"]),
        app_token=_text(raw, "app_token"),
        signing_secret=_text(raw, "signing_secret"),
        mode=_mode(raw),
        api_url=_api_url(raw),
        edit_window=_seconds(raw.get("edit_window")),
        previews=bool(raw.get("previews", False)),
        streaming=bool(raw.get("streaming", False)),
        pace=_pace(raw.get("pace", 1)) or 1.0,
    )


def _problems(raw: Mapping[str, object]) -> Iterator[SettingProblem]:
    for name in raw:
        if name not in _KNOWN:
            yield SettingProblem(
                path=(name,), message=f"unknown setting '{name}'", fix=f"known are {', '.join(sorted(_KNOWN))}"
            )
    yield from _token(raw, "bot_token", "xoxb-", "OAuth & Permissions", needed=True)
    yield from _token(raw, "app_token", "xapp-", "Basic Information, App-Level Tokens", needed=False)
    yield from _transport(raw)
    yield from _rest(raw)


def _token(raw: Mapping[str, object], name: str, prefix: str, page: str, *, needed: bool) -> Iterator[SettingProblem]:
    value = raw.get(name)
    fix = f"take it from {_TOKENS_AT} '{page}'; it begins with {prefix}"
    if value is None or value == "":
        if needed:
            yield SettingProblem(path=(name,), message=f"'{name}' is missing", fix=fix)
    elif not isinstance(value, str) or not value.startswith(prefix):
        yield SettingProblem(path=(name,), message=f"'{name}' does not begin with {prefix}", fix=fix)


def _transport(raw: Mapping[str, object]) -> Iterator[SettingProblem]:
    mode, app_token, secret = raw.get("mode", "auto"), _text(raw, "app_token"), _text(raw, "signing_secret")
    if mode not in {"auto", "socket", "http"}:
        yield SettingProblem(path=("mode",), message=f"unknown mode {mode!r}", fix="write auto, socket or http")
    elif mode == "socket" and not app_token:
        yield SettingProblem(path=("mode",), message="Socket Mode needs 'app_token'", fix="add app_token (xapp-…)")
    elif mode == "http" and not secret:
        yield SettingProblem(path=("mode",), message="HTTP mode needs 'signing_secret'", fix="add signing_secret")
    elif not app_token and not secret:
        fix = "add app_token (xapp-…) for Socket Mode, or signing_secret for HTTP events"
        yield SettingProblem(path=(), message="Slack has no way to reach the hub", fix=fix)


def _rest(raw: Mapping[str, object]) -> Iterator[SettingProblem]:
    url = raw.get("api_url")
    if url is not None and not _is_usable(url):
        yield SettingProblem(path=("api_url",), message="'api_url' must be an https URL", fix="leave it out for Slack")
    if raw.get("edit_window") is not None and _seconds(raw["edit_window"]) is None:
        yield SettingProblem(
            path=("edit_window",), message="'edit_window' is no duration", fix="write 5m, 24h, or seconds as a number"
        )
    if _pace(raw.get("pace", 1)) is None:
        yield SettingProblem(
            path=("pace",),
            message="'pace' is messages a second",
            fix=f"write a number up to {MAX_PACE:g}; Slack allows 1",
        )
    for name in ("previews", "streaming"):
        if not isinstance(raw.get(name, False), bool):
            yield SettingProblem(path=(name,), message=f"'{name}' is true or false", fix="write true or false")


def _pace(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < float(value) <= MAX_PACE else None  # type: ignore[arg-type]


def _mode(raw: Mapping[str, object]) -> Mode:
    mode = raw.get("mode", "auto")
    if mode == "auto":
        return Mode.SOCKET if _text(raw, "app_token") else Mode.HTTP
    return Mode(str(mode))


def _text(raw: Mapping[str, object], name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) and value else None


def _api_url(raw: Mapping[str, object]) -> str | None:
    url = _text(raw, "api_url")
    return None if url is None else url.rstrip("/") + "/"


def _is_usable(url: object) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    )


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _seconds(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    found = _DURATION.fullmatch(str(value).strip())
    return int(found[1]) * _SECONDS[found[2] or "s"] if found else None
