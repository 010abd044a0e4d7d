"""A text that grows, shown growing: Slack's streams (``chat.startStream``, ``appendStream``, ``stopStream``).

Rule: only where the channel's ``streaming`` setting allows it, because a stream costs promises. Slack takes no metadata
at its start, so a start whose answer is lost is found again only as "a message of ours in that thread without our key";
it takes standard Markdown without ``parse: none``, so a text with a mention or anything like a broadcast is never
streamed (law 6); and outside direct messages it must name one recipient: who last wrote in the thread.
What cannot be streamed is posted, and grows by edits; what does not continue the text so far, or fails, ends the stream
and is edited. Not promised: that a stream open at a restart grows on; it is ended and edited.
Next stop: :mod:`tieline_slack.outbound`.

Source: docs.slack.dev, chat.startStream (recipients, 12,000 characters, username and icon), stopStream (metadata).
"""

from __future__ import annotations

import html
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, TypeVar

from tieline.errors import DeliveryError, Permanent, Throttled, Uncertain
from tieline.model.inbound import InboundEvent, InboundMessage
from tieline.ports.adapter import Outgoing
from tieline.render.commonmark_writer import CommonMark
from tieline_slack import mrkdwn, render
from tieline_slack.direct import Call
from tieline_slack.inbound import Me, mark_of
from tieline_slack.shapes import text

_STREAMS: Final = 500
_THREADS: Final = 5000
_MAX: Final = 12_000
_PINGS: Final = re.compile(r"@(?:channel|here|everyone|group)\b|<[!@#]", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<[@#!]")

_Key = tuple[str, str]
_V = TypeVar("_V")


class Streams:
    """The open streams of one workspace, and whom a thread answers."""

    def __init__(self, call: Call, me: Me) -> None:
        self._call = call
        self._me = me
        self._said: OrderedDict[_Key, str | None] = OrderedDict()
        """What each open stream has said as Markdown; None: nobody knows, it only can be ended."""
        self._asked: OrderedDict[_Key, str] = OrderedDict()

    def heard(self, event: InboundEvent) -> None:
        """Remember who wrote in a thread, or began one: the recipient of what is streamed into it."""
        if isinstance(event, InboundMessage) and not event.author.is_bot and not event.author.is_self:
            _keep(self._asked, (event.conversation, event.thread or event.native_id), event.author.native_id, _THREADS)

    async def start(self, outgoing: Outgoing) -> str | None:
        """Begin a stream; its message's ts. None: it cannot be streamed, and nothing was sent.

        Raises Uncertain where it may have begun.
        """
        said, recipient = _markdown(outgoing), self._recipient(outgoing)
        if not outgoing.streaming or outgoing.thread is None or not said or recipient is None:
            return None
        author = {name: value for name, value in render.post(outgoing).items() if name in {"username", "icon_url"}}
        place = {"channel": outgoing.endpoint.conversation, "thread_ts": outgoing.thread}
        try:
            answer = await self._call("chat.startStream", {**place, **recipient, **author, "markdown_text": said})
        except Uncertain:
            raise
        except DeliveryError:  # it certainly did not begin: post it instead, which says what is wrong if all is
            return None
        ts = text(answer, "ts")
        if not ts:
            raise Uncertain("bad_answer", "Slack answered ok, without the stream's id")
        self._remember((outgoing.endpoint.conversation, ts), said)
        return ts

    async def grow(self, conversation: str, ts: str, outgoing: Outgoing) -> bool:
        """Show the new text of a stream. False: it is no stream (any more), and wants an ordinary edit.

        Raises Throttled; every other failure ends the stream.
        """
        key = (conversation, ts)
        if key not in self._said:
            return False
        before, now = self._said[key], _markdown(outgoing)
        if before is None or now is None or not now.startswith(before):
            await self._end(key, outgoing, "")
            return False
        rest = now[len(before) :]
        if not outgoing.streaming:
            return await self._end(key, outgoing, rest)
        if rest and not await self._append(key, rest):
            await self._end(key, outgoing, "")
            return False
        self._remember(key, now)
        return True

    async def freed(self, conversation: str, ts: str, outgoing: Outgoing, error: Permanent) -> bool:
        """After an edit that Slack refused because a stream is open (from before a restart): end it; edit again."""
        return "stream" in error.code and await self._end((conversation, ts), outgoing, "")

    def is_orphan(self, conversation: str, message: Mapping[str, object]) -> bool:
        """Whether a message is of ours, bears no key and is no stream we know: one whose start was uncertain."""
        is_ours = text(message, "bot_id") == self._me.bot_id or text(message, "user") == self._me.user_id
        return is_ours and not mark_of(message)[0] and (conversation, text(message, "ts")) not in self._said

    def adopt(self, conversation: str, ts: str) -> None:
        """Take an orphan over; what it says is not known, so that its next edit ends it."""
        self._remember((conversation, ts), None)

    def _recipient(self, outgoing: Outgoing) -> Mapping[str, object] | None:
        conversation = outgoing.endpoint.conversation
        if conversation.startswith("D"):
            return {}
        user = self._asked.get((conversation, outgoing.thread or ""))
        return {"recipient_user_id": user, "recipient_team_id": self._me.team_id} if user and self._me.team_id else None

    async def _append(self, key: _Key, rest: str) -> bool:
        try:
            await self._call("chat.appendStream", {"channel": key[0], "ts": key[1], "markdown_text": rest})
        except Throttled:
            raise
        except DeliveryError:
            self._remember(key, None)
            return False
        return True

    async def _end(self, key: _Key, outgoing: Outgoing, rest: str) -> bool:
        """End a stream, with our key on it from now on. True: all of the text stands there."""
        said = {"markdown_text": rest} if rest else {}
        mark = render.update(outgoing, key[1])["metadata"]
        try:
            await self._call("chat.stopStream", {"channel": key[0], "ts": key[1], "metadata": mark, **said})
        except Throttled:
            raise
        except DeliveryError as error:
            if isinstance(error, Permanent):
                self._said.pop(key, None)
            else:
                self._remember(key, None)
            return False
        self._said.pop(key, None)
        return True

    def _remember(self, key: _Key, said: str | None) -> None:
        _keep(self._said, key, said, _STREAMS)


def _keep(memory: OrderedDict[_Key, _V], key: _Key, value: _V, most: int) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > most:
        memory.popitem(last=False)


def _markdown(outgoing: Outgoing) -> str | None:
    """The frame's text as standard Markdown; None where it must not or cannot be streamed."""
    frame = outgoing.frame
    if frame.actions or outgoing.files or outgoing.notice_for is not None or _MARKUP.search(frame.text):
        return None
    said = CommonMark().write(mrkdwn.parse(frame.text).blocks)
    if len(said) > _MAX or _PINGS.search(html.unescape(said).replace("\\", "")):
        return None
    return said
