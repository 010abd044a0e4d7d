"""What became of a send in doubt: the message that it made, if it made one.

Rule: Discord keeps no key of ours on what a webhook wrote. So a message is taken for it that has the same author, name,
text and sizes of files, was made after the attempt began, and that no other send of ours is known to have made; the
bot's messages are told apart by their nonce too, where Discord still shows it. Not promised: telling two such messages
apart where both sends are in doubt. Next stop: the lane decides what it does with the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tieline.errors import DeliveryError
from tieline.ports.adapter import Outgoing, Sent
from tieline_discord import ids, render
from tieline_discord.calls import Calls
from tieline_discord.history import History
from tieline_discord.inbound import Me
from tieline_discord.naming import named
from tieline_discord.outbound import Outbound
from tieline_discord.places import State
from tieline_discord.shapes import mapping, number, sequence, text

Message = Mapping[str, object]

_SKEW: Final = 2000
"""Milliseconds that clocks may differ although they were compared: HTTP tells whole seconds."""
_MOST: Final = 500


class Lookup:
    """Looks for sends of one bot."""

    def __init__(self, calls: Calls, state: State, history: History, out: Outbound, me: Callable[[], Me]) -> None:
        self._calls = calls
        self._state = state
        self._history = history
        self._out = out
        self._me = me

    async def look_up(self, outgoing: Outgoing, since: int) -> Sent | None:
        """The message that a send made; None: there is none. ``since`` in milliseconds. Raises DeliveryError."""
        known = self._out.sent_under(outgoing.key)
        if known is not None:
            return known
        after = ids.from_milliseconds(max(since - self._calls.ahead - _SKEW, 0))
        for channel in await self._candidates(outgoing, after):
            found = await self._in(channel, after, outgoing)
            if found is not None:
                return self._out.found(outgoing, found, channel, by_webhook="webhook_id" in found)
        return None

    async def _candidates(self, outgoing: Outgoing, after: str) -> list[str]:
        conversation, thread = outgoing.endpoint.conversation, outgoing.thread
        in_forum = self._state.is_forum(conversation)
        if in_forum and thread is None:
            made = await self._history.threads(conversation, after)
            return [text(one, "id") for one in made if ids.order(text(one, "id")) > ids.order(after)]
        if thread is None or not ids.is_id(thread) or self._state.is_direct(conversation):
            return [conversation]
        return [thread] if in_forum else [thread, conversation]

    async def _in(self, channel: str, after: str, outgoing: Outgoing) -> Message | None:
        try:
            async for message in self._calls.pages(f"/channels/{channel}/messages", after=after, most=_MOST):
                if not self._out.knows(text(message, "id")) and self._is_it(message, outgoing):
                    return message
        except DeliveryError as error:
            if error.code != "unknown_channel" or channel == outgoing.endpoint.conversation:
                raise
        return None

    def _is_it(self, message: Message, outgoing: Outgoing) -> bool:
        """By webhook or bot, whichever could have been when it was sent: since then a permission may have changed."""
        me, via, webhook = self._me(), outgoing.endpoint.via, text(message, "webhook_id")
        sizes = sorted(number(mapping(one), "size") for one in sequence(message.get("attachments")))
        if sizes != sorted(file.size for file in outgoing.files):
            return False
        author, said = mapping(message.get("author")), text(message, "content").strip()
        if webhook:
            is_ours = webhook in me.webhook_ids or text(message, "application_id") == me.application_id
            shown = render.webhook_name(outgoing.author.display) if outgoing.author else text(author, "username")
            is_his = is_ours and text(author, "username") == shown
            return via != "bot" and is_his and said == outgoing.frame.text.strip()
        if via == "webhook" or text(author, "id") != me.user_id:
            return False
        nonce = message.get("nonce")
        if isinstance(nonce, str) and nonce:
            return nonce == ids.nonce(outgoing.key)
        return said in {outgoing.frame.text.strip(), named(outgoing).frame.text.strip()}
