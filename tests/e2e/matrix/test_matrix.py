"""The acceptance matrix: what is done at each origin, as people see it at each destination, and the page that says so.

Rule: levels are observed, reasons are declared, and the page is what both make. A page that differs fails, with the
command that writes it anew.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.e2e.matrix import page
from tests.e2e.matrix.eyes import Row, Scene
from tests.e2e.matrix.hands import HANDS
from tests.e2e.matrix.places_eyes import EYES
from tests.e2e.matrix.reasons import REASONS, declared, numbers_of
from tests.e2e.matrix.replay import answered, told
from tests.e2e.matrix.stage import Played, Stage
from tests.e2e.matrix.words import ACTIONS, Level
from tests.services.bridge import bridged
from tieline.client import Client


@pytest.mark.parametrize("origin", HANDS)
async def test_what_is_done_there_is_seen_elsewhere_as_the_page_says(
    origin: str, tmp_path: Path, update_golden: bool
) -> None:
    async with bridged(tmp_path) as bridge, bridge.client() as client:
        async with Client(bridge.hub.url, await bridge.hub.token("alice")) as reader:
            stage = Stage(origin, bridge, client, reader)
            played = await stage.play()
            assert await told(reader, stage.head) == await answered(reader)
        assert played.pings == []
        assert bridge.discord.violations == []
        assert [row["text"] for row in bridge.slack.shown() if row["by_us"] and "<!" in row["text"]] == []
    problems = [
        *_without_their_reason(origin, played),
        *_not_as_declared(origin, played),
        *_seen_or_dead(origin, played),
    ]
    _compare(page.title_of(origin), page.table(origin, played.cells), problems, update=update_golden)


def _without_their_reason(origin: str, played: Played) -> list[str]:
    """Cells that are not full and have no reason, or that are full and have one, or have two."""
    wrong = []
    for (action, place), level in played.cells.items():
        numbers = numbers_of(origin, action, place)
        if len(numbers) != (level is not Level.FULL):
            wrong.append(f"{origin} {action} {place} is {level.word}, with the reasons {numbers}")
    return wrong


def _not_as_declared(origin: str, played: Played) -> list[str]:
    """Cells that are better than the adapter's capabilities, or worse, and the reason does not say so."""
    wrong = []
    for (action, place), level in played.cells.items():
        promised = declared(action, place)
        if promised is None or not hasattr(HANDS[origin], action):
            continue
        numbers = numbers_of(origin, action, place)
        admitted = any(REASONS[number - 1].undeclared for number in numbers)
        if level > promised or (level < promised) != admitted:
            wrong.append(f"{origin} {action} {place} is {level.word}, declared: {promised.word}")
    return wrong


def _seen_or_dead(origin: str, played: Played) -> list[str]:
    """Deliveries that failed although something is seen, and what vanished without one."""
    wrong = []
    for (action, place), level in played.cells.items():
        carried = place != "web" and hasattr(HANDS[origin], action)
        code = played.dead.get((action, place))
        if carried and (level is Level.NOT_POSSIBLE) != (code is not None):
            wrong.append(f"{origin} {action} {place} is {level.word}; its delivery failed: {code}")
    return wrong


def _compare(title: str, body: str, problems: list[str], *, update: bool) -> None:
    """Fail with everything that is wrong, and with how the page differs."""
    if update:
        page.put(title, body)
    stands, is_so = (text.strip("\n").splitlines() for text in (page.read().get(title, ""), body))
    differs = list(difflib.unified_diff(stands, is_so, "the page", "what is so", lineterm="", n=0))
    if problems or differs:
        hint = [f"write the page anew: {page.REFRESH}"] if differs else []
        lines = [f"{page.PAGE.name}, {title or 'head'}:", *problems, *differs, *hint]
        pytest.fail("\n".join(lines), pytrace=False)


async def test_as_a_bot_a_reply_is_a_reply_and_the_name_stands_in_the_text(tmp_path: Path) -> None:
    async with bridged(tmp_path, discord={"as": "bot"}) as bridge, bridge.client() as client:
        played = await Stage("web", bridge, client, client).play("post", "reply")
    assert played.cells["reply", "discord"] is Level.FULL
    assert played.cells["post", "discord"] is Level.FALLBACK
    assert played.pings == []


@pytest.mark.parametrize("title", page.frame())
def test_the_head_and_the_reasons_of_the_page_are_ours(title: str, update_golden: bool) -> None:
    _compare(title, page.frame()[title], [], update=update_golden)


def test_every_reason_is_a_cells() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert [one.text for number, one in enumerate(REASONS, 1) if f" ({number}) |" not in text] == []


def test_what_a_platform_has_no_way_to_do_its_adapter_does_not_declare() -> None:
    missing = [(place, action) for place, hands in HANDS.items() for action in ACTIONS if not hasattr(hands, action)]
    assert missing == [("slack", "reply"), ("discord", "very_long"), ("discord", "table")]
    assert [declared(action, place) for place, action in missing] == [Level.FALLBACK] * 3


@pytest.mark.parametrize("place", EYES)
def test_eyes_that_see_nothing_say_so(place: str) -> None:
    root = [Row("1", "Alice", "who feeds the herons today?", "who feeds the herons today?")]
    scene = Scene("web", "Marcus", "python", ":x:", root, root, root)
    assert {action: EYES[place].judge(action, scene) for action in ACTIONS} == dict.fromkeys(
        ACTIONS, Level.NOT_POSSIBLE
    )
