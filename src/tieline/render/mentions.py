"""Mentions: found in a text, and resolved to a channel's native ids in content.

The rule: ``@handle`` counts where it stands as a word of its own: not in an e-mail address, a URL, code, behind a
backslash, or as part of ``@name@host``. People write ``@Priya`` as often as ``@priya``: case does not matter, and the
mention names the handle. Offsets are code points; ``text[start:end].lower() == "@handle"``.

Not promised: the exact code spans of CommonMark inside of unusual nesting; a doubt is decided against the mention.
Next stop: ``routing/inbox`` stores them; :func:`resolve` runs before :mod:`tieline.render.plan`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tieline.model.base import NAME_PATTERN
from tieline.model.content import Document, Inline, Text
from tieline.model.content import Mention as Named
from tieline.model.message import Mention
from tieline.render.walk import change_inlines

_NAME: Final = NAME_PATTERN.replace("a-z", "a-zA-Z")  # not IGNORECASE, which would let a Kelvin sign be a k
_AT: Final = re.compile(rf"(?<![\w.+/@%\\])@({_NAME})(?![\w@/\-]|\.[a-zA-Z0-9])")
_FENCE: Final = re.compile(r"[ \t>]*(`{3,}|~{3,})([^\n]*)")
_TICKS: Final = re.compile(r"(?<!\\)`+")
_URL: Final = re.compile(r"\b[a-z][a-z0-9+.\-]*://[^\s<>]+", re.IGNORECASE)

_Places = list[tuple[int, int]]


def find_mentions(text: str, known: Callable[[str], bool]) -> tuple[Mention, ...]:
    """Members named in a text, in order; ``known`` says whether a handle is one."""
    if "@" not in text:
        return ()
    found = [place for place in _candidates(text) if known(place.handle)]
    if not found:
        return ()
    hidden = _hidden(text)
    return tuple(place for place in found if not any(start <= place.start < end for start, end in hidden))


def _candidates(text: str) -> list[Mention]:
    places = []
    for match in _AT.finditer(text):
        handle = match.group(1).rstrip("-").lower()
        places.append(Mention(handle=handle, start=match.start(), end=match.start() + 1 + len(handle)))
    return places


# --------------------------------------------------------------------------------- where an @handle is not a mention


def _hidden(text: str) -> _Places:
    hidden = [found.span() for found in _URL.finditer(text)] if "://" in text else []
    if "`" in text or "~~~" in text:
        fences = _fences(text)
        hidden += fences + _code_spans(text, fences)
    return hidden


def _fences(text: str) -> _Places:
    places: _Places = []
    opened: tuple[str, int] | None = None
    at = 0
    for line in text.splitlines(keepends=True):
        found = _FENCE.match(line)
        if opened is not None and found and _closes(found, opened[0]):
            places.append((opened[1], at + len(line)))
            opened = None
        elif opened is None and found and not ("`" in found.group(1) and "`" in found.group(2)):
            opened = (found.group(1), at)
        at += len(line)
    return places if opened is None else [*places, (opened[1], len(text))]


def _closes(found: re.Match[str], fence: str) -> bool:
    mark = found.group(1)
    return mark[0] == fence[0] and len(mark) >= len(fence) and not found.group(2).strip()


def _code_spans(text: str, fences: _Places) -> _Places:
    places: _Places = []
    runs = [run for run in _TICKS.finditer(text) if not any(start <= run.start() < end for start, end in fences)]
    later: dict[int, list[int]] = {}
    for run in reversed(runs):
        later.setdefault(len(run.group()), []).append(run.start())
    done = -1
    for run in runs:
        length = len(run.group())
        later[length].pop()
        if run.start() >= done and later[length]:
            done = later[length][-1] + length
            places.append((run.start(), done))
    return places


# ------------------------------------------------------------------------------------------------------- resolution


def resolve(document: Document, names: Mapping[str, str]) -> Document:
    """The document with ``@handle`` as mentions by native id, where ``names`` (handle to native id) has the handle.

    Code and the labels of links are left alone.
    """
    if not names:
        return document

    def named(inline: Inline) -> Sequence[Inline]:
        match inline:
            case Text():
                return _text(inline, names)
            case Named() if inline.native_id is None and inline.handle is not None and inline.handle in names:
                return (Named(display=inline.display, handle=inline.handle, native_id=names[inline.handle]),)
            case _:
                return (inline,)

    return Document(blocks=change_inlines(document.blocks, named, in_links=False))


def _text(text: Text, names: Mapping[str, str]) -> Sequence[Inline]:
    if "@" not in text.text:
        return [text]
    out: list[Inline] = []
    done = 0
    for place in _candidates(text.text):
        if place.handle not in names:
            continue
        if place.start > done:
            out.append(Text(text=text.text[done : place.start]))
        out.append(Named(display=place.handle, handle=place.handle, native_id=names[place.handle]))
        done = place.end
    if done < len(text.text):
        out.append(Text(text=text.text[done:]))
    return out
