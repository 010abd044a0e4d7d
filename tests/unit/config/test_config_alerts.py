"""Ladders, quiet hours and who is on call, from the file to the policies of the hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from tieline.bootstrap.hub import RunningHub
from tieline.bootstrap.specs import apply_command
from tieline.config import ChannelValidator, Config, ConfigError, masked, parse_config
from tieline.model.policies import Notify, PolicySet, QuietHours, Rung

ANY = ChannelValidator(lambda _: ())
ADAPTERS = {"slack": ANY, "sms": ANY}
WHOLE = """\
channels: {team-slack: {adapter: slack}, mail: {adapter: post}}
members:
  priya:
    kind: human
    notify:
      ladder: [{via: team-slack, wait: 1m}, {via: sms}]
      quiet: {from: "22:30", to: 07:00, zone: Europe/London}
  rowan: {kind: human, notify: {quiet: {from: "12:00", to: "13:00"}}}
  marcus: {kind: ai}
policies:
  gates: [rowan]
  audit_after_hops: 7
  handoff: {accept_within: 20m}
  alerts: {ladder: [{via: mention, wait: 30s}, {via: direct}, {via: post}], on_call: [priya, rowan]}
"""


def load(text: str, adapters: dict[str, ChannelValidator] | None = ADAPTERS) -> Config:
    return parse_config(text, Path("config.yaml"), env={}, adapters={**ADAPTERS, "post": ANY} if adapters else None)


def test_the_file_becomes_the_policies_of_the_hub() -> None:
    assert apply_command(load(WHOLE)).policies == PolicySet(
        ladder=(Rung(via="mention", wait=30_000), Rung(via="direct", wait=300_000), Rung(via="post", wait=300_000)),
        on_call=("priya", "rowan"),
        notify={
            "priya": Notify(
                ladder=(Rung(via="team-slack", wait=60_000), Rung(via="sms", wait=300_000)),
                quiet=QuietHours(start=22 * 60 + 30, end=7 * 60, zone="Europe/London"),
            ),
            "rowan": Notify(quiet=QuietHours(start=720, end=780)),
        },
        gates=("rowan",),
        audit_after_hops=7,
        accept_within=1_200_000,
    )


def test_a_file_without_any_of_it_is_the_default() -> None:
    assert apply_command(load("{}")).policies == PolicySet()


def test_what_is_shown_reads_like_what_was_written() -> None:
    shown = masked(load(WHOLE))["members"]
    assert shown["priya"]["notify"] == {  # type: ignore[call-overload, index]
        "ladder": [{"via": "team-slack", "wait": "1m"}, {"via": "sms", "wait": "5m"}],
        "quiet": {"from": "22:30", "to": "07:00", "zone": "Europe/London"},
    }


def notify(text: str) -> str:
    return "members: {p: {kind: human, notify: {" + text + "}}}"


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        (notify("ladder: [{via: smss}]"), "1:52 'smss' is no channel here and no adapter", "did you mean 'sms'?"),
        (notify("ladder: [{wait: 5m}]"), "missing setting 'via'", "add via: …"),
        (notify("ladder: [{via: sms, wait: 5}]"), "wait is not a duration", "5"),
        (notify("ladder: {via: sms}"), "ladder must be a list", ""),
        (notify("quiet: {from: '22:00', to: '7:00'}"), "'7:00' is not a time of the day", '"22:00"'),
        (notify("quiet: {from: '24:00', to: '07:00'}"), "'24:00' is not a time of the day", ""),
        (notify("quiet: {from: 22, to: '07:00'}"), "from must be text", "quote it"),
        (notify("quiet: {from: '22:00'}"), "missing setting 'to'", ""),
        (notify("quiet: {from: '22:00', to: '07:00', zone: Europe/Londn}"), "'Europe/Londn' is no time zone", "Europe/London"),
        (notify("quiet: {from: '22:00', to: '07:00', zone: ../../etc/passwd}"), "is no time zone", ""),
        (notify("quiet: {from: '22:00', to: '07:00', zone: Europe}"), "'Europe' is no time zone", ""),
        (notify("quiet: {until: '22:00'}"), "unknown setting 'until'", "from"),
        (notify("laddre: []"), "unknown setting 'laddre'", "did you mean 'ladder'?"),
        ("policies: {alerts: {ladder: [{via: nobody}]}}", "'nobody' is no channel here and no adapter", "mention"),
        ("policies: {alerts: {oncall: []}}", "unknown setting 'oncall'", "did you mean 'on_call'?"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place_and_its_mend(text: str, message: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    problems = caught.value.problems
    said = [f"{p.line}:{p.column} {p.message} → {p.fix}" for p in problems]
    assert any(message in one and fix in one.partition("→")[2] for one in said), said


def test_who_is_on_call_and_no_member_here_is_a_warning_as_for_gates() -> None:
    (warning,) = load("policies: {alerts: {on_call: [nobody]}}").warnings
    assert (warning.severity, warning.message) == ("warning", "on call 'nobody' is no member in this file")


async def test_a_reload_applies_what_changed(tmp_path: Path) -> None:
    hub = f"hub: {{database: 'sqlite:///{tmp_path}/t.db', attachments: {{store: '{tmp_path}/files'}}}}\n"
    running = RunningHub(load(hub))
    await running.start()
    try:
        people = "members: {priya: {kind: human}}\n"
        changed = load(hub + people + "policies: {alerts: {on_call: [priya], ladder: [{via: mention}]}}")
        assert "policies changed" in await running.apply(changed)
        assert running.directory.policies().on_call == ("priya",)
        assert await running.apply(changed) == ()
        assert "policies changed" in await running.apply(load(hub + people))
        assert running.directory.policies() == PolicySet()
    finally:
        await running.stop()


def test_where_adapters_are_not_known_only_the_form_is_judged() -> None:
    assert load(notify("ladder: [{via: telepathy}]"), None).warnings == ()
