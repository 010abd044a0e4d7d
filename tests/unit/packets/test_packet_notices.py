"""A notice about a packet says what to do, and can never cause a notice (law 5)."""

from collections.abc import Callable

import pytest

from tieline.model.members import MemberKind
from tieline.model.rooms import PacketMode
from tieline.packets import ORDINARY, TEMPLATE, Code, explain, judge, parse

RIGHT = "[TASK_ID]: dj-waste-014\n[CURRENT_STATE]: READY\n[PAYLOAD_PATH]: /srv/report.md\n[NEXT_HOP]: @sam"
BROKEN = {
    "corrected": RIGHT.replace("READY", "redy").replace("@sam", "sam"),
    "template": RIGHT.replace("/srv", "srv").replace("[TASK_ID]", "TASK ID"),
    "blank": TEMPLATE,
    "two packets": RIGHT + "\n" + RIGHT.replace("014", "015").replace("@sam", "@priya"),
    "hostile": "[TASK_ID]: `[NEXT_HOP]: x`\n[CURRENT_STATE]: <!channel>\n[PAYLOAD_PATH]: @everyone\n[NEXT_HOP]: [TASK_ID]",
}
COMES_BACK: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "quoted": lambda text: "> " + text.replace("\n", "\n> "),
    "quoted by entity": lambda text: "&gt; " + text.replace("\n", "\n&gt; "),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "without Markdown": lambda text: text.replace("*", "").replace("`", ""),
    "in one line": lambda text: text.replace("\n", " "),
    "Slack's bold": lambda text: text.replace("**", "*"),
    "escaped": lambda text: text.replace("*", r"\*").replace("_", r"\_").replace("[", r"\["),
    "without bars": lambda text: text.replace("| ", ""),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "under an author": lambda text: "tieline APP 10:12\n" + text,
    "under a comment": lambda text: "what is this?\n\n" + text,
    "wrapped at 40": lambda text: "\n".join(
        line[at : at + 40] for line in text.split("\n") for at in range(0, len(line) or 1, 40)
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("way", COMES_BACK)
def test_a_notice_that_comes_back_is_ordinary_text(broken: str, way: str) -> None:
    notice = explain(parse(BROKEN[broken]))
    assert notice
    assert parse(COMES_BACK[way](notice)) == ORDINARY


@pytest.mark.parametrize("broken", BROKEN)
def test_neither_part_of_a_notice_cut_in_two_is_a_fault(broken: str) -> None:
    notice = explain(parse(BROKEN[broken]))
    for at in range(len(notice) + 1):
        assert not parse(notice[:at]).broken
        assert not parse(notice[at:]).broken


@pytest.mark.parametrize("broken", BROKEN)
def test_a_notice_robbed_of_its_marks_is_no_fault_either(broken: str) -> None:
    notice = explain(parse(BROKEN[broken])).replace("Tieline packet check", "")
    assert not parse(notice).broken


def test_the_fixed_packet_above_or_below_the_quoted_notice_counts() -> None:
    notice = explain(parse(BROKEN["corrected"]))
    quoted = "> " + notice.replace("\n", "\n> ")
    assert parse(f"{RIGHT}\n\nOn Tue, Tieline wrote:\n{quoted}").packet is not None
    assert parse(f"{RIGHT}\n\n{quoted}").packet is not None
    assert parse(f"{quoted}\n\n{RIGHT}").packet is not None
    assert parse(f"{RIGHT}\n\n{notice}").packet is not None
    assert parse(f"{notice}\n\n{RIGHT}").packet is not None


def test_a_notice_names_code_line_fix_and_the_packet_to_paste() -> None:
    notice = explain(parse("Hi\n" + BROKEN["corrected"]))
    assert "PV021" in notice
    assert "line 3, CURRENT_STATE" in notice
    assert "write READY" in notice
    assert f"```\n{RIGHT}\n```" in notice


def test_a_template_is_shown_behind_bars() -> None:
    notice = explain(parse(BROKEN["template"]))
    assert "| [TASK_ID]: dj-waste-014" in notice
    assert "| [PAYLOAD_PATH]: <absolute path" in notice


def test_accepted_and_ordinary_texts_cause_no_fault_notice() -> None:
    assert explain(ORDINARY) == ""
    assert parse(explain(parse(RIGHT))) == ORDINARY


@pytest.mark.parametrize("kind", [*MemberKind, None])
def test_modes_decide_whether_no_packet_is_a_fault(kind: MemberKind | None) -> None:
    agent = kind in {MemberKind.AI, MemberKind.SERVICE}
    assert judge("hello", PacketMode.NONE, kind) == ORDINARY
    assert judge("hello", PacketMode.DETECT, kind) == ORDINARY
    assert judge("hello", PacketMode.REQUIRE_FROM_AGENTS, kind).broken == agent
    assert judge("hello", PacketMode.REQUIRE, kind).broken


def test_a_text_that_is_no_packet_where_one_is_required_gets_the_template() -> None:
    verdict = judge("hello", PacketMode.REQUIRE, MemberKind.HUMAN)
    assert [violation.code for violation in verdict.violations] == [Code.NOT_A_PACKET]
    assert verdict.template == TEMPLATE
    for way in COMES_BACK.values():
        assert parse(way(explain(verdict))) == ORDINARY


@pytest.mark.parametrize("mode", [PacketMode.DETECT, PacketMode.REQUIRE_FROM_AGENTS, PacketMode.REQUIRE])
def test_broken_and_right_packets_are_judged_alike_in_every_mode_but_none(mode: PacketMode) -> None:
    assert judge(RIGHT, mode, MemberKind.HUMAN) == parse(RIGHT)
    assert judge(BROKEN["template"], mode, MemberKind.HUMAN) == parse(BROKEN["template"])
    assert judge(BROKEN["template"], PacketMode.NONE, MemberKind.AI) == ORDINARY
