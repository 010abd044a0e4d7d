"""The header of a mail or part: fields, encoded words, parameters, and bytes of unknown charset. Pure.

Rules: total and linear. A header has an end (:data:`HEAD_MAX`, :data:`FIELDS_MAX`), so has each field. Charsets lie:
what is declared is tried, then UTF-8, then Windows-1252; text that is UTF-8 and claims to be Latin is UTF-8. Only names
of charsets of mail are looked up at all (Python knows others that are no charsets).
Not promised: the difference between a fold and a space.

Sources: RFC 5322 2.2, RFC 2047, RFC 2231. Next stop: :mod:`tieline_email.mime`.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from tieline.model.base import Value

HEAD_MAX: Final = 256 * 1024
"""Bytes of a header that are read."""
FIELDS_MAX: Final = 1000
FIELD_MAX: Final = 32 * 1024
"""Bytes of one field that are read."""

_END: Final = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_FIELD: Final = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")
_WORD: Final = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bBqQ])\?([^?]{0,4000})\?=")
_PARAM: Final = re.compile(r';\s*([^\s=;"]{1,60})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)', re.DOTALL)
_PARAMS_MAX: Final = 8192
_CONTINUED: Final = re.compile(r"([^*]+)(?:\*([0-9]{1,3}))?(\*)?")
_CHARSET: Final = re.compile(
    r"utf-?(?:8|7|16|32)(?:-?[lb]e)?|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?\d{1,2}|windows-?(?:125\d|874)|cp\d{3,4}"
    r"|koi8-?[rut]|gb2312|gbk|gb18030|hz-gb-2312|big5(?:-?hkscs)?|euc-?(?:jp|kr)|shift[_-]?jis|iso-2022-(?:jp(?:-[123])?|kr)"
    r"|ks_c_5601-1987|tis-620|mac-?roman",
)
_LATIN: Final = re.compile(r"us-ascii|ascii|iso-?8859-?1(?:5)?|latin-?1|windows-?1252|cp1252")
_NOT_BASE64: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))


class Headers(Value, kw_only=True, frozen=True):
    """Fields in order, names in lower case, values unfolded and otherwise as they came."""

    fields: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a name (in lower case), the topmost first."""
        return tuple(value for key, value in self.fields if key == name)

    def first(self, name: str) -> str:
        """The topmost value, empty where there is none."""
        return next((value for key, value in self.fields if key == name), "")

    def has(self, name: str) -> bool:
        """True where the field is there, even empty."""
        return any(key == name for key, _ in self.fields)


def split(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the header of a mail or part ends, and where its body begins. Beyond HEAD_MAX there is no header."""
    window = raw[start : min(end, start + HEAD_MAX)]
    found = _END.search(window)
    if found is None:
        return start + len(window), end
    return start + found.start(), start + found.end()


def parse(block: bytes) -> Headers:
    """The fields of a header."""
    return Headers(fields=tuple(_fields(block[:HEAD_MAX])))


def _fields(block: bytes) -> Iterator[tuple[str, str]]:
    name, lines, count = "", [b""], 0
    for line in block.split(b"\n"):
        if line[:1] in {b" ", b"\t"}:
            lines.append(line.strip(b"\r"))
            continue
        found = _FIELD.match(line)
        if name:
            yield name, text_of(b"".join(lines)[:FIELD_MAX], None).strip()
        name = ""
        if found is None:
            continue  # the "From " of a mailbox file, or rubbish
        count += 1
        if count > FIELDS_MAX:
            return
        name, lines = found.group(1).decode("ascii").lower(), [line[found.end() :].strip(b"\r")]
    if name:
        yield name, text_of(b"".join(lines)[:FIELD_MAX], None).strip()


def text_of(data: bytes, charset: str | None) -> str:
    """Bytes as text, whatever is said of them. Total."""
    if data.isascii() and (charset is None or b"\x1b" not in data):
        named = _known(charset)
        if named is None or not named.startswith(("utf-16", "utf-32", "utf16", "utf32", "utf-7", "hz")):
            return data.decode("ascii")
    for name in _tries(charset):
        try:
            return data.decode(name)
        except (UnicodeError, LookupError):
            continue
    return data.decode("windows-1252", "replace")


def _tries(charset: str | None) -> tuple[str, ...]:
    name = _known(charset)
    if name is None or _LATIN.fullmatch(name):
        return ("utf-8", "windows-1252") if name is None or "15" not in name else ("utf-8", name)
    return (name, "utf-8")


def _known(charset: str | None) -> str | None:
    name = (charset or "").strip().strip("\"'").lower().removesuffix("-i")
    return name if _CHARSET.fullmatch(name) else None


def words(value: str) -> str:
    """A field with its encoded words decoded; neighbours are one text, as a character may be cut between them."""
    out: list[str] = []
    held, charset, at = b"", "", 0
    for found in _WORD.finditer(value):
        between = value[at : found.start()]
        if held and (between.strip() or found.group(1).lower() != charset):
            out.append(text_of(held, charset))
            held = b""
        if between.strip() or (not out and not held):
            out.append(between)
        held, charset, at = held + _word(found.group(2), found.group(3)), found.group(1).lower(), found.end()
    return "".join([*out, text_of(held, charset), value[at:]])


def _word(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return base64(data) if encoding in "bB" else binascii.a2b_qp(data, header=True)


def base64(data: bytes) -> bytes:
    """Base 64, however damaged: what is no digit of it is skipped, a last lone digit dropped."""
    digits = data.translate(None, _NOT_BASE64)
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    try:
        return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
    except binascii.Error:
        return b""


def base64_digits(data: bytes) -> int:
    """How many digits of base 64 there are: four make three bytes."""
    return len(data.translate(None, _NOT_BASE64))


def params(value: str) -> tuple[str, Mapping[str, str]]:
    """A field such as ``text/plain; charset=utf-8``: its first word in lower case, and its parameters by name."""
    value = value[:_PARAMS_MAX]
    main = value.partition(";")[0].strip().lower()
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for name, written in _PARAM.findall(value):
        found = _CONTINUED.fullmatch(name.lower())
        if found is not None:
            key, number, coded = found.groups()
            pieces.setdefault(key, []).append((int(number or 0), coded is not None, _plain_value(written)))
    return main, {key: _joined(value) for key, value in pieces.items()}


def _plain_value(written: str) -> str:
    if not written.startswith('"'):
        return written.strip()
    inner = written[1:-1] if written.endswith('"') and len(written) > 1 else written[1:]
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    """The pieces of a parameter (RFC 2231), or the coded one where both stand."""
    coded = any(is_coded for _, is_coded, _ in pieces)
    if not coded:
        return words("".join(text for _, _, text in sorted(pieces, key=lambda piece: piece[0])))
    chosen = [piece for piece in pieces if piece[1] or len(pieces) > 1]
    charset, out = "utf-8", b""
    for number, (_, is_coded, text) in enumerate(sorted(chosen, key=lambda piece: (piece[0], not piece[1]))):
        said = text
        if number == 0 and is_coded and text.count("'") > 1:
            charset, _, said = text.split("'", 2)
        out += unquote_to_bytes(said) if is_coded else said.encode("utf-8", "surrogatepass")
    return text_of(out, charset)
