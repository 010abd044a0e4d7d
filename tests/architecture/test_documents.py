"""The documents lead somewhere: every relative link of every page points at a file that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("adapters/*.md")])
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)")
_FENCE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    text = _FENCE.sub("", page.read_text())
    dead = [link for link in _LINK.findall(text) if not (page.parent / link).exists()]
    assert not dead, f"{page.relative_to(ROOT)} links to what is not there: {dead}"


def test_the_walk_of_a_message_visits_every_package_on_its_way() -> None:
    walk = (ROOT / "docs/architecture.md").read_text().split("## The way of a message")[1].split("\n## ")[0]
    visited = {Path(link).parts[-2] for link in re.findall(r"\]\(\.\./([^)]+\.py)\)", walk)}
    assert {"tieline_slack", "plugins", "routing", "packets", "store", "tieline_websocket", "render"} <= visited
