"""Files on their way to Slack, and what became of them.

Rule: an address is asked for, the bytes are streamed to it, and only ``files.completeUploadExternal`` shows them to
anyone; so whatever fails before that call did not happen, and may be tried again. Slack says yes before it has shown
the file: the message's id is asked for a few times, and where it does not come the files' own ids stand for it
(``file:F1,F2``), which deletion and threads understand.

Promise (class B): while this process lives, an uncertain upload is found by the files' ids, exactly; one that Slack
never showed is removed before it may be sent anew. After a restart it is found in the conversation's history, as a
message of ours with the same names and sizes: two identical files sent within that time may be taken for each other,
and a file that Slack shows later than it is looked for is sent twice.
Not promised: that the file itself goes with its message where the message was sent before a restart.
Next stop: :mod:`tieline_slack.outbound`.

Source: docs.slack.dev, "Working with files"; slackapi/bolt-js#2115 (shares come late).
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeVar

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from tieline.errors import DeliveryError, NotDispatched, Permanent, Throttled, Uncertain
from tieline.model.inbound import InboundEvent, InboundMessage
from tieline.ports.adapter import Outgoing, OutgoingFile, Sent
from tieline.ports.clock import Clock
from tieline_slack import files, ids, render
from tieline_slack.errors import retry_after, translate, without_scope
from tieline_slack.inbound import Me
from tieline_slack.shapes import mapping, sequence, text

PREFIX: Final = "file:"
"""Begins the id of a part whose message Slack has not told."""

ALT_MAX: Final = 1000
"""Characters of a description that Slack keeps."""
_PAUSES: Final = (0.2, 0.4, 0.8, 1.0, 1.0)
"""Seconds between two questions for the message."""
_SETTLED: Final = 30_000
"""Milliseconds after which a file that Slack has not shown is taken for not completed."""
_GONE: Final = frozenset({"file_not_found", "file_deleted"})
_REMEMBERED: Final = 2_000
_SLOWEST: Final = 64 * 1024
"""Bytes a second: what is slower than this has stopped."""

K = TypeVar("K")
T = TypeVar("T")
Json = Mapping[str, object]
Call = Callable[[str, Mapping[str, object]], Awaitable[Json]]
Read = Callable[[str, Mapping[str, str]], Awaitable[Json]]
Messages = Callable[[Outgoing, int], AsyncIterator[Json]]


class Uploads:
    """The files that one workspace was sent. ``post`` calls a method with form fields, ``read`` asks."""

    def __init__(
        self, post: Call, read: Read, web: AsyncWebClient, clock: Clock, me: Me, *, local: bool = False
    ) -> None:
        self._post = post
        self._read = read
        self._web = web
        self._clock = clock
        self._me = me
        self._local = local
        self._begun: OrderedDict[str, tuple[tuple[str, ...], int]] = OrderedDict()
        """Ids of the files and the time, by key."""
        self._shown: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        """Ids of the files by the ``ts`` of their message."""
        self._told: OrderedDict[tuple[str, str], str] = OrderedDict()
        """The ``ts`` of the message by conversation and file, as the events said."""

    async def send(self, outgoing: Outgoing) -> Sent:
        """Show the files of a frame in one message. Raises DeliveryError."""
        try:
            uploaded = tuple([await self._upload(file) for file in outgoing.files])
        except Uncertain as error:
            raise NotDispatched(error.code, error.detail, fix=error.fix) from error
        _keep(self._begun, outgoing.key, (uploaded, self._clock.now()))
        answer = await self._post("files.completeUploadExternal", render.completion(outgoing, uploaded))
        told = [files.share(mapping(file), outgoing.endpoint.conversation) for file in sequence(answer.get("files"))]
        ts = max(told, key=ids.order, default="") or await self._shown_at(outgoing, uploaded[0])
        return self._sent(outgoing, uploaded, ts)

    async def look_up(self, outgoing: Outgoing, since: int, messages: Messages) -> Sent | None:
        """Find files that may have been shown; None: they are not, and will not be. Raises DeliveryError."""
        if outgoing.key in self._begun:
            return await self._settle(outgoing, *self._begun[outgoing.key])
        wanted = sorted((file.name, file.size) for file in outgoing.files)
        async for message in messages(outgoing, since):
            if self._is_ours(message) and _sizes(message) == wanted and text(message, "ts") not in self._shown:
                return self._sent(outgoing, _ids(message), text(message, "ts"))
        return None

    async def native(self, conversation: str, native_id: str) -> str:
        """The ``ts`` of a part; empty where only its files are known, as yet."""
        if not native_id.startswith(PREFIX):
            return native_id
        with contextlib.suppress(DeliveryError):
            return await self._where(conversation, _named(native_id)[0])
        return ""

    async def remove(self, native_id: str) -> None:
        """Remove the files behind a part, where we know them; what is gone is gone. Raises DeliveryError."""
        if native_id.startswith(PREFIX):
            for file in _named(native_id):
                await self._delete(file)
        elif native_id in self._shown:
            with contextlib.suppress(Permanent):  # the message is away, and nothing else can be done
                for file in self._shown[native_id]:
                    await self._delete(file)
            del self._shown[native_id]

    def heard(self, event: InboundEvent) -> None:
        """Our own message of files came by: Slack tells sooner there than when it is asked."""
        if isinstance(event, InboundMessage) and event.author.is_self:
            for file in event.files:
                _keep(self._told, (event.conversation, file.id), event.native_id)

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _upload(self, file: OutgoingFile) -> str:
        """Bring the bytes to Slack; shown to nobody yet. The file's id."""
        asked = {"filename": file.name, "length": str(file.size)}
        if file.alt:
            asked["alt_txt"] = file.alt[:ALT_MAX]
        try:
            answer = await self._post("files.getUploadURLExternal", asked)
        except Permanent as error:
            raise without_scope(error, "files:write") from error
        url, name = text(answer, "upload_url"), text(answer, "file_id")
        if not name or not self._may_go_to(url):
            raise NotDispatched("bad_upload_url", "Slack gave no address of its own to upload to")
        await self._stream(url, file)
        return name

    async def _stream(self, url: str, file: OutgoingFile) -> None:
        pieces = _Counted(file)
        limit = aiohttp.ClientTimeout(total=60 + file.size / _SLOWEST, sock_connect=10)
        headers = {"Content-Length": str(file.size), "Content-Type": "application/octet-stream"}
        session = self._web.session
        if session is None or session.closed:
            raise NotDispatched("not_connected", "Slack is not connected")
        try:
            async with session.post(
                url,
                data=pieces.read(),
                headers=headers,
                timeout=limit,
                allow_redirects=False,
                proxy=self._web.proxy,
            ) as answer:
                _refused(answer)
        except Exception as error:
            if pieces.error is not None:  # aiohttp shows what the reader raised as a broken connection
                raise pieces.error from error
            raise translate(error, now=self._clock.now() / 1000) from error

    def _may_go_to(self, url: str) -> bool:
        return files.is_slacks(url) or (self._local and files.is_home(url))

    def _sent(self, outgoing: Outgoing, uploaded: tuple[str, ...], ts: str) -> Sent:
        if not ts:
            return Sent(native_id=PREFIX + ",".join(uploaded), thread=outgoing.thread)
        _keep(self._shown, ts, uploaded)
        conversation = outgoing.endpoint.conversation
        address = ids.permalink(self._me.url, conversation, ts, outgoing.thread)
        return Sent(native_id=ts, thread=outgoing.thread or ts, url=address)

    # ── where it is shown ────────────────────────────────────────────────────────────────────────────────────────

    async def _shown_at(self, outgoing: Outgoing, file: str) -> str:
        """Ask for the message, a few times. It is out whatever comes of this: nothing is raised."""
        for pause in _PAUSES:
            await self._clock.sleep(pause)
            try:
                ts = await self._where(outgoing.endpoint.conversation, file)
            except DeliveryError:
                return ""
            if ts:
                return ts
        return ""

    async def _settle(self, outgoing: Outgoing, uploaded: tuple[str, ...], at: int) -> Sent | None:
        try:
            ts = await self._where(outgoing.endpoint.conversation, uploaded[0])
        except Permanent as error:
            if error.code not in _GONE:
                raise
            return None
        if ts:
            return self._sent(outgoing, uploaded, ts)
        if self._clock.now() - at < _SETTLED:
            raise Uncertain("not_shown_yet", "Slack has the file and has not shown it yet")
        for file in uploaded:
            await self._delete(file)
        return None

    async def _where(self, conversation: str, file: str) -> str:
        """The ``ts`` of the message that shows a file, as heard or asked; empty as yet. Raises DeliveryError."""
        if (conversation, file) in self._told:
            return self._told[conversation, file]
        try:
            answer = await self._read("files.info", {"file": file})
        except Permanent as error:
            raise without_scope(error, "files:read") from error
        return files.share(mapping(answer.get("file")), conversation)

    async def _delete(self, file: str) -> None:
        try:
            await self._post("files.delete", {"file": file})
        except Permanent as error:
            if error.code not in _GONE:
                raise without_scope(error, "files:write") from error

    def _is_ours(self, message: Json) -> bool:
        return text(message, "user") == self._me.user_id or text(message, "bot_id") == self._me.bot_id


