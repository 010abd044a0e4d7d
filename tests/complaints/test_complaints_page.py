"""The page of the eighteen complaints names tests that exist, and every test of a complaint."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "complaints.md").read_text()
ELSEWHERE = {5, 16, 17}
"""About e-mail and SMS: their tests stand with those channels, under their own names."""


def defined() -> set[str]:
    """The names of all tests."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for file in files for name in re.findall(r"(?m)^(?:async )?def (test_\w+)", file.read_text())}


def rows() -> dict[int, list[str]]:
    """The tests of each complaint."""
    lines = re.findall(r"(?m)^\| (\d+) \|.*$", PAGE)
    tests = [re.findall(r"`(test_\w+)`", line) for line in re.findall(r"(?m)^\| \d+ \|.*$", PAGE)]
    return dict(zip(map(int, lines), tests, strict=True))


def test_every_complaint_is_answered_by_a_test_of_its_number() -> None:
    assert list(rows()) == list(range(1, 19))
    for number, tests in rows().items():
        named = any(name.startswith(f"test_complaint_{number:02}_") for name in tests)
        assert tests
        assert (number in ELSEWHERE) != named, number


def test_every_named_test_exists() -> None:
    assert set(re.findall(r"`(test_\w+)`", PAGE)) - defined() == set()


def test_every_test_of_a_complaint_here_is_named() -> None:
    here = (Path(__file__).parent / "test_complaints.py").read_text()
    assert set(re.findall(r"test_complaint_\w+", here)) - set(re.findall(r"`(test_\w+)`", PAGE)) == set()
