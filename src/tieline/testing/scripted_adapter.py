"""The adapter of the scripted platform, written as any adapter should be, in one small file.

A real one has a file each for ``inbound``, ``render``, ``outbound``, ``errors`` and ``adapter``; the parts stand here
in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final

from tieline.errors import AdapterError, DeliveryError, Misconfigured, NotDispatched, Permanent, Throttled, Uncertain
from tieline.model.attachments import NativeFile
from tieline.model.capabilities import (
    Capabilities,
    IdentitySupport,
    ReactionSupport,
    Support,
    TextLimit,
    Timed,
)
from tieline.model.delivery import Endpoint
from tieline.model.inbound import (
    InboundDelete,
    InboundEdit,
    InboundEvent,
    InboundMessage,
    InboundReaction,
    NativeAuthor,
)
from tieline.ports.abilities import Resync
from tieline.ports.adapter import (
    AdapterContext,
    Manifest,
    Outgoing,
    OutgoingFile,
    PartRef,
    Sent,
    Session,
    SettingProblem,
)
from tieline.ports.rendering import Dialect
from tieline.ports.throttling import retry_after_seconds
from tieline.render.commonmark import parse as read
from tieline.render.commonmark_writer import CommonMark
from tieline.testing.scripted import US, Answer, ConnectionBroken, Happening, ScriptedPlatform

CAPABILITIES: Final = Capabilities(
    text=TextLimit(max=200),
    dialect="commonmark",
    rich_text=Support.FULL,
    thread=Support.FULL,
    reply=Support.FULL,
    edit=Timed(level=Support.FULL),
    delete=Timed(level=Support.FULL),
    reaction=ReactionSupport(level=Support.FULL),
    identity=IdentitySupport(level=Support.FULL),
    inbound_edit=True,
    inbound_delete=True,
    inbound_reaction=True,
    history=True,
    lookup=True,
)
PAGE: Final = 20

# ── inbound ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def parse(entry: Happening) -> InboundEvent:
    """An entry of the platform's log as an event. Pure."""
    shown = entry.shown
    author = NativeAuthor(native_id=entry.by, display=entry.by.title(), is_self=entry.by == US)
    place, native_id = shown.conversation, shown.native_id
    match entry.kind:
        case "message":
            return InboundMessage(
                conversation=place,
                native_id=native_id,
                author=author,
                content=read(shown.text),
                sent_at=shown.at,
                thread=shown.thread,
                reply_to=shown.reply,
                files=tuple(_native(file) for file in shown.files),
                delivery_id=shown.key.partition(":")[0] if shown.key else None,
                cursor=str(entry.number),
            )
        case "edit":
            content = read(shown.text)
            return InboundEdit(
                conversation=place, native_id=native_id, author=author, content=content, edited_at=entry.at
            )
        case "delete":
            return InboundDelete(conversation=place, native_id=native_id, author=author)
        case _:
            on = entry.kind == "react"
            return InboundReaction(conversation=place, native_id=native_id, author=author, emoji=entry.emoji, on=on)


def _native(file: str) -> NativeFile:
    """A file of the platform's: ``name:bytes``."""
    name, _, size = file.rpartition(":")
    return NativeFile(id=name, name=name, size=int(size))


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def error_of(answer: Answer, now: int) -> DeliveryError | None:
    """What an answer says a retry may do; None: all is well. Pure."""
    code = answer.body.get("error", "") or f"http_{answer.status}"
    match answer.status:
        case 200:
            return None if "id" in answer.body else Uncertain("garbage", "the answer has no id")
        case 429:
            return Throttled(code, retry_after=retry_after_seconds(answer.retry_after, now))
        case 401:
            return Permanent(code, "the token is not valid", fix="set a new token", stops_channel=True)
        case 403 | 404 | 410:
            return Permanent(code, f"HTTP {answer.status}", fix="invite the bot, or mend the link", stops_lane=True)
        case status if status >= _SERVER_ERROR:
            return Uncertain(code, f"HTTP {status}")
        case status:
            return Permanent(code, f"HTTP {status}")


_SERVER_ERROR: Final = 500

