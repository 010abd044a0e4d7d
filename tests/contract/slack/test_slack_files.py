"""Files both ways: streamed, shown once, found again; and what cannot be had is said (Slack, "Working with files")."""

import gc
import hashlib
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.contract.slack.slack_making import RushedClock, connected, make, outgoing, part
from tests.services import emulate_slack, local_slack
from tests.services.local_slack import LocalSlack
from tests.services.scripted_slack import GENERAL, Lose, Reply, ScriptedSlack, scripted
from tests.services.slack_session import RecordingSession, plain_text
from tieline.errors import NotDispatched, Permanent, Throttled, Uncertain
from tieline.model.attachments import FileSource, NativeFile
from tieline.model.capabilities import Support
from tieline.model.delivery import Endpoint, Frame, FrameFile
from tieline.model.inbound import InboundMessage
from tieline.ports.abilities import Fetches
from tieline.ports.adapter import Outgoing, OutgoingFile
from tieline_slack import files, inbound
from tieline_slack.adapter import SlackAdapter

COMPLETE = "files.completeUploadExternal"
ME = inbound.Me(user_id="U0BOT", bot_id="B0BOT")
ENDPOINT = Endpoint(channel="team-slack", conversation=GENERAL)


@pytest.fixture
async def fake() -> AsyncIterator[ScriptedSlack]:
    async with scripted() as slack:
        yield slack


@pytest.fixture
def clock() -> RushedClock:
    return RushedClock()


@pytest.fixture
async def adapter(fake: ScriptedSlack, clock: RushedClock) -> AsyncIterator[SlackAdapter]:
    async with connected(make(fake.settings, clock=clock), RecordingSession()) as made:
        yield made


def file(name: str, data: bytes, *, alt: str = "", size: int | None = None) -> OutgoingFile:
    async def read() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 7):
            yield data[start : start + 7]

    return OutgoingFile(name=name, mime="text/plain", size=len(data) if size is None else size, alt=alt, read=read)


def carrying(*attached: OutgoingFile, key: str = "dlv_1:500", **more: Any) -> Outgoing:
    frames = tuple(
        FrameFile(id=f"att_{at}", name=one.name, mime=one.mime, size=one.size) for at, one in enumerate(attached)
    )
    made = outgoing("", key=key, **more)
    frame = Frame(text="", index=500, total=1, units=0, files=frames)
    return msgspec.structs.replace(made, frame=frame, files=attached)


async def fetched(adapter: SlackAdapter, one: NativeFile) -> bytes:
    source = FileSource(channel="team-slack", conversation=GENERAL, native_id="1.1", file=one)
    return b"".join([piece async for piece in adapter.fetch(source)])


# ── out ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_files_go_out_in_one_message_under_their_authors_name(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    root = fake.put("root")
    sent = await adapter.send(
        carrying(file("plan.txt", b"the plan", alt="A plan"), file("b.bin", b"\x00" * 20), thread=root["ts"])
    )
    message = fake.channels[GENERAL][-1]
    assert sent.native_id == message["ts"] and sent.thread == root["ts"]
    assert sent.url is not None and message["ts"].replace(".", "") in sent.url
    assert [one["name"] for one in message["files"]] == ["plan.txt", "b.bin"]
    assert (message["username"], message["thread_ts"], message["text"]) == ("Priya", root["ts"], "")
    assert [held.data for held in fake.files.values()] == [b"the plan", b"\x00" * 20]
    assert fake.files["F001"].alt == "A plan"
    assert all(headers["Content-Length"] in {"8", "20"} for headers in fake.posted_to)
    assert all("Authorization" not in headers for headers in fake.posted_to), "the token goes to the Web API alone"
    assert "initial_comment" not in fake.called(COMPLETE)[0]


