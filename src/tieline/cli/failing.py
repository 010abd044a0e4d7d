"""What goes wrong, as a person reads it: one line on standard error with the mend, and an exit code.

Rule: no traceback reaches a user unless TIELINE_DEBUG=1 asks for it. Nothing is imported here that a command did not
already need: errors of packages that were never loaded cannot have been raised. Next stop: `tieline.cli.app`, which
calls `report`.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import Final

from tieline.cli.output import clean
from tieline.errors import AdapterError, HubBusy, StoreError

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2
TRY_AGAIN: Final = 75
"""EX_TEMPFAIL of sysexits.h: nothing is wrong with the command, the time is."""


class Failed(Exception):
    """A command ends here: `message` says what is wrong, `fix` what a person can do."""

    def __init__(self, message: str, *, fix: str = "", code: int = FAILED) -> None:
        super().__init__(message)
        self.fix = fix
        self.code = code


def report(error: Exception) -> int:
    """Say an error on standard error; the answer is the exit code."""
    if os.environ.get("TIELINE_DEBUG") == "1":
        traceback.print_exception(error)
    message, fix, code = _told(error)
    say(f"tieline: {clean(message)}" + (f"\n  → {clean(fix)}" if fix else ""))
    return code


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def _told(error: Exception) -> tuple[str, str, int]:
    match error:
        case Failed():
            return str(error), error.fix, error.code
        case HubBusy():
            return str(error), error.fix or "try again in a moment", TRY_AGAIN
        case StoreError() | AdapterError():
            return str(error), error.fix, FAILED
        case OSError():
            return _system(error), "", FAILED
        case _:
            return _unexpected(error)


def _system(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)


def _unexpected(error: Exception) -> tuple[str, str, int]:
    problems = getattr(error, "problems", None)
    if problems is not None:  # ConfigError, known by its mark: its package costs a quarter of a second
        return f"the configuration is wrong\n\n{error}", "", WRONG_USAGE
    fix = "this is a fault of Tieline; TIELINE_DEBUG=1 shows where, please report it"
    return f"{type(error).__name__}: {error}", fix, FAILED
