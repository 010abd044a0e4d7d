"""Wrong packets are named by code, field, line and fix; what can be recovered is corrected (contract, "Packets")."""

import pytest

from tieline.packets import SCAN_LIMIT, TEMPLATE, Code, Field, Packet, PacketState, parse

RIGHT = Packet(task_id="dj-waste-014", state=PacketState.READY, payload_path="/srv/report.md", next_hop="sam")
TEXT = RIGHT.text()
LINES = TEXT.split("\n")
HANDLES = frozenset({"sam", "priya", "marcus", "rowan"})


def with_line(row: int, line: str) -> str:
    return "\n".join([*LINES[:row], line, *LINES[row + 1 :]])


MENDED = {
    "no brackets": (with_line(0, "TASK_ID: dj-waste-014"), ["PV002"]),
    "one bracket": (with_line(0, "[TASK_ID: dj-waste-014"), ["PV002"]),
    "the other bracket": (with_line(0, "TASK_ID]: dj-waste-014"), ["PV002"]),
    "no colon": (with_line(0, "[TASK_ID] dj-waste-014"), ["PV002"]),
    "no colon, a dash": (with_line(0, "[TASK_ID] - dj-waste-014"), ["PV002"]),
    "an equals sign": (with_line(0, "[TASK_ID]=dj-waste-014"), ["PV002"]),
    "lower case": (TEXT.replace("[TASK_ID]", "[task_id]").replace("[NEXT_HOP]", "[next_hop]"), ["PV002", "PV002"]),
    "a hyphen": (with_line(0, "[TASK-ID]: dj-waste-014"), ["PV002"]),
    "a space": (with_line(0, "[TASK ID]: dj-waste-014"), ["PV002"]),
    "nothing between the words": (with_line(3, "[NEXTHOP]: @sam"), ["PV002"]),
    "a letter too few": (with_line(1, "[CURENT_STATE]: READY"), ["PV002"]),
    "a letter too many": (with_line(2, "[PAYLOAD_PATHS]: /srv/report.md"), ["PV002"]),
    "two letters wrong": (with_line(2, "[PAYLAOD_PAHT]: /srv/report.md"), ["PV002"]),
    "the whole in plain words": (
        "Task ID: dj-waste-014\nCurrent state: READY\nPayload path: /srv/report.md\nNext hop: @sam",
        ["PV002"] * 4,
    ),
    "JSON": (
        '{"task_id": "dj-waste-014",\n"current_state": "READY",\n"payload_path": "/srv/report.md",\n"next_hop": "@sam"}',
        None,
    ),
    "state in lower case": (with_line(1, "[CURRENT_STATE]: ready"), ["PV021"]),
    "state misspelt": (with_line(1, "[CURRENT_STATE]: REDAY"), ["PV021"]),
    "state in brackets": (with_line(1, "[CURRENT_STATE]: [READY]"), ["PV021"]),
    "state with a comment": (with_line(1, "[CURRENT_STATE]: READY for review"), ["PV021"]),
    "task id in brackets": (with_line(0, "[TASK_ID]: [dj-waste-014]"), ["PV011"]),
    "path in brackets": (with_line(2, "[PAYLOAD_PATH]: [/srv/report.md]"), ["PV031"]),
    "file address": (with_line(2, "[PAYLOAD_PATH]: file:///srv/report.md"), ["PV033"]),
    "hop without @": (with_line(3, "[NEXT_HOP]: sam"), ["PV041"]),
    "hop with a space behind @": (with_line(3, "[NEXT_HOP]: @ sam"), ["PV042"]),
    "hop in brackets": (with_line(3, "[NEXT_HOP]: @[sam]"), ["PV042"]),
    "hop with a comment": (with_line(3, "[NEXT_HOP]: @sam please check"), ["PV042"]),
    "several at once": (
        "TASK_ID: dj-waste-014\n[CURRENT_STATE]: Ready\n[PAYLOAD_PATH]: /srv/report.md\n[NEXT_HOP]: sam",
        ["PV002", "PV021", "PV041"],
    ),
}


@pytest.mark.parametrize("name", MENDED)
def test_what_can_be_recovered_is_corrected(name: str) -> None:
    text, codes = MENDED[name]
    verdict = parse(text)
    assert verdict.packet is None
    assert verdict.template is None
    if codes is not None:
        assert [violation.code for violation in verdict.violations] == codes
    assert verdict.corrected == TEXT
    assert parse(verdict.corrected).packet == RIGHT


