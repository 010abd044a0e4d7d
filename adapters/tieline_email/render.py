"""The two bodies of a mail, from the text of its frame. Pure.

Rules: both say the same. The HTML is safe (:mod:`tieline.render.html`), has inline styles only, since mail programs
drop style sheets, and names no colour of text or ground, so that it reads well in a dark window too. Nothing is loaded
from anywhere: pictures of ours travel with the mail. The first line says where to write, and replies are cut there.
Not promised: the same looks in every mail program.
Next stop: :mod:`tieline_email.compose`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from tieline.model.actions import Action
from tieline.model.base import Value
from tieline.model.message import Format
from tieline.render import commonmark
from tieline.render.html import to_html
from tieline.render.normal import clean
from tieline.render.plain import Plain
from tieline_email.threads import MARKER

_SMALL: Final = "font-size:12px;opacity:.65"
_LINE: Final = "1px solid rgba(128,128,128,.45)"
_CODE: Final = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px;background:rgba(128,128,128,.13)"
_STYLES: Final[Mapping[str, str]] = {
    "p": "margin:0 0 12px",
    "ul": "margin:0 0 12px;padding-left:24px",
    "ol": "margin:0 0 12px;padding-left:24px",
    "blockquote": "margin:0 0 12px;padding-left:12px;border-left:3px solid rgba(128,128,128,.45)",
    "pre": f"margin:0 0 12px;padding:10px;white-space:pre-wrap;{_CODE}",
    "code": _CODE,
    "table": "border-collapse:collapse;margin:0 0 12px",
    "th": f"border:{_LINE};padding:4px 8px;text-align:left",
    "td": f"border:{_LINE};padding:4px 8px",
    "hr": f"border:0;border-top:{_LINE};margin:16px 0",
    "h1": "font-size:21px;margin:16px 0 8px",
    "h2": "font-size:18px;margin:16px 0 8px",
    "h3": "font-size:16px;margin:16px 0 8px",
}
_TAG: Final = re.compile(r'<([a-z][a-z0-9]*)((?: [a-z]+="[^"]*")*)>')
_CLASS: Final = re.compile(r' class="([^"]*)"')
_BODY: Final = "font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.5"


class Bodies(Value, kw_only=True, frozen=True):
    """The same in two forms."""

    plain: str
    html: str


class Picture(Value, kw_only=True, frozen=True):
    """A picture that travels with the mail: its Content-ID without brackets, and what it shows."""

    cid: str
    alt: str


def bodies(text: str, *, words: str = "", pictures: Sequence[Picture] = (), leave: str | None = None) -> Bodies:
    """Both bodies of a frame's text (CommonMark).

    ``words``: how to answer, in one line; ``leave``: address of the page that ends such mail.
    """
    shown = Plain().write(commonmark.parse(text).blocks)
    below = [line for line in (words, f"No more of these: {leave}" if leave else "") if line]
    plain = "\n\n".join(part for part in (MARKER, shown, "\n".join(below)) if part)
    return Bodies(plain=plain + "\n", html=_page(text, words, pictures, leave))


def reply_words(actions: Sequence[Action], code: str | None) -> str:
    """How to answer where answers are words: ``Reply with one word: ack, accept``. Empty without actions."""
    names = [f"{code} {action.name}" if code else action.name for action in actions]
    if not names:
        return ""
    return (
        f"Reply with {'these words' if code else 'one word'}: {' or '.join(' '.join(clean(n).split()) for n in names)}"
    )


def _page(text: str, words: str, pictures: Sequence[Picture], leave: str | None) -> str:
    parts = [
        f'<div style="{_SMALL}">{escape(MARKER)}</div>',
        f"<div>{styled(to_html(text, Format.MARKDOWN))}</div>",
        *(_picture(picture) for picture in pictures),
        f'<p style="{_STYLES["p"]}"><b>{escape(words)}</b></p>' if words else "",
        f'<p style="{_SMALL}"><a href="{escape(leave)}">No more of these</a></p>' if leave else "",
    ]
    head = (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark"></head>'
    )
    return f'{head}<body style="{_BODY}">\n' + "\n".join(part for part in parts if part) + "\n</body></html>\n"


def _picture(picture: Picture) -> str:
    cid, alt = escape(picture.cid), escape(picture.alt)
    return f'<p style="{_STYLES["p"]}"><img src="cid:{cid}" alt="{alt}" style="max-width:100%;height:auto"></p>'


def styled(html: str) -> str:
    """Our safe HTML with its styles at each tag; nothing else of it changes."""
    return _TAG.sub(_with_style, html)


def _with_style(found: re.Match[str]) -> str:
    tag, attributes = found.group(1), found.group(2)
    named = _CLASS.search(attributes)
    align = named.group(1) if named and named.group(1) in {"left", "right", "center"} else ""
    style = ";".join(part for part in (_STYLES.get(tag, ""), f"text-align:{align}" if align else "") if part)
    kept = _CLASS.sub("", attributes)
    return f'<{tag}{kept} style="{style}">' if style else f"<{tag}{kept}>"


def first_words(text: str) -> str:
    """The first line of a frame's text, without formatting: what a subject begins with."""
    return next((line for line in Plain().write(commonmark.parse(text[:4000]).blocks).split("\n") if line.strip()), "")
