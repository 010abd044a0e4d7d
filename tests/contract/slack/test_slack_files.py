"""Files out: streamed, shown once under their author's name, found again (Slack, "Working with files")."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.contract.slack.slack_files_making import carrying, fetched, file
from tests.contract.slack.slack_making import RushedClock, connected, make, outgoing, part
from tests.services import emulate_slack, local_slack
from tests.services.local_slack import LocalSlack
from tests.services.scripted_slack import GENERAL, Lose, Reply, ScriptedSlack, scripted
from tests.services.slack_session import RecordingSession
from tieline.errors import NotDispatched, Permanent, Throttled, Uncertain
from tieline.model.capabilities import Support
from tieline.model.delivery import Endpoint
from tieline.model.inbound import InboundMessage
from tieline.ports.adapter import OutgoingFile
from tieline_slack.adapter import SlackAdapter

COMPLETE = "files.completeUploadExternal"
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


async def test_our_own_message_coming_by_tells_where_the_files_are(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    fake.shown_after = -1
    sent = await adapter.send(carrying(file("a.txt", b"abc")))
    assert sent.native_id == "file:F001"
    message = fake.channels[GENERAL][-1]
    event = {"type": "event_callback", "team_id": "T01", "event": {**message, "channel": GENERAL}}
    await fake.deliver(event)
    await fake.until_acks(1)
    await adapter.react(part(sent.native_id), "👍", on=True)
    assert fake.called("reactions.add")[0]["timestamp"] == message["ts"]


async def test_what_cannot_be_deleted_of_a_file_does_not_bring_its_message_back(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    sent = await adapter.send(carrying(file("a.txt", b"abc")))
    fake.script("files.delete", Reply.error("cant_delete_file"))
    await adapter.delete(part(sent.native_id))
    assert fake.channels[GENERAL] == []
    fake.script("files.delete", Reply.error("missing_scope"))
    with pytest.raises(Permanent) as failed:
        await adapter.delete(part("file:F001"))
    assert not failed.value.stops_channel


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
