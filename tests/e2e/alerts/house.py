"""A house on call as its users run it: `tieline serve`, a Slack that lives, and phones behind two numbers of ours.

Twilio is our scripted one, which shows what the third party's lacks: callbacks before the answer, two numbers, a spent
budget. What it posts goes to the hub itself, signed over the address that the hub is told is its own.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from tests.services.hub_process import HubProcess
from tests.services.living_slack import ALICE, LivingSlack
from tests.services.scripted_slack import GENERAL
from tests.services.scripted_slack import scripted as serve_slack
from tests.services.scripted_twilio import ACCOUNT, ANA, BO, OURS, TOKEN, Reply, ScriptedTwilio
from tests.services.scripted_twilio import scripted as serve_twilio
from tests.services.stories import channel_is_up, until
from tieline.client import Client
from tieline.model.shapes import DeliveryOut

Json = dict[str, Any]
T = TypeVar("T")
ROOM = "ops"
PHONES, BACKUP = "phones", "backup"
"""Two channels, each with a number of its own."""
THEIRS = "+15005550007"
"""Our number on the channel `backup`."""
NUMBERS = {PHONES: OURS, BACKUP: THEIRS}
ONCE: list[object] = [{"via": PHONES, "wait": "10m"}]
"""A ladder of one rung that is not left in a test's time."""


class Switchboard(ScriptedTwilio):
    """One account with two numbers."""

    home = ""
    """Where the hub is."""
    stumbles: frozenset[int] = frozenset()
    """Which requests to send, counted from 0, are answered 429 (and not done)."""

    async def texts(self, who: str, body: str, channel: str = PHONES) -> str:
        """Somebody writes to one of our numbers; the id, once the hub has answered."""
        self.sms_url = f"{self.home}/api/v1/channels/{channel}/inbound"
        return await self.write(who, body, To=NUMBERS[channel])

    def got(self, who: str, channel: str = PHONES) -> list[str]:
        """What a phone got from one of our numbers, oldest first."""
        return [one["body"] for one in self.sent() if (one["to"], one["from"]) == (who, NUMBERS[channel])]

    async def create(self, request: web.Request) -> web.StreamResponse:
        if len(self.requests) in self.stumbles:
            self.script.append(Reply.error(20429, 429))
        return await super().create(request)

    def _refusal(self, request: web.Request, form: Mapping[str, str]) -> Reply | None:
        return super()._refusal(request, {**form, "From": OURS} if form.get("From") == THEIRS else form)


@dataclass
class House:
    """Everything of one story."""

    hub: HubProcess
    slack: LivingSlack
    twilio: Switchboard
    token: str = ""
    channels: tuple[str, ...] = field(default=("team", PHONES, BACKUP))

    def client(self, token: str = "") -> Client:
        """An agent's client (marcus, L3)."""
        return Client(self.hub.url, token or self.token)

    async def up(self) -> None:
        """Wait until all channels are connected and caught up."""
        async with self.client() as client:
            for name in self.channels:
                await channel_is_up(client, name)

    async def again(self) -> None:
        """The hub is killed (-9) and started again."""
        await self.hub.kill()
        await self.hub.start()
        await self.up()

    async def on_phone(self, number: int, who: str = ANA, channel: str = PHONES) -> list[str]:
        """What a phone got from one of our numbers, once it is so many."""
        return await watched(lambda: self.twilio.got(who, channel), lambda found: len(found) >= number)

    async def card(self, summary: str, good: Callable[[Json], bool] = bool) -> Json:
        """The one message on Slack that says `summary`, once it is as wanted."""
        return await card(self.slack, summary, good)

    async def press(self, value: str, row: Json, user: str = ALICE) -> None:
        """Somebody presses a button of a card."""
        message = self.slack.row(row["ts"])
        await self.slack.deliver(self.slack.press(value, message=message, user=user), kind="interactive")


async def watched(look: Callable[[], T], good: Callable[[T], bool], within: float = 15.0) -> T:
    """Look, bounded, until it is good."""

    async def ask() -> T:
        return look()

    return await until(ask, good, within)


