"""Direct messages: people write to the bot alone, and the hub writes to people by themselves."""

import pytest

from tests.contract.slack.slack_making import connected, make, outgoing
from tests.services.local_slack import ALICE, BOB, DIRECT, GENERAL, LocalSlack
from tests.services.scripted_slack import Reply, scripted
from tests.services.scripted_slack_more import PressedSlack
from tests.services.slack_session import RecordingSession
from tieline.errors import Permanent, Throttled, Uncertain
from tieline.model.capabilities import Support
from tieline.model.channels import Trait
from tieline.model.inbound import InboundMessage
from tieline.ports.abilities import Directs
from tieline_slack import inbound
from tieline_slack.manifest import MANIFEST

ME = inbound.Me(user_id="U0BOT", bot_id="B0BOT")


def test_the_ability_is_declared_everywhere() -> None:
    adapter = make({"bot_token": "xoxb-1", "app_token": "xapp-1"})
    assert isinstance(adapter, Directs)
    assert Trait.DIRECT in MANIFEST.traits
    assert adapter.capabilities(outgoing("x").endpoint).direct is Support.FULL


@pytest.mark.parametrize(
    ("channel", "more", "direct"),
    [("D01", {}, True), ("D01", {"channel_type": "im"}, True), ("C01", {"channel_type": "channel"}, False), ("C01", {}, False)],
)  # fmt: skip
def test_a_message_of_a_direct_conversation_is_marked(channel: str, more: dict[str, str], *, direct: bool) -> None:
    """Live events say `channel_type`; messages of the history do not."""
    event = {"type": "message", "channel": channel, "user": "U1", "text": "psst", "ts": "1700000000.000100", **more}
    read = inbound.read(event, ME, {})
    assert isinstance(read, InboundMessage) and read.direct is direct


async def test_what_is_written_to_the_bot_alone_arrives_marked(slack: LocalSlack) -> None:
    session = RecordingSession()
    async with connected(make(slack.settings), session):
        await slack.say("psst", channel=DIRECT)
        await slack.say("hello", channel=GENERAL)
        first, second = await session.events(2)
    assert isinstance(first, InboundMessage) and first.direct
    assert isinstance(second, InboundMessage) and not second.direct


async def test_a_person_is_written_to_by_themselves_and_asking_again_is_harmless(slack: LocalSlack) -> None:
    async with connected(make(slack.settings), RecordingSession()) as adapter:
        assert await adapter.direct(ALICE) == DIRECT
        conversation = await adapter.direct(BOB)
        assert conversation not in {DIRECT, ""} and await adapter.direct(BOB) == conversation
        await adapter.send(outgoing("for you alone", conversation=conversation))
        assert await slack.texts(conversation) == ["for you alone"]


async def test_what_cannot_be_opened_says_what_a_retry_may_do() -> None:
    async with scripted(PressedSlack()) as slack, connected(make(slack.settings), RecordingSession()) as adapter:
        with pytest.raises(Permanent, match="user_not_found"):
            await adapter.direct("U0NOBODY")
        slack.script("conversations.open", Reply.error("ratelimited", 429), Reply(200, b'{"ok": true}'))
        with pytest.raises(Throttled):
            await adapter.direct("U01ALICE")
        with pytest.raises(Uncertain):
            await adapter.direct("U01ALICE")
        assert await adapter.direct("U01ALICE") == "D01"
