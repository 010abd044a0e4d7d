"""The conformance kit: whole in both directions, green on its reference adapter, and red where an adapter lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
import pytest

from tieline.errors import AdapterError, Permanent
from tieline.model.capabilities import Capabilities, IdentitySupport, MentionSupport, ReactionSupport, Support, Timed
from tieline.ports.adapter import AdapterContext, ChannelAdapter, Manifest
from tieline.testing import conformance
from tieline.testing.conformance import Result, run_contract
from tieline.testing.contract import AdapterContract, Bench, Platform, proves, table_faults
from tieline.testing.scripted_adapter import CAPABILITIES, ScriptedAdapter
from tieline.testing.scripted_contract import ScriptedContract


class TestScriptedAdapter(ScriptedContract):
    """The reference adapter fulfils the contract."""


def test_every_requirement_has_a_test_and_every_test_a_known_requirement() -> None:
    assert table_faults() == []


def test_a_test_without_or_with_an_unknown_requirement_is_a_fault_of_the_table() -> None:
    class Wrong(ScriptedContract):
        exceptions: ClassVar[Mapping[str, str]] = {"ADP-998": "a slip of the pen"}

        @proves("ADP-999")
        async def test_something_else(self, bench: Bench) -> None:
            """Nothing."""

        def test_untied(self) -> None:
            """Nothing."""

    assert table_faults(Wrong) == [
        "test_something_else names the unknown requirement ADP-999",
        "test_untied names no requirement",
        "the exception ADP-998 is no requirement",
    ]
    with pytest.raises(AdapterError, match="not whole"):
        run_contract("wrong", Wrong)


def test_the_report_of_the_reference_adapter_names_every_requirement() -> None:
    report = run_contract("scripted", ScriptedContract)
    assert report.passed
    assert report.count(Result.FAILED) == 0
    assert report.count(Result.PASSED) >= 40
    assert [one.requirement.id for one in report.findings if one.result is Result.NOT_APPLICABLE] == ["ADP-026"]
    assert "conforms" in report.lines()[-1]


def test_a_contract_is_found_by_its_module_and_class() -> None:
    assert conformance.find("tieline.testing.scripted_contract:ScriptedContract") is ScriptedContract
    with pytest.raises(AdapterError, match="no contract of 'telepathy'"):
        conformance.find("telepathy")
    with pytest.raises(AdapterError, match="no AdapterContract"):
        conformance.find("tieline.testing.scripted:ScriptedPlatform")


# ── liars ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def failed(adapter_type: type[ScriptedAdapter], *only: str, **declared: Any) -> set[str]:
    """Requirements that fail for an adapter of this type which declares this."""
    capabilities: Capabilities = msgspec.structs.replace(CAPABILITIES, **declared)

    class Liar(ScriptedContract):
        def make_adapter(self, platform: Platform) -> ChannelAdapter:
            settings = {**self.settings(platform), "capabilities": capabilities}
            return adapter_type(AdapterContext(channel="test", settings=settings, clock=self.clock))

    report = run_contract("liar", Liar, only)
    return {one.requirement.id for one in report.findings if one.result is Result.FAILED}


@pytest.mark.parametrize(
    ("declared", "caught"),
    [
        ({"edit": Timed()}, "ADP-030"),
        ({"delete": Timed(level=Support.DROPPED)}, "ADP-033"),
        ({"reaction": ReactionSupport()}, "ADP-035"),
        ({"history": False}, "ADP-037"),
        ({"lookup": False}, "ADP-040"),
        ({"typing": Support.FULL}, "ADP-042"),
        ({"inbound_edit": False}, "ADP-014"),
        ({"inbound_delete": False}, "ADP-015"),
        ({"inbound_reaction": False}, "ADP-016"),
        ({"identity": IdentitySupport()}, "ADP-023"),
        ({"idempotent_send": True}, "ADP-026"),
        ({"mention": MentionSupport(broadcast=Support.FULL)}, "ADP-022"),
        ({"dialect": "slack"}, "ADP-061"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_an_adapter_that_declares_what_is_not_so_is_caught(declared: dict[str, object], caught: str) -> None:
    assert caught in failed(ScriptedAdapter, caught, **declared)


class Repeats(ScriptedAdapter):
    """Retries inside, as an SDK would."""

    async def _call(self, operation: str, conversation: str, fields: dict[str, str]) -> dict[str, str]:
        try:
            return await super()._call(operation, conversation, fields)
        except Exception:  # noqa: BLE001 - as careless SDKs do
            return await super()._call(operation, conversation, fields)


class Mislabels(ScriptedAdapter):
    """Calls every failure permanent."""

    async def _call(self, operation: str, conversation: str, fields: dict[str, str]) -> dict[str, str]:
        try:
            return await super()._call(operation, conversation, fields)
        except Exception as error:
            raise Permanent("failed") from error


class Echoes(ScriptedAdapter):
    """Reports its own messages as somebody's."""

    async def connect(self, session: Any) -> None:
        class Stripping:
            async def receive(self, event: Any) -> Any:
                changes: dict[str, Any] = {}
                if getattr(event, "author", None) is not None:
                    changes["author"] = msgspec.structs.replace(event.author, is_self=False)
                if hasattr(event, "delivery_id"):
                    changes["delivery_id"] = None
                return await session.receive(msgspec.structs.replace(event, **changes))

        await super().connect(Stripping())  # type: ignore[arg-type]


def test_an_adapter_that_retries_inside_is_caught() -> None:
    ids = ("ADP-051", "ADP-052", "ADP-056")
    assert failed(Repeats, *ids) == set(ids)


def test_an_adapter_that_calls_every_failure_permanent_is_caught() -> None:
    ids = ("ADP-032", "ADP-050", "ADP-051", "ADP-052", "ADP-053", "ADP-054")
    assert failed(Mislabels, *ids) == set(ids)


def test_an_adapter_that_reports_its_own_messages_as_a_persons_is_caught() -> None:
    assert failed(Echoes) == {"ADP-013"}


def test_a_known_fault_is_not_applicable_with_its_reason_and_a_stale_one_fails() -> None:
    class Known(ScriptedContract):
        manifest: ClassVar[Manifest] = ScriptedContract.manifest
        exceptions: ClassVar[Mapping[str, str]] = {"ADP-013": "the platform hides bots", "ADP-031": "not yet"}

        def make_adapter(self, platform: Platform) -> ChannelAdapter:
            return Echoes(AdapterContext(channel="test", settings=self.settings(platform), clock=self.clock))

    findings = {one.requirement.id: one for one in run_contract("known", Known, ("ADP-013", "ADP-031")).findings}
    assert findings["ADP-013"].result is Result.NOT_APPLICABLE
    assert findings["ADP-013"].detail == "known: the platform hides bots"
    assert findings["ADP-031"].result is Result.FAILED
    assert "strike it off" in findings["ADP-031"].detail


def test_the_base_class_itself_is_not_collected_as_a_test() -> None:
    assert not AdapterContract.__name__.startswith("Test")
