"""Buttons, ``/tieline`` and "Send to room": answered to the person alone, within Discord's three seconds or in time."""

from __future__ import annotations

import pytest

from tests.contract.discord.discord_making import connected, make, outgoing
from tests.services.scripted_discord import ALICE, GENERAL, RANDOM, ScriptedDiscord, interacting
from tieline.errors import StoreError
from tieline.model.actions import Action
from tieline.model.inbound import InboundCommand, InboundEvent, InboundForward, InboundInteraction, Receipt
from tieline.ports.adapter import Home, RoomChoice
from tieline.testing.bench import eventually
from tieline.testing.session import RecordingSession
from tieline_discord import pressing
from tieline_discord.adapter import DiscordAdapter

ACK = Action(name="ack", label="Acknowledge", target="msg_1")
EPHEMERAL = 1 << 6


class AnsweringSession(RecordingSession):
    """Answers as it is told."""

    answer: str | None = "**noted**"

    async def receive(self, event: InboundEvent) -> Receipt:
        await super().receive(event)
        return Receipt(status="stored", answer=self.answer)


@pytest.fixture
def session() -> AnsweringSession:
    return AnsweringSession()


async def answered(discord: ScriptedDiscord, interaction: str, times: int = 1) -> list[dict[str, object]]:
    await discord.until(lambda world: len(world.answers(interaction)) >= times)
    return discord.answers(interaction)


async def test_a_press_is_handed_over_and_answered_to_the_person_alone(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: AnsweringSession
) -> None:
    sent = await adapter.send(outgoing("disk is full", author=None, actions=[ACK]))
    press = discord.press(GENERAL, sent.native_id, ACK.value, ALICE)
    (answer,) = await answered(discord, press)

    (event,) = [one for one in session.events if isinstance(one, InboundInteraction)]
    assert (event.action, event.target, event.message) == ("ack", "msg_1", sent.native_id)
    assert event.author.native_id == ALICE
    assert answer["content"] == "**noted**"
    assert int(str(answer["flags"])) & EPHEMERAL


async def test_a_press_without_an_answer_changes_nothing(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: AnsweringSession
) -> None:
    session.answer = None
    sent = await adapter.send(outgoing("disk is full", author=None, actions=[ACK]))
    press = discord.press(GENERAL, sent.native_id, ACK.value, ALICE)
    (answer,) = await answered(discord, press)

    assert answer["type"] == 6
    assert [one["content"] for one in discord.shown(GENERAL, ephemeral=True)] == ["disk is full"]


async def test_the_command_is_registered_once_and_answered(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: AnsweringSession
) -> None:
    interaction = discord.command(ALICE, GENERAL, "tieline", {"words": "rooms"})
    (answer,) = await answered(discord, interaction)
    async with connected(make(discord), AnsweringSession()):
        pass

    (event,) = [one for one in session.events if isinstance(one, InboundCommand)]
    assert (event.conversation, event.text) == (GENERAL, "rooms")
    assert (answer["type"], answer["content"]) == (4, "**noted**")
    assert len(discord.called("bulk_set_application_commands")) == 1


async def test_where_the_hub_is_slow_discord_is_told_that_an_answer_comes(
    discord: ScriptedDiscord,
    adapter: DiscordAdapter,
    session: AnsweringSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pressing, "PATIENCE", 0.05)
    sent = await adapter.send(outgoing("disk is full", author=None, actions=[ACK]))
    await eventually(lambda: bool(session.events), "our own message is back")
    session.hold()
    command = discord.command(ALICE, GENERAL, "tieline", {"words": "rooms"})
    press = discord.press(GENERAL, sent.native_id, ACK.value, ALICE)
    assert [one["type"] for one in await answered(discord, command)] == [5]
    assert [one["type"] for one in await answered(discord, press)] == [6]
    session.release()
    late = (await answered(discord, command, 2))[-1]
    pressed = (await answered(discord, press, 2))[-1]

    assert late["content"] == pressed["content"] == "**noted**"
    assert int(str(late["flags"])) & EPHEMERAL
    assert int(str(pressed["flags"])) & EPHEMERAL


async def test_a_hub_that_cannot_take_it_says_so(
    discord: ScriptedDiscord, adapter: DiscordAdapter, session: AnsweringSession
) -> None:
    session.failures.append(StoreError("no room"))
    (answer,) = await answered(discord, discord.command(ALICE, GENERAL, "tieline"))

    assert "try again" in str(answer["content"])


async def test_a_message_is_sent_to_a_room_from_its_menu(
    discord: ScriptedDiscord,
    adapter: DiscordAdapter,
    session: AnsweringSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Answered late: our Discord changes what only one person sees by its token, not by the first answer."""
    rooms = (RoomChoice(name="dj-waste", title="Waste"), RoomChoice(name="ops", title="Ops"))
    session.homes[ALICE] = Home(handle="alice", rooms=rooms)
    message = discord.say(RANDOM, ALICE, "the bins are full")
    asked = discord.message_command(ALICE, RANDOM, message, "Send to room")
    (offer,) = await answered(discord, asked)
    menu = offer["components"][0]["components"][0]  # type: ignore[index]
    assert [one["value"] for one in menu["options"]] == ["dj-waste", "ops"]
    picked = {"custom_id": menu["custom_id"], "component_type": 3, "values": ["ops"]}
    shown = discord.messages[RANDOM][str(offer["id"])]
    monkeypatch.setattr(pressing, "PATIENCE", 0.0)
    choice = interacting._interact(discord, 3, ALICE, RANDOM, picked, message=discord.show_message(shown))
    deferred, answer = await answered(discord, choice, 2)

    (event,) = [one for one in session.events if isinstance(one, InboundForward)]
    assert (event.room, event.original.native_id, event.author.native_id) == ("ops", message, ALICE)
    assert (deferred["type"], answer["content"], answer["components"]) == (6, "**noted**", [])