async def card(slack: LivingSlack, summary: str, good: Callable[[Json], bool] = bool) -> Json:
    """The one message on Slack that says `summary`, once it is as wanted."""

    def found() -> list[Json]:
        return [row for row in slack.shown(GENERAL) if summary in json.dumps(row, ensure_ascii=False)]

    rows = await watched(found, lambda rows: len(rows) == 1 and good(rows[0]))
    return rows[0]


def buttons(row: Json) -> dict[str, str]:
    """The buttons of a card: action to what a press of it sends."""
    elements = [one for block in _blocks(row) if block["type"] == "actions" for one in block["elements"]]
    return {one["value"].partition(":")[0]: one["value"] for one in elements if one["type"] == "button"}


def words(row: Json) -> str:
    """All that a card says."""
    return json.dumps([row["text"], _blocks(row)], ensure_ascii=False)


def _blocks(row: Json) -> list[Json]:
    blocks = row["blocks"]
    return list(json.loads(blocks) if isinstance(blocks, str) else blocks)


async def sms_of(client: Client, message: str, channel: str = PHONES) -> list[DeliveryOut]:
    """The deliveries of a message to phones."""
    return [one for one in (await client.message_deliveries(message)).items if one.channel == channel]


async def took(what: Awaitable[object], began: float) -> float:
    """Seconds from `began` until something is so."""
    await what
    return time.monotonic() - began


async def all_of(*work: Awaitable[float]) -> list[float]:
    """Run together; what each answers."""
    return list(await asyncio.gather(*work))


@asynccontextmanager
async def housed(
    directory: Path, ladders: Mapping[str, list[object]] | None = None, **phones: Any
) -> AsyncIterator[House]:
    """A running house. ``ladders``: handle to ladder; ``phones``: more settings of both channels to phones."""
    async with AsyncExitStack() as stack:
        slack = LivingSlack()
        slack.base = int(time.time())
        await stack.enter_async_context(serve_slack(slack))
        twilio = Switchboard()
        await stack.enter_async_context(serve_twilio(twilio))
        hub = HubProcess(directory, {})
        twilio.home, twilio.site = hub.url, ""
        hub.config = config_of(hub, slack, twilio, ladders or {}, phones)
        await hub.start()
        stack.push_async_callback(hub.stop)
        house = House(hub, slack, twilio, await hub.token("marcus"))
        await house.up()
        yield house


def config_of(
    hub: HubProcess, slack: LivingSlack, twilio: Switchboard, ladders: Mapping[str, list[object]], phones: Json
) -> dict[str, object]:
    """The hub's configuration: Ana is on call, Alice sees Slack only, Marcus (an agent) raises the alerts."""
    sms = {"adapter": "sms", "account_sid": ACCOUNT, "auth_token": TOKEN, "api_url": twilio.url, "pace": 100, **phones}
    people = {"ana": ("Ana", ANA), "bo": ("Bo", BO)}
    return {
        "hub": {"public_url": hub.url},
        "channels": {
            "team": {"adapter": "slack", "pace": 100, **slack.settings},
            **{name: {**sms, "from": number} for name, number in NUMBERS.items()},
        },
        "members": {
            "alice": {"kind": "human", "display": "Alice", "level": "L3", "accounts": {"team": ALICE}},
            **{
                handle: {
                    "kind": "human",
                    "display": display,
                    "level": "L2",
                    "accounts": dict.fromkeys(NUMBERS, number),
                    "notify": {"ladder": ladders.get(handle, ONCE)},
                }
                for handle, (display, number) in people.items()
            },
            "marcus": {"kind": "ai", "ai": "claude", "display": "Marcus", "level": "L3"},
        },
        "rooms": {
            ROOM: {"links": [{"channel": "team", "conversation": GENERAL}]},
            "quiet": {},
            "talk": {"links": [{"channel": PHONES, "conversation": BO}]},
        },
        "policies": {"alerts": {"on_call": ["ana"]}},
    }