async def test_a_share_that_slack_tells_late_is_waited_for_in_short_steps(
    fake: ScriptedSlack, adapter: SlackAdapter, clock: RushedClock
) -> None:
    fake.shown_after = 3
    sent = await adapter.send(carrying(file("a.txt", b"late")))
    assert sent.native_id == fake.channels[GENERAL][-1]["ts"]
    assert clock.slept and max(clock.slept) <= 1.0


async def test_a_share_that_slack_never_tells_leaves_the_files_id_which_can_be_deleted(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    fake.shown_after = -1
    sent = await adapter.send(carrying(file("a.txt", b"never"), file("b.txt", b"never")))
    assert sent.native_id == "file:F001,F002" and sent.thread is None
    await adapter.delete(part(sent.native_id))
    await adapter.delete(part(sent.native_id))
    assert fake.files["F001"].is_deleted and fake.files["F002"].is_deleted


async def test_a_thread_on_a_files_id_is_found_when_slack_has_told_it(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    fake.shown_after = -1
    sent = await adapter.send(carrying(file("a.txt", b"never")))
    root = fake.channels[GENERAL][-1]["ts"]
    await adapter.send(outgoing("outside", thread=sent.native_id))
    assert "thread_ts" not in fake.channels[GENERAL][-1]
    fake._waits["F001"] = 0
    await adapter.send(outgoing("inside", thread=sent.native_id))
    assert fake.channels[GENERAL][-1]["thread_ts"] == root
    await adapter.react(part(sent.native_id), "👍", on=True)
    assert fake.called("reactions.add")[0]["timestamp"] == root


async def test_deleting_a_message_of_files_removes_the_files_too(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    sent = await adapter.send(carrying(file("a.txt", b"secret")))
    await adapter.delete(part(sent.native_id))
    assert fake.channels[GENERAL] == [] and fake.files["F001"].is_deleted
    await adapter.delete(part(sent.native_id))


async def test_an_edit_leaves_files_as_they_are(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    sent = await adapter.send(carrying(file("a.txt", b"x")))
    await adapter.edit(part(sent.native_id), carrying(file("a.txt", b"x")))
    assert fake.called("chat.update") == []


@pytest.mark.parametrize(
    ("method", "reply", "kind"),
    [
        ("files.getUploadURLExternal", Reply(500, b"oops"), NotDispatched),
        ("files.getUploadURLExternal", Lose(), NotDispatched),
        ("files.getUploadURLExternal", Reply.error("file_upload_size_restricted"), Permanent),
        ("files.getUploadURLExternal", Reply(429, b"{}", {"Retry-After": "7"}), Throttled),
        (COMPLETE, Reply(500, b"oops"), Uncertain),
        (COMPLETE, Lose(), Uncertain),
        (COMPLETE, Reply.error("not_in_channel"), Permanent),
    ],
)
async def test_only_the_last_step_leaves_a_doubt(
    fake: ScriptedSlack, adapter: SlackAdapter, method: str, reply: Any, kind: type[Exception]
) -> None:
    fake.script(method, reply)
    with pytest.raises(kind):
        await adapter.send(carrying(file("a.txt", b"abc")))


async def test_a_workspace_that_did_not_grant_files_write_is_told_and_goes_on_otherwise(fake: ScriptedSlack) -> None:
    fake.scopes = "chat:write,chat:write.customize"
    async with connected(make(fake.settings), RecordingSession()) as adapter:
        assert adapter.capabilities(ENDPOINT).attachment.level is Support.REJECTED
        fake.script("files.getUploadURLExternal", Reply.error("missing_scope", needed="files:write"))
        with pytest.raises(Permanent) as failed:
            await adapter.send(carrying(file("a.txt", b"abc")))
    assert not failed.value.stops_channel and "files:write" in failed.value.fix


async def test_an_upload_address_that_is_not_slacks_gets_no_bytes(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    for url in (
        "https://slack.com.example.org/up",
        "http://files.slack.com/up",
        "https://a@files.slack.com/",
        "ftp://[",
        "",
    ):
        answer = Reply(body=msgspec.json.encode({"ok": True, "upload_url": url, "file_id": "F9"}))
        fake.script("files.getUploadURLExternal", msgspec_typed(answer))
        with pytest.raises(NotDispatched) as failed:
            await adapter.send(carrying(file("a.txt", b"abc")))
        assert failed.value.code == "bad_upload_url"
    assert fake.posted_to == [] and fake.called(COMPLETE) == []


def msgspec_typed(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body, {"Content-Type": "application/json"})


@pytest.mark.parametrize("size", [2, 90])
async def test_a_file_of_another_size_than_said_is_not_shown(
    fake: ScriptedSlack, adapter: SlackAdapter, size: int
) -> None:
    with pytest.raises(Permanent) as failed:
        await adapter.send(carrying(file("a.txt", b"abc" * 10, size=size)))
    assert failed.value.code == "file_changed" and fake.called(COMPLETE) == []


async def test_what_the_hubs_file_store_says_comes_through(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    async def read() -> AsyncIterator[bytes]:
        yield b"abc"
        raise NotDispatched("files_down", "the file store does not answer")

    broken = OutgoingFile(name="a.txt", mime="text/plain", size=9, alt="", read=read)
    with pytest.raises(NotDispatched) as failed:
        await adapter.send(carrying(broken))
    assert failed.value.code == "files_down" and fake.called(COMPLETE) == []


# ── found again ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_uncertain_upload_is_found_by_its_own_ids(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    await adapter.send(carrying(file("a.txt", b"same"), key="dlv_0:500"))
    message = carrying(file("a.txt", b"same"))
    fake.script(COMPLETE, Lose())
    with pytest.raises(Uncertain):
        await adapter.send(message)
    found = await adapter.look_up(message, 0)
    assert found is not None and found.native_id == fake.channels[GENERAL][-1]["ts"]
    assert len(fake.channels[GENERAL]) == 2


async def test_an_upload_that_was_not_completed_is_not_found(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    message = carrying(file("a.txt", b"abc"))
    fake.script(COMPLETE, Reply(500, b"oops"))
    with pytest.raises(Uncertain):
        await adapter.send(message)
    assert await adapter.look_up(message, 0) is None


async def test_a_file_that_slack_never_shows_is_removed_before_it_may_be_sent_anew(fake: ScriptedSlack) -> None:
    clock = AheadClock()
    async with connected(make(fake.settings, clock=clock), RecordingSession()) as adapter:
        fake.shown_after = -1
        message = carrying(file("a.txt", b"abc"))
        fake.script(COMPLETE, Lose())
        with pytest.raises(Uncertain):
            await adapter.send(message)
        with pytest.raises(Uncertain):
            await adapter.look_up(message, 0)
        clock.ahead = 60_000
        assert await adapter.look_up(message, 0) is None
    assert fake.files["F001"].is_deleted


class AheadClock(RushedClock):
    """A clock that can be put forward, in milliseconds."""

    ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead


async def test_after_a_restart_an_upload_is_found_by_names_and_sizes(fake: ScriptedSlack) -> None:
    message = carrying(file("a.txt", b"abc"), file("b.txt", b"12345"))
    async with connected(make(fake.settings), RecordingSession()) as before:
        fake.script(COMPLETE, Lose())
        with pytest.raises(Uncertain):
            await before.send(message)
    fake.put("", files=[fake.share_file("a.txt", b"abc"), fake.share_file("b.txt", b"12345")])  # alice's, not ours
    async with connected(make(fake.settings), RecordingSession()) as after:
        found = await after.look_up(message, 0)
        assert found is not None and found.native_id == fake.channels[GENERAL][0]["ts"]
        assert await after.look_up(carrying(file("a.txt", b"abcd"), key="dlv_2:500"), 0) is None


# ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def shared(*objects: dict[str, Any], text: str = "") -> InboundMessage:
    event = {"type": "message", "subtype": "file_share", "channel": "C1", "user": "U1", "ts": "1.1", "text": text}
    read = inbound.read({**event, "files": list(objects)}, ME, {})
    assert isinstance(read, InboundMessage)
    return read


def test_a_message_of_files_alone_says_nothing_and_carries_them() -> None:
    hosted = {"id": "F1", "name": "a\nb.png", "mimetype": "image/png", "size": 7, "alt_txt": "A cat", "mode": "hosted"}
    read = shared(
        {**hosted, "url_private": "https://files.slack.com/x", "url_private_download": "https://files.slack.com/d"}
    )
    assert read.content.blocks == ()
    assert read.files == (
        NativeFile(id="F1", name="a b.png", mime="image/png", size=7, url="https://files.slack.com/d", alt="A cat"),
    )


def test_a_file_that_must_be_asked_for_has_no_address_yet() -> None:
    read = shared({"id": "F1", "mode": "file_access", "file_access": "check_file_info", "user": None})
    assert read.files == (NativeFile(id="F1", name="file"),)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (
            {"mode": "external", "is_external": True, "external_url": "https://docs.example.org/1"},
            "stored outside Slack",
        ),
        ({"mode": "tombstone"}, "deleted"),
        ({"mode": "hidden_by_limit"}, "hidden by the limit of the workspace's plan"),
        ({"mode": "quip"}, "a canvas, to be read in Slack"),
        ({"mode": "file_access", "file_access": "access_denied"}, "the app may not see it"),
    ],
)
def test_a_file_that_cannot_be_had_is_a_line_with_its_address(held: dict[str, Any], said: str) -> None:
    read = shared({"id": "F1", "name": "plan", "permalink": "https://acme.slack.com/files/1", **held}, text="see")
    assert read.files == ()
    assert plain_text(read.content) == f"see\n\n[plan (https://acme.slack.com/files/1): {said}]"


def test_hosts_that_only_look_like_slacks_are_not() -> None:
    good = (
        "https://files.slack.com/a",
        "https://acme.slack.com/b",
        "https://slack.com/c",
        "https://FILES.slack.com:443/",
    )
    bad = (
        "http://files.slack.com/",
        "https://files.slack.com:8443/",
        "https://slack.com.evil.org/",
        "https://evilslack.com/",
        "https://files.slack.com@evil.org/",
        "https://evil.org/files.slack.com",
        "https://[::1",
        "file:///etc/passwd",
        "",
    )
    assert all(files.is_slacks(url) for url in good)
    assert not any(files.is_slacks(url) for url in bad)


def held_by(fake: ScriptedSlack, data: bytes = b"hello", **more: Any) -> NativeFile:
    return files.native(fake.share_file("notes.txt", data, **more))


async def test_a_file_is_fetched_with_the_bots_token(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    assert isinstance(adapter, Fetches)
    assert await fetched(adapter, held_by(fake)) == b"hello"
    assert fake.fetched_with == ["Bearer xoxb-1"] and fake.called("files.info") == []


async def test_an_address_that_is_gone_or_missing_is_asked_for_anew(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    held = held_by(fake)
    stale = f"{fake.url}/files-pri/old/download/notes.txt"
    fake.gone_addresses.add("old")
    assert await fetched(adapter, msgspec.structs.replace(held, url=stale)) == b"hello"
    assert await fetched(adapter, msgspec.structs.replace(held, url=None)) == b"hello"
    assert len(fake.called("files.info")) == 2


async def test_an_address_elsewhere_gets_no_token(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    held = msgspec.structs.replace(held_by(fake), url="https://files.slack.com.evil.example/x")
    assert await fetched(adapter, held) == b"hello", "the address is asked for anew"
    assert len(fake.fetched_with) == 1


@pytest.mark.parametrize("mime", ["text/plain", "text/html"])
async def test_slacks_page_to_sign_in_is_never_the_file(fake: ScriptedSlack, adapter: SlackAdapter, mime: str) -> None:
    fake.may_read_files = False
    held = held_by(fake, mime=mime)
    with pytest.raises(Permanent) as failed:
        await fetched(adapter, held)
    assert failed.value.code == "unexpected_type" and "files:read" in failed.value.fix
    fake.script("files.info", Reply.error("missing_scope", needed="files:read"))
    with pytest.raises(Permanent) as failed:
        await fetched(adapter, msgspec.structs.replace(held, url=None))
    assert failed.value.code == "missing_scope" and not failed.value.stops_channel and "files:read" in failed.value.fix


async def test_an_html_file_that_is_one_is_fetched(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    assert await fetched(adapter, held_by(fake, b"<p>hi</p>", mime="text/html")) == b"<p>hi</p>"


async def test_what_slack_does_not_give_out_is_said(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    held = msgspec.structs.replace(held_by(fake, mode="tombstone"), url=None)
    with pytest.raises(Permanent) as failed:
        await fetched(adapter, held)
    assert failed.value.code == "file_not_given" and "deleted" in failed.value.detail
    with pytest.raises(Permanent):
        await fetched(adapter, NativeFile(id="F999"))
    fake.script("files.info", Reply(500, b"oops"))
    with pytest.raises(NotDispatched):
        await fetched(adapter, held)


# ── third parties' Slacks ────────────────────────────────────────────────────────────────────────────────────────────


async def test_files_cross_a_third_partys_slack_both_ways(slack: LocalSlack) -> None:
    session = RecordingSession()
    async with connected(make(slack.settings), session) as adapter:
        await slack.upload("notes.txt", b"hello", text="")
        (event,) = await session.events(1)
        assert isinstance(event, InboundMessage)
        assert await fetched(adapter, event.files[0]) == b"hello"
        assert await fetched(adapter, msgspec.structs.replace(event.files[0], url=None)) == b"hello"
        sent = await adapter.send(
            carrying(file("plan.txt", b"the plan", alt="A plan"), conversation=local_slack.GENERAL)
        )
        message = (await slack.messages())[-1]
        assert message["ts"] == sent.native_id
        assert [(one["name"], one["size"]) for one in message["files"]] == [("plan.txt", 8)]
        await adapter.delete(part(sent.native_id, conversation=local_slack.GENERAL))
    assert [one["ts"] for one in await slack.messages()] == [event.native_id]


async def test_files_cross_the_strict_web_api(tmp_path: Path) -> None:
    async with (
        emulate_slack.running() as slack,
        connected(make(slack.settings), RecordingSession()) as adapter,
    ):
        room = await slack.channel("room")
        sent = await adapter.send(carrying(file("plan.txt", b"the plan"), conversation=room))
        history = (await slack.alice("conversations.history", channel=room))["messages"]
    assert any(one["ts"] == sent.native_id for one in history)


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────────

BIG = 50_000_000


def big(sizes: Sequence[int] = (BIG,)) -> OutgoingFile:
    piece = bytes(range(256)) * 256

    async def read() -> AsyncIterator[bytes]:
        left = sizes[0]
        while left > 0:
            yield piece[: min(left, len(piece))]
            left -= len(piece)

    return OutgoingFile(name="big.bin", mime="application/octet-stream", size=sizes[0], alt="", read=read)


async def test_complaint_11_big_files_are_streamed(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    """channels.md 11 (matterbridge#984): fifty megabytes pass through, a few stay."""
    await adapter.send(carrying(big((100_000,)), key="dlv_0:500"))
    gc.collect()
    tracemalloc.start()
    try:
        await adapter.send(carrying(big()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    expected = hashlib.sha256(b"".join([piece async for piece in big().read()])).hexdigest()
    assert fake.files["F002"].sha256 == expected
    assert peak < 8_000_000
