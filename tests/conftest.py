"""What every test may use.

Two rules for all of them: a test cleans up what it starts, and in continuous integration (`CI=true`) a server that is
missing is a failure, not a skip, so that a green run means that the suite really ran.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

# A run that was green stays green: properties try the same examples each time. `make soak` searches for new ones.
settings.register_profile("steady", derandomize=True, database=None, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def missing_server() -> Callable[[str], NoReturn]:
    """Call it with a reason when a server or tool that a test needs is not on this machine."""
    return fail_or_skip


def fail_or_skip(reason: str) -> NoReturn:
    """Fail in continuous integration, skip elsewhere; for conftest files, which cannot ask for a fixture at import."""
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        pytest.fail(f"missing in CI: {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", default=False, help="write golden files anew")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """True where golden files are to be written anew; the difference is read in review."""
    return bool(request.config.getoption("--update-golden"))
