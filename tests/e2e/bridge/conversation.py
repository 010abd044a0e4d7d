"""A seeded conversation of people on Slack and on Discord, who remember what they said, with a hub that is killed.

People take turns: in one burst each thread (and the top) is spoken in from one side only, as by people who answer what
they have read; so its order is the same everywhere. What two sides write at the same moment stands, on each side, where
that platform put it: nobody can promise more, and it is not asked for here. A member's reaction is taken back only
while the hub runs (`plugins/surveying.py` says why), and in bursts with a kill nobody edits or deletes what is older
than the newest :data:`SURVEYED` messages: the hub asks about a hundred native ones, and a message may be two. Between
bursts everybody waits until everything is shown. Next stop: `test_two_hundred_messages.py`.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.e2e.bridge.common_form import EMOJI, TOP, Seen, Side, on_discord, on_slack
from tests.services.bridge import BEA, Bridge
from tests.services.living_slack import ALICE
from tests.services.scripted_discord.wire import BOB, GENERAL
from tests.services.stories import until

SLACK, DISCORD = "slack", "discord"
PEOPLE = {SLACK: {ALICE: "Alice", "U02CARL": "Carl", "U03DINA": "Dina"}, DISCORD: {BEA: "Bea", BOB: "Bob"}}
WITHIN = 60.0
SURVEYED = 50
NAMES = {shown: name for name, shown in EMOJI.items()}


@dataclass
class Said:
    """One message, as its author remembers it."""

    tag: str
    side: str
    user: str
    place: str
    """The tag of its thread's root, or TOP."""
    text: str
    file: tuple[str, int] | None
    reactions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Who set what."""
    is_root: bool = False
    gone: bool = False


@dataclass
class Figures:
    """How it went."""

    messages: int = 0
    edits: int = 0
    deletions: int = 0
    reactions: int = 0
    kills: int = 0
    catching_up: list[float] = field(default_factory=list)
    """Seconds from the start of the hub after a kill until both sides were equal."""


class Conversation:
    """The people, their memory, and what they do next."""

    def __init__(self, bridge: Bridge, seed: int) -> None:
        self.bridge, self.chance = bridge, random.Random(seed)
        self.said: dict[str, Said] = {}
        self.figures = Figures()
        self._turn: dict[str, str] = {}
        self._careful = False
        for user, name in PEOPLE[SLACK].items():
            bridge.slack.person(user, name)

    # ── the story ────────────────────────────────────────────────────────────────────────────────────────────────

    async def burst(self, messages: int, *, kill: bool) -> None:
        """People write; the hub dies among them if it is to, and comes back when they are done."""
        self._turn.clear()
        self._careful = kill
        deadly = self.chance.randrange(1, messages + 1) if kill else None
        for count in range(1, messages + 1):
            await self._write()
            if self.chance.random() < 0.3:
                await self._edit()
            if self.chance.random() < 0.4:
                await self._change()
            await self._read_for_a_while()
            if count == deadly:
                await self.bridge.hub.kill()
        began = time.monotonic()
        if kill:
            self.figures.kills += 1
            await self.bridge.hub.start()
            await self.bridge.up()
        await self.settled()
        self.figures.catching_up += [time.monotonic() - began] * kill
        for _ in range(2):
            await self._change(undo=True)
        await self.settled()

    async def _read_for_a_while(self) -> None:
        """Until the hub has called the platforms a few times more, or has nothing to do; it may be dead."""
        enough = self._calls() + self.chance.randrange(4)

        async def done() -> bool:
            return self.bridge.hub.process is None or self._calls() >= enough or not self.differences()

        await until(done, bool, WITHIN)

    def _calls(self) -> int:
        return len(self.bridge.slack.calls) + len(self.bridge.discord.requests)

    async def settled(self) -> None:
        """Wait until both sides show what people remember. Raises AssertionError with the differences."""

        async def differences() -> list[str]:
            return self.differences()

        await until(differences, lambda found: not found, WITHIN)

    def differences(self) -> list[str]:
        """How Slack and Discord differ from what people remember."""
        wanted = self._remembered()
        return [
            f"{name} {line}"
            for name, side in self.sides().items()
            for line in (*_unlike(side.messages, wanted.messages), *_unlike(side.in_order(), wanted.in_order()))
        ]

    def sides(self) -> dict[str, Side]:
        """What is shown now."""
        return {SLACK: on_slack(self.bridge.slack), DISCORD: on_discord(self.bridge.discord)}

    def _remembered(self) -> Side:
        side = Side()
        for one in self.said.values():
            if not one.gone:
                files = (one.file,) if one.file else ()
                reactions = frozenset(emoji for emoji, who in one.reactions.items() if who)
                side.add(one.place, one.tag, Seen(PEOPLE[one.side][one.user], one.text, files, reactions))
        return side

    # ── what people do ───────────────────────────────────────────────────────────────────────────────────────────

    async def _write(self) -> None:
        place = self._place()
        side = self._turn.setdefault(place, self.chance.choice((SLACK, DISCORD)))
        if place and place not in self.sides()[side].ids:
            return await self._write()  # nobody answers what nobody sees yet
        tag = f"m{len(self.said) + 1:03}"
        kind = self.chance.random()
        file = (f"{tag}.txt", self.chance.randrange(1, 2000)) if kind < 0.2 else None
        text = "" if kind < 0.05 else f"{tag} {self._words()}"
        user = self.chance.choice(list(PEOPLE[side]))
        one = self.said[tag] = Said(tag, side, user, place, text, file)
        if place:
            self.said[place].is_root = True
        self.figures.messages += 1
        await (self._to_slack if side == SLACK else self._to_discord)(one)
        return None

    def _place(self) -> str:
        roots = [one.tag for one in self._living(lambda one: not one.place)][-6:]
        return self.chance.choice(roots) if roots and self.chance.random() < 0.55 else TOP

    async def _to_slack(self, one: Said) -> None:
        slack = self.bridge.slack
        thread = on_slack(slack).ids[one.place] if one.place else None
        if one.file:
            await slack.shares(one.file[0], b"x" * one.file[1], one.text, user=one.user, thread=thread)
        else:
            await slack.says(one.text, user=one.user, thread=thread)

    async def _to_discord(self, one: Said) -> None:
        discord, ids = self.bridge.discord, on_discord(self.bridge.discord).ids
        answered = None
        if self.chance.random() < 0.3:
            near = self._living(lambda other: other.place == one.place and other.tag in ids)
            answered = ids[self.chance.choice(near).tag] if near else None
        files = {one.file[0]: b"x" * one.file[1]} if one.file else None
        thread = ids[one.place] if one.place else None
        discord.say(GENERAL, one.user, one.text, reply_to=answered, files=files, thread=thread)

    async def _edit(self) -> None:
        """An author changes a text."""
        mine = self._changeable(lambda one: bool(one.text))
        if not mine:
            return
        one = self.chance.choice(mine)
        one.text = f"{one.tag} {self._words()}, edited"
        self.figures.edits += 1
        native = self.sides()[one.side].ids[one.tag]
        if one.side == SLACK:
            await self.bridge.slack.edits(native, one.text)
        else:
            self.bridge.discord.edit(self._channel(one), native, one.text)

    async def _change(self, *, undo: bool = False) -> None:
        """A deletion, or a reaction; `undo`: a reaction may be taken back, too."""
        if self.chance.random() < 0.25:
            await self._delete()
        elif undo and self.chance.random() < 0.3:
            await self._take_back()
        else:
            await self._react()

    async def _delete(self) -> None:
        free = self._changeable(lambda one: not one.is_root)
        if not free:
            return
        one = self.chance.choice(free)
        one.gone = True
        self.figures.deletions += 1
        native = self.sides()[one.side].ids[one.tag]
        if one.side == SLACK:
            await self.bridge.slack.deletes(native)
        else:
            self.bridge.discord.delete(self._channel(one), native)

    async def _react(self) -> None:
        side = self.chance.choice((SLACK, DISCORD))
        ids = self.sides()[side].ids
        seen = self._living(lambda one: one.tag in ids)
        if not seen:
            return
        one, emoji = self.chance.choice(seen[-20:]), self.chance.choice(list(NAMES))
        user = self.chance.choice(list(PEOPLE[side]))
        if user not in one.reactions[emoji]:
            await self._reaction(one, emoji, side, user, on=True)

    async def _take_back(self) -> None:
        """The only one who set an emoji takes it back: of several, see `test_reactions_of_both_sides.py`."""
        there = [
            (one, emoji, user)
            for one in self._living()
            for emoji, who in one.reactions.items()
            if len(who) == 1
            for user in who
        ]
        if not there:
            return
        one, emoji, user = self.chance.choice(sorted(there, key=lambda row: (row[0].tag, *row[1:])))
        await self._reaction(one, emoji, SLACK if user in PEOPLE[SLACK] else DISCORD, user, on=False)

    async def _reaction(self, one: Said, emoji: str, side: str, user: str, *, on: bool) -> None:
        (one.reactions[emoji].add if on else one.reactions[emoji].remove)(user)
        self.figures.reactions += 1
        native = self.sides()[side].ids[one.tag]
        if side == SLACK:
            await self.bridge.slack.reacts(native, NAMES[emoji], user=user, on=on)
        else:
            self.bridge.discord.react(self._channel(one), native, user, emoji, on=on)

    # ── small helpers ────────────────────────────────────────────────────────────────────────────────────────────

    def _living(self, good: Callable[[Said], bool] = lambda _one: True) -> list[Said]:
        return [one for one in self.said.values() if not one.gone and good(one)]

    def _changeable(self, good: Callable[[Said], bool]) -> list[Said]:
        recent = set(list(self.said)[-SURVEYED:] if self._careful else self.said)
        return self._living(lambda one: one.tag in recent and good(one))

    def _channel(self, one: Said) -> str:
        """Where it stands on Discord: a thread has the id of its root."""
        return on_discord(self.bridge.discord).ids[one.place] if one.place else GENERAL

    def _words(self) -> str:
        words = ("night", "bus", "who", "takes", "the", "keys", "at", "ten", "again", "from", "north", "depot")
        return " ".join(self.chance.choice(words) for _ in range(self.chance.randrange(1, 9)))


def _unlike(found: Mapping[str, object], wanted: Mapping[str, object]) -> list[str]:
    keys = [key for key in sorted(found.keys() | wanted.keys()) if found.get(key) != wanted.get(key)]
    return [f"{key or 'the channel'}: {found.get(key)} and not {wanted.get(key)}" for key in keys]
