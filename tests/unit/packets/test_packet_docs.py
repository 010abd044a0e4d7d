"""The page for users says what the code does: its codes, its examples, its limits."""

import re
from pathlib import Path

import pytest

from tieline.model.rooms import PacketMode
from tieline.packets import SCAN_LIMIT, Code, PacketState, parse
from tieline.packets.fields import PATH_LIMIT, TASK_ID_LIMIT, VALUE_LIMIT
from tieline.packets.labels import LABEL_LIMIT


@pytest.fixture(name="page")
def packets_page(repo_root: Path) -> str:
    return (repo_root / "docs" / "packets.md").read_text(encoding="utf-8")


def test_the_page_lists_exactly_the_codes_there_are(page: str) -> None:
    assert re.findall(r"^\| (PV\d{3}) \|", page, re.MULTILINE) == [code.value for code in Code]


def test_the_examples_are_corrected_as_shown(page: str) -> None:
    shown = re.findall(r"```broken\n(.*?)\n```\n\n```(corrected|template)\n(.*?)\n```", page, re.DOTALL)
    assert len(shown) == page.count("```broken")
    for broken, kind, mended in shown:
        verdict = parse(broken)
        assert (verdict.corrected if kind == "corrected" else verdict.template) == mended


def test_the_first_example_is_a_right_packet(page: str) -> None:
    example = re.search(r"```\n(.*?)\n```", page, re.DOTALL)
    assert example is not None
    assert parse(example[1]).packet is not None


def test_the_page_names_limits_states_and_modes_as_they_are(page: str) -> None:
    for limit in (SCAN_LIMIT, PATH_LIMIT, VALUE_LIMIT, TASK_ID_LIMIT, LABEL_LIMIT):
        assert f"{limit:,}" in page
    for word in (*PacketState, *PacketMode):
        assert f"`{word.value}`" in page
