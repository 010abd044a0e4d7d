"""The files of a message on one endpoint: which of them go, in which frames, and what is said of the others.

The rules: no file vanishes, what cannot go is named in the text with the reason; the order is kept; an endpoint whose
files stand by themselves gets them behind the text, numbered from :data:`FILE_INDEX`, so that a text which grows by an
edit never runs into them. A text of more parts than a reader wants goes as a file, its beginning above it.
Next stop: :mod:`tieline.render.plan`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tieline.model.base import Value
from tieline.model.capabilities import AttachmentSupport, Capabilities, Overflow, Support
from tieline.model.content import Block, Paragraph, Text
from tieline.model.delivery import Frame, FrameFile

FILE_INDEX: Final = 500
"""Index of the first frame that holds only files."""
TEXT_FILE_INDEX: Final = 900
"""Index of the frame that holds only the text, as a file."""
TEXT_FILE: Final = "message.md"
TEXT_MIME: Final = "text/markdown"


class Lost(Value, kw_only=True, frozen=True):
    """A file that does not go, and why; ``size`` in bytes where known."""

    name: str
    why: str
    size: int | None = None


def sorted_out(
    files: Sequence[FrameFile], support: AttachmentSupport
) -> tuple[tuple[FrameFile, ...], tuple[Lost, ...]]:
    """Files that the endpoint takes, and those that it does not."""
    kept: list[FrameFile] = []
    lost: list[Lost] = []
    for file in files:
        why = refusal_of(file, support)
        if why is None:
            kept.append(file)
        else:
            lost.append(Lost(name=file.name, why=why, size=file.size))
    return tuple(kept), tuple(lost)


def refusal_of(file: FrameFile, support: AttachmentSupport) -> str | None:
    """Why an endpoint does not take a file; None: it does."""
    if support.level < Support.PARTIAL:
        return "files are not shown here"
    if support.max_size is not None and file.size > support.max_size:
        return f"too large, at most {readable(support.max_size)} here"
    if support.by_mime is not None and not any(_is(file.mime, kind) for kind in support.by_mime):
        return f"{file.mime} is not shown here"
    return None


def _is(mime: str, kind: str) -> bool:
    return mime == kind or (kind.endswith("/*") and mime.startswith(kind[:-1]))


def readable(size: int) -> str:
    """A size as people say it: ``12 kB``, ``3.4 MB`` (of 1,000s)."""
    if size < 1000:  # noqa: PLR2004 - the unit
        return f"{size} bytes"
    value, unit = float(size), ""
    for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007 - the last one stays
        value /= 1000
        if value < 999.5:  # noqa: PLR2004 - what rounds up to the next unit
            break
    return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}".replace(".0 ", " ")  # noqa: PLR2004


def told(lost: Iterable[Lost]) -> tuple[Block, ...]:
    """One line for each file that does not go."""
    return tuple(Paragraph(children=(Text(text=_line(file)),)) for file in lost)


def _line(file: Lost) -> str:
    size = f", {readable(file.size)}" if file.size is not None else ""
    return f"[file: {file.name}{size} - {file.why}]"


def as_file(capabilities: Capabilities, size: int) -> FrameFile | None:
    """The whole text as a file of ``size`` bytes, where the endpoint wants and takes that."""
    if capabilities.text.overflow is not Overflow.ATTACH:
        return None
    file = FrameFile(id="", name=TEXT_FILE, mime=TEXT_MIME, size=size)
    return file if refusal_of(file, capabilities.attachment) is None else None


def placed(frames: Sequence[Frame], files: Sequence[FrameFile], support: AttachmentSupport) -> tuple[Frame, ...]:
    """The frames of the text with the files in the last of them, or behind it."""
    out = list(frames)
    groups = [tuple(files[start : start + support.per_message]) for start in range(0, len(files), support.per_message)]
    if groups and support.with_text and out:
        out[-1] = _with(out[-1], groups.pop(0))
    for number, group in enumerate(groups):
        only_text = len(group) == 1 and not group[0].id
        index = TEXT_FILE_INDEX if only_text else FILE_INDEX + number
        out.append(Frame(text="", index=index, total=len(frames), units=0, files=group))
    return tuple(out)


def _with(frame: Frame, files: tuple[FrameFile, ...]) -> Frame:
    return Frame(
        text=frame.text, index=frame.index, total=frame.total, units=frame.units, files=files, actions=frame.actions
    )
