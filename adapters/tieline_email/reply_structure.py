"""What clients' HTML says by its classes, ids and styles: quoted, attribution, header, signature, hidden.

The rules: the first tokens of an attribute count, up to :data:`_LONGEST` characters; prefixes that a server put before
ids (``x_``) are ignored. White text is hidden only on a white ground that the same element names.

Next stop: :mod:`tieline_email.replies_html`.
"""

from __future__ import annotations

import re
from typing import Final

from justhtml import Node

from tieline_email import reply_marks as marks
from tieline_email.reply_lines import Mark

_LONGEST: Final = 2_000
_OPENING: Final = 400
_LOOK: Final = 3_000
"""So many nodes are looked at below one; a quotation in a larger container is taken to be there."""
_LOOK_SHORT: Final = 300

SKIPPED: Final = frozenset(
    [
        "head",
        "script",
        "style",
        "title",
        "template",
        "noscript",
        "svg",
        "math",
        "object",
        "iframe",
        "embed",
        "applet",
        "textarea",
        "select",
        "option",
        "datalist",
        "audio",
        "video",
        "canvas",
        "input",
        "meta",
        "link",
        "map",
    ]
)
"""Elements of which nothing is read."""

_ATTRIBUTION: Final = frozenset({"gmail_attr", "moz-cite-prefix", "gmail_attribution", "moz-email-headers-table"})
_CONTAINERS: Final = frozenset(
    [
        "yahoo_quoted",
        "protonmail_quote",
        "tutanota_quote",
        "olk_src_body_section",
        "mail-editor-reference-message-container",
        "messagereplysection",
        "__quoted_text__",
        "zmail_extra",
        "bluemail_quote",
        "aolmail_quote",
        "ms-outlook-mobile-reference-message",
        "spark_quote",
        "replyforwardcontainer",
    ]
)
_HEADERS: Final = frozenset({"divrplyfwdmsg", "appendonsend", "outlookmessageheader", "replyintro"})
_SIGNATURES: Final = frozenset(
    "gmail_signature gmail_signature_prefix moz-signature applemailsignature signature ms-outlook-mobile-signature"
    " protonmail_signature_block composer_signature messagesignaturesection tutanota_signature mobile_signature"
    " ymail_android_signature samsung_signature lineBreakAtBeginningOfSignature _mobile_signature".lower().split()
)
_CITE_CLASSES: Final = frozenset({"gmail_quote", "protonmail_quote", "tutanota_quote", "iosymail", "cite", "quote"})
_BLOCKS: Final = frozenset(
    ["blockquote", "div", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "section", "table", "ul"]
)
_OUTLOOK_RULE: Final = re.compile(r"border-top\s*:\s*(?:solid\s+)?#(?:e1e1e1|b5c4df)", re.IGNORECASE)
_LEFT_BORDER: Final = re.compile(r"border-left\s*:[^;]{0,40}solid|border-left-(?:style|width)", re.IGNORECASE)
_HIDDEN: Final = re.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$))",
    re.IGNORECASE,
)
_FLAT: Final = re.compile(r"max-height\s*:\s*0(?:px)?\s*(?:;|!|$)", re.IGNORECASE)
_OVERFLOW: Final = re.compile(r"overflow\s*:\s*hidden", re.IGNORECASE)
_FONT_SIZE: Final = re.compile(r"(?:^|[;\s])font(?:-size)?\s*:[^;]*?(\d*\.?\d+)\s*(?:px|pt|em|rem|%)?", re.IGNORECASE)
_WHITE: Final = r"(?:#fff(?:fff)?\b|white\b|rgb\(\s*255\s*,\s*255\s*,\s*255\s*\))"
_WHITE_TEXT: Final = re.compile(rf"(?:^|[;\s])color\s*:\s*{_WHITE}", re.IGNORECASE)
_WHITE_GROUND: Final = re.compile(rf"background(?:-color)?\s*:\s*{_WHITE}", re.IGNORECASE)


def attribute(node: Node, name: str) -> str:
    """The text of an attribute, of bounded length; empty where it is missing."""
    if node.name == "#text":
        return ""
    return ((node.attrs or {}).get(name) or "")[:_LONGEST]


def number(node: Node, name: str, default: int) -> int:
    """The whole number in an attribute."""
    text = attribute(node, name).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else default  # noqa: PLR2004 - digits


def text_of(node: Node) -> str:
    """All text in a node as it stands, without recursion; a ``br`` is a line break."""
    out: list[str] = []
    todo = [node]
    while todo:
        inner = todo.pop()
        if inner.name == "#text":
            out.append(str(inner.data or ""))
        elif inner.name == "br":
            out.append("\n")
        elif inner.name not in SKIPPED:
            todo.extend(reversed(inner.children or ()))
    return "".join(out)


