"""What a person wrote in a mail, without the messages it quotes and without the signature.

The rules: never too much. What goes has a client's evidence (:mod:`tieline_email.reply_cut`); in doubt all stays and
``sure`` is False. Nothing is lost: what was cut is in ``rest`` and ``signature``, for plain text letter by letter.
Reading is pure, total, and linear in the text; HTML with more than :data:`tieline_email.replies_html.MAX_TAGS` tags is
read without its structure.

Not promised: a reply written inside of an unmarked quotation by an author who does not say so.
Next stop: :mod:`tieline_email.inbound`, which makes the message; the page ``docs/channels/email-replies.md``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from tieline.model.base import Value
from tieline.model.content import Document
from tieline.render.commonmark import CommonMark
from tieline_email import reply_marks as marks
from tieline_email.replies_html import read_html
from tieline_email.reply_cut import Role, Verdict, decide
from tieline_email.reply_lines import read_plain
from tieline_email.reply_pieces import Piece, plain_pieces, to_document

_MISSING: Final = 0.2
"""Text/plain may lack this share of the words of the HTML and still say the same."""
_WORDS: Final = re.compile(r"[^\W_]+")
_SAMPLE: Final = 200_000
_WRITER: Final = CommonMark()


class Stripped(Value, kw_only=True, frozen=True):
    """A mail's text, cut.

    ``reply``: the author's words, plain text as it came (of HTML: CommonMark). ``rest``: what was quoted.
    ``signature``: signature and footers. ``sure``: False where something looked quoted and stays. ``content``: the
    reply as content, quotations that an answer needs as quotes.
    """

    reply: str
    rest: str
    signature: str
    sure: bool
    content: Document


def strip_plain(text: str, *, subject: str = "") -> Stripped:
    """The reply in a ``text/plain`` body. Total. By a ``subject`` like ``Fwd:`` the mail is content and stays whole."""
    raw = text.splitlines(keepends=True)
    lines = read_plain(raw)
    verdict = decide(lines, forwarded=is_forward(subject))
    return Stripped(
        reply=_trimmed("".join(_of(raw, verdict, Role.KEEP))),
        rest="".join(_of(raw, verdict, Role.QUOTE)),
        signature="".join(_of(raw, verdict, Role.SIGNATURE)),
        sure=verdict.sure,
        content=to_document(_kept(plain_pieces(lines), verdict)),
    )


def strip_html(html: str, *, subject: str = "") -> Stripped:
    """The reply in a ``text/html`` body, as CommonMark and as content. Total."""
    pieces, whole = read_html(html)
    verdict = decide([piece.line for piece in pieces], forwarded=is_forward(subject))
    content = to_document(_kept(pieces, verdict))
    return Stripped(
        reply=_WRITER.write(content.blocks),
        rest=_seen(pieces, verdict, Role.QUOTE),
        signature=_seen(pieces, verdict, Role.SIGNATURE),
        sure=verdict.sure and whole,
        content=content,
    )


def best(plain: str, html: str, *, subject: str = "") -> Stripped:
    """The reply in a mail with both bodies, either may be empty.

    ``text/plain`` where it says what the HTML says; the HTML where it does not, or where only the HTML's structure
    tells the quotation for sure.
    """
    if not html.strip():
        return strip_plain(plain, subject=subject)
    of_html = strip_html(html, subject=subject)
    if not plain.strip() or not _says_the_same(plain, f"{of_html.reply}\n{of_html.rest}\n{of_html.signature}"):
        return of_html
    of_plain = strip_plain(plain, subject=subject)
    return of_html if of_html.sure and not of_plain.sure else of_plain


def is_forward(subject: str) -> bool:
    """True of a subject that begins with ``Fwd:`` or its like in other languages."""
    return marks.FORWARD_SUBJECT.match(subject[:200]) is not None


def _kept(pieces: Sequence[Piece], verdict: Verdict) -> list[Piece]:
    return [piece for piece, role in zip(pieces, verdict.roles, strict=True) if role is Role.KEEP]


def _of(raw: Sequence[str], verdict: Verdict, wanted: Role) -> list[str]:
    return [line for line, role in zip(raw, verdict.roles, strict=True) if role is wanted]


def _seen(pieces: Sequence[Piece], verdict: Verdict, wanted: Role) -> str:
    found = (piece.line for piece, role in zip(pieces, verdict.roles, strict=True) if role is wanted)
    return "\n".join(">" * line.depth + " " * bool(line.depth) + line.text for line in found)


def _trimmed(text: str) -> str:
    """Without blank lines around, the first line's indentation kept."""
    return re.sub(r"\A(?:[ \t\xa0]*(?:\r\n|\r|\n))+", "", text).rstrip()


def _says_the_same(plain: str, html: str) -> bool:
    wanted = Counter(_WORDS.findall(html[:_SAMPLE].lower()))
    given = Counter(_WORDS.findall(plain[:_SAMPLE].lower()))
    return (wanted - given).total() <= _MISSING * max(wanted.total(), 1)
