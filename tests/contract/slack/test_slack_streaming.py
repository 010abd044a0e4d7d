"""Growing texts: as Slack's streams where the channel allows it, else by edits. Against a scripted workspace of our own.

No third party's stand-in has streams; what ours does is docs.slack.dev's `chat.startStream`, `appendStream`, `stopStream`.
"""

from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.contract.slack.slack_making import connected, make, outgoing, part
from tests.services.scripted_slack import GENERAL, Json, Lose, Reply, scripted
from tests.services.scripted_slack_more import PressedSlack
from tests.services.slack_session import RecordingSession
from tieline.errors import Throttled, Uncertain
from tieline.model.actions import Action
from tieline.model.capabilities import Support
from tieline.ports.adapter import Outgoing
from tieline_slack.adapter import SlackAdapter


class Thread:
    """A thread that alice began, and the adapter with streams allowed."""

    def __init__(self, slack: PressedSlack, adapter: SlackAdapter, root: Json) -> None:
        self.slack, self.adapter, self.root = slack, adapter, root

    def growing(self, text: str, *, streaming: bool = True, thread: bool = True) -> Outgoing:
        sent = outgoing(text, thread=self.root["ts"] if thread else None)
        return msgspec.structs.replace(sent, streaming=streaming)

    async def begin(self, text: str) -> str:
        return (await self.adapter.send(self.growing(text))).native_id

    async def grow(self, ts: str, text: str, *, streaming: bool = True) -> None:
        await self.adapter.edit(part(ts), self.growing(text, streaming=streaming))

    def said(self, ts: str) -> str:
        return next(str(row["text"]) for row in self.slack.channels[GENERAL] if row["ts"] == ts)

    @property
    def methods(self) -> list[str]:
        return [method.removeprefix("chat.") for method, _ in self.slack.calls if method.startswith("chat.")]


@pytest.fixture
async def thread() -> AsyncIterator[Thread]:
    session = RecordingSession()
    async with scripted(PressedSlack()) as slack:
        assert isinstance(slack, PressedSlack)
        async with connected(make({**slack.settings, "streaming": True}), session) as adapter:
            await slack.until_sockets(1)
            root = slack.put("what is new?")
            event = {**root, "channel": GENERAL}
            await slack.deliver({"type": "event_callback", "team_id": "T01", "event_id": "Ev1", "event": event})
            await session.events(1)
            yield Thread(slack, adapter, root)


async def test_a_growing_text_is_a_stream_that_ends_with_our_key(thread: Thread) -> None:
    ts = await thread.begin("Hello")
    await thread.grow(ts, "Hello, *Alice*")
    await thread.grow(ts, "Hello, *Alice*. All is well.", streaming=False)
    assert thread.methods == ["startStream", "appendStream", "stopStream"]
    (start,) = thread.slack.called("chat.startStream")
    assert (start["recipient_user_id"], start["recipient_team_id"]) == ("U01ALICE", "T01")
    assert (start["thread_ts"], start["username"]) == (thread.root["ts"], "Priya")
    assert "metadata" not in start, "Slack takes none at the start"
    (stop,) = thread.slack.called("chat.stopStream")
    assert stop["metadata"]["event_payload"] == {"key": "dlv_1:0", "delivery": "dlv_1"}
    assert thread.said(ts) == "Hello, **Alice**. All is well."


async def test_a_text_that_does_not_continue_ends_the_stream_and_is_edited(thread: Thread) -> None:
    ts = await thread.begin("Hello")
    await thread.grow(ts, "Good day")
    await thread.grow(ts, "Good day, Alice", streaming=False)
    assert thread.methods == ["startStream", "stopStream", "update", "update"]
    assert thread.said(ts) == "Good day, Alice"


@pytest.mark.parametrize("text", ["ask <@U02BOB>", "see @here", "say &lt;!channel&gt;", "for &lt;@U02BOB&gt;"])
async def test_what_might_ping_is_never_streamed(thread: Thread, text: str) -> None:
    """Law 6: `markdown_text` has no `parse: none`."""
    await thread.begin(text)
    ts = await thread.begin("Hello")
    await thread.grow(ts, f"Hello {text}")
    assert thread.methods == ["postMessage", "startStream", "stopStream", "update"]


async def test_outside_a_known_thread_it_is_posted_and_edited(thread: Thread) -> None:
    sent = await thread.adapter.send(thread.growing("Hello", thread=False))
    await thread.adapter.edit(part(sent.native_id), thread.growing("Hello, Alice", thread=False))
    elsewhere = msgspec.structs.replace(thread.growing("Hello"), thread="1700000000.999999")
    await thread.adapter.send(elsewhere)
    assert thread.methods == ["postMessage", "update", "postMessage"]


