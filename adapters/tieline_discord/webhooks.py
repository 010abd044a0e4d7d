"""The webhook of each channel: found or made once, kept until Discord says that it is gone.

Rule: a webhook is ours if our application made it, whatever it is called; its token leaves only in the path of a
call. Making one that may have been made already is no danger: the next time it is found. Not promised: webhooks in
direct conversations; Discord has none there. Next stop: :mod:`tieline_discord.outbound`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from tieline.errors import DeliveryError
from tieline.model.base import Value
from tieline_discord.calls import Calls
from tieline_discord.permissions import WEBHOOKS
from tieline_discord.places import State
from tieline_discord.shapes import mapping, sequence, text

NAME: Final = "Tieline"
_INCOMING: Final = 1


class Hook(Value, kw_only=True, frozen=True):
    """A webhook's id and its path in the API, which holds its secret token."""

    id: str
    path: str

    def __repr__(self) -> str:
        """Without the token."""
        return f"Hook(id={self.id!r})"


class Webhooks:
    """Webhooks by channel (never by thread)."""

    def __init__(self, calls: Calls, state: State, application_id: str) -> None:
        self._calls = calls
        self._state = state
        self._application = application_id
        self._hooks: dict[str, Hook] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self.refused: dict[str, DeliveryError] = {}
        """Channels where we may make none, and why."""
        self.ids: frozenset[str] = frozenset()
        """All that are ours, also those that are gone: what they wrote is ours."""

    async def of(self, channel: str) -> Hook:
        """The channel's webhook, made if need be. Raises DeliveryError."""
        async with self._locks.setdefault(channel, asyncio.Lock()):
            return self._hooks.get(channel) or await self._find(channel) or await self._make(channel)

    async def there(self, channel: str) -> Hook | None:
        """The channel's webhook if there is one; None also where we may not know. Raises DeliveryError."""
        if self.refused.get(channel) or self._state.guild_of(channel) is None or self._state.lacks(channel, WEBHOOKS):
            return None
        async with self._locks.setdefault(channel, asyncio.Lock()):
            try:
                return self._hooks.get(channel) or await self._find(channel)
            except DeliveryError as error:
                if error.retryable:
                    raise
                return None

    def forget(self, channel: str) -> None:
        """Discord no longer knows it."""
        self._hooks.pop(channel, None)

    async def count(self, channel: str) -> int:
        """How many webhooks a channel has, of whoever. Raises DeliveryError."""
        return len(sequence(await self._calls.call("GET", f"/channels/{channel}/webhooks", needs=WEBHOOKS)))

    async def _find(self, channel: str) -> Hook | None:
        answer = await self._calls.call("GET", f"/channels/{channel}/webhooks", needs=WEBHOOKS)
        for one in sequence(answer):
            hook = mapping(one)
            is_ours = text(hook, "application_id") == self._application  # whatever a moderator calls it
            if is_ours and text(hook, "token") and hook.get("type", _INCOMING) == _INCOMING:
                return self._keep(channel, hook)
        return None

    async def _make(self, channel: str) -> Hook:
        answer = await self._calls.call("POST", f"/channels/{channel}/webhooks", json={"name": NAME}, needs=WEBHOOKS)
        return self._keep(channel, mapping(answer))

    def _keep(self, channel: str, found: Mapping[str, object]) -> Hook:
        hook = Hook(id=text(found, "id"), path=f"/webhooks/{text(found, 'id')}/{text(found, 'token')}")
        self._hooks[channel] = hook
        self.ids |= {hook.id}
        return hook
