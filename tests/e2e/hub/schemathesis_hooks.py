"""Hooks of the schemathesis run: a long poll that is right in form would wait up to a minute for each example."""

from typing import Any

import schemathesis

LONGEST = 60


@schemathesis.hook
def before_call(ctx: Any, case: Any, kwargs: Any) -> None:
    """Right waits become none; wrong ones stay as they are."""
    wait = str((case.query or {}).get("wait", ""))
    if wait.isdigit() and int(wait) <= LONGEST:
        case.query["wait"] = 0
