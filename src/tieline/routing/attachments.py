"""Deciders for attachments: begun, finished, used by a message, forgotten. Pure.

Rule: a row comes before its bytes and outlives them, so no file is ever without a row that knows of it. Who uploaded a
file may post it, once; from then on whoever sees the message may read it. What becomes of bytes is told to readers as
an ``attachment`` event of the room, and wakes the lanes that waited for them.
Next stop: :mod:`tieline.files` keeps the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tieline.model.attachments import UNKNOWN_MIME, Attached, Attachment, FileSource, FileState, NativeFile
from tieline.model.base import Value
from tieline.model.commands import AttachmentUse, CreateAttachment, FinishAttachment, ForgetAttachments
from tieline.model.delivery import Delivery
from tieline.model.events import EventKind
from tieline.model.inbound import InboundMessage
from tieline.model.members import Actor
from tieline.model.message import Message
from tieline.model.outcome import Refusal
from tieline.ports.deciding import Decision, Needs, View
from tieline.render import wire
from tieline.routing.checks import storable
from tieline.routing.writing import room_event

NAME_MAX: Final = 200
MOST: Final = 20
"""Attachments of one message."""


def file_name(written: str) -> str:
    """A file's name as it may be shown and saved: one line, no path, never empty."""
    last = storable(written).replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(char for char in last if char.isprintable()).strip().lstrip(".")
    return _shortened(shown) or "file"


def _shortened(name: str) -> str:
    if len(name) <= NAME_MAX:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: NAME_MAX - len(ending) - 1]}.{ending}" if dot and len(ending) < NAME_MAX // 2 else name[:NAME_MAX]


# ── uploads ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def create(command: CreateAttachment, view: View) -> Decision | Refusal:
    """Begin an upload."""
    if refusal := view.directory.authorize(command.actor, "upload"):
        return refusal
    member = command.actor.member
    attachment = Attachment(
        id=view.new_id("att"),
        name=file_name(command.name),
        mime=mime_type(command.mime),
        owner_id=member.id if member else None,
        created_at=view.now,
        expires_at=view.now + command.keep,
    )
    return Decision(value=attachment, result=attachment.id, puts=(attachment,))


def mime_type(written: str) -> str:
    """A media type without parameters; what is none is unknown."""
    kind = written.partition(";")[0].strip().lower()
    parts = kind.split("/")
    plain = kind.isascii() and kind.isprintable() and not any(char.isspace() for char in kind)
    return kind if len(parts) == 2 and all(parts) and plain and len(kind) <= NAME_MAX else UNKNOWN_MIME  # noqa: PLR2004


def needs_finish(command: FinishAttachment) -> Needs:
    """The attachment."""
    return ((Attachment, (command.attachment_id,)),)


def finish(command: FinishAttachment, view: View) -> Decision | Refusal:
    """The bytes are there, or will not come; what is finished already stays."""
    attachment = view.get(Attachment, command.attachment_id)
    if attachment is None:
        return Refusal(
            status=404, code="attachment_not_found", detail=f"There is no attachment '{command.attachment_id}'."
        )
    if attachment.state is not FileState.RECEIVING:
        return Decision(value=attachment)
    done = msgspec.structs.replace(
        attachment,
        state=command.state,
        size=attachment.size if command.size is None else command.size,
        sha256=command.sha256,
        mime=mime_type(command.mime) if command.mime else attachment.mime,
        detail=command.detail,
    )
    message = view.get(Message, attachment.message_id) if attachment.message_id else None
    if message is None or message.deleted_at is not None:
        return Decision(value=done, puts=(done,))
    return _shown(done, message, view)


def _shown(attachment: Attachment, message: Message, view: View) -> Decision:
    shown = tuple(
        Attached.of(attachment, alt=old.alt) if old.id == attachment.id else old for old in message.attachments
    )
    changed = msgspec.structs.replace(message, attachments=shown)
    seq = view.take_seq(message.room_id)
    event = room_event(EventKind.ATTACHMENT, changed, wire.attachment_body(changed), seq, view)
    lanes = {d.lane for d in view.find(Delivery, message_id=message.id) if d.state.is_open}
    return Decision(value=attachment, events=(event,), puts=(attachment, changed), lanes=tuple(lanes))


def forget(command: ForgetAttachments, view: View) -> Decision | Refusal:
    """Drop rows whose bytes are gone; one that found its message meanwhile stays."""
    found = [view.get(Attachment, name) for name in command.attachment_ids]
    gone = tuple(row for row in found if row is not None and row.expires_at is not None and row.expires_at < view.now)
    return Decision(value=len(gone), drops=gone)


# ── in messages ──────────────────────────────────────────────────────────────────────────────────────────────────────


def needs_use(uses: Sequence[AttachmentUse]) -> Needs:
    """The attachments of a post."""
    return tuple((Attachment, (use.id,)) for use in uses)


def used(
    uses: Sequence[AttachmentUse], actor: Actor, message_id: str, view: View
) -> tuple[tuple[Attached, ...], tuple[Value, ...]] | Refusal:
    """What a post shows of its attachments, and their rows as they are kept now."""
    shown: list[Attached] = []
    rows: list[Value] = []
    for number, use in enumerate(uses):
        row = view.get(Attachment, use.id)
        mine = row is not None and actor.member is not None and row.owner_id == actor.member.id
        if row is None or not mine or (row.expires_at or view.now + 1) <= view.now:
            return _refused(number, "attachment_not_found", f"you have no attachment '{use.id}'; upload it first")
        if row.message_id is not None or use.id in {one.id for one in shown}:
            return _refused(number, "attachment_used", f"'{use.id}' is in a message already; upload it again")
        if row.state is not FileState.READY:
            return _refused(number, "attachment_not_ready", f"the upload of '{use.id}' was not finished")
        rows.append(msgspec.structs.replace(row, message_id=message_id, expires_at=None))
        shown.append(Attached.of(row, alt=use.alt))
    return tuple(shown), tuple(rows)


def _refused(number: int, code: str, detail: str) -> Refusal:
    return Refusal(status=422, code=code, detail=f"$.attachments[{number}].id: {detail}.")


def native(
    channel: str, event: InboundMessage, message_id: str, view: View
) -> tuple[tuple[Attached, ...], tuple[Value, ...]]:
    """The files of a platform's message: to be copied, and shown as on their way until then."""
    rows = [_native(channel, event, file, message_id, view) for file in event.files[:MOST]]
    shown = [Attached.of(row, alt=storable(file.alt)) for row, file in zip(rows, event.files, strict=False)]
    return tuple(shown), tuple(rows)


def _native(channel: str, event: InboundMessage, file: NativeFile, message_id: str, view: View) -> Attachment:
    return Attachment(
        id=view.new_id("att"),
        name=file_name(file.name),
        mime=mime_type(file.mime),
        size=file.size,
        message_id=message_id,
        source=FileSource(channel=channel, conversation=event.conversation, native_id=event.native_id, file=file),
        created_at=view.now,
    )


def released(message: Message, view: View) -> tuple[Value, ...]:
    """The attachments of a message that is deleted: nobody keeps them any more."""
    if not message.attachments:
        return ()
    rows = view.find(Attachment, message_id=message.id)
    return tuple(msgspec.structs.replace(row, message_id=None, source=None, expires_at=view.now) for row in rows)
