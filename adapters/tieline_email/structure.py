"""What IMAP answers to FETCH, and a mail's BODYSTRUCTURE, read. Pure and total.

Rule: servers and mails are hostile: whatever stands there is read as far as it makes sense, without recursion.
A large mail is *hollowed*: its header, its parts' headers and its text, without the files' bodies; it is read like
any mail, and its files keep their part paths, by which they are fetched later.
Not promised: more than :data:`PARTS_MAX` parts; then the whole mail is the file to ask for.

Sources: RFC 3501 7.4.2 (BODYSTRUCTURE), 9 (grammar). Next stop: :mod:`tieline_email.mailbox`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from tieline.model.base import Value

PARTS_MAX: Final = 100
TEXT_MAX: Final = 1_000_001
"""Bytes of one text that are asked for: one more than are read, so that a longer one is known as such."""
SMALL: Final = 64 * 1024
"""Parts up to this size are never left out: reports, small pictures."""
_DEPTH_MAX: Final = 100
_TOKEN: Final = re.compile(
    rb'\(|\)|"(?:[^"\\]|\\.)*"|\{\d{1,12}\+?\}|(?:BODY|BINARY)(?:\.PEEK)?\[[^\]]*\](?:<\d{1,12}>)?|[^\s()"]+',
    re.IGNORECASE,
)
_LITERAL: Final = re.compile(rb"\{\d{1,12}\+?\}")
_MESSAGE: Final = re.compile(rb"(?:\* )?\d{1,10} FETCH ", re.IGNORECASE)

Item = bytes | None | list["Item"]
"""An atom or string, NIL, or a list."""
Line = bytes | bytearray


class Part(Value, kw_only=True, frozen=True):
    """A part of a mail. ``octets`` as encoded; ``parts`` of a multipart."""

    path: str
    mime: str
    boundary: str = ""
    disposition: str = ""
    encoding: str = ""
    octets: int = 0
    parts: tuple[Part, ...] = ()

    @property
    def is_multipart(self) -> bool:
        """Made of parts."""
        return self.mime.startswith("multipart/")

    @property
    def is_kept(self) -> bool:
        """Asked for with the mail: text for people, and what is small."""
        is_text = self.mime in {"text/plain", "text/html"} and self.disposition != "attachment"
        return is_text or self.octets <= SMALL

    @property
    def size(self) -> int:
        """Bytes of its content, nearly: base64 makes four of three, and a line end behind 76."""
        return self.octets * 57 // 78 if self.encoding == "base64" else self.octets

    def walk(self) -> Iterator[Part]:
        """Itself and all in it, in order."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(reversed(one.parts))


def messages(lines: Sequence[Line]) -> Iterator[Mapping[str, Item]]:
    """The messages in an answer to FETCH, each as its items by name (in upper case, an origin cut off)."""
    waiting: list[Line] = []
    for line in [*lines, b"0 FETCH ()"]:
        if not isinstance(line, bytearray) and _MESSAGE.match(line) and waiting:
            yield _items(waiting)
            waiting = []
        waiting.append(line)


def _items(lines: Sequence[Line]) -> Mapping[str, Item]:
    first = _MESSAGE.sub(b"", bytes(lines[0]), count=1)
    tree = parse([first, *lines[1:]])
    found = tree[0] if tree and isinstance(tree[0], list) else []
    names = found[::2]
    return {
        re.sub(r"<\d+>$", "", name.decode("ascii", "replace").upper()): value
        for name, value in zip(names, found[1::2], strict=False)
        if isinstance(name, bytes)
    }


def parse(lines: Sequence[Line]) -> list[Item]:
    """Lines of an answer as nested lists; a literal stands in the line behind the one that announces it."""
    root: list[Item] = []
    stack: list[list[Item]] = [root]
    for line in lines:
        if isinstance(line, bytearray):
            _put(stack, bytes(line))
            continue
        for token in _TOKEN.findall(line):
            _take(stack, token)
    return root


def _take(stack: list[list[Item]], token: bytes) -> None:
    if token == b"(":
        deeper: list[Item] = []
        stack[-1].append(deeper)
        if len(stack) < _DEPTH_MAX:
            stack.append(deeper)
    elif token == b")":
        if len(stack) > 1:
            stack.pop()
    elif token.startswith(b'"') and token.endswith(b'"'):
        _put(stack, re.sub(rb"\\(.)", rb"\1", token[1:-1]))
    elif not _LITERAL.fullmatch(token):
        _put(stack, None if token.upper() == b"NIL" else token)


