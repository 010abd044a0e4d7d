"""The part of the contract for what only some platforms have: files, buttons, direct messages, a survey.

Rule: each requirement concerns an adapter only where it is declared, or where the ability is there; what people see of
it the stand-in tells through a small protocol of its own, and without that the requirement does not apply.
Next stop: :mod:`tieline.testing.contract`, whose part this is.
"""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from tieline.model.actions import Action
from tieline.model.attachments import FileSource
from tieline.model.capabilities import Support
from tieline.model.delivery import Endpoint, FrameFile, Part, PartDirection
from tieline.model.inbound import InboundEvent, InboundMessage
from tieline.ports.abilities import Directs, Fetches, Reacts, Surveys
from tieline.ports.adapter import Outgoing, OutgoingFile
from tieline.testing.bench import Bench, NotApplicable, ShownMessage
from tieline.testing.tying import Provable, proves

BYTES = bytes(range(256)) * 40
"""What a file of these tests holds: every byte there is, in more than one piece of most readers."""


@runtime_checkable
class ShowsFiles(Protocol):
    """A platform that shows files."""

    async def files_shown(self, native_id: str) -> Sequence[tuple[str, int]]:
        """Name and size in bytes of the files that people see at a message, in order."""
        ...


@runtime_checkable
class ShowsButtons(Protocol):
    """A platform that shows buttons."""

    async def buttons_shown(self, native_id: str) -> Sequence[str]:
        """What pressing each button of a message would bring back (``ack:msg_…``), in order."""
        ...


@runtime_checkable
class ShowsDirect(Protocol):
    """A platform on which one person can be written to."""

    def person(self, who: str) -> str:
        """Somebody's native id."""
        ...

    async def shown_to(self, who: str) -> Sequence[ShownMessage]:
        """What they see in their direct conversation with us, oldest first."""
        ...


@runtime_checkable
class SharesFiles(Protocol):
    """A platform on which people share files."""

    async def share(self, who: str, name: str, data: bytes) -> str | None:
        """Somebody shares a file in the conversation; answers the message's native id, as ``write`` does."""
        ...