RECOVERED_VALUES = {
    "http": ("[PAYLOAD_PATH]: http://example.org/x", "PV033", "https://example.org/x"),
    "one slash": ("[PAYLOAD_PATH]: https:/example.org/x", "PV033", "https://example.org/x"),
    "Windows drive": ("[PAYLOAD_PATH]: C:\\Users\\_priya\\x.md", "PV032", "/C:/Users/_priya/x.md"),
    "Windows drive with slashes": ("[PAYLOAD_PATH]: C:/Users/x.md", "PV032", "/C:/Users/x.md"),
    "Windows share": ("[PAYLOAD_PATH]: \\\\files\\share\\x.md", "PV032", "files:/share/x.md"),
    "file address on a machine": ("[PAYLOAD_PATH]: file://files/share/x.md", "PV033", "files:/share/x.md"),
}


@pytest.mark.parametrize("name", RECOVERED_VALUES)
def test_a_path_of_another_form_is_corrected(name: str) -> None:
    line, code, path = RECOVERED_VALUES[name]
    verdict = parse(with_line(2, line))
    assert [violation.code for violation in verdict.violations] == [code]
    assert verdict.corrected is not None
    corrected = parse(verdict.corrected).packet
    assert corrected is not None
    assert corrected.payload_path == path


LOST = {
    "a field missing": ("\n".join(LINES[:3]), "PV001", "NEXT_HOP", 3),
    "empty task id": (with_line(0, "[TASK_ID]:"), "PV004", "TASK_ID", 1),
    "empty path": (with_line(2, "[PAYLOAD_PATH]: ``"), "PV004", "PAYLOAD_PATH", 3),
    "two task ids": (TEXT + "\n[TASK_ID]: other", "PV003", "TASK_ID", 5),
    "two packets": (TEXT + "\n\n" + TEXT.replace("014", "015").replace("@sam", "@priya"), "PV005", None, 6),
    "task id placeholder": (with_line(0, "[TASK_ID]: <task id, such as dj-waste-014>"), "PV010", "TASK_ID", 1),
    "task id to be done": (with_line(0, "[TASK_ID]: ..."), "PV010", "TASK_ID", 1),
    "task id in mustaches": (with_line(0, "[TASK_ID]: {{task_id}}"), "PV010", "TASK_ID", 1),
    "task id with spaces": (with_line(0, "[TASK_ID]: dj waste 014"), "PV011", "TASK_ID", 1),
    "task id too long": (with_line(0, "[TASK_ID]: " + "x" * 129), "PV012", "TASK_ID", 1),
    "state placeholder": (with_line(1, "[CURRENT_STATE]: <state>"), "PV020", "CURRENT_STATE", 2),
    "unknown state": (with_line(1, "[CURRENT_STATE]: SHIPPED"), "PV021", "CURRENT_STATE", 2),
    "several states": (with_line(1, "[CURRENT_STATE]: READY | BLOCKED"), "PV022", "CURRENT_STATE", 2),
    "path placeholder": (with_line(2, "[PAYLOAD_PATH]: <absolute path>"), "PV030", "PAYLOAD_PATH", 3),
    "placeholder within a path": (with_line(2, "[PAYLOAD_PATH]: /srv/<project>/x"), "PV030", "PAYLOAD_PATH", 3),
    "relative path": (with_line(2, "[PAYLOAD_PATH]: docs/report.md"), "PV031", "PAYLOAD_PATH", 3),
    "path from home": (with_line(2, "[PAYLOAD_PATH]: ~/report.md"), "PV031", "PAYLOAD_PATH", 3),
    "no path": (with_line(2, "[PAYLOAD_PATH]: N/A"), "PV031", "PAYLOAD_PATH", 3),
    "other scheme": (with_line(2, "[PAYLOAD_PATH]: s3://bucket/key"), "PV033", "PAYLOAD_PATH", 3),
    "control character in a path": (with_line(2, "[PAYLOAD_PATH]: /srv/\x00x"), "PV034", "PAYLOAD_PATH", 3),
    "lone surrogate in a path": (with_line(2, "[PAYLOAD_PATH]: /srv/\udc80x"), "PV034", "PAYLOAD_PATH", 3),
    "space in an address": (with_line(2, "[PAYLOAD_PATH]: https://example.org/a b"), "PV034", "PAYLOAD_PATH", 3),
    "path too long": (with_line(2, "[PAYLOAD_PATH]: /" + "x" * 1024), "PV035", "PAYLOAD_PATH", 3),
    "hop placeholder": (with_line(3, "[NEXT_HOP]: @<handle>"), "PV040", "NEXT_HOP", 4),
    "several hops": (with_line(3, "[NEXT_HOP]: @sam, @priya"), "PV043", "NEXT_HOP", 4),
    "hop or done": (with_line(3, "[NEXT_HOP]: @sam | DONE"), "PV043", "NEXT_HOP", 4),
    "a name with a dot": (with_line(3, "[NEXT_HOP]: @sam.smith"), "PV042", "NEXT_HOP", 4),
    "an e-mail address": (with_line(3, "[NEXT_HOP]: sam@example.org"), "PV042", "NEXT_HOP", 4),
    "unknown account": (with_line(3, "[NEXT_HOP]: <@U404>"), "PV044", "NEXT_HOP", 4),
}


