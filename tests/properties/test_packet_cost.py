"""The parser's cost grows with the text and no faster, and it keeps no memory of what it read."""

import random
import time
import tracemalloc

import pytest

from tieline.packets import Packet, PacketState, parse

BASE = Packet(task_id="dj-waste-014", state=PacketState.READY, payload_path="/srv/x.md", next_hop="sam").text()
SMALL = 5_000
LARGE = 10 * SMALL
"""Both under the parser's cap, which would hide growth."""

HEAD = "[TASK_ID]: x\n[NEXT_HOP]: @sam\n"
SHAPES = {
    "open brackets": "[",
    "closed brackets": "]",
    "bracket pairs": "[]",
    "quotes": ">",
    "spaced quotes": "> ",
    "stars": "*",
    "underscores": "_ ",
    "backslashes": "\\",
    "colons": ":a",
    "emoji codes": ":aa: ",
    "entities": "&amp;",
    "open entities": "&#9",
    "open links": "<http://",
    "open link texts": "<http://a|",
    "open Markdown links": "[a](http://(",
    "open mentions": "<@",
    "label words": "TASK_ID ",
    "labels": "[TASK_ID]: ",
    "label lines": "[TASK_ID]: x\n",
    "near misses": "[TSAK_IDD]: x\n",
    "empty lines": "\n",
    "spaces": " ",
    "list numbers": "1. ",
    "wrote": "On a wrote: ",
    "open reply heads": "On abcdefgh\nx:\n",
    "notice marks": "Tieline packet check: 1\n",
    "half notice marks": "end of the tieline packet ",
    "at signs": "@a ",
    "zero-width": "\u200b",
    "joiners": "\u200d",
    "full-width": "［",
    "surrogates": "\udc80",
    "dots and emoji codes": ".:aa: .",
    "braces": "{",
    "round brackets": "(",
    "closing brackets": ")",
    "breaks": "<br",
    "signatures": "--\n",
}
PLACES = {
    "alone": "{0}",
    "behind two labels": HEAD + "{0}",
    "in a value": "[TASK_ID]: x\n[PAYLOAD_PATH]: {0}\n[NEXT_HOP]: @sam",
    "before a label": "{0}[TASK_ID]: x\n[NEXT_HOP]: @sam",
}


def seconds(text: str) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        parse(text)
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("shape", SHAPES)
def test_ten_times_the_text_costs_about_ten_times(shape: str, place: str) -> None:
    unit = SHAPES[shape]
    small = PLACES[place].replace("{0}", unit * (SMALL // len(unit)))
    large = PLACES[place].replace("{0}", unit * (LARGE // len(unit)))
    ratios: list[float] = []
    while len(ratios) < 3 and (not ratios or ratios[-1] >= 40):
        ratios.append(seconds(large) / max(seconds(small), 50e-6))
    assert ratios[-1] < 40, f"ten times the text costs {ratios} times the time"


def test_a_megabyte_costs_no_more_than_the_part_that_is_looked_at() -> None:
    for unit in SHAPES.values():
        assert seconds(HEAD + unit * (1_000_000 // len(unit))) < 1.0


def test_memory_stays_flat_over_a_hundred_thousand_broken_packets() -> None:
    """All texts differ, so a cache or a list that grows with what was read would show."""
    rng = random.Random(7)

    def read(count: int) -> None:
        for _ in range(count):
            at = rng.randrange(len(BASE))
            parse(f"{BASE[:at]}{rng.randrange(10**9)}{BASE[at + rng.randint(0, 3) :]}")

    read(20_000)
    tracemalloc.start()
    try:
        read(5_000)
        before = tracemalloc.get_traced_memory()[0]
        read(20_000)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    read(55_000)
    assert grown < 100_000
