"""What lives between connect and disconnect: the calls, what is known, the gateway, and who we are.

Rule: signing in asks Discord who the bot is, before anything is sent or read; commands are registered only where they
differ. Next stop: :mod:`tieline_discord.adapter` hands its work here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tieline.errors import DeliveryError
from tieline.ports.adapter import Session
from tieline.ports.clock import Clock
from tieline_discord import permissions, places
from tieline_discord.calls import Calls, log
from tieline_discord.config import Settings
from tieline_discord.connection import Connection
from tieline_discord.history import History
from tieline_discord.inbound import Me
from tieline_discord.interactions import COMMANDS
from tieline_discord.lookup import Lookup
from tieline_discord.outbound import Outbound
from tieline_discord.places import State
from tieline_discord.shapes import mapping, sequence, text
from tieline_discord.surveying import Survey
from tieline_discord.webhooks import Webhooks
from tieline_discord.wire import Door

CONTENT: Final = 1 << 18 | 1 << 19
"""Flags of an application that may read messages: granted, or not verified yet."""


class Bot:
    """One bot, from connect to disconnect. Made on a running event loop."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.calls = Calls(settings, clock)
        self.user: Mapping[str, object] = {}
        self.application: Mapping[str, object] = {}
        self._know()
        self._door: Door | None = None
        self._connection: Connection | None = None
        self.signed_in = False

    def _know(self) -> None:
        self.state = State(text(self.user, "id"))
        self.webhooks = Webhooks(self.calls, self.state, text(self.application, "id"))
        self.out = Outbound(
            self.calls, self.state, self.webhooks, me=text(self.user, "id"), previews=self._settings.previews
        )
        self.history = History(self.calls, self.state, self.webhooks, self._clock, self.me)
        self.survey = Survey(self.history, self.out, self.me)
        self.lookup = Lookup(self.calls, self.state, self.history, self.out, self.me)

    def me(self) -> Me:
        """Who we are, with the webhooks that are ours by now."""
        return Me(
            user_id=text(self.user, "id"),
            application_id=text(self.application, "id"),
            webhook_ids=self.webhooks.ids,
        )

    @property
    def is_up(self) -> bool:
        """True while the gateway is open."""
        return self._connection is not None and self._connection.is_open

    async def sign_in(self) -> None:
        """Ask who we are. Raises DeliveryError."""
        self.user = mapping(await self.calls.read("/users/@me"))
        self.application = mapping(await self.calls.read("/applications/@me"))
        self._know()
        self.signed_in = True

    async def open(self, session: Session) -> None:
        """Sign in and begin to receive. Raises DeliveryError or AdapterError."""
        await self.sign_in()
        await self._register()
        self._door = Door(session, self.calls, self.state, self.webhooks, self._clock, self.me)
        self.out.told = self._door.told
        self._connection = Connection(self.calls, self._settings.gateway_url, self._clock, self._door)
        await self._connection.open()

    async def close(self) -> None:
        """Free everything. Idempotent."""
        self.signed_in = False
        if self._connection is not None:
            await self._connection.close()
        if self._door is not None:
            await self._door.close()
        await self.calls.close()

    async def follow(self, conversation: str) -> None:
        """Take notice of a linked conversation. Raises DeliveryError."""
        if not self.state.knows(conversation):
            await places.learn(self.calls, self.state, conversation)
        if self._door is not None:
            self._door.follow(conversation)

    async def _register(self) -> None:
        """Our commands, everywhere; Discord keeps them."""
        path = f"/applications/{text(self.application, 'id')}/commands"
        try:
            there = sequence(await self.calls.read(path))
            if not _same(there):
                await self.calls.call("PUT", path, json=list(COMMANDS))
        except DeliveryError as error:
            log.warning("/tieline could not be registered: %s", error)


def _same(there: object) -> bool:
    registered = {(text(mapping(one), "name"), mapping(one).get("type", 1)): mapping(one) for one in sequence(there)}
    wanted = {(text(mapping(one), "name"), mapping(one).get("type", 1)): mapping(one) for one in map(dict, COMMANDS)}
    return registered.keys() == wanted.keys() and all(_says(registered[key], one) for key, one in wanted.items())


def _says(there: object, wanted: object) -> bool:
    """What is registered has all that is wanted; Discord adds members of its own, and leaves out defaults."""
    if isinstance(wanted, dict):
        return all(_says(mapping(there).get(str(name), False), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        found = sequence(there)
        return len(found) == len(wanted) and all(_says(one, two) for one, two in zip(found, wanted, strict=True))
    return there == wanted


def missing(state: State, conversation: str) -> list[int]:
    """Permissions that the bot lacks in a conversation."""
    return [bit for bit in permissions.NEEDED if state.lacks(conversation, bit)]
