"""The contract that every adapter fulfils: subclass :class:`AdapterContract`, name the platform, run pytest.

Needs no plugin of pytest: each test runs its own event loop. What a platform's stand-in cannot play is skipped and
listed as not applicable; an adapter's known faults are listed in ``exceptions`` with a reason, and a listed fault that
no longer exists fails, so that the list stays true. Next stop: ``adapters/README.md`` shows a whole one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

import msgspec

from tieline.errors import DeliveryError, NotDispatched, Permanent, Throttled, Uncertain
from tieline.model.capabilities import Support
from tieline.model.delivery import Endpoint
from tieline.model.inbound import InboundDelete, InboundEdit, InboundEvent, InboundMessage, InboundReaction
from tieline.plugins.discovery import load_factory, settings_problems
from tieline.ports.abilities import Deletes, Edits, History, Looks, Reacts, Types
from tieline.ports.adapter import AdapterContext, ChannelAdapter, Manifest
from tieline.ports.clock import Clock, SystemClock
from tieline.testing.able import AbleContract, SharesFiles, ShowsButtons, ShowsDirect, ShowsFiles
from tieline.testing.bench import (
    SILENCE,
    THROTTLE_SECONDS,
    Bench,
    Failure,
    HangsUp,
    NotApplicable,
    Platform,
    ShownMessage,
    eventually,
    text_of,
)
from tieline.testing.endurance import EnduranceContract
from tieline.testing.frames import whole_frame
from tieline.testing.requirements import BY_ID, REQUIREMENTS
from tieline.testing.session import RecordingSession
from tieline.testing.tying import proves, proves_alone

__all__ = [
    "THROTTLE_SECONDS",
    "AdapterContract",
    "Bench",
    "Failure",
    "HangsUp",
    "NotApplicable",
    "Platform",
    "SharesFiles",
    "ShownMessage",
    "ShowsButtons",
    "ShowsDirect",
    "ShowsFiles",
    "proves",
    "proves_alone",
    "table_faults",
    "tests_of",
]


class AdapterContract(EnduranceContract, AbleContract):
    """Subclass it as ``class TestMyAdapter(AdapterContract)``; each subclass proves one adapter."""

    manifest: ClassVar[Manifest]
    exceptions: ClassVar[Mapping[str, str]] = {}
    """Requirement id to the reason why it is not met (yet)."""
    throttle_seconds: ClassVar[float] = THROTTLE_SECONDS
    """What the stand-in answers to ``Failure.THROTTLED``."""
    clock: Clock = SystemClock()

    def platform(self) -> AbstractAsyncContextManager[Platform]:
        """A fresh platform (its stand-in, or a test account), closed after the test."""
        raise NotImplementedError

    def settings(self, platform: Platform) -> Mapping[str, object]:
        """Settings of a channel that works on this platform."""
        raise NotImplementedError

    def make_adapter(self, platform: Platform) -> ChannelAdapter:
        """The adapter, not connected."""
        context = AdapterContext(channel="test", settings=self.settings(platform), clock=self.clock)
        return load_factory(self.manifest)(context)

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @proves_alone("ADP-001", "ADP-002")
    async def test_the_manifest_loads_and_its_check_never_raises(self) -> None:
        """It is given what people really write into files."""
        load_factory(self.manifest)
        odd: dict[str, object] = {"token": 5, "nested": {"a": [None]}, "": "", "from": b"\xff"}
        for settings in ({}, odd):
            for problem in settings_problems(self.manifest, settings):
                assert "failed to check" not in problem.message, problem.message
        async with self.platform() as platform:
            assert not settings_problems(self.manifest, self.settings(platform))

    @proves_alone("ADP-003", "ADP-004", "ADP-005", "ADP-006")
    async def test_it_lives_between_connect_and_disconnect_and_leaves_nothing_behind(self) -> None:
        """Made, disconnected without connect; made, connected, disconnected twice."""
        async with self.platform() as platform:
            never = self.make_adapter(platform)
            endpoint = Endpoint(channel="test", conversation=platform.conversation)
            assert never.capabilities(endpoint).text.max > 0
            assert never.dialect(endpoint).name
            assert not never.is_connected()
            await never.disconnect()
            before = asyncio.all_tasks()
            adapter = self.make_adapter(platform)
            await adapter.connect(RecordingSession())
            assert adapter.is_connected()
            await adapter.disconnect()
            assert not adapter.is_connected()
            await adapter.disconnect()
            await asyncio.sleep(0.05)
            left = [task for task in asyncio.all_tasks() - before if not task.done()]
            assert not left, f"left running: {left}"

    @proves("ADP-007")
    async def test_secrets_do_not_stand_in_the_repr(self, bench: Bench) -> None:
        """Logs show reprs."""
        settings = self.settings(bench.platform)
        secrets = [str(settings[name]) for name in self.manifest.secrets if settings.get(name)]
        if not secrets:
            raise NotApplicable("no secrets")
        assert not [secret for secret in secrets if secret in repr(bench.adapter)]

    # ── what people do ───────────────────────────────────────────────────────────────────────────────────────────

    @proves("ADP-010", "ADP-011", "ADP-012")
    async def test_what_people_write_is_handed_over_in_order(self, bench: Bench) -> None:
        """Ten messages of two people."""
        texts = [f"message number {n}" for n in range(10)]
        ids = [await bench.platform.write("ana" if n % 2 else "bo", text) for n, text in enumerate(texts)]
        await eventually(lambda: len(bench.messages()) >= len(ids), "ten messages are handed over")
        heard = bench.messages()
        _same("texts, in order", [text_of(event) for event in heard], texts)
        own = [event.native_id for event in heard]
        _same("native ids", own, [known or made for known, made in zip(ids, own, strict=True)])
        assert len(set(own)) == len(own), f"a native id stands for two messages: {own}"
        _same("conversations", {event.conversation for event in heard}, {bench.platform.conversation})
        authors = {event.author.native_id for event in heard}
        assert len(authors) == 2, f"ana and bo wrote, but the authors' ids are {authors}"  # noqa: PLR2004
        assert not any(event.author.is_self for event in heard), "a person's message is marked is_self"

    @proves("ADP-013")
    async def test_our_own_messages_are_marked_as_such_or_not_reported(self, bench: Bench) -> None:
        """An echo that is taken for a person's message is a loop."""
        await bench.send("said by the hub")
        await asyncio.sleep(SILENCE)
        for event in bench.messages():
            assert event.author.is_self or event.delivery_id is not None, f"our own message came back as {event.author}"

    @proves("ADP-014")
    async def test_edits_are_declared_as_they_are_handed_over(self, bench: Bench) -> None:
        """Both ways round."""
        native_id = (await bench.wrote("ana", "frist")).native_id
        await bench.platform.edit(native_id, "ana", "first")
        if not bench.can.inbound_edit:
            await bench.hears_nothing_like(_is(InboundEdit, native_id), "inbound_edit is not declared")
            return
        event = await bench.heard(_is(InboundEdit, native_id), "the edit")
        assert isinstance(event, InboundEdit)
        _same("the text after the edit", text_of(event), "first")

    @proves("ADP-015")
    async def test_deletions_are_declared_as_they_are_handed_over(self, bench: Bench) -> None:
        """Both ways round."""
        native_id = (await bench.wrote("ana", "oops")).native_id
        await bench.platform.delete(native_id, "ana")
        if bench.can.inbound_delete:
            await bench.heard(_is(InboundDelete, native_id), "the deletion")
        else:
            await bench.hears_nothing_like(_is(InboundDelete, native_id), "inbound_delete is not declared")

    @proves("ADP-016")
    async def test_reactions_are_declared_as_they_are_handed_over(self, bench: Bench) -> None:
        """Both ways round."""
        native_id = (await bench.wrote("ana", "ship it")).native_id
        await bench.platform.react(native_id, "bo", "👍")
        if not bench.can.inbound_reaction:
            await bench.hears_nothing_like(_is(InboundReaction, native_id), "inbound_reaction is not declared")
            return
        event = await bench.heard(_is(InboundReaction, native_id), "the reaction")
        assert isinstance(event, InboundReaction)
        _same("emoji and on", (event.emoji, event.on), ("👍", True))

    @proves("ADP-017")
    async def test_a_message_in_a_thread_names_its_root(self, bench: Bench) -> None:
        """By native id."""
        if not bench.can.supports_threads:
            raise NotApplicable("threads are not declared")
        root = (await bench.wrote("ana", "root")).native_id
        _same("thread of the reply", (await bench.wrote("bo", "in thread", thread=root)).thread, root)

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────

    @proves("ADP-020", "ADP-056")
    async def test_what_is_sent_is_shown_once(self, bench: Bench) -> None:
        """Under the native id that was answered."""
        before = await bench.platform.requests_to_send()
        sent = await bench.send("deploy is done")
        shown = await bench.message(sent.native_id)
        assert "deploy is done" in shown.text, f"sent 'deploy is done', shown {shown.text!r}"
        times = len([one for one in await bench.platform.shown() if "deploy is done" in one.text])
        assert times == 1, f"shown {times} times"
        _same("requests to send", await bench.platform.requests_to_send() - before, 1)

    @proves("ADP-021")
    async def test_the_longest_frame_is_shown_whole(self, bench: Bench) -> None:
        """A limit that is declared too high loses text."""
        for word in ("word", "wörd", "言葉🎉"):
            text = "-".join(f"{word}{n}" for n in range(bench.can.text.max + 1))
            frame = whole_frame(text, bench.can, bench.adapter.dialect(bench.endpoint))
            sent = await bench.adapter.send(msgspec.structs.replace(bench.outgoing("x"), frame=frame))
            shown = (await bench.message(sent.native_id)).text
            missing = [one for one in frame.text.split("-") if one.strip() not in shown]
            size = f"{frame.units} of {bench.can.text.max} {bench.can.text.unit}"
            assert not missing, f"of a frame of {size} is lost: {missing[:3]} … of {frame.text[-40:]!r}"

    @proves("ADP-022")
    async def test_no_text_pings_everyone(self, bench: Bench) -> None:
        """What other platforms write to ping all is only text here."""
        assert bench.can.mention.broadcast is Support.REJECTED
        for text in ("@everyone look", "@here look", "<!channel> look", "<!everyone> look", "@all @channel look"):
            sent = await bench.send(text)
            assert not (await bench.message(sent.native_id)).pings, text

    @proves("ADP-023")
    async def test_the_authors_name_is_shown_where_it_is_declared(self, bench: Bench) -> None:
        """Both ways round."""
        sent = await bench.send("hello")
        author = (await bench.message(sent.native_id)).author
        assert ("Priya" in author) == (bench.can.identity.level >= Support.PARTIAL), f"shown as {author!r}"

    @proves("ADP-024")
    async def test_send_puts_a_message_into_its_thread(self, bench: Bench) -> None:
        """Under a person's message."""
        if not bench.can.supports_threads:
            raise NotApplicable("threads are not declared")
        root = (await bench.wrote("ana", "root")).native_id
        sent = await bench.send("answer", thread=root)
        _same("thread of what is shown", (await bench.message(sent.native_id)).thread, root)

    @proves("ADP-025")
    async def test_send_names_the_message_replied_to(self, bench: Bench) -> None:
        """A person's message."""
        if bench.can.reply < Support.PARTIAL:
            raise NotApplicable("native replies are not declared")
        asked = (await bench.wrote("ana", "who?")).native_id
        sent = await bench.send("me", reply=asked)
        _same("what it replies to", (await bench.message(sent.native_id)).reply, asked)

    @proves("ADP-026")
    async def test_one_key_makes_one_message_where_that_is_declared(self, bench: Bench) -> None:
        """Class A of the delivery promises."""
        if not bench.can.idempotent_send:
            raise NotApplicable("idempotent_send is not declared")
        outgoing = bench.outgoing("only once")
        first = await bench.adapter.send(outgoing)
        assert (await bench.adapter.send(outgoing)).native_id == first.native_id
        assert len([shown for shown in await bench.platform.shown() if "only once" in shown.text]) == 1

    # ── abilities ────────────────────────────────────────────────────────────────────────────────────────────────

    @proves("ADP-030", "ADP-033", "ADP-035", "ADP-037", "ADP-040", "ADP-042")
    async def test_what_is_declared_is_what_there_is(self, bench: Bench) -> None:
        """Both ways round, for every ability."""
        can, has = bench.can, bench.adapter
        pairs = {
            "edit": (can.edit.level >= Support.PARTIAL, isinstance(has, Edits)),
            "delete": (can.delete.level >= Support.PARTIAL, isinstance(has, Deletes)),
            "reaction": (can.reaction.level >= Support.PARTIAL, isinstance(has, Reacts)),
            "history": (can.history, isinstance(has, History)),
            "lookup": (can.lookup, isinstance(has, Looks)),
            "typing": (can.typing >= Support.PARTIAL, isinstance(has, Types)),
        }
        wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        assert not wrong, f"(declared, there): {wrong}"

    @proves("ADP-031")
    async def test_an_edit_replaces_the_text_and_may_be_repeated(self, bench: Bench) -> None:
        """In place: no second message."""
        if not isinstance(bench.adapter, Edits):
            raise NotApplicable("edit is not declared")
        sent = await bench.send("frist")
        for _ in range(2):
            await bench.adapter.edit(bench.ref(sent.native_id), bench.outgoing("first"))
        shown = await bench.message(sent.native_id)
        assert "first" in shown.text
        assert "frist" not in shown.text
        assert len(await bench.platform.shown()) == 1

    @proves("ADP-032")
    async def test_editing_what_is_gone_is_permanent(self, bench: Bench) -> None:
        """So that nobody tries for ever."""
        if not (isinstance(bench.adapter, Edits) and isinstance(bench.adapter, Deletes)):
            raise NotApplicable("edit and delete are not declared")
        sent = await bench.send("soon gone")
        await bench.adapter.delete(bench.ref(sent.native_id))
        error = await _error(bench.adapter.edit(bench.ref(sent.native_id), bench.outgoing("too late")))
        assert isinstance(error, Permanent)
        assert error.code == "part_gone"

    @proves("ADP-034")
    async def test_a_deletion_removes_and_may_be_repeated(self, bench: Bench) -> None:
        """What is gone already is success."""
        if not isinstance(bench.adapter, Deletes):
            raise NotApplicable("delete is not declared")
        sent = await bench.send("oops")
        for _ in range(2):
            await bench.adapter.delete(bench.ref(sent.native_id))
        assert not await bench.platform.shown()

    @proves("ADP-036")
    async def test_a_reaction_is_set_and_taken_back(self, bench: Bench) -> None:
        """Each twice: what is so already is success."""
        if not isinstance(bench.adapter, Reacts):
            raise NotApplicable("reaction is not declared")
        sent = await bench.send("ship it")
        for on in (True, True, False, False):
            await bench.adapter.react(bench.ref(sent.native_id), "👍", on=on)
            shown = await bench.message(sent.native_id)
            assert bool(shown.reactions) == on

    @proves("ADP-038", "ADP-039")
    async def test_history_tells_what_was_missed_under_the_same_ids(self, bench: Bench) -> None:
        """Across pages, and nothing twice behind the new cursor."""
        if not isinstance(bench.adapter, History):
            raise NotApplicable("history is not declared")
        await bench.platform.write("ana", "before")
        begin = await bench.adapter.resync(bench.platform.conversation, None)
        assert begin.events == (), "resync without a cursor tells events"
        assert begin.cursor is not None, "resync without a cursor answers no cursor"
        ids = [await bench.platform.write("ana", f"missed {n}") for n in range(5)]
        found, cursor = await _read_on(bench, bench.adapter, begin.cursor)
        _same("ids from history", [event.native_id for event in found if isinstance(event, InboundMessage)], ids)
        again, _ = await _read_on(bench, bench.adapter, cursor)
        twice = [event for event in again if isinstance(event, InboundMessage)]
        assert not twice, f"history behind its own new cursor tells again: {twice}"

    @proves("ADP-041")
    async def test_look_up_finds_what_was_sent_and_only_that(self, bench: Bench) -> None:
        """By its key."""
        if not isinstance(bench.adapter, Looks):
            raise NotApplicable("lookup is not declared")
        since = self.clock.now() - 60_000
        outgoing = bench.outgoing("did it arrive?")
        assert await bench.adapter.look_up(outgoing, since) is None
        sent = await bench.adapter.send(outgoing)
        found = await bench.adapter.look_up(outgoing, since)
        assert found is not None
        assert found.native_id == sent.native_id

    # ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────

    @proves("ADP-050")
    async def test_a_throttle_names_the_platforms_seconds(self, bench: Bench) -> None:
        """Nobody may call before them."""
        error = await self._failing(bench, Failure.THROTTLED)
        assert isinstance(error, Throttled), repr(error)
        near = abs(error.retry_after - self.throttle_seconds) <= 1
        assert near, f"retry_after={error.retry_after:g}, the platform said {self.throttle_seconds:g}"

    @proves("ADP-051", "ADP-056")
    async def test_a_broken_answer_is_uncertain_and_not_tried_again_inside(self, bench: Bench) -> None:
        """An SDK's own retry posts twice."""
        before = await bench.platform.requests_to_send()
        error = await self._failing(bench, Failure.BROKEN)
        assert isinstance(error, Uncertain), repr(error)
        assert await bench.platform.requests_to_send() <= before + 1

    @proves("ADP-052", "ADP-056")
    async def test_a_lost_answer_is_uncertain_and_not_tried_again_inside(self, bench: Bench) -> None:
        """The message is there, and we do not know it."""
        error = await self._failing(bench, Failure.LOST_ANSWER)
        assert isinstance(error, Uncertain), repr(error)
        assert len(await bench.platform.shown()) <= 1

    @proves("ADP-053")
    async def test_no_connection_is_certainly_not_dispatched(self, bench: Bench) -> None:
        """So that it may be tried again without looking."""
        error = await self._failing(bench, Failure.NO_CONNECTION)
        assert isinstance(error, NotDispatched), repr(error)

    @proves("ADP-054")
    async def test_a_refused_credential_stops_the_channel(self, bench: Bench) -> None:
        """Ten thousand refused calls in ten minutes are a ban."""
        error = await self._failing(bench, Failure.BAD_CREDENTIAL)
        assert isinstance(error, Permanent), repr(error)
        assert error.stops_channel

    @proves("ADP-055")
    async def test_an_unknown_conversation_stops_only_itself(self, bench: Bench) -> None:
        """Other conversations of the channel go on."""
        error = await self._failing(bench, Failure.UNKNOWN_CONVERSATION)
        assert isinstance(error, Permanent), repr(error)
        assert not error.stops_channel

    async def _failing(self, bench: Bench, failure: Failure) -> DeliveryError:
        await bench.platform.fail_next(failure)
        return await _error(bench.send("will it arrive?"), f" after {failure}")

    # ── capabilities ─────────────────────────────────────────────────────────────────────────────────────────────

    @proves("ADP-060", "ADP-061")
    async def test_capabilities_are_steady_and_name_the_dialect(self, bench: Bench) -> None:
        """Frames are stored under their fingerprint."""
        assert bench.can.fingerprint == bench.can.fingerprint
        assert bench.adapter.dialect(bench.endpoint).name == bench.can.dialect