# ── adapter ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class ScriptedAdapter:
    """One connection to a :class:`ScriptedPlatform`."""

    declared: ClassVar[Capabilities] = CAPABILITIES

    def __init__(self, context: AdapterContext) -> None:
        platform = context.settings["platform"]
        assert isinstance(platform, ScriptedPlatform)
        own = context.settings.get("capabilities")
        self._platform = platform
        self._capabilities = own if isinstance(own, Capabilities) else self.declared
        self._token = context.settings.get("token", "good")
        self._clock = context.clock
        self._detach: Callable[[], None] | None = None

    def dialect(self, endpoint: Endpoint) -> Dialect:  # noqa: ARG002 - one for all
        """CommonMark."""
        return CommonMark()

    def capabilities(self, endpoint: Endpoint) -> Capabilities:  # noqa: ARG002 - one for all
        """As configured."""
        return self._capabilities

    async def connect(self, session: Session) -> None:
        """Begin to receive."""
        if self._token != "good":  # noqa: S105 - a word of the script
            raise Misconfigured("the token is not valid", fix="set a new token")
        if self._platform.down:
            raise AdapterError("the platform does not answer")

        async def report(entry: Happening) -> None:
            await session.receive(parse(entry))

        self._detach = self._platform.attach(report)

    async def disconnect(self) -> None:
        """Stop receiving."""
        if self._detach is not None:
            self._detach()
            self._detach = None

    def is_connected(self) -> bool:
        """True between the two, while the platform is there."""
        return self._detach is not None and not self._platform.down

    async def send(self, outgoing: Outgoing) -> Sent:
        """Make one message; the key goes into its metadata."""
        fields = {"text": outgoing.frame.text, "key": outgoing.key}
        if outgoing.author is not None:
            fields["author"] = outgoing.author.display
        if outgoing.thread is not None:
            fields["thread"] = outgoing.thread
        if outgoing.reply is not None:
            fields["reply"] = outgoing.reply
        if outgoing.files:
            fields["files"] = "|".join([await _read(file) for file in outgoing.files])
        if outgoing.frame.actions:
            fields["buttons"] = "|".join(action.value for action in outgoing.frame.actions)
        body = await self._call("send", outgoing.endpoint.conversation, fields)
        return Sent(native_id=body["id"], thread=outgoing.thread or body["id"])

    async def edit(self, ref: PartRef, outgoing: Outgoing) -> None:
        """Replace a message's text."""
        await self._call("edit", ref.part.conversation, {"id": ref.part.native_id, "text": outgoing.frame.text})

    async def delete(self, ref: PartRef) -> None:
        """Remove a message."""
        try:
            await self._call("delete", ref.part.conversation, {"id": ref.part.native_id})
        except Permanent as error:
            if error.code != "part_gone":
                raise

    async def react(self, ref: PartRef, emoji: str, *, on: bool) -> None:
        """Set or take back a reaction."""
        operation = "react" if on else "unreact"
        await self._call(operation, ref.part.conversation, {"id": ref.part.native_id, "emoji": emoji})

    async def look_up(self, outgoing: Outgoing, since: int) -> Sent | None:  # noqa: ARG002 - the platform keeps all
        """Find what carries the key."""
        body = await self._call("find", outgoing.endpoint.conversation, {"key": outgoing.key})
        return Sent(native_id=body["id"], thread=outgoing.thread or body["id"]) if body["id"] else None

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        """What the log has behind the cursor."""
        if self._platform.down:
            raise NotDispatched("no_connection")
        if cursor is None:
            return Resync(events=(), cursor=str(self._platform.last))
        entries = self._platform.log(conversation, int(cursor), PAGE)
        last = str(entries[-1].number) if entries else cursor
        return Resync(events=tuple(parse(entry) for entry in entries), cursor=last, more=len(entries) == PAGE)

    async def _call(self, operation: str, conversation: str, fields: dict[str, str]) -> dict[str, str]:
        try:
            answer = await self._platform.call(operation, conversation, fields)
        except ConnectionBroken as error:
            kind = NotDispatched if error.before else Uncertain
            raise kind("no_connection" if error.before else "lost_answer", str(error)) from error
        if answer.body.get("error") == "message_not_found":
            raise Permanent("part_gone", "the message is not there any more")
        fault = error_of(answer, self._clock.now())
        if fault is not None:
            raise fault
        return answer.body


async def _read(file: OutgoingFile) -> str:
    """A file as the platform shows it: its name, and how many bytes came."""
    return f"{file.name}:{sum([len(piece) async for piece in file.read()])}"


def settings_problems(settings: Mapping[str, object]) -> Sequence[SettingProblem]:
    """Check a channel's settings."""
    if isinstance(settings.get("platform"), ScriptedPlatform):
        return ()
    return (SettingProblem(path=("platform",), message="must be a ScriptedPlatform"),)


MANIFEST: Final = Manifest(
    name="scripted",
    summary="A platform that does as its script says; for tests.",
    factory="tieline.testing.scripted_adapter:ScriptedAdapter",
    settings="tieline.testing.scripted_adapter:settings_problems",
    secrets=("token",),
)
