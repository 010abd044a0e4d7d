"""Ask a person something: the question on standard error, the answer from standard input, the default at its end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from tieline.cli.failing import WRONG_USAGE, Failed, say

_TRIES: Final = 3


def ask(question: str, default: str) -> str:
    """One answer; the default where it is empty or there is nobody to ask."""
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        say("")
    return line.strip() or default


def ask_right(question: str, default: str, wrong: Callable[[str], str]) -> str:
    """Ask until `wrong` has nothing to say about the answer; gives up after three."""
    complaint = ""
    for _ in range(_TRIES):
        answer = ask(f"{question} [{default}]: ", default)
        complaint = wrong(answer)
        if not complaint:
            return answer
        say(f"  {complaint}")
    raise Failed(complaint, code=WRONG_USAGE)
