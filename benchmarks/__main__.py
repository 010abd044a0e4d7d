"""One command that prints what Tieline costs, beside bare parts that do the least a hub must do.

    python -m benchmarks [--quick] [--rounds N] [--only 1,6] [--json]        (make bench ARGS=--quick)

Rule: both sides run in turn, round by round, each on the same core with the generator on another, because the machine's
own speed drifts: ratios are medians of the rounds' ratios, and only they may be quoted. Next stop: :mod:`.lines` for
what is measured, :mod:`.servers` for what runs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.generator import Failed, Measures, build, load
from benchmarks.lines import FULL, QUICK, STARTUP, Line, Side, lines
from benchmarks.servers import Prepared, World, bare
from benchmarks.table import Result, as_json, show

ROUNDS = 5


class Bench:
    """Runs sides; makes each world once."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self._binary = binary
        self._folder = folder
        self._worlds: dict[World, Prepared] = {}
        cores = sorted(os.sched_getaffinity(0))
        self._server_core, self._load_core = cores[0], cores[-1]

    def run(self, line: Line, rounds: int) -> Result:
        """All rounds of a line, the control before the measured side in each."""
        result = Result(line)
        for number in range(rounds):
            _tell(f"line {line.number}: {line.what}, round {number + 1} of {rounds}")
            control = self._side(line.control) if line.control is not None else None
            result.rounds.append((control, self._side(line.measured)))
        return result

    def _side(self, side: Side) -> Measures:
        with ExitStack() as stack:
            if side.world is None:
                server = stack.enter_context(bare(self._folder, self._server_core))
            else:
                server = stack.enter_context(self._world(side.world).running(self._server_core))
            if not side.load:
                return Measures({STARTUP: server.ready_after})
            return load(self._binary, server, self._load_core, side.load)

    def _world(self, world: World) -> Prepared:
        if world not in self._worlds:
            self._worlds[world] = Prepared(self._folder / f"world-{len(self._worlds)}", world)
        return self._worlds[world]


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round, less of everything")
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument(
        "--only", default="", metavar="1,6", help="only these lines, by number or a piece of their text"
    )
    parser.add_argument("--json", action="store_true", help="every round as JSON on standard output")
    options = parser.parse_args()
    rounds = options.rounds or (1 if options.quick else ROUNDS)
    wanted = [line for line in lines(QUICK if options.quick else FULL) if _is_wanted(line, options.only)]
    results: list[Result] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="tieline-bench-") as folder:
        try:
            bench = Bench(build(), Path(folder))
        except Failed as error:
            _tell(str(error))
            return 1
        for line in wanted:
            try:
                results.append(bench.run(line, rounds))
            except Failed as error:
                failed = True
                _tell(f"line {line.number}: {line.what}: {error}")
    print(json.dumps(as_json(results), indent=1) if options.json else show(results))
    return int(failed)


def _is_wanted(line: Line, only: str) -> bool:
    pieces = [piece for piece in only.split(",") if piece]
    return not pieces or any(piece == line.number or (len(piece) > 2 and piece in line.what) for piece in pieces)


if __name__ == "__main__":
    sys.exit(main())