def _put(stack: list[list[Item]], value: Item) -> None:
    stack[-1].append(value)


def structure(item: Item) -> Part:
    """A BODYSTRUCTURE as a tree; what makes no sense is a file of unknown type."""
    budget = [PARTS_MAX]
    root = _part(item, "", budget, 0)
    return root if root.is_multipart else msgspec.structs.replace(root, path="1")


def _part(item: Item, path: str, budget: list[int], depth: int) -> Part:
    budget[0] -= 1
    if not isinstance(item, list) or not item or budget[0] < 0 or depth > 20:  # noqa: PLR2004 - deeper than any mail
        return Part(path=path, mime="application/octet-stream")
    if isinstance(item[0], list):
        return _multipart(item, path, budget, depth)
    mime = f"{_text(item, 0)}/{_text(item, 1)}"
    octets = _text(item, 6)
    return Part(
        path=path,
        mime=mime,
        encoding=_text(item, 5),
        octets=int(octets) if octets.isdigit() and len(octets) < 15 else 0,  # noqa: PLR2004 - digits of a size
        disposition=_disposition(item[7:]),
    )


def _multipart(item: list[Item], path: str, budget: list[int], depth: int) -> Part:
    children = [one for one in item if isinstance(one, list)]
    count = next((at for at, one in enumerate(item) if not isinstance(one, list)), len(item))
    prefix = f"{path}." if path else ""
    parts = [
        _part(one, f"{prefix}{at}", budget, depth + 1) for at, one in enumerate(children[:count], 1) if budget[0] > 0
    ]
    params = item[count + 1] if len(item) > count + 1 else None
    boundary = ""
    if isinstance(params, list):
        pairs = zip(params[::2], params[1::2], strict=False)
        boundary = next((_string(v) for k, v in pairs if isinstance(k, bytes) and k.lower() == b"boundary"), "")
    return Part(path=path, mime=f"multipart/{_text(item, count)}", boundary=boundary, parts=tuple(parts))


def _disposition(rest: Sequence[Item]) -> str:
    """``attachment`` or ``inline``, wherever the type's own fields let it stand."""
    for one in rest:
        if isinstance(one, list) and one and isinstance(one[0], bytes) and one[0].lower() in {b"attachment", b"inline"}:
            return one[0].decode().lower()
    return ""


def _text(item: list[Item], at: int) -> str:
    return _string(item[at]).lower() if at < len(item) else ""


def _string(item: Item) -> str:
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else ""


def sections(root: Part) -> list[str]:
    """What to ask for, to hollow a mail."""
    asked = ["BODY.PEEK[HEADER]"]
    for part in root.walk():
        if part.path and root.is_multipart:
            asked.append(f"BODY.PEEK[{part.path}.MIME]")
        if not part.is_multipart and part.is_kept:
            asked.append(f"BODY.PEEK[{part.path}]<0.{TEXT_MAX}>")
    return asked


def hollow(root: Part, items: Mapping[str, Item]) -> bytes:
    """The mail without its large files' bodies, of what :func:`sections` asked for."""
    head = items.get("BODY[HEADER]")
    made: list[bytes] = [head if isinstance(head, bytes) else b"\r\n"]
    waiting: list[Part | bytes] = [root]
    while waiting:
        one = waiting.pop()
        if isinstance(one, bytes):
            made.append(one)
            continue
        if one.path and root.is_multipart:
            mime = items.get(f"BODY[{one.path}.MIME]")
            made.append(mime if isinstance(mime, bytes) else b"\r\n")
        if one.is_multipart:
            line = b"\r\n--" + one.boundary.encode("utf-8", "replace")
            waiting.append(line + b"--\r\n")
            for part in reversed(one.parts):
                waiting += [part, line + b"\r\n"]
            continue
        body = items.get(f"BODY[{one.path}]")
        made.append(body if isinstance(body, bytes) else b"")
    return b"".join(made)


def left_out(root: Part) -> Mapping[str, int]:
    """Sizes of what a hollow mail lacks, by part path."""
    return {part.path: part.size for part in root.walk() if not part.is_multipart and not part.is_kept}
