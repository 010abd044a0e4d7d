"""What was measured, as one table or as JSON. Ratios are medians of the rounds' own ratios."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.generator import Measures
from benchmarks.lines import Line

_HEAD = ("line", "what", "", "control", "tieline", "ratio", "goal", "", "CPU µs", "p50 ms", "p99 ms", "deliveries/s")


@dataclass
class Result:
    """A line's rounds: control (None where there is none) and measured side."""

    line: Line
    rounds: list[tuple[Measures | None, Measures]] = field(default_factory=list)

    def median(self, name: str) -> tuple[float | None, float | None]:
        """Medians of a measure on both sides."""
        controls = [number for control, _ in self.rounds if control and (number := control.get(name)) is not None]
        measured = [number for _, side in self.rounds if (number := side.get(name)) is not None]
        return _median(controls), _median(measured)

    def ratio(self, name: str) -> float | None:
        """Median of the rounds' ratios, measured to control."""
        pairs = [(control.get(name), side.get(name)) for control, side in self.rounds if control is not None]
        return _median([after / before for before, after in pairs if before and after is not None])

    def verdict(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        goal = self.line.goal
        _, value = self.median(self.line.measure)
        if goal is None or value is None:
            return None
        return goal.is_met(self.ratio(self.line.measure), value)


def _median(numbers: Sequence[float]) -> float | None:
    return statistics.median(numbers) if numbers else None


def show(results: Sequence[Result]) -> str:
    """The table, with what it was measured on below."""
    rows = [_HEAD, *(_row(result) for result in results)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    shown = ["  ".join(_pad(cell, width, at) for at, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
             for row in rows]  # fmt: skip
    rounds = max((len(result.rounds) for result in results), default=0)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    about = f"{rounds} round(s), medians; pairs are control/tieline; {os.cpu_count()} cores, load average {load}"
    return "\n".join([shown[0], "-" * len(shown[0]), *shown[1:], "", about])


def _pad(cell: str, width: int, at: int) -> str:
    return cell.ljust(width) if at < 3 else cell.rjust(width)


def _row(result: Result) -> tuple[str, ...]:
    line = result.line
    control, measured = result.median(line.measure)
    ratio = result.ratio(line.measure)
    verdict = {None: "", True: "ok", False: "NO"}[result.verdict()]
    return (
        line.number,
        line.what,
        line.unit,
        _number(control),
        _number(measured),
        "" if ratio is None else f"{ratio:.2f}",
        str(line.goal or ""),
        verdict,
        _pair(result, "cpu_us_per_message"),
        _pair(result, "p50_ms"),
        _pair(result, "p99_ms"),
        _number(result.median("deliveries_per_second")[1] or None),
    )


def _pair(result: Result, name: str) -> str:
    control, measured = result.median(name)
    if measured is None or measured < 0:
        return ""
    return f"{_number(control)}/{_number(measured)}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def as_json(results: Sequence[Result]) -> list[dict[str, object]]:
    """Every round of every line."""
    return [
        {
            "line": result.line.number,
            "what": result.line.what,
            "measure": result.line.measure,
            "goal": str(result.line.goal or ""),
            "ratio": result.ratio(result.line.measure),
            "ok": result.verdict(),
            "rounds": [
                {"control": control.values if control else None, "tieline": side.values}
                for control, side in result.rounds
            ],
        }
        for result in results
    ]
