"""Calls of Slack's Web API that change something, and the look-up of what became of one.

Rule: one call each and no retry inside (``retry_handlers=[]``: slack_sdk would post twice, openclaw#22780); every
failure leaves as a :class:`~tieline.errors.DeliveryError`. What is so already is success.
Not promised: a notice to one person (``chat.postEphemeral``) can be found again; Slack keeps none.
Next stop: :mod:`tieline_slack.errors` for failures, the hub's lane for outcomes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import msgspec
from slack_sdk.web.async_client import AsyncWebClient

from tieline.errors import Permanent, Uncertain
from tieline.model.inbound import InboundEvent
from tieline.ports.adapter import Outgoing, PartRef, Sent
from tieline.ports.clock import Clock
from tieline_slack import emoji, ids, render
from tieline_slack.errors import NOT_SHOWABLE, translate, unshown
from tieline_slack.inbound import Me, mark_of
from tieline_slack.paging import pages
from tieline_slack.shapes import mapping, text
from tieline_slack.streaming import Streams
from tieline_slack.uploads import PREFIX, Uploads

_SKEW: Final = 60_000
"""Milliseconds that our clock may be ahead of Slack's."""


class Outbound:
    """The writing side of one workspace."""

    def __init__(
        self,
        web: AsyncWebClient,
        clock: Clock,
        me: Me,
        *,
        previews: bool = False,
        local: bool = False,
        streaming: bool = False,
    ) -> None:
        self._web = web
        self._clock = clock
        self._me = me
        self._previews = previews
        self._streams = Streams(self.call, me) if streaming else None
        self._uploads = Uploads(self.form, self.read, web, clock, me, local=local)

    async def call(self, method: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """Call a method that writes; its arguments go as JSON. Raises DeliveryError."""
        try:
            answer = await self._web.api_call(method, json=dict(arguments))
            return mapping(answer.data)
        except Exception as error:
            raise translate(error, now=self._clock.now() / 1000) from error

    async def form(self, method: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """Call a method that writes and takes no JSON: its arguments go as a form. Raises DeliveryError."""
        try:
            answer = await self._web.api_call(method, data=dict(arguments))
            return mapping(answer.data)
        except Exception as error:
            raise translate(error, now=self._clock.now() / 1000) from error

    async def read(self, method: str, arguments: Mapping[str, str]) -> Mapping[str, object]:
        """Call a method that reads; its arguments go in the query. Raises DeliveryError."""
        try:
            answer = await self._web.api_call(method, http_verb="GET", params=dict(arguments))
            return mapping(answer.data)
        except Exception as error:
            raise translate(error, now=self._clock.now() / 1000) from error

    async def send(self, outgoing: Outgoing) -> Sent:
        """Post one frame: its text, or its files; a notice is shown to its reader alone."""
        outgoing = await self._threaded(outgoing)
        if outgoing.notice_for is not None:
            if outgoing.files:
                raise Permanent("no_files_in_notices", "Slack shows files to everyone in the conversation")
            answer = await self.call("chat.postEphemeral", render.notice(outgoing, outgoing.notice_for))
            return self._sent(outgoing, text(answer, "message_ts"), url=False)
        if outgoing.files:
            return await self._uploads.send(outgoing)
        if self._streams is not None and (begun := await self._streams.start(outgoing)) is not None:
            return self._sent(outgoing, begun)
        answer = await self.call("chat.postMessage", render.post(outgoing, previews=self._previews))
        return self._sent(outgoing, text(answer, "ts"))

    async def edit(self, ref: PartRef, outgoing: Outgoing) -> None:
        """Write a part anew; files stay as they are."""
        if outgoing.files:
            return
        conversation, ts = ref.endpoint.conversation, await self._native(ref)
        if self._streams is not None and await self._streams.grow(conversation, ts, outgoing):
            return
        try:
            await self.call("chat.update", render.update(outgoing, ts))
        except Permanent as error:
            if self._streams is None or not await self._streams.freed(conversation, ts, outgoing, error):
                raise
            await self.call("chat.update", render.update(outgoing, ts))

    async def delete(self, ref: PartRef) -> None:
        """Remove a part and its files; one that is gone already is gone."""
        native = await self._uploads.native(ref.endpoint.conversation, ref.part.native_id)
        if native:
            with _unless({"part_gone"}):
                await self.call("chat.delete", {"channel": ref.endpoint.conversation, "ts": native})
        await self._uploads.remove(ref.part.native_id)

    async def react(self, ref: PartRef, char: str, *, on: bool) -> None:
        """Set or take back the bot's reaction. Permanent ``not_showable``: the workspace has no such emoji."""
        name = emoji.to_slack(char)
        if name is None:
            raise Permanent(NOT_SHOWABLE, f"{char} is no emoji")
        place = {"channel": ref.endpoint.conversation, "timestamp": await self._native(ref), "name": name}
        with _unless({"already_reacted"} if on else {"no_reaction", NOT_SHOWABLE}):
            try:
                await self.call("reactions.add" if on else "reactions.remove", place)
            except Permanent as error:
                raise unshown(error, char) from error

    async def look_up(self, outgoing: Outgoing, since: int) -> Sent | None:
        """Find what carries our key, in the thread or the channel it was sent to; files by what is known of them."""
        if outgoing.notice_for is not None:
            return None
        outgoing = await self._threaded(outgoing)
        if outgoing.files:
            return await self._uploads.look_up(outgoing, since, self._after)
        async for message in self._after(outgoing, since):
            if mark_of(message)[0] == outgoing.key or self._adopted(outgoing, message):
                return self._sent(outgoing, text(message, "ts"))
        return None

    def heard(self, event: InboundEvent) -> None:
        """What somebody wrote: streams are shown to who asked; our own files come by with their message."""
        self._uploads.heard(event)
        if self._streams is not None:
            self._streams.heard(event)

    def _adopted(self, outgoing: Outgoing, message: Mapping[str, object]) -> bool:
        """A stream whose start was uncertain: Slack puts no key on it before its end."""
        conversation = outgoing.endpoint.conversation
        if self._streams is None or not outgoing.streaming or not self._streams.is_orphan(conversation, message):
            return False
        self._streams.adopt(conversation, text(message, "ts"))
        return True

    async def _native(self, ref: PartRef) -> str:
        native = await self._uploads.native(ref.endpoint.conversation, ref.part.native_id)
        if not native:
            raise Permanent("part_gone", "Slack does not tell which message shows the file")
        return native

    async def _threaded(self, outgoing: Outgoing) -> Outgoing:
        """With the thread's root by its own id, where files stood for it; outside the thread where it is not known."""
        if outgoing.thread is None or not outgoing.thread.startswith(PREFIX):
            return outgoing
        root = await self._uploads.native(outgoing.endpoint.conversation, outgoing.thread)
        return msgspec.structs.replace(outgoing, thread=root or None)

    async def _after(self, outgoing: Outgoing, since: int) -> AsyncIterator[Mapping[str, object]]:
        place = {
            "channel": outgoing.endpoint.conversation,
            "oldest": ids.from_milliseconds(max(since - _SKEW, 0)),
            "include_all_metadata": "true",
        }
        method = "conversations.history"
        if outgoing.thread is not None:
            method, place["ts"] = "conversations.replies", outgoing.thread
        async for message in pages(self.read, method, place, "messages"):
            yield message

    def _sent(self, outgoing: Outgoing, ts: str, *, url: bool = True) -> Sent:
        if not ts:  # an "ok" without an id: it was posted, and only the look-up can say where
            raise Uncertain("bad_answer", "Slack answered ok, without the message's id")
        conversation = outgoing.endpoint.conversation
        address = ids.permalink(self._me.url, conversation, ts, outgoing.thread) if url else None
        return Sent(native_id=ts, thread=outgoing.thread or ts, url=address)


@contextmanager
def _unless(harmless: Collection[str]) -> Iterator[None]:
    """Let pass what Slack refuses because it is so already."""
    try:
        yield
    except Permanent as error:
        if error.code not in harmless:
            raise
