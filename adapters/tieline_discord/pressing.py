"""Interactions: ``/tieline``, buttons, "Send to room", each answered within Discord's three seconds.

Rule: the answer is shown to the person alone. Where the hub needs longer, Discord is told that one comes, and it is put
in later. A press without an answer changes nothing. Not promised: an answer after fifteen minutes, when Discord's token
for it ends. Next stop: :mod:`tieline_discord.interactions` reads and writes the shapes.

Source: docs.discord.com, "Receiving and Responding" (callback types, followups).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Final

from tieline.errors import DeliveryError, StoreError, TielineError
from tieline.model.base import Value
from tieline.model.inbound import InboundMessage
from tieline.ports.adapter import Session
from tieline.ports.clock import Clock
from tieline.ports.waiting import within
from tieline_discord import ids, inbound, interactions, render
from tieline_discord.calls import Calls, log
from tieline_discord.inbound import Me
from tieline_discord.places import State
from tieline_discord.shapes import mapping, number, text

Json = Mapping[str, object]

PATIENCE: Final = 2.0
"""Seconds in which the hub's answer goes out at once."""
_BUSY: Final = "The hub cannot take this now. Please try again in a moment."
_DONE: Final = "Done."
_GONE: Final = "That message is no longer there."
_FAILED: Final = "That message cannot be read by the bot."

_SAY: Final = 4
_SAY_LATER: Final = 5
_CHANGE_LATER: Final = 6
_CHANGE: Final = 7
_COMPONENT: Final = 3
_ALONE: Final[Json] = {"flags": render.EPHEMERAL}


class Manner(Value, kw_only=True, frozen=True):
    """How a kind of interaction is answered: types of the callback at once and of the one that asks for time."""

    now: int
    later: int
    replaces: bool
    """The later answer takes the place of what is shown; else it is a message of its own."""
    silent: str | None
    """What is said where the hub says nothing; None: nothing."""


_COMMAND: Final = Manner(now=_SAY, later=_SAY_LATER, replaces=True, silent=_DONE)
_PRESS: Final = Manner(now=_SAY, later=_CHANGE_LATER, replaces=False, silent=None)
_CHOICE: Final = Manner(now=_CHANGE, later=_CHANGE_LATER, replaces=True, silent=_DONE)


class Pressing:
    """Answers interactions of one bot."""

    def __init__(self, session: Session, calls: Calls, state: State, clock: Clock, me: Callable[[], Me]) -> None:
        self._session = session
        self._calls = calls
        self._state = state
        self._clock = clock
        self._me = me

    async def handle(self, data: Json) -> None:
        """One interaction, to its end. Does not raise."""
        try:
            await self._handle(data)
        except DeliveryError as error:
            log.warning("an interaction could not be answered: %s", error)
        except TielineError:
            log.info("the channel stopped before an interaction was answered")

    async def _handle(self, data: Json) -> None:
        if not (ids.is_id(text(data, "id")) and text(data, "token")):
            return
        wanted = interactions.asked(data)
        if wanted is not None:
            await self._offer(data, wanted)
            return
        if interactions.chosen(data) is not None:
            await self._answer(data, self._forward(data), _CHOICE)
            return
        manner = _PRESS if number(data, "type") == _COMPONENT else _COMMAND
        await self._answer(data, self._receive(data, None), manner)

    async def _offer(self, data: Json, wanted: interactions.Choice) -> None:
        person = mapping(mapping(data.get("member")).get("user")) or mapping(data.get("user"))
        try:
            home = await within(self._clock, PATIENCE, self._session.home(text(person, "id")))
            shown = interactions.room_choice(home.rooms, wanted)
        except (StoreError, TimeoutError):
            shown = render.answer(_BUSY)
        await self._callback(data, _SAY, shown)

    async def _forward(self, data: Json) -> str | None:
        choice = interactions.chosen(data)
        if choice is None:
            return None
        try:
            found = await self._calls.read(f"/channels/{choice.channel_id}/messages/{choice.message_id}")
        except DeliveryError as error:
            return _GONE if error.code == "part_gone" else _FAILED
        guild = self._state.guild_of(choice.channel_id) or text(data, "guild_id")
        original = inbound.read_message(found, self._me(), self._state, guild=guild or None)
        return _FAILED if original is None else await self._receive(data, original)

    async def _receive(self, data: Json, original: InboundMessage | None) -> str | None:
        event = interactions.read(data, self._me(), self._state, original)
        if event is None:
            return None
        try:
            return (await self._session.receive(event)).answer
        except StoreError:
            return _BUSY

    async def _answer(self, data: Json, asked: Coroutine[object, object, str | None], manner: Manner) -> None:
        """At once if the hub is quick; else ask Discord for time first."""
        work = asyncio.ensure_future(asked)
        try:
            await asyncio.wait({work}, timeout=PATIENCE)
            if work.done():
                await self._at_once(data, await work, manner)
                return
            await self._callback(data, manner.later, _ALONE if manner.later == _SAY_LATER else None)
            await self._in_time(data, await work, manner)
        finally:
            work.cancel()

    async def _at_once(self, data: Json, answer: str | None, manner: Manner) -> None:
        said = answer or manner.silent
        if said is None:
            await self._callback(data, _CHANGE_LATER, None)
        else:
            await self._callback(data, manner.now, self._shown(said, manner))

    async def _in_time(self, data: Json, answer: str | None, manner: Manner) -> None:
        said = answer or manner.silent
        if said is None:
            return
        path = f"/webhooks/{self._me().application_id}/{text(data, 'token')}"
        if manner.replaces:
            shown = {name: value for name, value in self._shown(said, manner).items() if name != "flags"}
            await self._calls.call("PATCH", f"{path}/messages/@original", json=shown, bot=False)
        else:
            await self._calls.call("POST", path, json=self._shown(said, manner), query={"wait": "true"}, bot=False)

    def _shown(self, said: str, manner: Manner) -> dict[str, object]:
        shown = render.answer(said)
        return {**shown, "components": []} if manner is _CHOICE else shown

    async def _callback(self, data: Json, kind: int, shown: Json | None) -> None:
        path = f"/interactions/{text(data, 'id')}/{text(data, 'token')}/callback"
        body = {"type": kind} if shown is None else {"type": kind, "data": shown}
        await self._calls.call("POST", path, json=body, bot=False)