class _Counted:
    """A file's bytes as they are, counted: a wrong length would leave Slack waiting."""

    def __init__(self, file: OutgoingFile) -> None:
        self._file = file
        self.error: DeliveryError | None = None

    async def read(self) -> AsyncIterator[bytes]:
        left = self._file.size
        try:
            async for piece in self._file.read():
                left -= len(piece)
                if left < 0:
                    break
                yield piece
            if left:
                raise Permanent("file_changed", f"{self._file.name} has not the size it was said to have")
        except DeliveryError as error:
            self.error = error
            raise


def _refused(answer: aiohttp.ClientResponse) -> None:
    if answer.status == HTTPStatus.OK:
        return
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Throttled(
            "rate_limited", "Slack asks to wait", retry_after=retry_after(answer.headers.get("Retry-After"))
        )
    code, detail = f"http_{answer.status}", f"Slack did not take the file: HTTP {answer.status}"
    if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Permanent(code, detail)
    raise NotDispatched(code, detail)


def _sizes(message: Json) -> list[tuple[str, int]]:
    told = [files.native(mapping(file)) for file in sequence(message.get("files"))]
    return sorted((file.name, file.size or 0) for file in told)


def _ids(message: Json) -> tuple[str, ...]:
    return tuple(text(mapping(file), "id") for file in sequence(message.get("files")))


def _named(native_id: str) -> tuple[str, ...]:
    return tuple(native_id.removeprefix(PREFIX).split(","))


def _keep(where: OrderedDict[K, T], key: K, value: T) -> None:
    where[key] = value
    where.move_to_end(key)
    while len(where) > _REMEMBERED:
        where.popitem(last=False)
