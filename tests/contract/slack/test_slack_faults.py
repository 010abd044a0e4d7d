"""Faults of Slack, on a scripted workspace: what each leaves as, and that nothing is sent twice (laws 1 and 2)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.contract.slack.slack_making import RushedClock, connected, make, outgoing, part
from tests.services.cut_proxy import relayed
from tests.services.scripted_slack import GENERAL, Half, Lose, Reply, ScriptedSlack, Silent, scripted
from tests.services.slack_session import RecordingSession
from tieline.errors import AdapterError, DeliveryError, Misconfigured, NotDispatched, Permanent, Throttled, Uncertain
from tieline.model.inbound import InboundEdit, InboundEvent, InboundMessage
from tieline_slack import adapter as adapter_module
from tieline_slack.adapter import SlackAdapter

POST = "chat.postMessage"


@pytest.fixture
async def fake() -> AsyncIterator[ScriptedSlack]:
    async with scripted() as slack:
        yield slack


@pytest.fixture
async def adapter(fake: ScriptedSlack) -> AsyncIterator[SlackAdapter]:
    async with connected(make(fake.settings), RecordingSession()) as made:
        yield made


def message_event(text: str, ts: str = "1700000100.000100") -> dict[str, Any]:
    event = {"type": "message", "channel": GENERAL, "user": "U01ALICE", "text": text, "ts": ts}
    return {"type": "event_callback", "team_id": "T01", "event": event}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("1", 1.0),
        ("30", 30.0),
        ("1336", 1336.0),
        ("2.5", 2.5),
        (None, 30.0),
        ("-5", 1.0),
        ("1e300", 86400.0),
        ("nan", 30.0),
        ("soon", 30.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1.0),
    ],
)
async def test_429_says_how_long_to_wait(
    fake: ScriptedSlack, adapter: SlackAdapter, header: str | None, seconds: float
) -> None:
    fake.script(POST, Reply(429, b'{"ok":false,"error":"ratelimited"}', {"Retry-After": header} if header else {}))
    with pytest.raises(Throttled) as failed:
        await adapter.send(outgoing("hello"))
    assert failed.value.retry_after == seconds
    assert len(fake.called(POST)) == 1 and fake.channels[GENERAL] == []


FAULTS: list[tuple[str, Reply, type[DeliveryError], str, bool]] = [
    ("500", Reply(500, b"oops"), Uncertain, "http_500", False),
    ("502 with a page", Reply(502, b"<html>", {"Content-Type": "text/html"}), Uncertain, "http_502", False),
    ("503", Reply(503, b"{}", {"Content-Type": "application/json"}), Uncertain, "http_503", False),
    ("an empty 200", Reply(200, b""), Uncertain, "bad_answer", False),
    ("a page of HTML", Reply(200, b"<html>", {"Content-Type": "text/html"}), Uncertain, "bad_answer", False),
    ("plain text", Reply(200, b"ok", {"Content-Type": "text/plain"}), Uncertain, "bad_answer", False),
    ("broken JSON", Reply(200, b'{"ok":', {"Content-Type": "application/json"}), Uncertain, "bad_answer", False),
    ("a JSON list", Reply(200, b"[1]", {"Content-Type": "application/json"}), Uncertain, "bad_answer", False),
    ("a JSON number", Reply(200, b"7", {"Content-Type": "application/json"}), Uncertain, "bad_answer", False),
    (
        "ok without an id",
        Reply(200, b'{"ok":true}', {"Content-Type": "application/json"}),
        Uncertain,
        "bad_answer",
        False,
    ),
    ("fatal_error", Reply.error("fatal_error"), Uncertain, "fatal_error", False),
    ("404", Reply(404, b"nothing here"), Permanent, "http_404", True),
    ("invalid_auth", Reply.error("invalid_auth"), Permanent, "invalid_auth", True),
    ("token_revoked", Reply.error("token_revoked"), Permanent, "token_revoked", True),
    ("account_inactive", Reply.error("account_inactive"), Permanent, "account_inactive", True),
    ("missing_scope", Reply.error("missing_scope", needed="chat:write"), Permanent, "missing_scope", True),
    ("not_in_channel", Reply.error("not_in_channel"), Permanent, "not_in_channel", False),
    ("is_archived", Reply.error("is_archived"), Permanent, "is_archived", False),
    ("msg_too_long", Reply.error("msg_too_long"), Permanent, "msg_too_long", False),
    ("a code nobody knows", Reply.error("brand_new_error"), Permanent, "brand_new_error", False),
]


@pytest.mark.parametrize(
    ("reply", "kind", "code", "stops"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
async def test_a_fault_says_what_a_retry_may_do(
    fake: ScriptedSlack, adapter: SlackAdapter, reply: Reply, kind: type[DeliveryError], code: str, stops: bool
) -> None:
    fake.script(POST, reply)
    with pytest.raises(DeliveryError) as failed:
        await adapter.send(outgoing("hello"))
    assert (type(failed.value), failed.value.code) == (kind, code)
    assert len(fake.called(POST)) == 1, "the SDK must not try again by itself"
    if isinstance(failed.value, Permanent):
        assert failed.value.stops_channel is stops
        assert failed.value.fix or code == "brand_new_error"


@pytest.mark.parametrize("fault", [Lose(), Half()])
async def test_a_lost_answer_is_uncertain_and_the_look_up_finds_what_was_sent(
    fake: ScriptedSlack, adapter: SlackAdapter, fault: Lose | Half
) -> None:
    fake.script(POST, fault)
    with pytest.raises(Uncertain) as failed:
        await adapter.send(outgoing("hello", key="dlv_9:0"))
    assert failed.value.code == "lost_answer"
    assert [message["text"] for message in fake.channels[GENERAL]] == ["hello"]
    found = await adapter.look_up(outgoing("hello", key="dlv_9:0"), since=1_700_000_000_000)
    assert found is not None and found.native_id == fake.channels[GENERAL][0]["ts"]
    assert await adapter.look_up(outgoing("hello", key="dlv_9:1"), since=1_700_000_000_000) is None
    assert len(fake.called(POST)) == 1


async def test_the_look_up_reads_every_page_and_the_thread_a_reply_was_sent_to(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    fake.page = 3
    root = await adapter.send(outgoing("root", key="dlv_1:0"))
    for number in range(10):
        fake.put(f"noise {number}")
    reply = await adapter.send(outgoing("reply", key="dlv_2:0", thread=root.native_id))
    for number in range(10):
        fake.put(f"more {number}", thread_ts=root.native_id)
    assert await adapter.look_up(outgoing("root", key="dlv_1:0"), since=0) == root
    assert await adapter.look_up(outgoing("reply", key="dlv_2:0", thread=root.native_id), since=0) == reply


async def test_a_look_up_that_cannot_be_made_says_so_instead_of_not_there(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    fake.script("conversations.history", Reply.error("missing_scope", needed="channels:history"))
    with pytest.raises(Permanent):
        await adapter.look_up(outgoing("hello"), since=0)


async def test_no_answer_in_time_is_uncertain(fake: ScriptedSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    import aiohttp

    monkeypatch.setattr(adapter_module, "_CALL_TIMEOUT", aiohttp.ClientTimeout(total=0.3))
    async with connected(make(fake.settings), RecordingSession()) as adapter:
        fake.script(POST, Silent())
        with pytest.raises(Uncertain) as failed:
            await adapter.send(outgoing("hello"))
    assert failed.value.code == "no_answer"


async def test_a_refused_connection_certainly_sent_nothing() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        adapter = make(
            {"bot_token": "xoxb-1", "app_token": "xapp-1", "api_url": f"http://127.0.0.1:{closed.getsockname()[1]}"}
        )
        with pytest.raises(AdapterError) as failed:
            await adapter.connect(RecordingSession())
        await adapter.disconnect()
    assert not isinstance(failed.value, Misconfigured)
    assert isinstance(failed.value.__cause__, NotDispatched)


async def test_what_is_so_already_is_success_and_what_cannot_be_is_said(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    fake.script("reactions.add", Reply.error("already_reacted"), Reply.error("message_not_found"))
    fake.script("reactions.add", Reply.error("invalid_name"), Reply.error("too_many_reactions"))
    fake.script("reactions.remove", Reply.error("no_reaction"), Reply.error("invalid_name"))
    fake.script("chat.delete", Reply.error("message_not_found"), Reply.error("cant_delete_message"))
    fake.script("chat.update", Reply.error("edit_window_closed"), Reply.error("cant_update_message"))
    ref = part("1700000001.000100")
    await adapter.react(ref, "👍", on=True)
    await adapter.react(ref, "👍", on=False)
    await adapter.react(ref, ":blobcat:", on=False)
    await adapter.delete(ref)
    for deed, code in (
        (adapter.react(ref, "👍", on=True), "part_gone"),
        (adapter.react(ref, ":blobcat:", on=True), "not_showable"),
        (adapter.react(ref, "🐟", on=True), "not_showable"),
        (adapter.react(ref, "no emoji", on=True), "not_showable"),
        (adapter.delete(ref), "cant_delete_message"),
        (adapter.edit(ref, outgoing("x")), "edit_window_closed"),
        (adapter.edit(ref, outgoing("x")), "edit_window_closed"),
        (adapter.edit(ref, outgoing("x")), "part_gone"),
    ):
        with pytest.raises(Permanent) as failed:
            await deed
        assert failed.value.code == code
    assert [call["name"] for call in fake.called("reactions.add")] == ["+1", "+1", "blobcat", "fish"]


async def test_a_wrong_bot_token_stops_the_channel_with_its_mend(fake: ScriptedSlack) -> None:
    fake.script("auth.test", Reply.error("invalid_auth"))
    with pytest.raises(Misconfigured) as failed:
        async with connected(make(fake.settings), RecordingSession()):
            pass
    assert "bot_token" in failed.value.fix
    assert len(fake.calls) == 1


async def test_a_wrong_app_token_stops_the_channel_too_instead_of_trying_for_ever(fake: ScriptedSlack) -> None:
    """slack_sdk's own connect() would log and try again without end."""
    fake.script("apps.connections.open", Reply.error("not_allowed_token_type"))
    with pytest.raises(Misconfigured) as failed:
        async with connected(make(fake.settings), RecordingSession()):
            pass
    assert "app_token" in failed.value.fix


