"""Events of rooms as lines of text, and as JSON lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tieline.cli.files import size_text
from tieline.cli.output import clean, one_line, paint
from tieline.client import InboxEvent, MessageEvent, Resynced, TailEvent
from tieline.client.stream import AttachmentEvent, DeleteEvent, DeliveryEvent, EditEvent, ReactionEvent, StateEvent
from tieline.model.attachments import Attached, FileState
from tieline.model.message import Author
from tieline.model.rooms import MessageType


def print_event(event: TailEvent) -> None:
    """Print an event as one line of JSON, at once."""
    print(msgspec.json.encode(event).decode(), flush=True)


def line(event: TailEvent) -> str | None:
    """An event as a person reads it; None where there is nothing to read."""
    match event:
        case MessageEvent():
            kind = "" if event.message_type is MessageType.CHAT else f" [{event.message_type.value}]"
            return f"{_seq(event.seq)} {paint(who(event.author), 'bold')}{kind}: {_body(event.text, event.attachments)}"
        case EditEvent():
            return f"{_seq(event.seq)} {_by(event.by)} edited {event.message}: {_body(event.text)}"
        case DeleteEvent():
            return f"{_seq(event.seq)} {_by(event.by)} deleted {event.message}"
        case ReactionEvent():
            act = "reacted" if event.on else "took back"
            return f"{_seq(event.seq)} {_by(event.by)} {act} {one_line(event.emoji)} on {event.message}"
        case AttachmentEvent():
            return f"{_seq(event.seq)} files of {event.message}: {_body('', event.attachments)}"
        case Resynced():
            return paint(f"… what was before {event.oldest} is gone", "yellow")
        case InboxEvent() | StateEvent() | DeliveryEvent():
            return None


def said(message: Mapping[str, object]) -> str:
    """Who said what, of a message as JSON."""
    author = msgspec.convert(message.get("author"), Author | None)
    name = who(author) if author is not None else "?"
    files = msgspec.convert(message.get("attachments", ()), tuple[Attached, ...])
    return f"{paint(name, 'bold')}: {_body(str(message.get('text', '')), files)}"


def who(author: Author) -> str:
    """A handle, or a guest's name."""
    return f"@{author.handle}" if author.handle else one_line(author.display or "guest")


def _by(author: Author) -> str:
    return paint(who(author), "bold")


def _seq(seq: int) -> str:
    return paint(f"{seq:>5}", "dim")


def _body(text: str, files: Sequence[Attached] = ()) -> str:
    """The text and its files, further lines under the first."""
    lines = [clean(text)] if text or not files else []
    return "\n".join([*lines, *(attached(file) for file in files)]).replace("\n", "\n      ")


def attached(file: Attached) -> str:
    """`[report.pdf, 12 kB, att_7Hq2]`: a file of a message; one without bytes says why."""
    size = [] if file.size is None else [size_text(file.size)]
    why = {
        FileState.RECEIVING: ["on its way"],
        FileState.FAILED: [one_line(f"did not come: {file.detail}")],
    }.get(file.state, [])
    return f"[{', '.join([one_line(file.name), *size, *why, file.id])}]"
