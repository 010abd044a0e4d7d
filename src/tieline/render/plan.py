"""From a planned message to the frames of one endpoint: negotiate, put in front, write, measure, split, count.

The rules: pure and total; the same plan, capabilities and dialect always give the same frames (they are stored before
the first attempt, and a preview shows what sending would send); each frame is within the limit as written; what the
endpoint could not show is told in the degradations, never left unsaid.

A text of more parts than the endpoint says goes as a file where it says ``attach``, with its beginning shown.
Next stop: :mod:`tieline.render.files` for what is attached; an adapter's ``outbound`` sends the frames.
"""

from __future__ import annotations

import msgspec

from tieline.model.capabilities import Capabilities, Support
from tieline.model.content import Block, Document, Emphasis, Inline, Paragraph, Quote, Strong, Text
from tieline.model.delivery import Degradation, Frame, FrameFile
from tieline.render.dialect import Condenses, Dialect, Plan, Rendered
from tieline.render.files import as_file, placed, readable, sorted_out, told
from tieline.render.measure import units
from tieline.render.negotiate import Degradations, Negotiation
from tieline.render.normal import clean, normal_blocks, normalise
from tieline.render.split import CUT_NOTE, Parts, Splitter, counted, noted

QUOTE_LENGTH = 140
"""Code points of the original that a reply's quotation shows."""

_EMPTY = (Paragraph(children=(Text(text="(no text)"),)),)
_DOTS = (Paragraph(children=(Text(text="…"),)),)


def render(plan: Plan, capabilities: Capabilities, dialect: Dialect) -> Rendered:
    """The frames of a message on one endpoint, and what they could not show. Total; at least one frame."""
    notes = Degradations()
    if plan.code is not None and isinstance(dialect, Condenses):
        return _condensed(plan, capabilities, dialect)
    kept, refused = sorted_out(plan.files, capabilities.attachment)
    lost = (*plan.missing, *refused)
    if lost:
        names = ", ".join(file.name for file in lost)
        notes.add("attachment", capabilities.attachment.level if refused else Support.FALLBACK, f"not sent: {names}")
    content = normalise(Document(blocks=(*_put_together(plan, capabilities, notes, kept), *told(lost))))
    blocks = normal_blocks(Negotiation(capabilities, notes).blocks(content.blocks))
    frames: tuple[Frame, ...] = ()
    if blocks or not kept:
        frames, whole = _text_frames(plan, blocks or _EMPTY, capabilities, dialect, notes)
        kept = (whole, *kept) if whole else kept
    frames = placed(_offered(frames, plan, capabilities, notes), kept, capabilities.attachment)
    return Rendered(frames=frames, degradations=notes.all())


def _condensed(plan: Plan, capabilities: Capabilities, dialect: Condenses) -> Rendered:
    """One part for somebody to act on."""
    text = dialect.condense(plan)
    frame = Frame(text=text, index=0, total=1, units=units(text, capabilities.text.unit), actions=plan.actions)
    note = Degradation(feature="length", level=Support.PARTIAL, detail="shortened to what can be answered at once")
    return Rendered(frames=(frame,), degradations=(note,))


def _text_frames(
    plan: Plan, blocks: tuple[Block, ...], capabilities: Capabilities, dialect: Dialect, notes: Degradations
) -> tuple[tuple[Frame, ...], FrameFile | None]:
    """The text in one frame, in several, or its beginning and the whole as a file."""
    splitter = Splitter(dialect.write, capabilities.text)
    text = dialect.write(blocks)
    size = splitter.size(text)
    if size <= capabilities.text.max:
        return (Frame(text=text, index=0, total=1, units=size),), None
    whole = as_file(capabilities, plan.source_size) if plan.source_size else None
    if whole is not None and size > capabilities.text.max * capabilities.text.max_parts:
        return _beginning(blocks, whole, splitter, dialect, notes), whole
    parts = splitter.split(blocks)
    _note_parts(parts, notes)
    return _frames(parts, splitter, dialect), None