async def test_without_the_scope_names_stand_in_the_text(fake: ScriptedSlack) -> None:
    fake.scopes = "chat:write,channels:history"
    async with connected(make(fake.settings), RecordingSession()) as adapter:
        capabilities = adapter.capabilities(outgoing("x").endpoint)
        findings = await adapter.check([])
    assert capabilities.identity.name_max is None
    missing = [finding for finding in findings if finding.level == "error"]
    assert any("chat:write.customize" in finding.message for finding in missing)
    assert not any("channels:history" in finding.message for finding in missing)


async def test_a_channel_is_found_on_a_later_page_and_the_bot_must_be_in_it(adapter: SlackAdapter) -> None:
    assert await adapter.resolve("#room-444") == ("C444", "#room-444")
    with pytest.raises(Misconfigured, match="room-445") as failed:
        await adapter.resolve("room-445")
    assert failed.value.fix == "write /invite @tieline in that channel"


async def test_catching_up_gives_everything_once_oldest_first_with_threads_and_edits(fake: ScriptedSlack) -> None:
    fake.page = 4
    old = fake.put("old root")
    edited = fake.put("before the edit")
    async with connected(make(fake.settings), RecordingSession()) as adapter:
        start = await adapter.resync(GENERAL, None)
        assert (start.events, start.cursor) == ((), edited["ts"])
        written = [fake.put(f"new {number}")["text"] for number in range(11)]
        written.append(fake.put("late reply", thread_ts=old["ts"])["text"])
        mine = await adapter.send(outgoing("our own", key="dlv_7:0"))
        edited["text"] = "after the edit"
        edited["edited"] = {"user": "U01ALICE", "ts": "1700000999.000000"}
        page = await adapter.resync(GENERAL, start.cursor)
        again = await adapter.resync(GENERAL, page.cursor)
    messages = [event for event in page.events if isinstance(event, InboundMessage)]
    session = RecordingSession()
    session.received = list(page.events)
    assert session.texts == [*written, "our own", "after the edit"]
    assert (messages[-2].thread, messages[-2].author.display) == (old["ts"], "alice")
    assert (messages[-1].native_id, messages[-1].author.is_self) == (mine.native_id, True)
    assert messages[-1].delivery_id == "dlv_7"
    assert page.cursor == mine.native_id
    assert again.events == ()


