"""The bytes of a mail, as a bounded value: text, HTML, files, and what a report says. Pure.

Rules: total, and linear in the size of the mail times its depth. Bounds: :data:`DEPTH_MAX`, :data:`PARTS_MAX`,
:data:`TEXT_MAX`. What is over them is not lost: the whole mail is then a file of its own (``id`` ``0``). A file's
``id`` is IMAP's part path (``2.1``), so that it can be fetched alone. What is signed or sealed (S/MIME, PGP),
``winmail.dat``, invitations and mails in mails are files, as they are.
Not promised: uuencode in text; ``multipart/related`` starts with its first part, whatever ``start`` says.

The tree is walked here and not by the standard library's parser, whose time is not linear in hostile mail: a test
compares both on good ones. Sources: RFC 2045 to 2047, RFC 2183, RFC 2231, RFC 9051 (part paths).
Next stop: :mod:`tieline_email.inbound`.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

import msgspec

from tieline.model.attachments import UNKNOWN_MIME, NativeFile
from tieline.model.base import Value
from tieline.render.normal import clean
from tieline_email import headers
from tieline_email.filenames import filename, usual_name
from tieline_email.flowed import unflow
from tieline_email.headers import Headers

DEPTH_MAX: Final = 12
PARTS_MAX: Final = 300
TEXT_MAX: Final = 256 * 1024
"""Bytes of a text that are read."""
TEXT_LINES_MAX: Final = 20_000
HTML_MAX: Final = 1_000_000
"""Bytes of HTML that are read: long threads of Outlook are some hundred thousand, the reply at the top."""
WHOLE: Final = "0"
"""Id of the file that is the whole mail."""
RFC822: Final = "message/rfc822"

_LINES_MAX: Final = 20_000
_REPORT_MAX: Final = 64 * 1024
_PIECE: Final = 1024 * 1024
_CR, _LF = 0x0D, 0x0A
_MIME: Final = re.compile(r"[a-z0-9!#$&^_.+\-]{1,60}/[a-z0-9!#$&^_.+\-]{1,100}")
_STATUS: Final = frozenset(
    {"message/delivery-status", "message/global-delivery-status", "message/disposition-notification"}
)
_REPORTS: Final = _STATUS | {"text/rfc822-headers", "message/rfc822-headers"}
_FOR_MACHINES: Final = frozenset({"text/x-amp-html", "text/watch-html"})


class Mail(Value, kw_only=True, frozen=True):
    """A mail. ``plain`` and ``html`` are empty where there are none; lines end in LF."""

    headers: Headers
    mime: str = "text/plain"
    """Type of the whole, and its ``report-type`` (in lower case) where it is a report."""
    report: str = ""
    plain: str = ""
    html: str = ""
    files: tuple[NativeFile, ...] = ()
    inline: tuple[tuple[str, str], ...] = ()
    """Content-ID and file id of the pictures that stand in the HTML."""
    status: str = ""
    """Text of the first ``message/delivery-status`` or ``message/disposition-notification``."""
    returned: Headers | None = None
    """Header of the first mail in the mail: in a bounce, of what came back."""
    truncated: bool = False
    """It was over a bound; the whole is among the files."""


class _Part(Value, kw_only=True, frozen=True):
    """A part as it lies in the bytes: ``start`` and ``end`` of its body."""

    path: str
    headers: Headers
    mime: str
    params: Mapping[str, str]
    disposition: str
    filename: str
    start: int
    end: int
    depth: int

    @property
    def is_body(self) -> bool:
        """Text for people, and not a file of text."""
        is_text = self.mime in {"text/plain", "text/html"}
        return is_text and self.disposition != "attachment" and (not self.filename or self.path == "1")


class _Text(Value, kw_only=True, frozen=True):
    """A piece of what is written; None: it has no such form."""

    plain: str | None = None
    html: str | None = None


def read(raw: bytes, *, max_size: int | None = None) -> Mail:
    """A mail; one of more than ``max_size`` bytes is its header and a file."""
    reading = _Reading(raw)
    if max_size is not None and len(raw) > max_size:
        reading.truncated = True
        return _mail(reading, reading.root(), [])
    root = reading.root()
    return _mail(reading, root, list(reading.walk(root)))


def payload(raw: bytes, part: str) -> tuple[NativeFile, bytes] | None:
    """A file of a mail by its id (``NativeFile.id``: IMAP's part path, such as ``2.1``): what it is, and its bytes.

    None: the mail has no such part. Total.
    """
    if part == WHOLE:
        return _whole(raw), raw
    reading = _Reading(raw)
    for _ in reading.walk(reading.root()):
        pass
    found = next((one for one in reading.leaves if one.path == part), None)
    return (_file(raw, found), _decoded(raw, found)) if found is not None else None


class _Reading:
    """One walk through the bytes."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.leaves: list[_Part] = []
        self.truncated = False
        self._parts = 0

    def root(self) -> _Part:
        """The mail itself."""
        return self._part("", 0, len(self.raw), 0)

    def _part(self, path: str, start: int, end: int, depth: int, *, default: str = "text/plain") -> _Part:
        head_end, body = headers.split(self.raw, start, end)
        self.truncated |= head_end == start + headers.HEAD_MAX
        fields = headers.parse(self.raw[start:head_end])
        mime, params = headers.params(fields.first("content-type"))
        disposition, more = headers.params(fields.first("content-disposition"))
        mime = mime if _MIME.fullmatch(mime) else default
        if mime.startswith("multipart/") and (not params.get("boundary") or depth >= DEPTH_MAX):
            self.truncated |= depth >= DEPTH_MAX
            mime = "text/plain" if depth < DEPTH_MAX else UNKNOWN_MIME
        is_leaf_root = not path and not mime.startswith("multipart/")
        return _Part(
            path="1" if is_leaf_root else path,
            headers=fields,
            mime=mime,
            params=params,
            disposition=disposition,
            filename=more.get("filename") or params.get("name", ""),
            start=body,
            end=end,
            depth=depth,
        )

    def walk(self, part: _Part) -> Iterator[_Text]:
        """The texts of a part, in order; its files are kept aside."""
        if part.mime.startswith("multipart/"):
            children = list(self._children(part))
            if children and part.mime == "multipart/alternative":
                yield self._best(children)
            for child in () if part.mime == "multipart/alternative" else children:
                yield from self.walk(child)
            if children:
                return
            part = msgspec.structs.replace(part, mime="text/plain", path=part.path or "1")  # its boundary never comes
        self.leaves.append(part)
        if part.is_body:
            text = _text(self.raw, part)
            yield _Text(html=text) if part.mime == "text/html" else _Text(plain=text)

    def _best(self, children: Sequence[_Part]) -> _Text:
        """The same said in several forms: the last of each form that is there."""
        plain: list[str] = []
        html: list[str] = []
        for child in children:
            pieces = [*self.walk(child)]
            said = [piece.plain for piece in pieces if piece.plain is not None]
            shown = [piece.html for piece in pieces if piece.html is not None]
            plain = ["\n".join(said)] if said and not (shown and plain) else plain
            html = ["\n".join(shown)] if shown else html
        return _Text(plain=plain[0] if plain else None, html=html[0] if html else None)

    def _children(self, part: _Part) -> Iterator[_Part]:
        default = RFC822 if part.mime == "multipart/digest" else "text/plain"
        for number, (start, end) in enumerate(self._pieces(part), start=1):
            if self._parts >= PARTS_MAX:
                self.truncated = True
                return
            self._parts += 1
            path = f"{part.path}.{number}" if part.path else str(number)
            yield self._part(path, start, end, part.depth + 1, default=default)

    def _pieces(self, part: _Part) -> Iterator[tuple[int, int]]:
        """Where the parts lie between the boundary's lines."""
        mark = b"--" + part.params["boundary"].rstrip().encode("utf-8", "surrogatepass")[:200]
        open_at: int | None = None
        at = part.start
        for _ in range(_LINES_MAX):
            found = self.raw.find(mark, at, part.end)
            if found < 0:
                break
            line_end = self.raw.find(b"\n", found, part.end)
            line_end = part.end if line_end < 0 else line_end
            rest = self.raw[found + len(mark) : min(line_end, found + len(mark) + 100)].strip()
            if (found == part.start or self.raw[found - 1] == _LF) and rest in {b"", b"--"}:
                if open_at is not None:
                    yield open_at, _before_line(self.raw, open_at, found)
                if rest:
                    return
                open_at = line_end + 1
            at = line_end + 1
        else:
            self.truncated = True
        if open_at is not None and open_at <= part.end:
            yield open_at, part.end  # the last boundary is missing


def _before_line(raw: bytes, start: int, found: int) -> int:
    """A boundary owns the line break in front of it."""
    end = found - 1 if found > start else start
    return end - 1 if end > start and raw[end - 1] == _CR else end


# ------------------------------------------------------------------------------------------------------------ putting


def _mail(reading: _Reading, root: _Part, pieces: list[_Text]) -> Mail:
    raw, leaves = reading.raw, reading.leaves
    plain, html = _put_together(pieces)
    texts = [leaf for leaf in leaves if leaf.is_body]
    cut = reading.truncated or any(_is_long(raw, leaf) for leaf in texts)
    kept = [leaf for leaf in leaves if not leaf.is_body and leaf.mime not in _REPORTS | _FOR_MACHINES]
    files = [_file(raw, leaf) for leaf in kept]
    status = next((leaf for leaf in leaves if leaf.mime in _STATUS), None)
    mime, params = headers.params(root.headers.first("content-type"))
    return Mail(
        headers=root.headers,
        mime=mime if _MIME.fullmatch(mime) else "text/plain",
        report=params.get("report-type", "").lower(),
        plain=plain,
        html=html,
        files=(*files, *([_whole(raw)] if cut else [])),
        inline=tuple((cid, leaf.path) for leaf in kept if (cid := _cid(leaf))),
        status=_text(raw, status)[:_REPORT_MAX] if status is not None else "",
        returned=_returned(raw, leaves),
        truncated=cut,
    )


def _put_together(pieces: list[_Text]) -> tuple[str, str]:
    """One text of all pieces: plain where each has that form, else HTML with the plain ones put in."""
    if not pieces:
        return "", ""
    plain = "\n".join(piece.plain or "" for piece in pieces if piece.plain is not None)
    is_all_plain = all(piece.plain is not None for piece in pieces)
    if not any(piece.html is not None for piece in pieces):
        return plain, ""
    html = "\n".join(piece.html if piece.html is not None else _as_html(piece.plain or "") for piece in pieces)
    return (plain if is_all_plain else ""), html


def _as_html(text: str) -> str:
    lines = "<br>\n".join(escape(line) for line in text.split("\n"))
    return f"<div>{lines}</div>" if text.strip() else ""


def _returned(raw: bytes, leaves: list[_Part]) -> Headers | None:
    for leaf in leaves:
        if leaf.mime in {RFC822, "text/rfc822-headers", "message/rfc822-headers", "message/global"}:
            data = _decoded(raw, leaf, headers.HEAD_MAX)
            end, _ = headers.split(data, 0, len(data))
            return headers.parse(data[:end])
    return None


def _cid(part: _Part) -> str:
    return part.headers.first("content-id").strip().removeprefix("<").removesuffix(">")[:300]


def _whole(raw: bytes) -> NativeFile:
    return NativeFile(id=WHOLE, name="mail.eml", mime=RFC822, size=len(raw))


def _file(raw: bytes, part: _Part) -> NativeFile:
    name = filename(part.filename) or usual_name(part.mime, part.path)
    return NativeFile(id=part.path, name=name, mime=part.mime, size=_size(raw, part), alt=_alt(part))


def _alt(part: _Part) -> str:
    return " ".join(clean(headers.words(part.headers.first("content-description")[:1000])).split())[:300]


# ----------------------------------------------------------------------------------------------------------- decoding


def _encoding(part: _Part) -> str:
    return part.headers.first("content-transfer-encoding").strip().lower()


def _size(raw: bytes, part: _Part) -> int:
    if _encoding(part) == "base64" and part.mime != RFC822:
        pieces = range(part.start, part.end, _PIECE)  # the file may be as big as the mail
        return sum(headers.base64_digits(raw[at : min(at + _PIECE, part.end)]) for at in pieces) * 3 // 4
    return len(_decoded(raw, part)) if _encoding(part) == "quoted-printable" else part.end - part.start


def _decoded(raw: bytes, part: _Part, most: int | None = None) -> bytes:
    data = raw[part.start : part.end if most is None else min(part.end, part.start + most)]
    encoding = _encoding(part)
    if encoding == "base64":
        return headers.base64(data)
    return binascii.a2b_qp(data) if encoding == "quoted-printable" else data


def _text(raw: bytes, part: _Part) -> str:
    data = _decoded(raw, part, _most(part))
    text = headers.text_of(data, part.params.get("charset")).replace("\r\n", "\n").replace("\r", "\n")
    if part.mime == "text/plain" and part.params.get("format", "").lower() == "flowed":
        text = unflow(text, delete_space=part.params.get("delsp", "").lower() == "yes")
    text = text.removeprefix("\ufeff").replace("\0", "")
    return text if part.mime == "text/html" else _first_lines(text)


def _most(part: _Part) -> int:
    return HTML_MAX if part.mime == "text/html" else TEXT_MAX


def _is_long(raw: bytes, part: _Part) -> bool:
    is_text = part.mime != "text/html"
    return part.end - part.start > _most(part) or (is_text and raw.count(b"\n", part.start, part.end) > TEXT_LINES_MAX)


def _first_lines(text: str) -> str:
    lines = text.split("\n", TEXT_LINES_MAX)
    return "\n".join(lines[:TEXT_LINES_MAX]) if len(lines) > TEXT_LINES_MAX else text
