"""Issue 2, Shows: people in Slack, a browser on the web socket and an agent on HTTP talk in one room.

Everything here is the real thing but Slack itself, which is a third party's stand-in (`tests/services/local_slack.py`).
It keeps no message metadata, so the look-up of uncertain sends is shown in `tests/faults` instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.services.cut_proxy import CutProxy, relayed
from tests.services.hub_process import HubProcess
from tests.services.local_slack import BOB, LocalSlack, running
from tests.services.stories import channel_is_up, hub_beside, until
from tieline.client import Client, MessageEvent
from tieline.model.shapes import MessageOut, PostBody

pytestmark = pytest.mark.timeout(240)


@dataclass
class Story:
    hub: HubProcess
    slack: LocalSlack
    proxy: CutProxy
    people: Client
    agent: Client

    async def room(self) -> list[MessageOut]:
        return list((await self.people.messages("studio", limit=200)).messages)

    async def in_room(self, *texts: str) -> list[MessageOut]:
        """Wait until exactly these texts stand in the room, in this order."""
        return await until(self.room, lambda found: [m.text for m in found] == list(texts))

    async def in_slack(self, *texts: str) -> list[dict[str, object]]:
        """Wait until exactly these texts stand in #general, in this order."""
        return await until(self.slack.messages, lambda found: [str(m["text"]) for m in found] == list(texts))


@pytest.fixture(params=["socket", "http"])
async def story(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Story]:
    async with AsyncExitStack() as stack:
        hub = HubProcess(tmp_path, {})
        folder = tmp_path / "slack"
        folder.mkdir()
        signed = request.param == "http"
        events = f"{hub.url}/api/v1/channels/team/events" if signed else None
        slack = await stack.enter_async_context(running(folder, events_url=events))
        proxy = await stack.enter_async_context(relayed(slack.url))
        settings = slack.http_settings if signed else slack.settings
        channel = {**settings, "api_url": f"{proxy.url}/api/"}
        await stack.enter_async_context(hub_beside(tmp_path, channel, hub))
        people = await stack.enter_async_context(Client(hub.url, await hub.token("alice", "--level", "L3")))
        agent = await stack.enter_async_context(Client(hub.url, await hub.token("marcus")))
        await channel_is_up(people)
        yield Story(hub, slack, proxy, people, agent)


async def test_people_in_slack_and_agents_on_http_talk_in_one_room(story: Story) -> None:
    await story.slack.say("hello from *Slack*")
    await story.slack.say("who is a guest?", user=BOB)
    await story.agent.post("studio", "An **agent** answers @alice, not @everyone or <!channel>")
    messages = await until(story.room, lambda found: len(found) == 3)
    first, guest, answer = messages
    assert (first.text, first.author.handle, first.origin.channel) == ("hello from **Slack**", "alice", "team")
    assert (guest.author.handle, guest.author.kind) == (None, "guest")
    assert answer.author.handle == "marcus"
    async with asyncio.timeout(20):
        assert await _heard(story.agent, 3) == [1, 2, 3]
    shown = await until(story.slack.messages, lambda found: len(found) == 3)
    text = str(shown[2]["text"])
    assert "<@U01ALICE>" in text
    assert "<!channel>" not in text
    assert shown[2].get("username") == "Marcus" or text.startswith("*Marcus*")


async def test_threads_edits_deletes_and_reactions_go_both_ways(story: Story) -> None:
    root_ts = await story.slack.say("root")
    (root,) = await story.in_room("root")
    reply = await story.agent.post("studio", PostBody(text="in thread", thread=root.id))
    await story.slack.say("deeper", thread=root_ts)
    messages = await story.in_room("root", "in thread", "deeper")
    assert [m.thread for m in messages] == [None, root.id, root.id]
    shown = await until(story.slack.messages, lambda found: len(found) == 3)
    assert {m.get("thread_ts") for m in shown if m["ts"] != root_ts} == {root_ts}

    await story.slack.edit(root_ts, "root, edited")
    await story.in_room("root, edited", "in thread", "deeper")
    await story.agent.edit(reply.id, "in thread, edited")
    await until(story.slack.texts, lambda texts: any("in thread, edited" in text for text in texts))

    await story.slack.react(root_ts, "thumbsup")
    reacted = await until(story.room, lambda found: bool(found[0].reactions))
    assert reacted[0].reactions[0].emoji == "👍"

    await story.agent.delete(reply.id)
    await until(story.slack.texts, lambda texts: not any("in thread" in text for text in texts))
    await story.slack.delete(root_ts)
    gone = await until(story.room, lambda found: found[0].deleted_at is not None)
    assert gone[0].text == ""


async def test_after_a_restart_of_the_hub_an_edit_still_changes_the_right_message(story: Story) -> None:
    ts = await story.slack.say("from slack")
    mine = await story.agent.post("studio", "from the agent")
    await until(story.slack.messages, lambda found: len(found) == 2)
    await story.hub.kill()
    await story.hub.start()
    await channel_is_up(story.people)
    await story.slack.edit(ts, "from slack, after the restart")
    await story.agent.edit(mine.id, "from the agent, after the restart")
    await story.in_room("from slack, after the restart", "from the agent, after the restart")
    texts = await until(story.slack.texts, lambda found: sum("after the restart" in text for text in found) == 2)
    assert len(texts) == 2


async def test_what_people_write_while_the_connection_is_cut_arrives_once_and_in_order(story: Story) -> None:
    await story.slack.say("before")
    await story.in_room("before")
    story.proxy.cut()
    if not _is_socket(story):
        await story.hub.kill()  # signed events need no connection of ours: it is the hub that must be away
    away = [f"away {number}" for number in range(5)]
    for text in away:
        await story.slack.say(text)
    story.proxy.mend()
    if not _is_socket(story):
        await story.hub.start()
    await channel_is_up(story.people)
    await story.slack.say("after")
    await story.in_room("before", *away, "after")


async def _heard(client: Client, count: int) -> list[int]:
    """Numbers of the first messages that a web socket subscriber hears."""
    numbers: list[int] = []
    async for event in client.tail("studio", after={"studio": 0}):
        assert isinstance(event, MessageEvent)
        numbers.append(event.seq)
        if len(numbers) == count:
            break
    return numbers


def _is_socket(story: Story) -> bool:
    channels = story.hub.config["channels"]
    assert isinstance(channels, dict)
    return "app_token" in channels["team"]
