"""The lines of the table: what is compared, under which load, and what is wanted. Goals: ``docs/performance.md``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.servers import World

STARTUP = "ready_after"
"""The measure that is the server's own start, without any load."""


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: the bare parts (no world) or a hub in a world, under a load."""

    world: World | None
    load: tuple[str, ...]


@dataclass(frozen=True)
class Goal:
    """A limit for the ratio (measured to control), or for the measured value itself."""

    limit: float
    of: Literal["ratio", "value"] = "ratio"
    bound: Literal["least", "most"] = "least"

    def is_met(self, ratio: float | None, value: float) -> bool:
        """Tell whether medians meet it."""
        number = value if self.of == "value" else ratio
        if number is None:
            return False
        return number >= self.limit if self.bound == "least" else number <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.bound == "least" else "≤"
        return f"{sign} {self.limit:,g}{'x' if self.of == 'ratio' else ''}"


@dataclass(frozen=True)
class Line:
    """A line: the goal line's number, what it is, what is measured (a name of the generator's), and the two sides."""

    number: str
    what: str
    measure: str
    unit: str
    control: Side | None
    measured: Side
    goal: Goal | None


@dataclass(frozen=True)
class Scale:
    """How much is sent; a quick look sends less."""

    posts: int
    http: int
    paced: int
    crowd: int
    rooms: int
    stored: int


QUICK = Scale(posts=20_000, http=4_000, paced=3, crowd=1_000, rooms=1_000, stored=200_000)
FULL = Scale(posts=60_000, http=10_000, paced=6, crowd=5_000, rooms=10_000, stored=1_000_000)
ONE = World()
_RATE = "messages_per_second"
_CPU = "cpu_us_per_message"
_READERS = ("-subscribers", "10")


def _against_bare(
    number: str, what: str, goal: Goal | None, *load: str, measure: str = _RATE, unit: str = "/s", world: World = ONE
) -> Line:
    return Line(number, what, measure, unit, Side(None, load), Side(world, load), goal)


def _against_itself(number: str, what: str, goal: Goal, before: World, after: World, *load: str) -> Line:
    loads = [(*load, "-rooms", str(world.rooms)) for world in (before, after)]
    return Line(number, what, _CPU, "µs CPU", Side(before, loads[0]), Side(after, loads[1]), goal)


def lines(scale: Scale) -> Sequence[Line]:
    """All lines at a scale."""
    posts = ("-messages", str(scale.posts))
    http = ("-mode", "http", "-subscribers", "0")
    crowd = ("-mode", "crowd", "-subscribers", str(scale.crowd))
    flat = Goal(1.3, bound="most")
    full = World(stored=scale.stored)
    return (
        _against_bare(
            "0", "the floor: 10,000/s to ten: p99", Goal(100, "value", "most"), *_READERS, "-publishers", "4",
            "-window", "0", "-rate", "10000", "-messages", str(10_000 * scale.paced), measure="p99_ms", unit="ms",
        ),
        _against_bare("1", "1 → 10, window 64", Goal(0.6), *_READERS, *posts),
        _against_bare("1", "1 → 10, Markdown", None, *_READERS, *posts, "-markup"),
        _against_bare("1", "1 → 10, a link on the room", None, *_READERS, *posts, world=World(linked=True)),
        _against_bare("2", "10 → 10", None, *_READERS, *posts, "-publishers", "10"),
        *(_paced(scale, rate) for rate in (2_000, 5_000, 10_000)),
        _against_bare(
            "5", "memory per idle connection", Goal(16_384, "value", "most"), *crowd,
            measure="bytes_per_connection", unit="bytes",
        ),
        _against_bare(
            "6", "HTTP post, 64 connections", Goal(0.6), *http, "-publishers", "64", "-messages", str(scale.http)
        ),
        _against_bare(
            "6", "HTTP, batches of 50", Goal(0.5), *http, "-publishers", "16", "-batch", "50",
            "-messages", str(scale.http * 4),
        ),
        _against_bare(
            "8", f"longest stall, {scale.crowd:,} connect", Goal(50, "value", "most"), *crowd,
            measure="stall_max_ms", unit="ms",
        ),
        _against_itself(
            "10", f"{scale.rooms:,} rooms to 1, posts", flat, ONE, World(rooms=scale.rooms), "-subscribers", "0",
            "-spread", *posts,
        ),
        _against_itself(
            "10", f"{scale.stored:,} stored to none", flat, ONE, full, *_READERS, *posts
        ),
        Line("11", "start to ready, empty", STARTUP, "s", None, Side(ONE, ()), Goal(1.0, "value", "most")),
        Line(
            "11", f"start to ready, {scale.stored:,} stored", STARTUP, "s", None, Side(full, ()),
            Goal(1.5, "value", "most"),
        ),
    )  # fmt: skip


def _paced(scale: Scale, rate: int) -> Line:
    load = ("-rooms", "100", "-publishers", "100", "-subscribers", "1000", "-window", "0")
    return _against_bare(
        "3", f"100 rooms x 10, {rate:,}/s: p99", Goal(2.0, bound="most") if rate == 10_000 else None, *load,
        "-rate", str(rate), "-messages", str(rate * scale.paced), measure="p99_ms", unit="ms",
        world=World(rooms=100),
    )  # fmt: skip