def _opening(node: Node) -> str:
    """The first text in a node."""
    out = ""
    todo = [node]
    for _ in range(_LOOK_SHORT):
        if not todo or len(out) > _OPENING:
            break
        inner = todo.pop()
        if inner.name == "#text":
            out += str(inner.data or "")[:_OPENING]
        elif inner.name not in SKIPPED:
            out += "\n" if inner.name in {"br", "div", "p"} else ""
            todo.extend(reversed(inner.children or ()))
    return out.strip()


def _names(node: Node) -> set[str]:
    """Classes, id and names, in lower case, without a server's ``x_``."""
    if not node.attrs:
        return set()
    words = attribute(node, "class").split()
    words += [attribute(node, "id"), attribute(node, "name"), attribute(node, "data-marker")]
    return {re.sub(r"^(?:x_)+", "", word.lower()) for word in words if word}


def marks_of(node: Node) -> tuple[Mark, int]:
    """What the element says of its text, and how much deeper quoted it is."""
    names = _names(node)
    if node.name == "blockquote":
        return (Mark.NONE, 0) if _is_forward(node) else (Mark.CITE if _is_cited(node, names) else Mark.NONE, 1)
    if names & _CONTAINERS or any(name.startswith("yahoo_quoted") for name in names):
        return (Mark.NONE, 0) if _is_forward(node) or _has_quote(node) else (Mark.CITE, 1)
    if names & _HEADERS or _is_outlook_header(node):
        return Mark.HEADER, 0
    if names & _ATTRIBUTION and not _is_forward(node):
        return Mark.ATTRIBUTION, 0
    if names & _SIGNATURES:
        return Mark.SIGNATURE, 0
    return Mark.NONE, 0


def _is_cited(node: Node, names: set[str]) -> bool:
    if attribute(node, "type").lower() == "cite" or attribute(node, "cite") or names & _CITE_CLASSES:
        return True
    return _LEFT_BORDER.search(attribute(node, "style")) is not None


def _is_forward(node: Node) -> bool:
    first = next((line.strip() for line in _opening(node).split("\n") if line.strip()), "")
    return bool(marks.FORWARDED.fullmatch(first) or marks.BEGIN_FORWARDED.fullmatch(first))


def _has_quote(node: Node) -> bool:
    return _holds(node, frozenset({"blockquote"}))


def holds_blocks(node: Node) -> bool:
    """True of a heading around more than a line."""
    return _holds(node, _BLOCKS)


def _holds(node: Node, names: frozenset[str]) -> bool:
    todo = list(node.children or ())
    for _ in range(_LOOK):
        if not todo:
            return False
        inner = todo.pop()
        if inner.name in names:
            return True
        todo.extend(inner.children or ())
    return True


def _is_outlook_header(node: Node) -> bool:
    """Outlook's line above ``From:``, recognised in languages that are not known, too."""
    if node.name != "div" or not _OUTLOOK_RULE.search(attribute(node, "style")):
        return False
    opening = _opening(node)
    colons = opening.count(":") + opening.count("：")
    return colons >= 3 and any(letter.isdigit() for letter in opening)  # noqa: PLR2004 - sender, date, subject


def is_hidden(node: Node) -> bool:
    """Not shown to a reader, unmistakably."""
    if not node.attrs:
        return False
    if "hidden" in node.attrs:
        return True
    style = attribute(node, "style")
    if not style:
        return False
    flat = _FLAT.search(style) and _OVERFLOW.search(style)
    white = _WHITE_TEXT.search(style) and _WHITE_GROUND.search(style)
    return bool(_HIDDEN.search(style) or flat or white)


def is_tiny(node: Node, *, inherited: bool) -> bool:
    """True where text has the size 0, until an element inside gives another."""
    style = attribute(node, "style")
    found = _FONT_SIZE.search(style) if style else None
    return inherited if found is None else float(found.group(1)) == 0


def is_mail(node: Node) -> bool:
    """A ``pre`` that a client made of plain text."""
    return bool(_names(node) & {"moz-quote-pre", "k9mail", "bzmail"})


def only_preformatted(root: Node) -> Node | None:
    """The one ``pre`` that is the whole mail."""
    node: Node | None = root
    while node is not None and node.name != "pre":
        inner = [
            child
            for child in node.children or ()
            if child.name not in SKIPPED
            and not child.name.startswith(("#comment", "!"))
            and not (child.name == "#text" and not str(child.data or "").strip())
        ]
        node = inner[0] if len(inner) == 1 else None
    return node
