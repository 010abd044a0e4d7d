"""How messages are now: which of them are gone, what was edited, and who has set which emoji on those that are there.

Rule: only what Discord says is unknown counts as gone; an empty page may be a missing permission. Messages are read in
pages, at most three of each place (channel or thread), those that are not found there one by one; who set an emoji on a
message, a hundred people a call. Edits stand in what was read, and cost nothing.
Not promised: names in reactions as the server shows them; Discord tells users there, not members. Next stop: the hub
compares them with what it knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from tieline.errors import Permanent
from tieline.model.delivery import Part
from tieline.model.inbound import NativeAuthor
from tieline.ports.abilities import NativeState
from tieline_discord import emoji, errors, ids
from tieline_discord.history import History
from tieline_discord.inbound import Me, author_of
from tieline_discord.outbound import Outbound
from tieline_discord.shapes import flag, mapping, number, sequence, text

Message = Mapping[str, object]

_PAGES: Final = 3
_FULL: Final = 100


class Survey:
    """Surveys the channels of one bot."""

    def __init__(self, history: History, out: Outbound, me: Callable[[], Me]) -> None:
        self._history = history
        self._out = out
        self._me = me

    async def survey(self, conversation: str, parts: Sequence[Part]) -> Sequence[NativeState]:
        """The state of these messages; what is gone is left out. Raises DeliveryError."""
        places: dict[str, set[str]] = defaultdict(set)
        for part in parts:
            if ids.is_id(part.native_id):
                places[self._out.place_of(part, conversation)].add(part.native_id)
        found: list[NativeState] = []
        for channel, wanted in places.items():
            try:
                there = await self._there(channel, wanted)
            except Permanent as error:
                if error.code != "unknown_channel" or channel == conversation:
                    raise
                continue  # the thread is gone, and they with it
            found += [await self._state(conversation, channel, message) for message in there]
        return found

    async def _there(self, channel: str, wanted: set[str]) -> list[Message]:
        found: dict[str, Message] = {}
        oldest, before = min(map(ids.order, wanted)), max(map(ids.order, wanted)) + 1
        for _ in range(_PAGES):
            query = {"before": str(before), "limit": str(_FULL)}
            answer = await self._history.patiently(f"/channels/{channel}/messages", **query)
            page = [mapping(one) for one in sequence(answer)]
            found |= {text(one, "id"): one for one in page}
            before = min((ids.order(text(one, "id")) for one in page), default=0)
            if len(page) < _FULL or before <= oldest:
                break
        doubtful = sorted(wanted - found.keys(), key=ids.order)
        return [found[one] for one in wanted if one in found] + await self._one_by_one(channel, doubtful)

    async def _one_by_one(self, channel: str, wanted: Iterable[str]) -> list[Message]:
        found = []
        for native_id in wanted:
            try:
                found.append(mapping(await self._history.patiently(f"/channels/{channel}/messages/{native_id}")))
            except Permanent as error:
                if error.code != errors.GONE:
                    raise
        return found

    async def _state(self, conversation: str, channel: str, message: Message) -> NativeState:
        native_id = text(message, "id")
        reactions: list[tuple[str, NativeAuthor]] = []
        for one in map(mapping, sequence(message.get("reactions"))):
            name = emoji.from_discord(mapping(one.get("emoji")))
            if name is not None and number(one, "count") > flag(one, "me"):
                users = await self._users(channel, native_id, mapping(one.get("emoji")))
                reactions += [(name, author_of(user, {}, self._me())) for user in users]
        edited = self._history.edit_of(message, conversation)
        return NativeState(native_id=native_id, reactions=tuple(reactions), edited=edited)

    async def _users(self, channel: str, native_id: str, char: Message) -> list[Message]:
        """Who has set an emoji, without ourselves."""
        name = f"{text(char, 'name')}:{text(char, 'id')}" if text(char, "id") else text(char, "name")
        path = f"/channels/{channel}/messages/{native_id}/reactions/{quote(name, safe='')}"
        found: list[Message] = []
        after = "0"
        while True:
            page = [mapping(one) for one in sequence(await self._history.patiently(path, after=after, limit="100"))]
            found += [one for one in page if text(one, "id") not in {"", self._me().user_id}]
            last = max((text(one, "id") for one in page), key=ids.order, default="")
            if len(page) < _FULL or ids.order(last) <= ids.order(after):
                return found
            after = last
