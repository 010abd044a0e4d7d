"""Addresses of people, as headers write them. Pure.

Rules: an address is compared and kept in lower case (RFC 5321 lets a local part differ by case; nobody's does), its
domain in the form DNS knows (``xn--…``). A name is only shown: it is freed of what cannot be seen, and a name that
names another address is not shown at all (``"boss@example.org" <x@evil.example>`` is x@evil.example). The reading of a
header is a scan of its own, because the standard library's of this age takes ``a@b.example)c@evil.example`` for two.
Not promised: routes (``<@relay:ann@example.org>``) and comments are skipped, not kept.

Sources: RFC 5322 3.4, RFC 5233 (plus parts), RFC 6531. Next stop: :mod:`tieline_email.tokens`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from tieline.model.base import Value
from tieline.render.normal import clean

LOCAL_MAX: Final = 64
"""Octets of a local part (RFC 5321 4.5.3.1.1)."""
MOST: Final = 100
"""Addresses that are read of one header."""
_HEADER_MAX: Final = 20_000
_NAME_MAX: Final = 100
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]\\,;:@\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?")
_LOOKS: Final = re.compile(r"[^\s<>()\[\],;:\"'@]{1,64}@[^\s<>()\[\],;:\"'@]{1,255}")
_UNSEEN: Final = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff]"
)
_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[()<>,:;]|\\.|[^"()<>,:;\\]+', re.DOTALL)


class Mailbox(Value, kw_only=True, frozen=True):
    """One address of a header. ``address`` is in normal form, or empty where there is none; ``name`` as written."""

    address: str
    name: str = ""


def normal(address: str) -> str:
    """An address in the form it is kept and compared in; empty for what is none. Total."""
    local, at, domain = address.strip().rpartition("@")
    if not at:
        return ""
    local = unicodedata.normalize("NFKC", local.removeprefix('"').removesuffix('"')).lower()
    made = f"{local}@{host(domain)}"
    return made if _ADDRESS.fullmatch(made) and ".." not in made else ""


def host(name: str) -> str:
    """A domain in the form DNS knows, in lower case without a last dot; as it stands where there is no such form."""
    name = unicodedata.normalize("NFKC", name.strip()).lower().rstrip(".")
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def domain_of(address: str) -> str:
    """What stands behind the last ``@``."""
    return address.rpartition("@")[2]


def is_under(child: str, parent: str) -> bool:
    """True for the same domain, and for one below it."""
    return bool(parent) and (child == parent or child.endswith("." + parent))


def with_tag(address: str, tag: str) -> str | None:
    """``hub+TAG@example.org``; None where that is longer than a local part may be."""
    local, _, domain = address.rpartition("@")
    made = f"{local}+{tag}"
    return f"{made}@{domain}" if len(made.encode()) <= LOCAL_MAX else None


def tag_of(address: str, own: str) -> str | None:
    """What stands behind the plus of our own address; None: it is another address, or has none."""
    local, _, domain = address.lower().rpartition("@")
    own_local, _, own_domain = own.lower().rpartition("@")
    if domain != own_domain or not local.startswith(own_local + "+"):
        return None
    return local[len(own_local) + 1 :]


def is_own(address: str, own: str) -> bool:
    """True for our own address, with or without a plus part."""
    return address.lower() == own.lower() or tag_of(address, own) is not None


def shown_name(name: str, address: str) -> str:
    """What to show for somebody: the name freed of what cannot be seen; the address where it names another one."""
    name = unicodedata.normalize("NFKC", _UNSEEN.sub("", clean(name)))
    name = " ".join(name.split()).strip("'\" ")[:_NAME_MAX].strip()
    others = {normal(found.group()) or found.group() for found in _LOOKS.finditer(name[:_NAME_MAX])}
    return address if not name or others - {address} else name


def mailboxes(header: str) -> tuple[Mailbox, ...]:
    """The addresses of a header (From, To), in order; encoded words are left to the caller. Total, linear.

    What holds no address gives a Mailbox without one: a broken From is not an absent one.
    """
    scan = _Scan()
    for found in _TOKENS.finditer(header[:_HEADER_MAX]):
        scan.take(found.group())
    scan.end()
    return tuple(scan.found[:MOST])


class _Scan:
    """Reads a list of addresses piece by piece."""

    def __init__(self) -> None:
        self.found: list[Mailbox] = []
        self._words: list[str] = []
        self._angle: list[str] | None = None
        self._closed: str | None = None
        self._depth = 0

    def take(self, piece: str) -> None:
        if piece == "(":
            self._depth += 1
        elif self._depth:
            self._depth -= piece == ")"
        elif self._angle is not None:
            self._in_angle(piece)
        elif piece == "<":
            self._angle = []
        elif piece in {",", ";"}:
            self.end()
        elif piece == ":":
            self._words.clear()  # the name of a group
        else:
            self._words.append(piece)

    def _in_angle(self, piece: str) -> None:
        if piece == ">" and self._angle is not None:
            self._closed, self._angle = "".join(self._angle), None
        elif self._angle is not None:
            self._angle.append(piece)

    def end(self) -> None:
        """A mailbox is complete."""
        inner = "".join(self._angle) if self._angle is not None else self._closed
        words = "".join(_unquoted(word) for word in self._words).strip()
        if inner is not None:
            self.found.append(Mailbox(address=normal(inner.rpartition(":")[2]), name=words))
        elif words:
            self.found.append(Mailbox(address=normal("".join(self._words))))
        self._words, self._angle, self._closed = [], None, None


def _unquoted(word: str) -> str:
    if not word.startswith('"'):
        return word
    return re.sub(r"\\(.)", r"\1", word.removeprefix('"').removesuffix('"'), flags=re.DOTALL)
