"""From a planned message to the frames of one endpoint: negotiate, put in front, write, measure, split, count.

The rules: pure and total; the same plan, capabilities and dialect always give the same frames (they are stored before
the first attempt, and a preview shows what sending would send); each frame is within the limit as written; what the
endpoint could not show is told in the degradations, never left unsaid.

Not promised: attachments. A text over the limit of an endpoint that says ``attach`` is split until attachments come.
Next stop: an adapter's ``outbound`` sends the frames.
"""

from __future__ import annotations

from tieline.model.capabilities import Capabilities, Support
from tieline.model.content import Block, Document, Inline, Paragraph, Quote, Strong, Text
from tieline.model.delivery import Frame
from tieline.render.dialect import Dialect, Plan, Rendered
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
    content = normalise(Document(blocks=_put_together(plan, capabilities, notes)))
    blocks = normal_blocks(Negotiation(capabilities, notes).blocks(content.blocks)) or _EMPTY
    splitter = Splitter(dialect.write, capabilities.text)
    text = dialect.write(blocks)
    size = splitter.size(text)
    if size <= capabilities.text.max:
        return Rendered(frames=(Frame(text=text, index=0, total=1, units=size),), degradations=notes.all())
    parts = splitter.split(blocks)
    _note_parts(parts, notes)
    return Rendered(frames=_frames(parts, splitter, dialect), degradations=notes.all())


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


def _put_together(plan: Plan, capabilities: Capabilities, notes: Degradations) -> tuple[Block, ...]:
    head = _quotation(plan, capabilities, notes)
    lead = _lead(plan, capabilities, notes)
    blocks = plan.document.blocks
    if not lead:
        return (*head, *blocks)
    if blocks and isinstance(blocks[0], Paragraph):
        return (*head, Paragraph(children=(*lead, Text(text=" "), *blocks[0].children)), *blocks[1:])
    return (*head, Paragraph(children=lead), *blocks)


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
    lead: list[Inline] = [Text(text=f"[{mark}] ") for mark in plan.marks]
    author = " ".join(clean(plan.author).split())
    if plan.prefix and author:
        notes.add("identity", capabilities.identity.level)
        name: Inline = Text(text=author)
        bold = capabilities.rich_text > Support.FALLBACK  # else the hub's own bold would count as formatting lost
        lead += [Strong(children=(name,)) if bold else name, Text(text=":")]
    return tuple(lead)
