"""Pieces of a mail and the content they make: a line for the decision, and what it says with its styles.

The rules: consecutive pieces of one paragraph are its lines; quoted pieces become quotations as deep as they are.
Next stop: :mod:`tieline_email.replies`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from tieline.model.base import Value
from tieline.model.content import Block, Break, Document, Inline, Paragraph, Quote, Text
from tieline_email.reply_lines import Line

_DEEPEST: Final = 5


class Piece(Value, kw_only=True, frozen=True):
    """A line, and either its inlines and the number of its paragraph, or a block that is not cut apart."""

    line: Line
    inlines: tuple[Inline, ...] = ()
    paragraph: int = 0
    block: Block | None = None


def plain_pieces(lines: Sequence[Line]) -> list[Piece]:
    """Pieces of plain text: a blank line ends a paragraph."""
    out: list[Piece] = []
    paragraph = 0
    for line in lines:
        paragraph += line.is_blank
        inlines = () if line.is_blank else (Text(text=line.text),)
        out.append(Piece(line=line, inlines=inlines, paragraph=paragraph))
    return out


def to_document(pieces: Iterable[Piece]) -> Document:
    """The content of pieces, in their order."""
    blocks: list[Block] = []
    said = (piece for piece in pieces if piece.block is not None or piece.inlines)
    for depth, group in groupby(said, key=lambda piece: min(piece.line.depth, _DEEPEST)):
        inner = tuple(_blocks(group))
        for _ in range(depth):
            inner = (Quote(children=inner),)
        blocks += inner
    return Document(blocks=tuple(blocks))


def _blocks(pieces: Iterable[Piece]) -> Iterable[Block]:
    for (_, is_block), group in groupby(pieces, key=lambda piece: (piece.paragraph, piece.block is not None)):
        if is_block:
            yield from (piece.block for piece in group if piece.block is not None)
        else:
            yield Paragraph(children=_joined(group))


def _joined(pieces: Iterable[Piece]) -> tuple[Inline, ...]:
    out: list[Inline] = []
    for piece in pieces:
        if out:
            out.append(Break())
        out.extend(piece.inlines)
    return tuple(out)
