"""The conformance kit: whole in both directions, green on its reference adapter, and red where an adapter lies."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, ClassVar

import msgspec
import pytest

from tieline.errors import AdapterError, HubBusy, Permanent
from tieline.model.attachments import FileSource
from tieline.model.capabilities import (
    AttachmentSupport,
    Capabilities,
    IdentitySupport,
    MentionSupport,
    ReactionSupport,
    Support,
    TextLimit,
    TextUnit,
    Timed,
)
from tieline.model.delivery import Part
from tieline.model.inbound import NativeAuthor
from tieline.ports.abilities import NativeState
from tieline.ports.adapter import AdapterContext, ChannelAdapter, Manifest, Outgoing, Sent
from tieline.ports.clock import SystemClock
from tieline.testing import conformance
from tieline.testing.conformance import Result, run_contract
from tieline.testing.contract import AdapterContract, Bench, Platform, ShownMessage, proves, table_faults
from tieline.testing.scripted import ScriptedPlatform
from tieline.testing.scripted_able import ABLE, AbleScriptedAdapter
from tieline.testing.scripted_adapter import CAPABILITIES, ScriptedAdapter
from tieline.testing.scripted_contract import ScriptedContract, ScriptedPeople


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
    assert report.count(Result.PASSED) >= 48
    skipped = {one.requirement.id: one.detail for one in report.findings if one.result is Result.NOT_APPLICABLE}
    assert skipped == {
        "ADP-008": "the stand-in has no hang_up()",
        "ADP-018": "the hub reads it from history",
        "ADP-026": "idempotent_send is not declared",
    }
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


class NamesOnly(AbleScriptedAdapter):
    """Shows the first file only, no buttons, and half the bytes of what is fetched."""

    async def send(self, outgoing: Outgoing) -> Sent:
        frame = msgspec.structs.replace(outgoing.frame, actions=())
        return await super().send(msgspec.structs.replace(outgoing, frame=frame, files=outgoing.files[:1]))

    async def fetch(self, source: FileSource) -> AsyncIterator[bytes]:
        async for piece in super().fetch(source):
            yield piece[::2]


class Crowds(AbleScriptedAdapter):
    """Writes to everybody in one place, and surveys without looking."""

    async def direct(self, native_id: str) -> str:
        return "D-all"

    async def survey(self, conversation: str, parts: Sequence[Part]) -> Sequence[NativeState]:
        return [NativeState(native_id=part.native_id) for part in parts]


class Vain(AbleScriptedAdapter):
    """Counts our own reactions among people's."""

    async def survey(self, conversation: str, parts: Sequence[Part]) -> Sequence[NativeState]:
        ours = ("🎉", NativeAuthor(native_id="tieline", display="Tieline"))
        states = await super().survey(conversation, parts)
        return [msgspec.structs.replace(one, reactions=(*one.reactions, ours)[:2]) for one in states]


ABILITIES = ("ADP-070", "ADP-071", "ADP-072", "ADP-073", "ADP-074", "ADP-075", "ADP-076", "ADP-077")


@pytest.mark.parametrize(
    ("liar", "declared", "caught"),
    [
        (AbleScriptedAdapter, {}, set()),
        (AbleScriptedAdapter, {"direct": Support.REJECTED, "inbound_attachment": False}, {"ADP-073", "ADP-075"}),
        (ScriptedAdapter, {}, {"ADP-073", "ADP-075"}),
        (NamesOnly, {}, {"ADP-070", "ADP-071", "ADP-072", "ADP-076"}),
        (NamesOnly, {"attachment": AttachmentSupport(), "buttons": Support.FALLBACK}, {"ADP-076"}),
        (Crowds, {}, {"ADP-074", "ADP-077"}),
        (Vain, {}, {"ADP-077"}),
    ],
    ids=["honest", "silent", "boastful", "names only", "names only, and says so", "crowds", "vain"],
)
def test_abilities_that_are_not_what_they_are_said_to_be_are_caught(
    liar: type[ScriptedAdapter], declared: dict[str, Any], caught: set[str]
) -> None:
    able = {name: getattr(ABLE, name) for name in ("attachment", "inbound_attachment", "buttons", "direct")}
    assert failed(liar, *ABILITIES, **{**able, **declared}) == caught


def test_abilities_that_the_stand_in_cannot_show_are_not_applicable_and_say_so() -> None:
    class Plain:
        """People of whom only the eight words of a Platform are known."""

        def __init__(self, people: ScriptedPeople) -> None:
            self.people = people
            for name in ("conversation", "write", "edit", "delete", "react", "shown", "fail_next", "requests_to_send"):
                setattr(self, name, getattr(people, name))

    class PlainContract(ScriptedContract):
        @asynccontextmanager
        async def platform(self) -> AsyncIterator[Any]:
            yield Plain(ScriptedPeople(ScriptedPlatform(SystemClock())))

        def settings(self, platform: Any) -> Mapping[str, object]:
            return super().settings(platform.people)

    findings = run_contract("plain", PlainContract, ABILITIES).findings
    said = {one.requirement.id: one.detail for one in findings if one.result is Result.NOT_APPLICABLE}
    assert said == {
        "ADP-070": "the stand-in has no files_shown()",
        "ADP-071": "the stand-in has no files_shown()",
        "ADP-072": "the stand-in has no buttons_shown()",
        "ADP-074": "the stand-in has no person() and shown_to()",
        "ADP-076": "the stand-in has no share()",
    }


