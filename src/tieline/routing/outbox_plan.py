"""From a message to the plan of what one endpoint shows of it: format, mentions, author, quotation, marks.

The same for sending and for previewing. Rule (law 6): a mention pings only whom the message mentions, by the id their
account has on the channel. Next stop: :func:`tieline.render.plan.render` turns the plan into frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tieline.model.attachments import Attached, FileState
from tieline.model.capabilities import Capabilities, Support
from tieline.model.delivery import FrameFile
from tieline.model.message import Message
from tieline.ports.directory import Directory
from tieline.ports.rendering import Plan
from tieline.render import commonmark, mentions
from tieline.render.files import Lost

LONG: Final = 1_000
"""Characters below which no text goes as a file."""
QUOTE_MAX: Final = 80
"""Characters of a quoted message that are shown."""


def plan_of(
    message: Message,
    capabilities: Capabilities,
    names: Mapping[str, str],
    *,
    quoted: Message | None = None,
    late: bool = False,
    extra_marks: tuple[str, ...] = (),
    files: bool = True,
) -> Plan:
    """Plan ``message`` for an endpoint; ``names`` are handles and their native ids on its channel.

    Without ``files`` for an edit: what is attached stays as it is.
    """
    ready = [file for file in message.attachments if file.state is FileState.READY] if files else ()
    return Plan(
        document=mentions.resolve(commonmark.read(message.text, message.format), names),
        author=message.author.display,
        prefix=capabilities.identity.level <= Support.FALLBACK,
        quote=None if quoted is None else quote_of(quoted),
        marks=(("late",) if late else ()) + extra_marks + _severity(message),
        files=tuple(_frame_file(file) for file in ready),
        missing=tuple(_lost(file) for file in message.attachments if file.state is not FileState.READY)
        if files
        else (),
        actions=message.actions,
        source_size=len(message.text.encode()) if len(message.text) > LONG else 0,
    )


def _frame_file(file: Attached) -> FrameFile:
    return FrameFile(id=file.id, name=file.name, mime=file.mime, size=file.size or 0, alt=file.alt)


def _lost(file: Attached) -> Lost:
    on_its_way = file.state is FileState.RECEIVING
    return Lost(
        name=file.name, size=file.size, why="it took too long" if on_its_way else file.detail or "not to be had"
    )


def notice_plan(text: str) -> Plan:
    """Plan a line of the hub itself."""
    size = len(text.encode()) if len(text) > LONG else 0
    return Plan(document=commonmark.parse(text), author="Tieline", source_size=size)


def quote_of(message: Message) -> str:
    """Who wrote, and the start of what: ``Priya: deploy is …``."""
    first = " ".join(message.text.split())
    short = first if len(first) <= QUOTE_MAX else first[: QUOTE_MAX - 1].rstrip() + "…"
    return f"{message.author.display}: {short}" if short else message.author.display


def native_names(message: Message, channel: str, directory: Directory) -> dict[str, str]:
    """Native ids on ``channel`` of the members a message mentions; who has no account there is left out."""
    out: dict[str, str] = {}
    for mention in message.mentions:
        member = directory.member(mention.handle)
        for account in directory.accounts_of(member.id) if member else ():
            if account.channel == channel:
                out[mention.handle] = account.native_id
                break
    return out


def _severity(message: Message) -> tuple[str, ...]:
    return () if message.severity is None else (f"alert: {message.severity.value}",)