async def test_an_edit_seen_live_and_in_the_history_is_one_and_two_in_a_second_are_two(fake: ScriptedSlack) -> None:
    """Slack writes the time of an edit in whole seconds; the hub knows an edit by message and time."""
    session = RecordingSession()
    message = fake.put("one")
    async with connected(make(fake.settings), session) as adapter:
        seen: list[InboundEvent] = []
        for text in ("two", "three"):
            previous = dict(message)
            message.update(text=text, edited={"user": "U01ALICE", "ts": "1700000999.000000"})
            change: dict[str, Any] = {
                "type": "message",
                "subtype": "message_changed",
                "channel": GENERAL,
                "ts": "1700000999.000300",
            }
            change |= {"event_ts": change["ts"], "message": dict(message), "previous_message": previous}
            await fake.deliver({"type": "event_callback", "team_id": "T01", "event": change})
            await session.events(len(seen) + 1)
            page = await adapter.resync(GENERAL, message["ts"])
            seen.append(page.events[0])
    live = [event for event in session.received if isinstance(event, InboundEdit)]
    assert seen == live
    assert len({event.edited_at for event in live}) == 2


async def test_catching_up_waits_where_slack_asks_for_it_and_loses_nothing(fake: ScriptedSlack) -> None:
    fake.page = 2
    for number in range(5):
        fake.put(f"new {number}")
    clock = RushedClock()
    async with connected(make(fake.settings, clock=clock), RecordingSession()) as adapter:
        fake.script("conversations.history", Reply(429, b"{}", {"Retry-After": "7"}))
        page = await adapter.resync(GENERAL, "0")
    assert len(page.events) == 5
    assert clock.slept == [7.0]


