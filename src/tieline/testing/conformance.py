"""Run an adapter's contract without pytest and report: what ``tieline conformance ADAPTER`` prints.

A contract is found by the entry-point group ``tieline.conformance`` (name of the adapter to ``module:Class``), or named
as ``module:Class``; those of the bundled adapters stand among the tests of the checkout.
Next stop: :mod:`tieline.testing.contract`.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Collection, Mapping
from enum import StrEnum
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from tieline.errors import AdapterError
from tieline.model.base import Value
from tieline.testing.contract import AdapterContract, NotApplicable, table_faults, tests_of
from tieline.testing.requirements import REQUIREMENTS, Must, Requirement

GROUP: Final = "tieline.conformance"
BUNDLED: Final = "tests.contract.adapters.{0}_contract:{1}Contract"


class Result(StrEnum):
    """Result of one requirement."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "n/a"


class Finding(Value, kw_only=True, frozen=True):
    """One requirement with its result; ``detail`` says why it failed or does not apply."""

    requirement: Requirement
    result: Result
    detail: str = ""


class Report(Value, kw_only=True, frozen=True):
    """What a contract's run found, by requirement."""

    adapter: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """True if no MUST failed."""
        return not any(
            finding.result is Result.FAILED and finding.requirement.level is Must.MUST for finding in self.findings
        )

    def count(self, result: Result) -> int:
        """How many requirements have this result."""
        return sum(1 for finding in self.findings if finding.result is result)

    def lines(self) -> list[str]:
        """A table for people."""
        rows = [
            f"{one.requirement.id}  {one.requirement.level:<6}  {one.result:<6}  {one.requirement.text}"
            + (f"\n{'':25}{one.detail}" if one.detail else "")
            for one in self.findings
        ]
        counts = ", ".join(f"{self.count(result)} {result}" for result in Result)
        return [*rows, f"{self.adapter}: {'conforms' if self.passed else 'does not conform'} ({counts})"]


def run(adapter: str) -> Report:
    """Run the contract of an adapter by name, or a contract named ``module:Class``.

    Raises :class:`~tieline.errors.AdapterError` if there is no contract. Must not be called on an event loop.
    """
    return run_contract(adapter, find(adapter))


def run_contract(adapter: str, contract: type[AdapterContract], only: Collection[str] = ()) -> Report:
    """Run a contract's tests, each on a fresh platform; with ``only``, those that prove one of these requirements."""
    faults = table_faults(contract)
    if faults:
        raise AdapterError(f"the contract of '{adapter}' is not whole: {'; '.join(faults)}")
    tests = {name: ids for name, ids in tests_of(contract).items() if not only or set(ids) & set(only)}
    results = {name: _outcome(contract, name) for name in tests}
    wanted = [one for one in REQUIREMENTS if not only or one.id in only]
    return Report(adapter=adapter, findings=tuple(_finding(one, tests, results) for one in wanted))


def find(adapter: str) -> type[AdapterContract]:
    """The contract class of an adapter."""
    target = adapter
    if ":" not in adapter:
        points = entry_points(group=GROUP, name=adapter)
        target = next(iter(points)).value if points else BUNDLED.format(adapter, adapter.capitalize())
    module, _, name = target.partition(":")
    sys.path.insert(0, str(Path.cwd()))  # contracts live with tests, which are not installed
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise AdapterError(
            f"no contract of '{adapter}' is found ({target}: {error})",
            fix=f"run it where the tests are, declare it under the entry points '{GROUP}', or name it as module:Class",
        ) from error
    finally:
        sys.path.pop(0)
    if not (isinstance(found, type) and issubclass(found, AdapterContract)):
        raise AdapterError(f"{target} is no AdapterContract")
    return found


_Outcome = tuple[Result, str]


def _outcome(contract: type[AdapterContract], name: str) -> _Outcome:
    try:
        getattr(contract(), name)()
    except NotApplicable as reason:
        return Result.NOT_APPLICABLE, str(reason)
    except Exception as error:  # noqa: BLE001 - whatever an adapter raises, it is its result
        said = str(error).strip().split("\n")[0] or _line_of(error)
        return Result.FAILED, f"{name}: {type(error).__name__}: {said}"
    return Result.PASSED, ""


def _line_of(error: Exception) -> str:
    """Where it was raised, for an assertion without words."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.line} ({Path(last.filename).name}:{last.lineno})"


def _finding(
    requirement: Requirement, tests: Mapping[str, tuple[str, ...]], results: Mapping[str, _Outcome]
) -> Finding:
    """A requirement fails if any of its tests does, and passes if any passes."""
    found = [results[name] for name, ids in tests.items() if requirement.id in ids]
    for wanted in (Result.FAILED, Result.PASSED, Result.NOT_APPLICABLE):
        for result, detail in found:
            if result is wanted:
                return Finding(requirement=requirement, result=result, detail=detail)
    return Finding(requirement=requirement, result=Result.NOT_APPLICABLE, detail="no test")