@pytest.mark.parametrize("name", LOST)
def test_what_cannot_be_recovered_gets_a_template(name: str) -> None:
    text, code, field, line = LOST[name]
    verdict = parse(text)
    assert [(violation.code, violation.field, violation.line) for violation in verdict.violations] == [
        (code, field, line)
    ]
    assert verdict.packet is None
    assert verdict.corrected is None
    assert verdict.template is not None
    assert parse(verdict.template).broken


def test_the_template_keeps_the_values_that_were_right() -> None:
    template = parse(with_line(1, "[CURRENT_STATE]: SHIPPED")).template
    assert template is not None
    assert template.replace("<READY, IN_PROGRESS, BLOCKED or GATE_CLEARED>", "READY") == TEXT


def test_the_empty_template_has_a_code_per_field() -> None:
    assert [violation.code for violation in parse(TEMPLATE).violations] == ["PV010", "PV020", "PV030", "PV040"]


def test_every_field_may_be_the_missing_one() -> None:
    for row, field in enumerate(Field):
        verdict = parse("\n".join(LINES[:row] + LINES[row + 1 :]))
        assert [(violation.code, violation.field) for violation in verdict.violations] == [(Code.FIELD_MISSING, field)]


def test_lines_are_counted_in_the_text_as_given() -> None:
    text = "Hello\r\n\r\n" + with_line(1, "[CURRENT_STATE]: SHIPPED").replace("\n", "\r\n")
    assert [violation.line for violation in parse(text).violations] == [4]


@pytest.mark.parametrize(
    ("hop", "mended"), [("@smam", "sam"), ("@pryia", "priya"), ("@marcos", "marcus"), ("priy", "priya")]
)
def test_a_handle_nobody_has_is_mended_by_the_only_one_near(hop: str, mended: str) -> None:
    verdict = parse(with_line(3, f"[NEXT_HOP]: {hop}"), handles=HANDLES)
    assert verdict.broken
    assert verdict.corrected == TEXT.replace("@sam", f"@{mended}")


def test_a_handle_near_to_several_is_not_guessed() -> None:
    verdict = parse(with_line(3, "[NEXT_HOP]: @rowam"), handles={"rowan", "rowas"})
    assert verdict.corrected is None
    assert "@rowan, @rowas" in verdict.violations[0].fix


def test_an_unknown_handle_is_named() -> None:
    verdict = parse(TEXT.replace("@sam", "@vigil"), handles=HANDLES)
    assert [violation.code for violation in verdict.violations] == [Code.HOP_UNKNOWN]
    assert parse(TEXT.replace("@sam", "@vigil")).packet is not None


@pytest.mark.parametrize("hop", ["Done", "done", "@DONE", "@done", "[DONE]"])
def test_done_has_one_form_and_is_no_handle(hop: str) -> None:
    verdict = parse(with_line(3, f"[NEXT_HOP]: {hop}"))
    assert [violation.code for violation in verdict.violations] == [Code.HOP_NOT_A_HANDLE]
    assert verdict.corrected == TEXT.replace("@sam", "DONE")


def test_what_stands_behind_the_scanned_part_is_not_seen() -> None:
    assert parse("x\n" * (SCAN_LIMIT // 2) + TEXT).packet is None
    assert parse(TEXT + "\n" + "x\n" * SCAN_LIMIT).packet == RIGHT


def test_quoted_input_in_messages_is_short_and_cannot_break_out() -> None:
    for violation in parse(with_line(1, "[CURRENT_STATE]: `@everyone` ``` <!channel> " + "x" * 5000)).violations:
        assert "\n" not in violation.message
        assert len(violation.message) < 200
        assert violation.message.count("`") == 2
