"""One origin's play: each action is done, the hub brings it everywhere, and all destinations are looked at.

Rule: nobody looks before the hub is done with it: its event stands in the room, its files are there, and no delivery
is open. So a look is one look, and "not there" means that it does not come. Next stop: `test_matrix.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.e2e.matrix.eyes import Row, Scene
from tests.e2e.matrix.hands import HANDS, Hands
from tests.e2e.matrix.places_eyes import EYES
from tests.e2e.matrix.words import ACTIONS, Level
from tests.services.bridge import CLEO, ROOM, Bridge
from tests.services.stories import until
from tieline.client import Client
from tieline.model.shapes import DeliveryOut

_HEARD_WITHIN = 10
_OPEN = "queued,sending,uncertain"
_ELSEWHERE = {"slack": "discord", "discord": "slack", "web": "slack"}
"""Who writes what came across, for each origin."""
Cells = dict[tuple[str, str], Level]
"""Levels by action and destination."""


@dataclass
class Played:
    """What was seen."""

    cells: Cells = field(default_factory=dict)
    dead: dict[tuple[str, str], str] = field(default_factory=dict)
    """Why a delivery failed, or shows nothing, by action and destination."""
    pings: list[str] = field(default_factory=list)
    """Pings on Discord that nobody asked for: the action's name, and whom."""


class Stage:
    """A bridge with an origin's hands and everybody's eyes."""

    def __init__(self, origin: str, bridge: Bridge, client: Client, reader: Client) -> None:
        self._origin = origin
        self._bridge = bridge
        self._client = client
        self._reader = reader
        self._hands = HANDS[origin](bridge, client)
        self._others = HANDS[_ELSEWHERE[origin]](bridge, client)
        self.head = 0
        """Number of the room's last event."""
        self._dead: set[str] = set()
        self.played = Played()

    @property
    def destinations(self) -> list[str]:
        """Everywhere but the origin itself; what is done on the web is seen on the web by others."""
        return [place for place in EYES if place != self._origin or place == "web"]

    async def play(self, *actions: str) -> Played:
        """Do these actions (or all), one after the other."""
        for action in actions or ACTIONS:
            deed: Callable[[str], Awaitable[None]] | None = getattr(self._hands, action, None)
            if deed is None:
                self.played.cells |= {(action, place): Level.NOT_POSSIBLE for place in self.destinations}
                continue
            await self._act(action, deed)
        return self.played

    async def _act(self, action: str, deed: Callable[[str], Awaitable[None]]) -> None:
        levels = await self._once(action, deed, self._hands)
        if ACTIONS[action].across:
            across = await self._once(action, deed, self._others)
            levels = {place: min(level, across[place]) for place, level in levels.items()}
        self.played.cells |= {(action, place): level for place, level in levels.items()}
        await self._note(action)

    async def _once(self, action: str, deed: Callable[[str], Awaitable[None]], rooted_by: Hands) -> dict[str, Level]:
        root = await self._root(ACTIONS[action].root, rooted_by)
        before = await self._look()
        await deed(root[self._origin][0].id if root[self._origin] else "")
        await self._done()
        after = await self._look()
        return {
            place: self._judge(action, place, root[place], before[place], after[place]) for place in self.destinations
        }

    async def _root(self, length: str, hands: Hands) -> dict[str, list[Row]]:
        """A message for something to be done to it, as it stands everywhere."""
        at_first = await self._look()
        if length:
            await (hands.long_one() if length == "long" else hands.short())
            await self._done()
        known = {row.id for rows in at_first.values() for row in rows}
        root = {place: [row for row in rows if row.id not in known] for place, rows in (await self._look()).items()}
        for place in ("slack", "discord") if length else ():
            assert (len(root[place]) > 1) == (length == "long" and place != self._origin), root[place]
        return root

    def _judge(self, action: str, place: str, root: list[Row], before: list[Row], after: list[Row]) -> Level:
        hands = self._hands
        scene = Scene(self._origin, hands.author, hands.language, hands.unknown, root, before, after)
        return EYES[place].judge(action, scene)

    async def _look(self) -> dict[str, list[Row]]:
        return {place: await eyes.look(self._bridge, self._reader) for place, eyes in EYES.items()}

    async def _done(self) -> None:
        """Wait until the room has heard of it and everything is out."""
        heard = (await self._client.events(ROOM, after=self.head, limit=500, wait=_HEARD_WITHIN)).items
        assert heard, f"{self._origin}: the room heard nothing; {self._bridge.hub.log()[-2000:]}"
        await until(self._open, lambda left: left == 0)
        while heard:
            self.head = heard[-1].seq
            heard = (await self._client.events(ROOM, after=self.head, limit=500)).items

    async def _open(self) -> int:
        waiting = len((await self._reader.deliveries(state=_OPEN, limit=500)).items)
        messages = (await self._reader.messages(ROOM, limit=500)).messages
        return waiting + sum(file.state == "receiving" for message in messages for file in message.attachments)

    async def _note(self, action: str) -> None:
        """Keep what failed, and whom Discord notified."""
        failed = (await self._reader.deliveries(state="failed", limit=500)).items
        sent = (await self._reader.deliveries(state="sent", limit=500)).items
        for delivery in (*failed, *(one for one in sent if one.operation == "react" and _is_dropped(one))):
            place = {"team": "slack", "guild": "discord"}[delivery.channel]
            if delivery.id not in self._dead:
                self._dead.add(delivery.id)
                self.played.dead[action, place] = delivery.error.code if delivery.error else "?"
        pings = self._bridge.discord.pings
        told = [str(ping["target"]) for ping in pings]
        pings.clear()
        wanted = [CLEO["guild"]] if action == "mention" and "discord" in self.destinations else []
        if told != wanted:
            self.played.pings.append(f"{action}: {told}, wanted {wanted}")


def _is_dropped(delivery: DeliveryOut) -> bool:
    """Tell whether a delivery says that it shows nothing."""
    return any(lost.level == "dropped" for lost in delivery.degradations)
