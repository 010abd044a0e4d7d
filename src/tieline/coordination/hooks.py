"""Hooks: what monitoring systems send, as alerts to raise and keys to close. Pure and total.

Rule: the content decides, not the content type, and whatever comes is read without an exception: Alertmanager's
webhook, Grafana's (unified alerting and the older one), any JSON object with a title, else plain text. Texts are cut to
what a person reads, and there is a most that one call may bring.
Not promised: that two sources with the same fingerprint are told apart; a room has one set of keys.
Sources: the webhook documents of Alertmanager (version 4) and Grafana (alerting webhook notifier).
Next stop: :mod:`tieline.api.hooks` makes commands of it; :mod:`tieline.coordination.alerts` decides them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from tieline.model.base import Value
from tieline.model.rooms import Severity

MOST: Final = 200
"""Alerts of one call; what is beyond is only counted."""
MAX_SUMMARY: Final = 300
MAX_DETAILS: Final = 4_000
MAX_KEY: Final = 200
_MAX_LABELS: Final = 30
_MAX_LABEL: Final = 200
_SEVERITIES: Final = {
    **dict.fromkeys(("critical", "crit", "page", "error", "fatal", "emergency", "alert", "p1"), Severity.CRITICAL),
    **dict.fromkeys(("info", "none", "informational", "information", "notice", "low"), Severity.INFO),
}
_FIRING: Final = frozenset({"firing", "alerting", "no_data", "nodata"})
_RESOLVED: Final = frozenset({"resolved", "ok", "normal"})
_LINKS: Final = (("generatorURL", "source"), ("panelURL", "panel"), ("dashboardURL", "dashboard"))
_TITLES: Final = ("title", "summary", "text", "message", "subject", "name")
_BODIES: Final = ("details", "description", "message", "body", "text")


class Firing(Value, kw_only=True, frozen=True):
    """An alert to raise. ``dedup`` is empty where nothing tells it from others; then it cannot be closed."""

    summary: str
    details: str = ""
    severity: Severity = Severity.WARNING
    dedup: str = ""


class Resolved(Value, kw_only=True, frozen=True):
    """The key of an alert that is over."""

    dedup: str


class Heard(Value, kw_only=True, frozen=True):
    """What one call said, in its order; ``ignored`` counts what means nothing here, or was too much."""

    items: tuple[Firing | Resolved, ...] = ()
    ignored: int = 0


def hear(raw: bytes) -> Heard:
    """Read the body of a call. Never raises; a body that says nothing is an empty :class:`Heard`."""
    text = _clean(raw.decode("utf-8-sig", "replace")).strip()
    if not text.startswith("{"):
        return _plain(text)
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return _plain(text)
    return _document(found) if isinstance(found, dict) else _plain(text)


def _document(body: Mapping[str, object]) -> Heard:
    alerts = body.get("alerts")
    if isinstance(alerts, list):
        return _family(alerts)
    if "ruleId" in body or "evalMatches" in body:
        return _counted([_legacy(body)])
    titled = _titled(body)
    return Heard(items=(titled,)) if titled else Heard()


def _counted(found: Iterable[Firing | Resolved | None]) -> Heard:
    known = list(found)
    items = tuple(one for one in known if one is not None)
    return Heard(items=items, ignored=len(known) - len(items))


# ── Alertmanager, and Grafana's unified alerting ─────────────────────────────────────────────────────────────────────


def _family(alerts: list[object]) -> Heard:
    heard = _counted(_one(one) for one in islice(alerts, MOST))
    return Heard(items=heard.items, ignored=heard.ignored + max(0, len(alerts) - MOST))


def _one(alert: object) -> Firing | Resolved | None:
    if not isinstance(alert, dict):
        return None
    labels = _texts(alert.get("labels"))
    dedup = _cut(_text(alert.get("fingerprint")), MAX_KEY) or _digest(labels)
    status = _text(alert.get("status")).lower()
    if status in _RESOLVED:
        return Resolved(dedup=dedup) if dedup else None
    if status not in _FIRING:
        return None
    notes = _texts(alert.get("annotations"))
    details = (
        _first(notes, ("description", "message", "details")),
        ", ".join(_labels(labels)),
        " · ".join(_links((*((_text(alert.get(key)), name) for key, name in _LINKS), *_runbook(notes)))),
    )
    return Firing(
        summary=_summary(_first(notes, ("summary", "title")) or _alert_name(labels)),
        details=_details(details),
        severity=_severity(labels),
        dedup=dedup,
    )


def _alert_name(labels: Mapping[str, str]) -> str:
    return " on ".join(part for part in (labels.get("alertname", ""), labels.get("instance", "")) if part)


def _runbook(notes: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return ((notes.get("runbook_url", ""), "runbook"),)


def _severity(labels: Mapping[str, str]) -> Severity:
    word = _first(labels, ("severity", "priority", "level")).lower()
    return _SEVERITIES.get(word, Severity.WARNING)


def _labels(labels: Mapping[str, str]) -> Iterator[str]:
    """Labels as code, so that nothing in them is taken for markup."""
    for name, value in islice(sorted(labels.items()), _MAX_LABELS):
        if name not in {"alertname", "severity"}:
            yield f"`{_cut(f'{name}={value}'.replace('`', chr(39)), _MAX_LABEL)}`"


def _links(links: Iterable[tuple[str, str]]) -> Iterator[str]:
    for url, name in links:
        if _is_link(url):
            yield f"[{name}]({url})"


def _is_link(url: str) -> bool:
    plain = url.isascii() and url.isprintable() and not any(c in url for c in " <>()[]\\`\"'")
    return plain and url.startswith(("https://", "http://")) and len(url) <= 1000  # noqa: PLR2004 - longer is no link


def _digest(labels: Mapping[str, str]) -> str:
    """A key of an alert without a fingerprint: its labels."""
    if not labels:
        return ""
    said = json.dumps(sorted(labels.items()), ensure_ascii=True)
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


# ── Grafana's older webhook, any JSON, text ──────────────────────────────────────────────────────────────────────────


def _legacy(body: Mapping[str, object]) -> Firing | Resolved | None:
    state = _text(body.get("state")).lower()
    rule = _text(body.get("ruleId")) or _text(body.get("ruleName"))
    dedup = _cut(f"rule:{rule}", MAX_KEY) if rule else ""
    if state in _RESOLVED:
        return Resolved(dedup=dedup) if dedup else None
    if state not in _FIRING:
        return None
    matches = body.get("evalMatches")
    measured = [_match(one) for one in islice(matches, _MAX_LABELS)] if isinstance(matches, list) else []
    details = (
        _text(body.get("message")),
        ", ".join(filter(None, measured)),
        " · ".join(_links(((_text(body.get("ruleUrl")), "rule"),))),
    )
    return Firing(
        summary=_summary(_text(body.get("title")) or _text(body.get("ruleName"))),
        details=_details(details),
        severity=_severity(_texts(body.get("tags"))),
        dedup=dedup,
    )


def _match(match: object) -> str:
    if not isinstance(match, dict):
        return ""
    said = f"{_text(match.get('metric'))}={_text(match.get('value'))}".replace("`", "'")
    return f"`{_cut(said, _MAX_LABEL)}`" if said != "=" else ""


def _titled(body: Mapping[str, object]) -> Firing | None:
    """Any other document: what is called a title, and what is called a text."""
    known = _texts(body)
    title = next((name for name in _TITLES if known.get(name)), "")
    if not title:
        return None
    head, _, rest = known[title].partition("\n")
    more = next((known[name] for name in _BODIES if name != title and known.get(name)), "")
    return Firing(summary=_summary(head), details=_details((rest.strip(), more)), severity=_severity(known))


def _plain(text: str) -> Heard:
    """Plain text: the first line says it, the rest are details."""
    head, _, rest = text.partition("\n")
    return Heard(items=(Firing(summary=_summary(head), details=_details((rest.strip(),))),)) if text else Heard()


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _summary(text: str) -> str:
    return _cut(" ".join(text.split()), MAX_SUMMARY) or "Alert"


def _details(parts: Iterable[str]) -> str:
    return _cut("\n\n".join(part for part in parts if part), MAX_DETAILS)


def _first(texts: Mapping[str, str], names: Iterable[str]) -> str:
    return next((texts[name] for name in names if texts.get(name)), "")


def _texts(value: object) -> dict[str, str]:
    """The scalars of a JSON object, as texts."""
    pairs = value.items() if isinstance(value, dict) else ()
    return {_clean(name): text for name, inner in pairs if (text := _text(inner))}


def _text(value: object) -> str:
    """A scalar as text, without what no text here may hold; empty for all else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        return _clean(str(value)).strip()
    except ValueError:  # a number of more digits than Python writes
        return ""


def _clean(text: str) -> str:
    """Drop NUL, which PostgreSQL cannot keep, and halves of surrogate pairs, which JSON can write and UTF-8 cannot."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