def test_an_adapter_that_retries_inside_is_caught() -> None:
    ids = ("ADP-051", "ADP-052", "ADP-056")
    assert failed(Repeats, *ids) == set(ids)


def test_an_adapter_that_calls_every_failure_permanent_is_caught() -> None:
    ids = ("ADP-032", "ADP-050", "ADP-051", "ADP-052", "ADP-053", "ADP-054")
    assert failed(Mislabels, *ids) == set(ids)


def test_an_adapter_that_reports_its_own_messages_as_a_persons_is_caught() -> None:
    assert failed(Echoes) == {"ADP-013"}


class Recounts(ScriptedAdapter):
    """Makes ids of its own, from one at each start."""

    async def connect(self, session: Any) -> None:
        numbers = itertools.count(1)

        class Numbering:
            async def receive(self, event: Any) -> Any:
                return await session.receive(msgspec.structs.replace(event, native_id=str(next(numbers))))

        await super().connect(Numbering())  # type: ignore[arg-type]


class Curt(ScriptedAdapter):
    """Cuts what is too long for the platform, and sends line by line what has lines."""

    async def send(self, outgoing: Outgoing) -> Sent:
        first = outgoing.frame.text.split("\n")[0].encode()[:150].decode(errors="ignore")
        frame = msgspec.structs.replace(outgoing.frame, text=first)
        return await super().send(msgspec.structs.replace(outgoing, frame=frame))


class Forgets(ScriptedAdapter):
    """Has no history, and drops what the hub could not take."""

    resync = None  # type: ignore[assignment]

    async def connect(self, session: Any) -> None:
        class Once:
            async def receive(self, event: Any) -> Any:
                with suppress(HubBusy):
                    return await session.receive(event)

        await super().connect(Once())  # type: ignore[arg-type]


class WithoutIds(ScriptedPeople):
    """People who see no ids, as on IRC."""

    async def write(self, who: str, text: str, *, thread: str | None = None) -> str | None:  # type: ignore[override]
        await super().write(who, text, thread=thread)
        return None

    async def shown(self) -> Sequence[ShownMessage]:
        return [msgspec.structs.replace(one, native_id=None) for one in await super().shown()]


class IdlessContract(ScriptedContract):
    make: ClassVar[type[ScriptedAdapter]] = ScriptedAdapter

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[Platform]:
        yield WithoutIds(ScriptedPlatform(SystemClock()))

    def make_adapter(self, platform: Platform) -> ChannelAdapter:
        context = AdapterContext(channel="test", settings=self.settings(platform), clock=self.clock)
        return self.make(context)


def test_a_platform_without_ids_can_be_played() -> None:
    ids = ("ADP-010", "ADP-011", "ADP-012", "ADP-013", "ADP-020", "ADP-021", "ADP-022", "ADP-023", "ADP-027")
    report = run_contract("idless", IdlessContract, ids)
    assert {one.requirement.id: one.result for one in report.findings} == dict.fromkeys(ids, Result.PASSED)


def test_ids_that_begin_again_after_a_restart_are_caught_where_the_platform_gives_none() -> None:
    class Liar(IdlessContract):
        make: ClassVar[type[ScriptedAdapter]] = Recounts

    found = next(iter(run_contract("liar", Liar, ("ADP-012",)).findings))
    assert found.result is Result.FAILED
    assert "a native id stands for two messages: ['1', '2', '1', '2']" in found.detail


def test_an_adapter_that_cuts_text_or_keeps_its_first_line_only_is_caught() -> None:
    assert failed(Curt, "ADP-020", "ADP-021", "ADP-027") == {"ADP-021", "ADP-027"}


def test_a_limit_that_is_counted_in_a_wrong_unit_is_caught() -> None:
    text = TextLimit(max=100, unit=TextUnit.BYTES)
    assert failed(ScriptedAdapter, "ADP-021", text=text) == set()
    assert failed(Curt, "ADP-021", text=text) == set(), "150 bytes are enough for 100"
    assert failed(Curt, "ADP-021", text=TextLimit(max=100)) == {"ADP-021"}, "100 characters may be 300 bytes"


def test_an_adapter_that_never_says_that_its_connection_was_lost_is_caught() -> None:
    class Mute(ScriptedPeople):
        async def hang_up(self) -> None:
            """Nobody notices."""

    class Unnoticed(ScriptedContract):
        @asynccontextmanager
        async def platform(self) -> AsyncIterator[Platform]:
            yield Mute(ScriptedPlatform(SystemClock()))

    found = next(iter(run_contract("mute", Unnoticed, ("ADP-008",)).findings))
    assert found.result is Result.FAILED
    assert "session.went_down is called" in found.detail


def test_an_adapter_without_history_that_drops_what_the_hub_refused_is_caught() -> None:
    assert failed(Forgets, "ADP-018", history=False) == {"ADP-018"}


def test_an_error_without_words_is_reported_by_its_line() -> None:
    class Terse(ScriptedContract):
        @proves("ADP-060")
        async def test_terse(self, bench: Bench) -> None:
            assert bench.can.text.max > 0
            raise AssertionError

    found = next(iter(run_contract("terse", Terse, ("ADP-060",)).findings))
    assert found.detail.startswith("test_terse: AssertionError: raise AssertionError (test_conformance_kit.py:")


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