def _beginning(
    blocks: tuple[Block, ...], whole: FrameFile, splitter: Splitter, dialect: Dialect, notes: Degradations
) -> tuple[Frame, ...]:
    note = f" … (the whole text is in {whole.name}, {readable(whole.size)})"
    text = dialect.write(noted(splitter.first(blocks, note), note))
    notes.add("length", Support.PARTIAL, f"the text is sent as {whole.name}, only its beginning is shown")
    return (Frame(text=text, index=0, total=1, units=splitter.size(text)),)


def _offered(
    frames: tuple[Frame, ...], plan: Plan, capabilities: Capabilities, notes: Degradations
) -> tuple[Frame, ...]:
    """The frames with the message's actions as buttons of the last one."""
    if not plan.actions or not frames:
        return frames
    if capabilities.buttons < Support.FALLBACK:
        names = ", ".join(action.name for action in plan.actions)
        notes.add("buttons", capabilities.buttons, f"no buttons here: {names}")
        return frames
    return (*frames[:-1], msgspec.structs.replace(frames[-1], actions=plan.actions))


def _frames(parts: Parts, splitter: Splitter, dialect: Dialect) -> tuple[Frame, ...]:
    shown = parts.parts or (_DOTS,)
    total = len(shown)
    frames = []
    for index, blocks in enumerate(shown):
        note = CUT_NOTE if parts.cut and index == total - 1 else ""
        if total > 1:
            note += counted(index + 1, total)
        text = dialect.write(noted(blocks, note))
        frames.append(Frame(text=text, index=index, total=total, units=splitter.size(text)))
    return tuple(frames)


def _note_parts(parts: Parts, notes: Degradations) -> None:
    if len(parts.parts) > 1:
        notes.add("text", Support.PARTIAL, f"sent in {len(parts.parts)} parts")
    if parts.missing:
        notes.add("length", Support.DROPPED, f"{parts.missing} characters are missing at the end")


# ---------------------------------------------------------------------------------------------------- what is shown


def _put_together(
    plan: Plan, capabilities: Capabilities, notes: Degradations, files: tuple[FrameFile, ...]
) -> tuple[Block, ...]:
    head = _quotation(plan, capabilities, notes)
    lead = _lead(plan, capabilities, notes)
    blocks = plan.document.blocks or _spoken_for(files, capabilities)
    if not lead:
        return (*head, *blocks)
    if blocks and isinstance(blocks[0], Paragraph):
        return (*head, Paragraph(children=(*lead, Text(text=" "), *blocks[0].children)), *blocks[1:])
    return (*head, Paragraph(children=lead), *blocks)


def _spoken_for(files: tuple[FrameFile, ...], capabilities: Capabilities) -> tuple[Block, ...]:
    """Files without a word, where files cannot carry their sender's name: who sent what is said above them."""
    if not files or capabilities.attachment.with_text:
        return ()
    names = ", ".join(file.name for file in files)
    return (Paragraph(children=(Emphasis(children=(Text(text=f"sent {names}"),)),)),)


def _quotation(plan: Plan, capabilities: Capabilities, notes: Degradations) -> tuple[Block, ...]:
    quote = " ".join(clean(plan.quote or "").split())
    if not quote:
        return ()
    notes.add("reply", capabilities.reply)
    if len(quote) > QUOTE_LENGTH:
        quote = quote[: QUOTE_LENGTH - 1].rstrip() + "…"
    return (Quote(children=(Paragraph(children=(Text(text=quote),)),)),)


def _lead(plan: Plan, capabilities: Capabilities, notes: Degradations) -> tuple[Inline, ...]:
    """What stands before the text: marks, then the author's name."""
    lead: list[Inline] = [Text(text=" ".join(f"[{mark}]" for mark in plan.marks))] if plan.marks else []
    author = " ".join(clean(plan.author).split())
    if plan.prefix and author:
        notes.add("identity", capabilities.identity.level)
        name: Inline = Text(text=author)
        bold = capabilities.rich_text > Support.FALLBACK  # else the hub's own bold would count as formatting lost
        lead += [Text(text=" ")] if lead else []
        lead += [Strong(children=(name,)) if bold else name, Text(text=":")]
    return tuple(lead)
