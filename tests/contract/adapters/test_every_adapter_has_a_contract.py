"""No adapter goes without its contract: the registered ones are compared with the contracts among the tests."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from tieline.errors import AdapterError
from tieline.plugins.discovery import GROUP
from tieline.testing.conformance import find
from tieline.testing.contract import table_faults

HERE = Path(__file__).parent
ADAPTERS = sorted(point.name for point in entry_points(group=GROUP))

# Adapters without a contract, and why. Stale entries fail.
EXCEPTIONS = {
    "websocket": "it is the hub's own web room: no foreign platform, nothing is sent; tests/contract/api proves it",
}


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_registered_adapter_has_a_contract_that_is_run(name: str) -> None:
    if name in EXCEPTIONS:
        with pytest.raises(AdapterError, match="no contract"):
            find(name)
        return
    contract: Any = find(name)
    assert contract.manifest.name == name
    assert table_faults(contract) == []
    runs = [path for path in HERE.glob("test_*.py") if f"({contract.__name__})" in path.read_text()]
    assert runs, f"add a test module with: class Test{name.capitalize()}({contract.__name__})"


def test_no_exception_is_stale() -> None:
    assert set(EXCEPTIONS) <= set(ADAPTERS)