async def test_an_empty_channel_has_a_cursor_before_its_first_message(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    start = await adapter.resync(GENERAL, None)
    fake.put("first")
    assert len((await adapter.resync(GENERAL, start.cursor)).events) == 1


async def test_slack_may_send_an_event_again_and_it_is_acknowledged_each_time(fake: ScriptedSlack) -> None:
    session = RecordingSession()
    session.refuse.append(OSError("disk full"))
    async with connected(make(fake.settings), session):
        for number in range(3):
            await fake.deliver(message_event("one"), envelope=f"env-{number}")
        await fake.until_acks(2)
    assert [ack["envelope_id"] for ack in fake.acks] == ["env-1", "env-2"]
    assert (session.texts, session.repeats) == (["one"], 1)


async def test_an_event_whose_author_must_be_looked_up_is_not_overtaken_by_the_next(fake: ScriptedSlack) -> None:
    """Socket Mode starts a task per envelope: without turns the second would be stored first."""
    session = RecordingSession()
    fake.script("users.info", Silent())
    async with connected(make(fake.settings), session):
        await fake.deliver(message_event("first"), envelope="slow")
        second = message_event("second", ts="1700000101.000100")
        second["event"] = {**second["event"], "user": "", "bot_id": "B9"}
        await fake.deliver(second, envelope="behind it")
        elsewhere = {**second, "event": {**second["event"], "channel": "C02", "text": "elsewhere"}}
        await fake.deliver(elsewhere, envelope="elsewhere")
        assert [ack["envelope_id"] for ack in await fake.until_acks(1)] == ["elsewhere"]
        fake.release()
        await fake.until_acks(3)
    assert session.texts == ["elsewhere", "first", "second"]


async def test_buttons_and_odd_envelopes_are_acknowledged_and_reach_nobody(fake: ScriptedSlack) -> None:
    session = RecordingSession()
    odd: list[tuple[str, object]] = [
        ("interactive", {"type": "block_actions"}),
        ("events_api", {"type": "event_callback", "event": 3}),
        ("events_api", {"type": "event_callback", "event": {"type": "message"}}),
        ("events_api", {"type": "event_callback", "event": {"type": "team_join", "user": {"id": "U9"}}}),
    ]
    async with connected(make(fake.settings), session):
        for number, (kind, payload) in enumerate(odd):
            assert isinstance(payload, dict)
            await fake.deliver(payload, kind=kind, envelope=f"env-{number}")
        await fake.until_acks(len(odd))
    assert session.received == []


async def test_slack_asking_for_a_new_connection_gets_one_with_a_fresh_address(fake: ScriptedSlack) -> None:
    session = RecordingSession()
    async with connected(make(fake.settings), session) as adapter:
        await fake.sockets[-1].send_json({"type": "disconnect", "reason": "refresh_requested"})
        await fake.until_sockets(2)
        await session.until(lambda seen: seen.ups == 1)
        await fake.deliver(message_event("after"))
        await fake.until_acks(1)
        assert adapter.is_connected()
    assert len(set(fake.addresses)) == len(fake.addresses) == 2
    assert session.texts == ["after"]


async def test_every_attempt_to_reconnect_asks_anew_and_waits_longer(fake: ScriptedSlack) -> None:
    session, clock = RecordingSession(), RushedClock()
    async with connected(make(fake.settings, clock=clock), session):
        fake.script("apps.connections.open", Reply(500), Reply(500), Reply.error("invalid_auth"), Reply(503))
        await fake.sockets[-1].close()
        await fake.until_sockets(2)
        await session.until(lambda seen: seen.ups == 1)
    assert len(fake.called("apps.connections.open")) == 1 + 5
    assert len(clock.slept) == 4
    assert any("invalid_auth" in reason and fix for reason, fix in session.downs), "a person is told the mend"


async def test_a_half_open_socket_is_noticed_by_its_heartbeat(
    fake: ScriptedSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tieline_slack import connection

    monkeypatch.setattr(connection, "_HEARTBEAT", 0.4)
    async with relayed(fake.url) as proxy:
        session = RecordingSession()
        async with connected(make({**fake.settings, "api_url": f"{proxy.url}/api"}), session):
            fake_url = fake.url
            proxy.freeze()
            await asyncio.wait_for(session.down.wait(), 5)
            proxy.mend()
            await session.until(lambda seen: seen.ups == 1)
        assert fake.url == fake_url


async def test_environment_variables_that_bolt_reads_change_nothing(
    fake: ScriptedSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SLACK_CLIENT_ID alone turns Bolt into a multi-workspace app that finds no installation and drops every event."""
    for name in (
        "SLACK_CLIENT_ID",
        "SLACK_CLIENT_SECRET",
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_APP_TOKEN",
    ):
        monkeypatch.setenv(name, "from the environment")
    session = RecordingSession()
    async with connected(make(fake.settings), session) as adapter:
        await fake.deliver(message_event("one"))
        await fake.until_acks(1)
        await adapter.send(outgoing("two"))
    assert session.texts == ["one"]
    assert {call.get("token") for _, call in fake.calls} <= {None, "xapp-1"}


async def test_names_are_asked_for_once_and_a_missing_one_costs_no_event(fake: ScriptedSlack) -> None:
    session = RecordingSession()
    async with connected(make(fake.settings), session):
        for number in range(3):
            event = message_event("hi <@U02BOB>", ts=f"170000010{number}.000100")
            await fake.deliver(event, envelope=f"env-{number}")
        await fake.until_acks(3)
    assert sorted(call["user"] for call in fake.called("users.info")) == ["U01ALICE", "U02BOB"]
    assert {event.author.display for event in session.received if isinstance(event, InboundMessage)} == {"alice"}


async def test_what_is_sent_can_ping_nobody_and_is_not_read_again_by_slack(
    fake: ScriptedSlack, adapter: SlackAdapter
) -> None:
    await adapter.send(outgoing("hello"))
    (sent,) = fake.called(POST)
    assert (sent["parse"], sent["link_names"], sent["unfurl_links"]) == ("none", False, False)
    assert sent["metadata"] == {
        "event_type": "tieline_delivery",
        "event_payload": {"key": "dlv_1:0", "delivery": "dlv_1"},
    }
    assert (sent["username"], sent["icon_url"]) == ("Priya", "https://img.example/p.png")
