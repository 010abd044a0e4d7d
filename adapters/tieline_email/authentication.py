"""Is the sender who the mail says? What our own mail server found out, and nobody else. Pure.

Rules: of all ``Authentication-Results`` only the topmost one under a name of our own server counts; others were written
by anybody, and the server takes away what claims to be its own (RFC 8601 5). The sender is proved by ``dmarc=pass`` for
the domain in From, or by ``dkim=pass`` of that domain or of one above it, which owns it. Without a list of public
suffixes a domain *below* proves nothing: ``dkim=pass`` of ``mail.example.org`` for ``example.org`` counts only through
DMARC, which the server judges with such a list. SPF alone proves nothing: it speaks of the envelope.
Not promised: that the server does take forged ones away; ``tieline check`` says what to set up.

Sources: RFC 8601, RFC 7489 3.1, RFC 6376. Next stop: :mod:`tieline_email.inbound`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

from tieline.model.base import Value
from tieline_email import addresses

_HEADER_MAX: Final = 16_000
_RESULTS_MAX: Final = 100
_PIECES: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[(;=]|[^\s"(;=]+', re.DOTALL)
_COMMENT: Final = re.compile(r"\\.|[()]", re.DOTALL)


class Proof(StrEnum):
    """What is known of a sender."""

    PASS = "pass"  # noqa: S105 - a result, not a password
    FAIL = "fail"
    NONE = "none"


class Verdict(Value, kw_only=True, frozen=True):
    """What our server found out, and why in plain words."""

    proof: Proof
    reason: str


class _Result(Value, kw_only=True, frozen=True):
    method: str
    result: str
    properties: Mapping[str, str]


def judge(results: Sequence[str], domain: str, authserv_ids: frozenset[str]) -> Verdict:
    """Judge a sender by the ``Authentication-Results`` of a mail, the topmost first. ``domain`` is From's. Total."""
    known = frozenset(one.strip().lower() for one in authserv_ids)
    if not known:
        return Verdict(proof=Proof.NONE, reason="no mail server is trusted to check senders")
    for header in results:
        name, found = read(header)
        if name in known:
            return _judged(found, addresses.host(domain))
    return Verdict(proof=Proof.NONE, reason="our mail server said nothing about the sender")


def _judged(found: Sequence[_Result], domain: str) -> Verdict:
    dmarc = [one for one in found if one.method == "dmarc"]
    if any(one.result in {"fail", "permerror"} for one in dmarc):
        return Verdict(proof=Proof.FAIL, reason=f"DMARC failed for {domain}")
    for one in dmarc:
        judged = addresses.host(one.properties.get("header.from", domain))
        if one.result == "pass" and judged != domain and not _owns(judged, domain):
            return Verdict(proof=Proof.FAIL, reason=f"our mail server judged {judged}, the mail says {domain}")
        if one.result == "pass" and domain:
            return Verdict(proof=Proof.PASS, reason=f"DMARC passed for {domain}")
    for one in found:
        signer = _signer(one)
        if one.method == "dkim" and one.result == "pass" and _owns(signer, domain):
            return Verdict(proof=Proof.PASS, reason=f"signed by {signer}")
    failed = [one for one in found if one.method == "dkim" and one.result == "fail" and _owns(_signer(one), domain)]
    if failed:
        return Verdict(proof=Proof.FAIL, reason=f"the signature of {_signer(failed[0])} is broken")
    return Verdict(proof=Proof.NONE, reason=f"nothing proves {domain or 'the sender'}")


def _signer(result: _Result) -> str:
    named = result.properties.get("header.d") or result.properties.get("header.i", "").rpartition("@")[2]
    return addresses.host(named)


def _owns(signer: str, domain: str) -> bool:
    """True for the domain itself and for one above it of two labels or more: who has that has the other."""
    return "." in signer and addresses.is_under(domain, signer)


def read(header: str) -> tuple[str, tuple[_Result, ...]]:
    """The server's name in lower case, and its results; empty where there are none. Total, linear."""
    clauses = list(_clauses(header[:_HEADER_MAX]))
    name = clauses[0][0].lower() if clauses and clauses[0] else ""
    found = (_result(clause) for clause in clauses[1 : _RESULTS_MAX + 1])
    return name, tuple(one for one in found if one is not None)


def _clauses(header: str) -> Iterator[list[str]]:
    """What stands between semicolons, in pieces, without comments."""
    clause: list[str] = []
    at = 0
    while found := _PIECES.search(header, at):
        piece, at = found.group(), found.end()
        if piece == "(":
            at = _behind_comment(header, at)
        elif piece == ";":
            yield clause
            clause = []
        else:
            clause.append(piece.strip('"'))
    yield clause


def _behind_comment(header: str, at: int) -> int:
    """Where a comment ends; comments stand in comments, and a quotation mark means nothing in one."""
    depth = 1
    for found in _COMMENT.finditer(header, at):
        depth += {"(": 1, ")": -1}.get(found.group(), 0)
        if not depth:
            return found.end()
    return len(header)


def _result(clause: list[str]) -> _Result | None:
    """``dkim = pass header . d = example.org`` as its method, result and properties."""
    pairs = [(clause[at - 1], clause[at + 1]) for at, piece in enumerate(clause[:-1]) if piece == "=" and at]
    if not pairs:
        return None
    method, result = pairs[0]
    properties: dict[str, str] = {}
    for key, value in pairs[1:]:
        properties.setdefault(key.lower(), value)
    return _Result(method=method.lower().partition("/")[0], result=result.lower(), properties=properties)
