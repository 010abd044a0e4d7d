"""What monitoring systems send, read: Alertmanager, Grafana, any JSON with a title, plain text; and whatever else comes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.coordination.hooks import MAX_DETAILS, MAX_SUMMARY, MOST, Firing, Heard, Resolved, hear
from tieline.model.rooms import Severity

ALERTMANAGER = {
    "version": "4",
    "groupKey": '{}:{alertname="DiskFull"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "tieline",
    "groupLabels": {"alertname": "DiskFull"},
    "commonLabels": {"alertname": "DiskFull", "severity": "page"},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "DiskFull", "instance": "db-3:9100", "severity": "page", "mount": "/var/`lib`"},
            "annotations": {
                "summary": "Disk of db-3 is full",
                "description": "97 % are used.",
                "runbook_url": "https://wiki.example.org/disk",
            },
            "startsAt": "2026-11-20T10:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
            "fingerprint": "9a3b1c",
        },
        {"status": "resolved", "labels": {"alertname": "DiskFull", "instance": "db-4"}, "fingerprint": "77aa"},
    ],
}
GRAFANA = {
    "receiver": "tieline",
    "status": "firing",
    "state": "alerting",
    "title": "[FIRING:1] High latency",
    "message": "**Firing** …",
    "orgId": 1,
    "version": "1",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "High latency", "grafana_folder": "web"},
            "annotations": {},
            "values": {"A": 1.25},
            "valueString": "[ var='A' value=1.25 ]",
            "fingerprint": "c0ffee",
            "generatorURL": "https://grafana.example.org/alerting/1/edit",
            "panelURL": "https://grafana.example.org/d/x?viewPanel=2",
            "dashboardURL": "",
        }
    ],
}
LEGACY = {
    "dashboardId": 1,
    "evalMatches": [{"value": 100, "metric": "High value", "tags": None}],
    "message": "Somebody should look.",
    "orgId": 1,
    "ruleId": 7,
    "ruleName": "Panel Title alert",
    "ruleUrl": "https://grafana.example.org/d/h?viewPanel=2",
    "state": "alerting",
    "tags": {"severity": "info"},
    "title": "[Alerting] Panel Title alert",
}


def read(value: object) -> Heard:
    return hear(json.dumps(value).encode())


def firing(value: object) -> Firing:
    (one,) = read(value).items
    assert isinstance(one, Firing)
    return one


def test_alertmanager_fires_and_resolves_by_fingerprint() -> None:
    heard = read(ALERTMANAGER)
    assert heard.ignored == 0
    one, over = heard.items
    assert one == Firing(
        summary="Disk of db-3 is full",
        details="97 % are used.\n\n`instance=db-3:9100`, `mount=/var/'lib'`\n\n"
        "[source](http://prometheus:9090/graph?g0.expr=up) · [runbook](https://wiki.example.org/disk)",
        severity=Severity.CRITICAL,
        dedup="9a3b1c",
    )
    assert over == Resolved(dedup="77aa")


def test_grafana_has_its_panel_and_the_name_of_the_rule_where_nobody_wrote_a_summary() -> None:
    one = firing(GRAFANA)
    assert (one.summary, one.severity, one.dedup) == ("High latency", Severity.WARNING, "c0ffee")
    assert "[panel](https://grafana.example.org/d/x?viewPanel=2)" in one.details


@pytest.mark.parametrize(("state", "kind"), [("alerting", Firing), ("no_data", Firing), ("ok", Resolved)])
def test_the_older_grafana_is_told_by_its_rule(state: str, kind: type[object]) -> None:
    (one,) = read({**LEGACY, "state": state}).items
    assert isinstance(one, kind)
    assert one.dedup == "rule:7"


def test_the_older_grafana_says_what_was_measured_and_ignores_a_pause() -> None:
    one = firing(LEGACY)
    assert one.summary == "[Alerting] Panel Title alert"
    assert "Somebody should look.\n\n`High value=100`" in one.details
    assert one.severity is Severity.INFO
    assert read({**LEGACY, "state": "paused"}) == Heard(ignored=1)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL), ("page", Severity.CRITICAL), ("Error", Severity.CRITICAL),
        ("warning", Severity.WARNING), ("", Severity.WARNING), ("odd", Severity.WARNING),
        ("info", Severity.INFO), ("none", Severity.INFO),
    ],
)  # fmt: skip
def test_severities_are_those_that_people_write_in_labels(word: str, severity: Severity) -> None:
    assert firing({"alerts": [{"status": "firing", "labels": {"severity": word, "a": "b"}}]}).severity is severity


def test_an_alert_without_a_fingerprint_is_known_by_its_labels_in_any_order() -> None:
    there = {"alerts": [{"status": "firing", "labels": {"a": "1", "b": "2"}}]}
    back = {"alerts": [{"status": "resolved", "labels": {"b": "2", "a": "1"}}]}
    (over,) = read(back).items
    assert isinstance(over, Resolved)
    assert firing(there).dedup == over.dedup
    assert read({"alerts": [{"status": "resolved"}]}) == Heard(ignored=1)


def test_plain_text_is_a_summary_and_details_whatever_the_content_type() -> None:
    assert hear(b"\xef\xbb\xbfbackup failed\r\non db-3\n\nexit 1\n").items == (
        Firing(summary="backup failed", details="on db-3\n\nexit 1"),
    )
    assert hear(b" \n ") == Heard()
    assert isinstance(hear(b"{ not json").items[0], Firing)
    assert hear(b"[1, 2]").items == (Firing(summary="[1, 2]"),)
    assert hear("caf\xe9".encode("latin-1")).items == (Firing(summary="caf\ufffd"),)


def test_any_document_with_a_title_is_an_alert_and_one_without_is_nothing() -> None:
    assert firing({"text": "build broken\nsee log", "level": "error"}) == Firing(
        summary="build broken", details="see log", severity=Severity.CRITICAL
    )
    assert firing({"title": "T", "message": "M"}).details == "M"
    assert read({}) == Heard()
    assert read({"x": 1}) == Heard()


def test_one_call_brings_a_bounded_number_and_counts_the_rest() -> None:
    heard = read({"alerts": [{"status": "firing", "fingerprint": str(n)} for n in range(MOST + 30)]})
    assert (len(heard.items), heard.ignored) == (MOST, 30)


def test_links_that_could_break_out_of_their_place_are_left_out() -> None:
    bad = ["javascript:alert(1)", "https://x/) [y](http://z", "https://x/\ny", "https://x y"]
    for url in bad:
        alert = {"status": "firing", "labels": {"alertname": "A"}, "generatorURL": url}
        assert firing({"alerts": [alert]}).details == ""


def test_names_of_labels_are_cleaned_like_their_values() -> None:
    heard = hear(rb'{"alerts": [{"status": "firing", "labels": {"a\u0000\ud800": "b\u0000"}}]}')
    sound(heard)
    (one,) = heard.items
    assert isinstance(one, Firing)
    assert one.details == "`a?=b`"


_KEYS = st.sampled_from(
    ["alerts", "status", "labels", "annotations", "fingerprint", "severity", "summary", "title", "state", "ruleId",
     "evalMatches", "text", "message", "generatorURL", "alertname", "tags"]
)  # fmt: skip
_WORDS = st.sampled_from(["firing", "resolved", "alerting", "ok", "http://x/", "\x00", "\ud800", "`", "a" * 5000])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | _WORDS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_KEYS | st.text(max_size=5), inner, max_size=6),
    max_leaves=30,
)


def sound(heard: Heard) -> None:
    """What every answer holds, whatever was said."""
    assert len(heard.items) <= MOST
    assert heard.ignored >= 0
    for one in heard.items:
        if isinstance(one, Firing):
            assert one.summary.strip()
            assert "\n" not in one.summary
            assert len(one.summary) <= MAX_SUMMARY
            assert len(one.details) <= MAX_DETAILS
            assert "\x00" not in one.summary + one.details + one.dedup
            (one.summary + one.details + one.dedup).encode()
        else:
            assert one.dedup


@given(st.binary(max_size=2000))
def test_whatever_bytes_come_are_read(raw: bytes) -> None:
    sound(hear(raw))
    sound(hear(b"{" + raw))


@given(st.dictionaries(_KEYS, _JSON, max_size=8))
def test_whatever_documents_come_are_read(value: dict[str, object]) -> None:
    sound(read(value))


@pytest.mark.parametrize(
    "raw", [b'{"a":' * 100_000, b'{"title": ' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"alerts": NaN}']
)
def test_documents_that_are_made_to_hurt_are_read(raw: bytes) -> None:
    sound(hear(raw))
