"""Threads: which channel a message for one goes to, and how one is begun.

Rule: a thread that was begun from a message has the message's id; so the hub's thread, named by its root, is a channel
here. It is begun when the first answer comes, and named after its root. Not promised: a root that is gone; then the
answer stands in the channel. Next stop: :mod:`tieline_discord.outbound`.
"""

from __future__ import annotations

import contextlib
import re
from collections import OrderedDict
from typing import Final

from tieline.errors import DeliveryError, Permanent
from tieline.ports.adapter import Outgoing
from tieline_discord import errors, ids, permissions, places
from tieline_discord.calls import Calls
from tieline_discord.places import State
from tieline_discord.shapes import mapping, text

TITLE_MAX: Final = 80
_MOST: Final = 5000
_MARKUP: Final = re.compile(r"<a?:(\w+):\d+>|<[@#&!]+\d+>|[*_~`|>#\\\[\]]+")


class Threads:
    """The threads of one bot."""

    def __init__(self, calls: Calls, state: State) -> None:
        self._calls = calls
        self._state = state
        self._begun: OrderedDict[str, str] = OrderedDict()

    async def channel_of(self, outgoing: Outgoing) -> str:
        """Where a message goes: its thread, begun if need be, or the conversation. Raises DeliveryError."""
        conversation, root = outgoing.endpoint.conversation, outgoing.thread
        if root is None or not ids.is_id(root) or self._state.is_direct(conversation):
            return conversation
        if not self._state.knows(conversation):
            await places.learn(self._calls, self._state, conversation)
            return await self.channel_of(outgoing) if self._state.knows(conversation) else conversation
        if self._state.is_forum(conversation) or self._is_there(root, conversation):
            return root
        return await self._begin(conversation, root, outgoing.frame.text)

    async def reopen(self, thread: str) -> bool:
        """Open an archived thread; False: we may not (it is locked)."""
        try:
            await self._calls.call("PATCH", f"/channels/{thread}", json={"archived": False})
        except Permanent:
            return False
        return True

    def forget(self, thread: str) -> None:
        """Discord no longer knows it."""
        self._begun.pop(thread, None)
        self._state.observe("THREAD_DELETE", {"id": thread})

    def _is_there(self, thread: str, conversation: str) -> bool:
        return self._state.parent_of(thread) == conversation or self._begun.get(thread) == conversation

    async def _begin(self, conversation: str, root: str, answer: str) -> str:
        name = await self._name(conversation, root) or title(answer)
        try:
            made = await self._calls.call(
                "POST",
                f"/channels/{conversation}/messages/{root}/threads",
                json={"name": name, "auto_archive_duration": 1440},
                needs=permissions.THREADS,
            )
        except Permanent as error:
            if error.code == errors.GONE:  # no message: a thread without one, or nothing
                return await self._without_root(conversation, root)
            if error.code != errors.THREAD_EXISTS:
                raise
        else:
            self._state.add(mapping(made))
        self._remember(root, conversation)
        return root

    async def _without_root(self, conversation: str, thread: str) -> str:
        there = await places.learn(self._calls, self._state, thread)
        return thread if there and self._state.parent_of(thread) == conversation else conversation

    async def _name(self, conversation: str, root: str) -> str:
        with contextlib.suppress(DeliveryError):
            message = mapping(await self._calls.read(f"/channels/{conversation}/messages/{root}"))
            return title(text(message, "content"), default="")
        return ""

    def _remember(self, thread: str, conversation: str) -> None:
        self._begun[thread] = conversation
        while len(self._begun) > _MOST:
            self._begun.popitem(last=False)


def title(written: str, *, default: str = "Thread") -> str:
    """A thread's name from a text in Discord's dialect: its first line without markup, at most 80 characters."""
    for line in written.splitlines():
        plain = " ".join(_MARKUP.sub(" ", line).split())
        if plain:
            return plain if len(plain) <= TITLE_MAX else f"{plain[: TITLE_MAX - 1]}…"
    return default