class AbleContract:
    """Inherited by every contract."""

    @proves("ADP-070", "ADP-071")
    async def test_files_are_shown_whole_as_many_in_a_message_as_declared(self: Provable, bench: Bench) -> None:
        """With text, where that is declared."""
        can = bench.can.attachment
        if can.level < Support.PARTIAL:
            raise NotApplicable("attachment is not declared")
        if can.needs_public_url:
            raise NotApplicable("the platform fetches files from the hub's public address")
        platform = bench.platform
        if not isinstance(platform, ShowsFiles):
            raise NotApplicable("the stand-in has no files_shown()")
        files = tuple(_file(number, can.by_mime) for number in range(can.per_message))
        sent = await bench.adapter.send(_with_files(bench, "have a look" if can.with_text else "", files))
        shown, wanted = list(await platform.files_shown(sent.native_id)), [(file.name, file.size) for file in files]
        assert shown == wanted, f"files shown: {shown}, and should be {wanted}"
        if can.with_text:
            text = (await bench.message(sent.native_id)).text
            assert "have a look" in text, f"with_text is declared, but the text beside the files is {text!r}"

    @proves("ADP-072")
    async def test_actions_are_shown_as_buttons(self: Provable, bench: Bench) -> None:
        """In order, below the text, each bringing back its own value."""
        if bench.can.buttons < Support.PARTIAL:
            raise NotApplicable("buttons are not declared")
        platform = bench.platform
        if not isinstance(platform, ShowsButtons):
            raise NotApplicable("the stand-in has no buttons_shown()")
        actions = (
            Action(name="ack", label="Acknowledge", target="msg_1"),
            Action(name="ack", label="Later", target="msg_2"),
        )
        outgoing = bench.outgoing("the disk is full")
        frame = msgspec.structs.replace(outgoing.frame, actions=actions)
        sent = await bench.adapter.send(msgspec.structs.replace(outgoing, frame=frame))
        shown, wanted = list(await platform.buttons_shown(sent.native_id)), [action.value for action in actions]
        assert shown == wanted, f"buttons bring back {shown}, and should {wanted}"
        assert "the disk is full" in (await bench.message(sent.native_id)).text, "the text above the buttons is lost"

    @proves("ADP-073", "ADP-075")
    async def test_what_people_and_files_need_is_declared_as_it_is(self: Provable, bench: Bench) -> None:
        """Both ways round."""
        can, has = bench.can, bench.adapter
        pairs = {
            "direct": (can.direct >= Support.PARTIAL, isinstance(has, Directs)),
            "inbound_attachment": (can.inbound_attachment, isinstance(has, Fetches)),
        }
        wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        assert not wrong, f"(declared, there): {wrong}"

    @proves("ADP-074")
    async def test_a_person_is_written_to_alone(self: Provable, bench: Bench) -> None:
        """In the same conversation each time, which others do not see."""
        if not isinstance(bench.adapter, Directs):
            raise NotApplicable("the adapter has no direct()")
        platform = bench.platform
        if not isinstance(platform, ShowsDirect):
            raise NotApplicable("the stand-in has no person() and shown_to()")
        conversation = await bench.adapter.direct(platform.person("ana"))
        again, other = (
            await bench.adapter.direct(platform.person("ana")),
            await bench.adapter.direct(platform.person("bo")),
        )
        assert again == conversation, f"direct answers {conversation!r}, and when it is asked again {again!r}"
        assert other != conversation, f"ana and bo share the direct conversation {other!r}"
        await bench.send("for you alone", endpoint=Endpoint(channel="test", conversation=conversation))
        assert ["for you alone" in one.text for one in await platform.shown_to("ana")] == [True]
        seen = [*await platform.shown_to("bo"), *await bench.platform.shown()]
        assert not [one for one in seen if "for you alone" in one.text], "others see what was sent to ana"

    @proves("ADP-076")
    async def test_a_file_is_fetched_as_it_was_shared(self: Provable, bench: Bench) -> None:
        """Byte for byte, and again when it is asked for again."""
        if not isinstance(bench.adapter, Fetches):
            raise NotApplicable("the adapter has no fetch()")
        platform = bench.platform
        if not isinstance(platform, SharesFiles):
            raise NotApplicable("the stand-in has no share()")
        native_id = await platform.share("ana", "plan.bin", BYTES)
        event = await bench.heard(lambda event: _has_file(event, native_id), "a message with the file 'plan.bin'")
        assert isinstance(event, InboundMessage)
        place = {"channel": "test", "conversation": event.conversation, "native_id": event.native_id}
        for _ in range(2):
            pieces = bench.adapter.fetch(FileSource(**place, file=event.files[0]))
            fetched = b"".join([piece async for piece in pieces])
            assert fetched == BYTES, f"{len(fetched)} bytes were fetched, not the {len(BYTES)} that were shared"

    @proves("ADP-077")
    async def test_a_survey_tells_what_is_there_and_who_reacted(self: Provable, bench: Bench) -> None:
        """People's and our own messages, threads too; what was deleted is left out, and so are our own reactions."""
        if not isinstance(bench.adapter, Surveys):
            raise NotApplicable("the adapter has no survey()")
        kept, gone = [await bench.wrote("ana", text) for text in ("kept", "gone")]
        bo = await bench.wrote("bo", "kept too", thread=kept.native_id if bench.can.supports_threads else None)
        ours = await bench.send("kept, of ours")
        if isinstance(bench.adapter, Reacts):
            await bench.adapter.react(bench.ref(kept.native_id), "🎉", on=True)
        await bench.platform.react(kept.native_id, "bo", "👍")
        await bench.platform.delete(gone.native_id, "ana")
        parts = [bench.ref(ours.native_id).part, _part(bench, bo), _part(bench, gone), _part(bench, kept)]
        found = await bench.adapter.survey(bench.platform.conversation, parts)
        states = {state.native_id: [(emoji, who.native_id) for emoji, who in state.reactions] for state in found}
        there = {kept.native_id: [("👍", bo.author.native_id)], bo.native_id: [], ours.native_id: []}
        assert states == there, f"the survey tells {states}, and should {there}"


def _file(number: int, by_mime: tuple[str, ...] | None) -> OutgoingFile:
    mime = (by_mime or ("text/plain",))[0].replace("*", "png")
    name = f"file-{number}{mimetypes.guess_extension(mime) or ''}"
    data = BYTES[number:]

    async def read() -> AsyncIterator[bytes]:
        yield data[:1000]
        yield data[1000:]

    return OutgoingFile(name=name, mime=mime, size=len(data), alt=f"file number {number}", read=read)


def _with_files(bench: Bench, text: str, files: tuple[OutgoingFile, ...]) -> Outgoing:
    outgoing = bench.outgoing(text or "x", files=files)
    named = tuple(
        FrameFile(id=file.name, name=file.name, mime=file.mime, size=file.size, alt=file.alt) for file in files
    )
    changes: dict[str, Any] = {"files": named, **({} if text else {"text": "", "units": 0})}
    return msgspec.structs.replace(outgoing, frame=msgspec.structs.replace(outgoing.frame, **changes))


def _has_file(event: InboundEvent, native_id: str | None) -> bool:
    if not isinstance(event, InboundMessage) or native_id not in {None, event.native_id}:
        return False
    return [file.name for file in event.files] == ["plan.bin"]


def _part(bench: Bench, event: InboundMessage) -> Part:
    """A person's message as the hub knows it."""
    part = bench.ref(event.native_id).part
    author, thread = event.author.native_id, event.thread
    return msgspec.structs.replace(part, direction=PartDirection.IN, author_native=author, thread_native=thread)