def _same(what: str, found: object, wanted: object) -> None:
    assert found == wanted, f"{what}: {found!r}, and should be {wanted!r}"


def _is(kind: type[InboundEvent], native_id: str) -> Callable[[InboundEvent], bool]:
    return lambda event: isinstance(event, kind) and event.native_id == native_id


async def _read_on(bench: Bench, adapter: History, cursor: str | None) -> tuple[list[InboundEvent], str | None]:
    events: list[InboundEvent] = []
    for _ in range(50):
        page = await adapter.resync(bench.platform.conversation, cursor)
        events += page.events
        cursor = page.cursor
        if not page.more:
            return events, cursor
    raise AssertionError("resync says 'more' for ever")


async def _error(call: Awaitable[object], when: str = "") -> DeliveryError:
    try:
        await call
    except DeliveryError as error:
        return error
    raise AssertionError(f"the call should have raised a DeliveryError{when}, but succeeded")


# ── both directions ──────────────────────────────────────────────────────────────────────────────────────────────────


def tests_of(contract: type[AdapterContract]) -> Mapping[str, tuple[str, ...]]:
    """Names of a contract's tests and the requirements each proves, in order of writing."""
    names = [name for kind in reversed(contract.__mro__) for name in vars(kind) if name.startswith("test_")]
    return {name: getattr(getattr(contract, name), "requirements", ()) for name in dict.fromkeys(names)}


def table_faults(contract: type[AdapterContract] = AdapterContract) -> list[str]:
    """What does not fit between the table of requirements and a contract's tests; empty: all is well."""
    tests = tests_of(contract)
    named = {one for ids in tests.values() for one in ids}
    faults = [f"{one.id} is proved by no test" for one in REQUIREMENTS if one.id not in named]
    faults += [
        f"{name} names the unknown requirement {one}" for name, ids in tests.items() for one in ids if one not in BY_ID
    ]
    faults += [f"{name} names no requirement" for name, ids in tests.items() if not ids]
    faults += [f"the exception {one} is no requirement" for one in contract.exceptions if one not in BY_ID]
    return faults
