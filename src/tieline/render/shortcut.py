"""The short way from CommonMark to HTML: for text whose marks can mean one thing only.

Most of what people and agents write is paragraphs and flat bullet lists with ``**strong**``, ``*emphasis*``, code
spans, bare URLs and ``[label](https://…)``. The parser takes 60 to 230 microseconds for such a text, this some six.
Rule: what this answers is what the long way would answer, to the byte (a property test compares); where there is any
doubt it answers None. Nothing of the text but what :func:`_written` makes becomes markup. Next stop:
:mod:`tieline.render.html`, the long way.
"""

from __future__ import annotations

import re
from typing import Final

_PLAIN: Final = r"[^\\`*_~\[\]<>&|:!\nh]+|h"
"""What means itself. An ``h`` stands alone, because a URL may begin there."""
_WORDS: Final = r"[^\W_](?:[\w .,;/()'%+=#@-]*[^\W_])?(?<!_)"
"""Begins and ends with a letter or digit: so the marks around it can only open before it and close behind it."""
_BEFORE: Final = r"(?<![^\s(])"
_AFTER: Final = r"(?![^\s.,;:!?)])"
_LABEL: Final = r"(?:-[A-Za-z0-9]+)*"
_HOST: Final = rf"(?:[A-Za-z0-9]+{_LABEL}\.)*[A-Za-z][A-Za-z0-9]*{_LABEL}(?::[0-9]{{1,4}})?"
"""Neither an address in numbers nor punycode: those may be wrong, and nh3 unmakes links to what is no host."""
_ADDRESS: Final = rf"https?://{_HOST}(?:/|[/?#][A-Za-z0-9/?#%=+@._-]*[A-Za-z0-9/])?"
_MARKS: Final = "|".join(
    (
        r"`(?P<code>[^`\s](?:[^`\n]*[^`\s])?)`(?!`)",
        rf"{_BEFORE}\*\*(?P<strong>{_WORDS})\*\*{_AFTER}",
        rf"{_BEFORE}\*(?P<em>{_WORDS})\*{_AFTER}",
        rf"{_BEFORE}\[(?P<label>{_WORDS})\]\((?P<to>{_ADDRESS})\)",
        rf"{_BEFORE}(?P<url>{_ADDRESS})(?=[.,;:!?]?(?:\s|\Z))",
        r"(?P<lt><)(?==?[0-9]*(?: |\Z))",
        r"(?P<gt>>)",
        r"(?P<amp>&)(?![#A-Za-z0-9])",
    )
)
_HARMLESS: Final = r":(?!//)|!(?!\[)|(?<=[^\W_])_+(?=[^\W_])|(?<!~)~(?!~)"
# Atomic: what was read one way is never read another way.
_LINE: Final = re.compile(rf"(?>{_MARKS}|{_PLAIN}|{_HARMLESS})+")
_MARK: Final = re.compile(_MARKS)
_OPENS_BLOCK: Final = re.compile(r"[ +=#>|~_-]|\*(?:[ *]*$| )|[0-9]{1,9}[.)]|`{3}")
_BULLET: Final = re.compile(r"[-*] (?=[^ ])(?!\[[ xX]\] )")


def short_html(text: str) -> str | None:
    """HTML of a text in CommonMark, None where it takes the parser to know."""
    if not text.replace("\n", "").isprintable() or "  \n" in text:
        return None
    blocks: list[str] = []
    for part in text.strip("\n").rstrip(" \n").split("\n\n"):
        block = _block(part.split("\n"), follows_list=bool(blocks) and blocks[-1].startswith("<ul>"))
        if block is None:
            return None
        blocks.append(block)
    return "\n".join(blocks)


def _block(lines: list[str], *, follows_list: bool) -> str | None:
    if not lines[0].startswith(("- ", "* ")):
        return _paragraph(lines)
    if follows_list:  # with a blank line between, the two are one list, and a loose one
        return None
    mark = lines[0][:2]
    items = [_inline(line[2:]) for line in lines if line.startswith(mark) and _BULLET.match(line)]
    if len(items) < len(lines) or None in items:
        return None
    return "<ul>\n" + "\n".join(f"<li>{item}</li>" for item in items) + "\n</ul>"


def _paragraph(lines: list[str]) -> str | None:
    written = [html for line in lines if (html := _inline(line)) is not None]
    return "<p>" + "<br>\n".join(written) + "</p>" if len(written) == len(lines) else None


def _inline(line: str) -> str | None:
    if _OPENS_BLOCK.match(line) or line.endswith(" ") or not _LINE.fullmatch(line):
        return None
    return _MARK.sub(_written, line)


def _written(found: re.Match[str]) -> str:
    kind = found.lastgroup
    match kind:
        case "code":
            return f"<code>{_escaped(found['code'])}</code>"
        case "strong" | "em":
            return f"<{kind}>{found[kind]}</{kind}>"
        case "to":
            return f'<a href="{found["to"]}" rel="noopener nofollow">{found["label"]}</a>'
        case "url":
            return f'<a href="{found["url"]}" rel="noopener nofollow">{found["url"]}</a>'
        case _:
            return _escaped(found[0])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
