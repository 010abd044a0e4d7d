"""The client: one method per operation of the API.

Every method raises :class:`~tieline.client.ClientError` where the hub refuses. Posting is safe to repeat: each post
gets a ``client_id`` unless one is given, and is tried again with the same one after a lost answer or a 503.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import msgspec

from tieline.client.alerting import AlertCalls
from tieline.client.answers import (
    ChannelList,
    DeliveryPage,
    EventPage,
    FindingList,
    InboxPage,
    LinkList,
    MemberPage,
    PresenceList,
    PreviewList,
    RoomPage,
    TokenPage,
    Uploaded,
)
from tieline.client.files import Coming, Link, Progress, Source, download, no_progress, upload
from tieline.client.stream import ME, Tail, TailEvent
from tieline.client.wire import TRIES, Query, part
from tieline.model.rooms import MessageType
from tieline.model.shapes import (
    AttachmentRef,
    BatchResults,
    DeliveryOut,
    LinkBody,
    LinkOut,
    LinkPatch,
    MemberBody,
    MemberOut,
    MemberPatch,
    MeOut,
    MessageOut,
    Messages,
    NewToken,
    PacketReport,
    PostBody,
    Problem,
    RoomBody,
    RoomOut,
    RoomPatch,
    TokenBody,
)


class Client(AlertCalls):
    """A hub at ``url`` for the bearer of ``token``. Use as ``async with``, or call :meth:`close`."""

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def post(
        self, room: str, text: str | PostBody = "", *, attachments: Sequence[str] = (), tries: int = TRIES
    ) -> MessageOut:
        """Post a message; with a :class:`~tieline.model.shapes.PostBody`, with everything it says.

        ``attachments`` are ids that :meth:`upload` answered; with some, the text may be empty. Tried again, with the
        same ``client_id``, while the hub is busy or the connection is lost.
        """
        return await self._post(f"/rooms/{part(room)}/messages", text, attachments, tries)

    async def post_direct(
        self, handle: str, text: str | PostBody = "", *, attachments: Sequence[str] = (), tries: int = TRIES
    ) -> MessageOut:
        """Post to a member, in the private room of the two. Tried again like :meth:`post`."""
        return await self._post(f"/members/{part(handle)}/messages", text, attachments, tries)

    async def _post(self, path: str, text: str | PostBody, attachments: Sequence[str], tries: int) -> MessageOut:
        body = PostBody(text=text) if isinstance(text, str) else text
        if attachments:
            refs = tuple(AttachmentRef(id=name) for name in attachments)
            body = msgspec.structs.replace(body, attachments=(*body.attachments, *refs))
        if body.client_id is None:
            body = msgspec.structs.replace(body, client_id=secrets.token_hex(12))
        return await self._again(MessageOut, path, body, tries)

    async def post_batch(self, room: str, messages: Sequence[PostBody]) -> list[MessageOut | Problem]:
        """Post up to 500 messages at once; one result for each, in order."""
        body = {"messages": messages}
        found = await self._ask(BatchResults, "POST", f"/rooms/{part(room)}/messages/batch", body=body)
        return [_result(raw) for raw in found.results]

    async def messages(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int = 50
    ) -> Messages:
        """Current state of a room's messages, ascending by seq."""
        query: Query = {"after": after, "before": before, "limit": limit}
        return await self._ask(Messages, "GET", f"/rooms/{part(room)}/messages", query=query)

    async def events(self, room: str, *, after: int = 0, limit: int = 50, wait: int = 0) -> EventPage:
        """Every event after a seq; waits up to ``wait`` seconds for one."""
        query: Query = {"after": after, "limit": limit, "wait": wait}
        return await self._ask(EventPage, "GET", f"/rooms/{part(room)}/events", query=query)

    async def message(self, message_id: str) -> MessageOut:
        """One message as it is now."""
        return await self._ask(MessageOut, "GET", f"/messages/{part(message_id)}")

    async def edit(self, message_id: str, text: str, *, streaming: bool = False) -> MessageOut:
        """Change a message's text; ``streaming``: more of it will come."""
        body = {"text": text, "streaming": streaming}
        return await self._ask(MessageOut, "PATCH", f"/messages/{part(message_id)}", body=body)

    async def delete(self, message_id: str) -> MessageOut:
        """Make a message a tombstone."""
        return await self._ask(MessageOut, "DELETE", f"/messages/{part(message_id)}")

    async def react(self, message_id: str, emoji: str, *, on: bool = True) -> None:
        """Set a reaction, or take it back."""
        path = f"/messages/{part(message_id)}/reactions/{part(emoji)}"
        await self._ask(None, "PUT" if on else "DELETE", path)

    async def typing(self, room: str) -> None:
        """Show that one writes."""
        await self._ask(None, "POST", f"/rooms/{part(room)}/typing")

    def tail(
        self, *rooms: str, after: int | Mapping[str, int] | None = None, deliveries: bool = False
    ) -> AsyncIterator[TailEvent]:
        """Events without end, each once and in order, across lost connections. ``"*"``: all rooms one may see.

        ``after`` is a seq (of the one room) or one per room (and ``@me``); without it only what happens from now on.
        """
        if isinstance(after, int):
            after = dict.fromkeys(rooms, after)
        return self.tailing(*rooms, after=after, deliveries=deliveries).events()

    def tailing(self, *rooms: str, after: Mapping[str, int] | None = None, deliveries: bool = False) -> Tail:
        """The same as an object, whose ``seen`` is where one would go on."""
        return Tail(
            self._session(),
            f"{self._url}/ws",
            headers=self._headers,
            rooms=rooms,
            after=after or {},
            deliveries=deliveries,
        )

    # ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def upload(
        self, source: Source, *, name: str = "", mime: str = "", progress: Progress = no_progress
    ) -> Uploaded:
        """Upload a file, to be posted with a message: a path, bytes, or an asynchronous stream of them.

        ``name`` is the path's unless given, the media type the hub's guess by the name. Not tried again: it has no key.
        Raises OSError where the file cannot be read.
        """
        return await upload(self._http_for_files(), source, name=name, mime=mime, progress=progress)

    async def download(
        self,
        attachment_id: str,
        target: Path | str,
        *,
        resume: bool = True,
        overwrite: bool = False,
        progress: Progress = no_progress,
        tries: int = TRIES,
    ) -> Path:
        """Fetch a file's bytes into ``target``, or under its own name into a folder; answers where they are.

        Goes on where a connection broke; with ``resume`` also where an earlier call did. What came is proved by its
        SHA-256. Raises FileExistsError where a file is there already, unless it may ``overwrite``.
        """
        coming = Coming(attachment_id, Path(target), overwrite=overwrite, progress=progress)
        return await download(self._http_for_files(), coming, resume=resume, tries=tries)

    def _http_for_files(self) -> Link:
        return Link(self._session(), f"{self._url}/api/v1/attachments", self._headers)

    # ── what concerns me ─────────────────────────────────────────────────────────────────────────────────────────────

    async def me(self) -> MeOut:
        """Who I am, and what this token may do."""
        return await self._ask(MeOut, "GET", "/me")

    async def inbox(self, *, after: int | None = None, limit: int = 50, wait: int = 0) -> InboxPage:
        """What concerns me after the stored cursor, or after a given one."""
        query: Query = {"after": after, "limit": limit, "wait": wait}
        return await self._ask(InboxPage, "GET", "/inbox", query=query)

    async def read_inbox(self, after: int) -> None:
        """Remember how far I read the inbox."""
        await self._ask(None, "PUT", "/inbox/cursor", body={"after": after})

    def watch_inbox(self, after: int | None = None) -> AsyncIterator[TailEvent]:
        """What concerns me, without end."""
        return self.tail(ME, after=None if after is None else {ME: after})

    async def presence(self) -> PresenceList:
        """Who is connected."""
        return await self._ask(PresenceList, "GET", "/presence")

    # ── rooms, links, members, tokens ────────────────────────────────────────────────────────────────────────────────

    async def rooms(self, *, after: str | None = None, limit: int = 500, project: str | None = None) -> RoomPage:
        """The rooms one may see."""
        return await self._ask(RoomPage, "GET", "/rooms", query={"after": after, "limit": limit, "project": project})

    async def room(self, name: str) -> RoomOut:
        """One room."""
        return await self._ask(RoomOut, "GET", f"/rooms/{part(name)}")

    async def create_room(self, room: RoomBody) -> RoomOut:
        """Create a room."""
        return await self._ask(RoomOut, "POST", "/rooms", body=room)

    async def update_room(self, name: str, change: RoomPatch) -> RoomOut:
        """Change a room."""
        return await self._ask(RoomOut, "PATCH", f"/rooms/{part(name)}", body=change)

    async def archive_room(self, name: str) -> None:
        """Archive a room."""
        await self._ask(None, "DELETE", f"/rooms/{part(name)}")

    async def links(self, room: str) -> LinkList:
        """A room's links."""
        return await self._ask(LinkList, "GET", f"/rooms/{part(room)}/links")

    async def create_link(self, room: str, link: LinkBody) -> LinkOut:
        """Link a room to a conversation or a member."""
        return await self._ask(LinkOut, "POST", f"/rooms/{part(room)}/links", body=link)

    async def update_link(self, link_id: str, change: LinkPatch) -> LinkOut:
        """Change a link."""
        return await self._ask(LinkOut, "PATCH", f"/links/{part(link_id)}", body=change)

    async def remove_link(self, link_id: str) -> None:
        """Remove a link."""
        await self._ask(None, "DELETE", f"/links/{part(link_id)}")

    async def members(self, *, after: str | None = None, limit: int = 500) -> MemberPage:
        """All members."""
        return await self._ask(MemberPage, "GET", "/members", query={"after": after, "limit": limit})

    async def create_member(self, member: MemberBody) -> MemberOut:
        """Create a member."""
        return await self._ask(MemberOut, "POST", "/members", body=member)

    async def update_member(self, handle: str, change: MemberPatch) -> MemberOut:
        """Change a member."""
        return await self._ask(MemberOut, "PATCH", f"/members/{part(handle)}", body=change)

    async def archive_member(self, handle: str) -> None:
        """Archive a member."""
        await self._ask(None, "DELETE", f"/members/{part(handle)}")

    async def tokens(self, *, after: str | None = None, limit: int = 500) -> TokenPage:
        """One's own tokens, and for L4 all."""
        return await self._ask(TokenPage, "GET", "/tokens", query={"after": after, "limit": limit})

    async def create_token(self, token: TokenBody) -> NewToken:
        """Make a token; its secret is in the answer, this once."""
        return await self._ask(NewToken, "POST", "/tokens", body=token)

    async def revoke_token(self, token_id: str) -> None:
        """Revoke a token."""
        await self._ask(None, "DELETE", f"/tokens/{part(token_id)}")

    # ── what the hub is doing ────────────────────────────────────────────────────────────────────────────────────────

    async def channels(self) -> ChannelList:
        """Health of every channel."""
        return await self._ask(ChannelList, "GET", "/channels")

    async def pause_channel(self, name: str) -> None:
        """Stop sending on a channel."""
        await self._ask(None, "POST", f"/channels/{part(name)}/pause")

    async def resume_channel(self, name: str) -> None:
        """Send on a channel again."""
        await self._ask(None, "POST", f"/channels/{part(name)}/resume")

    async def test_channel(self, name: str) -> FindingList:
        """Try a channel's credentials."""
        return await self._ask(FindingList, "POST", f"/channels/{part(name)}/test")

    async def deliveries(
        self, *, state: str | None = None, channel: str | None = None, after: int | None = None, limit: int = 50
    ) -> DeliveryPage:
        """Deliveries by position; ``state`` may name several with commas."""
        query: Query = {"state": state, "channel": channel, "after": after, "limit": limit}
        return await self._ask(DeliveryPage, "GET", "/deliveries", query=query)

    async def message_deliveries(self, message_id: str) -> DeliveryPage:
        """What became of a message on every link."""
        return await self._ask(DeliveryPage, "GET", f"/messages/{part(message_id)}/deliveries")

    async def retry_delivery(self, delivery_id: str) -> DeliveryOut:
        """Try a dead letter again."""
        return await self._ask(DeliveryOut, "POST", f"/deliveries/{part(delivery_id)}/retry")

    async def discard_delivery(self, delivery_id: str) -> DeliveryOut:
        """Give a delivery up."""
        return await self._ask(DeliveryOut, "POST", f"/deliveries/{part(delivery_id)}/discard")

    async def preview(self, room: str, text: str, kind: MessageType = MessageType.CHAT) -> PreviewList:
        """What every channel of the room would show."""
        body = {"room": room, "text": text, "type": kind}
        return await self._ask(PreviewList, "POST", "/preview", body=body)

    async def check_packet(self, text: str) -> PacketReport:
        """Judge a text as a packet."""
        return await self._ask(PacketReport, "POST", "/packets/check", body={"text": text})

    async def export_config(self) -> str:
        """Members, rooms and links as YAML."""
        return (await self._send("GET", "/config")).decode()


def _result(raw: msgspec.Raw) -> MessageOut | Problem:
    try:
        return msgspec.json.decode(raw, type=MessageOut)
    except msgspec.ValidationError:
        return msgspec.json.decode(raw, type=Problem)
