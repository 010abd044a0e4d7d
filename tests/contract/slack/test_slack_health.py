"""How conversations are: what Slack tells of them reaches the session, live and at each catch-up."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.contract.slack.slack_making import connected, make
from tests.services.scripted_slack import GENERAL, Reply, ScriptedSlack, scripted
from tests.services.slack_session import RecordingSession
from tieline_slack import health, inbound
from tieline_slack.adapter import SlackAdapter
from tieline_slack.app_manifest import EVENTS
from tieline_slack.health import Gone, Renamed, Trouble

ME = inbound.Me(user_id="U0BOT", bot_id="B0BOT")
ARCHIVED, LEFT = "the channel is archived", "the bot is not in the channel"


@pytest.fixture
async def fake() -> AsyncIterator[ScriptedSlack]:
    async with scripted() as slack:
        yield slack


@pytest.fixture
def session() -> RecordingSession:
    return RecordingSession()


@pytest.fixture
async def adapter(fake: ScriptedSlack, session: RecordingSession) -> AsyncIterator[SlackAdapter]:
    async with connected(make(fake.settings), session) as made:
        yield made


def shown(event: dict[str, Any]) -> tuple[object, ...] | None:
    match health.read(event, ME):
        case Trouble() as trouble:
            return (trouble.conversation, trouble.problem)
        case Renamed() as renamed:
            return (renamed.conversation, renamed.label)
        case Gone() as gone:
            return (gone.reason,)
        case None:
            return None


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "channel_rename", "channel": {"id": "C1", "name": "new", "created": 1}}, ("C1", "#new")),
        ({"type": "group_rename", "channel": {"id": "G1", "name": "new"}}, ("G1", "#new")),
        ({"type": "channel_archive", "channel": "C1", "user": "U1"}, ("C1", ARCHIVED)),
        ({"type": "group_archive", "channel": "G1"}, ("G1", ARCHIVED)),
        ({"type": "channel_unarchive", "channel": "C1", "user": "U1"}, ("C1", None)),
        ({"type": "group_unarchive", "channel": "G1"}, ("G1", None)),
        ({"type": "channel_deleted", "channel": "C1"}, ("C1", "the channel was deleted")),
        ({"type": "channel_left", "channel": "C1"}, ("C1", LEFT)),
        ({"type": "group_left", "channel": "G1"}, ("G1", LEFT)),
        ({"type": "member_left_channel", "user": "U0BOT", "channel": "C1", "channel_type": "C"}, ("C1", LEFT)),
        ({"type": "member_joined_channel", "user": "U0BOT", "channel": "C1", "inviter": "U1"}, ("C1", None)),
        ({"type": "member_left_channel", "user": "U1", "channel": "C1"}, None),
        ({"type": "member_joined_channel", "user": "U1", "channel": "C1"}, None),
        (
            {"type": "channel_id_changed", "old_channel_id": "G1", "new_channel_id": "C1", "event_ts": "1.1"},
            ("G1", "Slack gave the channel another id, C1"),
        ),
        ({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0BOT"]}}, ("the bot token was revoked",)),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": ["U9"]}}, None),
        ({"type": "app_uninstalled"}, ("the app was removed from the workspace",)),
        ({"type": "message", "channel": "C1"}, None),
    ],
)
def test_an_event_says_how_a_place_is(event: dict[str, Any], expected: tuple[object, ...] | None) -> None:
    assert shown(event) == expected


@pytest.mark.parametrize("kind", health.KINDS)
@pytest.mark.parametrize("junk", [None, 1, "", "C1", [], {}, {"id": 1}, {"id": "C1"}, [["bot"]]])
def test_events_of_any_shape_raise_nothing(kind: str, junk: object) -> None:
    members = ("channel", "user", "tokens", "old_channel_id", "new_channel_id")
    health.read({"type": kind, **dict.fromkeys(members, junk)}, ME)
    health.read({"type": kind}, inbound.Me(user_id="", bot_id=""))


def test_the_app_subscribes_to_all_that_is_understood() -> None:
    assert set(health.KINDS) <= set(EVENTS)


async def tell(fake: ScriptedSlack, *events: dict[str, Any]) -> None:
    """Deliver events; returns when they are acknowledged."""
    before = len(fake.acks)
    for number, event in enumerate(events):
        payload = {"type": "event_callback", "team_id": "T01", "event": event}
        await fake.deliver(payload, envelope=f"env-{before + number}")
    await fake.until_acks(before + len(events))


async def test_what_happens_to_a_channel_is_told_while_we_listen(
    fake: ScriptedSlack, adapter: SlackAdapter, session: RecordingSession
) -> None:
    assert adapter.is_connected()
    await tell(fake, {"type": "channel_rename", "channel": {"id": GENERAL, "name": "everyone"}})
    assert session.labels == {GENERAL: "#everyone"}
    await tell(fake, {"type": "channel_archive", "channel": GENERAL, "user": "U01ALICE"})
    assert session.troubles[GENERAL][0] == ARCHIVED and "unarchive" in session.troubles[GENERAL][1]
    await tell(fake, {"type": "channel_unarchive", "channel": GENERAL, "user": "U01ALICE"})
    assert session.troubles == {}
    await tell(fake, {"type": "member_left_channel", "channel": GENERAL, "user": "U0BOT"})
    assert "/invite" in session.troubles[GENERAL][1]
    await tell(fake, {"type": "member_joined_channel", "channel": GENERAL, "user": "U0BOT"})
    assert session.troubles == {} and session.received == []


async def test_a_removed_app_is_told_with_its_mend(
    fake: ScriptedSlack, adapter: SlackAdapter, session: RecordingSession
) -> None:
    assert adapter.is_connected()
    await tell(fake, {"type": "app_uninstalled"})
    ((reason, fix),) = session.downs
    assert "removed" in reason and "reinstall" in fix


async def test_what_happened_while_nobody_listened_is_seen_at_the_catch_up(
    fake: ScriptedSlack, adapter: SlackAdapter, session: RecordingSession
) -> None:
    fake.info = {"name": "renamed", "is_archived": True}
    await adapter.resync(GENERAL, None)
    assert session.labels == {GENERAL: "#renamed"} and session.troubles[GENERAL][0] == ARCHIVED
    fake.info = {"is_member": False}
    await adapter.resync(GENERAL, None)
    assert session.troubles[GENERAL][0] == LEFT
    fake.info = {}
    await adapter.resync(GENERAL, None)
    assert session.troubles == {}


@pytest.mark.parametrize(
    "reply", [Reply(500, b"oops"), Reply(200, b"[]"), Reply.error("ratelimited"), Reply(200, b"{")]
)
async def test_a_look_that_fails_hurts_no_catch_up(
    fake: ScriptedSlack, adapter: SlackAdapter, session: RecordingSession, reply: Reply
) -> None:
    fake.put("hello")
    fake.script("conversations.info", reply)
    page = await adapter.resync(GENERAL, "0")
    assert len(page.events) == 1 and session.troubles == {}
