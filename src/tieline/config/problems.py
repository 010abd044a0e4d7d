"""Problems of a configuration as a person reads them: place, what is wrong, the line with a caret, what is right.

The form is rustc's. Source lines are masked before they get here. Next stop: `tieline.config.loader`, which gathers
all problems of a file before it raises.
"""

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, TypedDict

from tieline.config.masking import escape_controls
from tieline.errors import TielineError


class ProblemDocument(TypedDict):
    """A problem as `tieline check --json` prints it; `line` and `column` start at 1, and are 0 for a whole file."""

    file: str
    line: int
    column: int
    severity: Literal["error", "warning"]
    message: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of a file. `line` and `column` start at 1; 0 where the file as a whole is meant."""

    file: str
    line: int = 0
    column: int = 0
    width: int = 1
    """How many characters the caret underlines."""
    caret: int = 0
    """Column of the caret in `source`, where masking moved it; 0: it is `column`."""
    message: str
    fix: str = ""
    """What would be right, as an imperative or a question; may be empty."""
    source: str = ""
    """The line itself, with secrets masked."""
    severity: Literal["error", "warning"] = "error"

    def render(self) -> str:
        """Return the problem as text for a terminal, without colour and without control characters."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        head = f"{place}: {'warning: ' if self.severity == 'warning' else ''}{self.message}"
        lines = (
            [head, *self._picture()] if self.source.strip() else [head, *([f"      {self.fix}"] if self.fix else [])]
        )
        return "\n".join(escape_controls(line.replace("\n", " ")) for line in lines)

    def document(self) -> ProblemDocument:
        """Return the problem as a JSON-ready mapping."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "severity": self.severity,
            "message": self.message,
            "fix": self.fix,
        }

    def _picture(self) -> list[str]:
        number = f"{self.line:>5}"
        start = (self.caret or self.column) - 1
        caret = " " * start + "^" * max(1, min(self.width, len(self.source) - start))
        return [
            f"{number} | {self.source.replace(chr(9), '→')}",
            f"{'':>5} | {caret} {self.fix}".rstrip(),
        ]


class ConfigError(TielineError):
    """The configuration is wrong; `problems` has every error and warning, in order of place, and never none."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(render_problems(self.problems))


def render_problems(problems: Iterable[Problem]) -> str:
    """Return all problems as one text, an empty line between them."""
    return "\n\n".join(problem.render() for problem in problems)


def did_you_mean(word: str, candidates: Collection[str]) -> str:
    """Return `did you mean 'x'?`, or what there is to choose from, or nothing."""
    near = difflib.get_close_matches(word, list(candidates), n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    few_enough_to_list = 12
    if 0 < len(candidates) <= few_enough_to_list:
        return f"known here: {', '.join(sorted(candidates))}"
    return ""