async def test_in_a_direct_conversation_no_recipient_is_named(thread: Thread) -> None:
    thread.slack.channels["D01"] = []
    sent = msgspec.structs.replace(outgoing("Hello", conversation="D01", thread="1700000000.000001"), streaming=True)
    await thread.adapter.send(sent)
    (start,) = thread.slack.called("chat.startStream")
    assert "recipient_user_id" not in start and "recipient_team_id" not in start


async def test_buttons_and_finished_texts_are_not_streamed(thread: Thread) -> None:
    finished = thread.growing("Hello", streaming=False)
    action = Action(name="ack", label="Acknowledge", target="msg_1")
    offering = msgspec.structs.replace(
        thread.growing("Hello"), frame=msgspec.structs.replace(finished.frame, actions=(action,))
    )
    await thread.adapter.send(finished)
    await thread.adapter.send(offering)
    assert thread.methods == ["postMessage", "postMessage"]


async def test_a_stream_that_does_not_begin_is_posted(thread: Thread) -> None:
    thread.slack.script("chat.startStream", Reply.error("channel_type_not_supported"), Reply.error("ratelimited", 429))
    await thread.begin("Hello")
    await thread.begin("Hello")
    assert thread.methods == ["startStream", "postMessage"] * 2


async def test_a_stream_that_slack_ended_is_edited(thread: Thread) -> None:
    ts = await thread.begin("Hello")
    thread.slack.streams.clear()
    await thread.grow(ts, "Hello, Alice")
    await thread.grow(ts, "Hello, Alice.", streaming=False)
    assert thread.methods == ["startStream", "appendStream", "stopStream", "update", "update"]
    assert thread.said(ts) == "Hello, Alice."


async def test_a_lost_answer_ends_the_stream_because_nobody_knows_what_it_says(thread: Thread) -> None:
    ts = await thread.begin("Hello")
    thread.slack.script("chat.appendStream", Lose())
    await thread.grow(ts, "Hello, Alice")
    assert thread.methods == ["startStream", "appendStream", "stopStream", "update"]
    assert thread.said(ts) == "Hello, Alice"


async def test_slow_down_is_the_lanes_to_wait_for_and_nothing_is_lost(thread: Thread) -> None:
    ts = await thread.begin("Hello")
    thread.slack.script("chat.appendStream", Reply.error("ratelimited", 429))
    with pytest.raises(Throttled):
        await thread.grow(ts, "Hello, Alice")
    await thread.grow(ts, "Hello, Alice, again")
    assert thread.slack.streams[ts] == "Hello, Alice, again"


async def test_an_uncertain_start_is_found_and_not_begun_twice(thread: Thread) -> None:
    """Class B: the message bears no key yet; it is the one of ours in that thread that bears none."""
    thread.slack.script("chat.startStream", Lose())
    with pytest.raises(Uncertain):
        await thread.begin("Hello")
    found = await thread.adapter.look_up(thread.growing("Hello"), since=0)
    assert found is not None and found.native_id in thread.slack.streams
    await thread.grow(found.native_id, "Hello, Alice", streaming=False)
    assert thread.methods == ["startStream", "stopStream", "update"]
    assert thread.said(found.native_id) == "Hello, Alice"
    assert await thread.adapter.look_up(outgoing("x", key="dlv_9:0", thread=thread.root["ts"]), since=0) is None


async def test_a_stream_left_open_by_a_restart_is_ended_and_edited(thread: Thread) -> None:
    ts = await thread.begin("Hello")
    async with connected(make({**thread.slack.settings, "streaming": True}), RecordingSession()) as restarted:
        await restarted.edit(part(ts), thread.growing("Hello, Alice", streaming=False))
    assert thread.methods == ["startStream", "update", "stopStream", "update"]
    assert thread.said(ts) == "Hello, Alice"


async def test_streams_are_off_unless_the_channel_allows_them() -> None:
    async with scripted(PressedSlack()) as slack, connected(make(slack.settings), RecordingSession()) as adapter:
        assert adapter.capabilities(outgoing("x").endpoint).streaming is Support.REJECTED
        sent = msgspec.structs.replace(outgoing("Hello", thread="1.1"), streaming=True)
        await adapter.send(sent)
        assert slack.called("chat.startStream") == []
    allowed = make({**slack.settings, "streaming": True})
    assert allowed.capabilities(outgoing("x").endpoint).streaming is Support.PARTIAL
