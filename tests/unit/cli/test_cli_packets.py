"""`tieline packet check`: offline, 1 on violations, and what it prints is itself accepted."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.cli.conftest import Run, Start

RIGHT = "[TASK_ID]: dj-waste-014\n[CURRENT_STATE]: READY\n[PAYLOAD_PATH]: /srv/x\n[NEXT_HOP]: @sam"
MENDABLE = RIGHT.replace("READY", "ready").replace("@sam", "sam")
HOPELESS = "[TASK_ID]: a\n[CURRENT_STATE]: READY"


def test_a_right_packet_is_printed_in_its_canonical_form(run: Run, tmp_path: Path) -> None:
    quoted = "\r\n".join("> " + line.replace("[TASK_ID]:", "**[TASK_ID]:**") for line in RIGHT.splitlines())
    (tmp_path / "packet.txt").write_text(f"Over to you:\r\n{quoted}")
    result = run("packet", "check", "packet.txt")

    assert (result.exit_code, result.stdout) == (0, RIGHT + "\n")


def test_a_broken_packet_exits_1_names_code_line_and_fix_and_prints_the_corrected_one_alone(start: Start) -> None:
    done = start("packet", "check", "-", typed=MENDABLE)
    again = start("packet", "check", typed=done.stdout)

    assert done.returncode == 1
    assert "PV0" in done.stderr and "line 2" in done.stderr and "→" in done.stderr
    assert done.stdout == RIGHT + "\n"
    assert again.returncode == 0


def test_a_packet_that_cannot_be_recovered_gives_a_template_that_is_refused_unchanged(run: Run) -> None:
    result = run("packet", "check", typed=HOPELESS)

    assert result.exit_code == 1
    assert "Template" in result.stderr
    assert run("packet", "check", typed=result.stdout).exit_code == 1


def test_ordinary_text_is_no_fault(run: Run) -> None:
    result = run("packet", "check", typed="see you tomorrow")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "no packet" in result.stderr


def test_json_has_the_shape_of_the_api(run: Run) -> None:
    report = json.loads(run("packet", "check", "--json", typed=MENDABLE).stdout)

    assert set(report) == {"packet", "violations", "corrected", "template"}
    assert report["corrected"] == RIGHT
    assert {"code", "field", "line", "message", "fix"} == set(report["violations"][0])


def test_any_bytes_at_all_are_judged(run: Run) -> None:
    assert run("packet", "check", typed=b"\xff\xfe[TASK_ID]: \x00\x1b[31m\n[NEXT_HOP]:\xed\xa0\x80").exit_code in {0, 1}


def test_control_characters_of_a_text_never_reach_the_terminal(run: Run) -> None:
    result = run("packet", "check", typed="[TASK_ID]: a\x1b[31mb\n[CURRENT_STATE]: \x1b]0;x\x07\n")

    assert result.exit_code == 1
    assert "\x1b" not in result.output


def test_a_file_that_is_not_there_is_wrong_usage(run: Run) -> None:
    result = run("packet", "check", "nowhere.txt")

    assert result.exit_code == 2
    assert "nowhere.txt cannot be read" in result.stderr
