"""A mail, read into the hub's words. Pure.

Rules: total; any bytes go in, an event or None comes out, and nothing is raised. One mailbox is one conversation: who
writes is its author, by address. Own mail is known by its signed Message-ID (law 5), never by a name. Whose reply it is
is said by the token of the address it was sent to, and only where the sender is whom the token was given to; what hangs
together besides is said by References. A sender is *suspect* where the token was somebody else's, where our mail server
found the sender forged, where nobody vouches for one, and where one may not write here: such a mail is kept and shown,
not posted. Text is the reply without quotations and signature; the original is kept where something was cut. A mail
that begins a thread shows its subject above its text.
A mail without a Message-ID gets one made of its bytes: the same after the mailbox was numbered anew.
Not promised: formatting; what is read is text.

Next stop: the adapter hands what is read to the hub's session. Sources: RFC 5322, RFC 3834, RFC 8601.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from tieline.model.base import Value
from tieline.model.content import Block, Document, Paragraph, Strong, Text
from tieline.model.inbound import InboundEvent, InboundMessage, InboundStatus, NativeAuthor
from tieline.render.normal import normalise
from tieline_email import (
    addresses,
    authentication,
    automated,
    bounces,
    headers,
    mime,
    pictures,
    replies,
    threads,
    tokens,
)
from tieline_email.addresses import Mailbox
from tieline_email.authentication import Proof
from tieline_email.headers import Headers
from tieline_email.me import FolderId, Me
from tieline_email.mime import Mail

__all__ = ["FolderId", "Me", "read"]

NO_ID: Final = threads.NO_ID
ORIGINAL_MAX: Final = 100_000
"""Characters of an original that are kept."""
FORGED: Final = (
    "The address it was sent to was given to somebody else: the sender may have got it from a forwarded mail."
)
_RECIPIENTS: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc", "bcc")
_EARLIEST: Final = 0


class _Sender(Value, kw_only=True, frozen=True):
    """Who writes; ``doubt`` where the mail itself cannot say so."""

    author: NativeAuthor
    doubt: str | None = None


def read(raw: bytes, me: Me, folder: FolderId, *, received_at: int = 0) -> InboundEvent | None:
    """One mail in our words: a message, or a status where it is a bounce; None where it says nothing to us. Total.

    ``raw`` is the mail as IMAP gives it (``BODY.PEEK[]``), ``received_at`` IMAP's INTERNALDATE in milliseconds: the
    time of a mail whose Date says none, and the bound of one that says a later one.
    """
    if not raw or raw.isspace():
        return None
    mail = mime.read(raw, max_size=me.max_size)
    native_id = threads.message_id(mail.headers.first("message-id")) or _made_id(raw)
    at = _sent_at(mail.headers, received_at)
    bounce = bounces.read(mail, me)
    if bounce is not None and bounce.delivery_id is not None:  # of another's mail: kept and shown as a message
        return _status(bounce, me, native_id, at)
    return _message(mail, me, folder, native_id, at)


def _status(bounce: bounces.Bounce, me: Me, native_id: str, at: int) -> InboundStatus:
    who = bounce.recipient
    return InboundStatus(
        conversation=who or me.address.lower(),
        native_id=bounce.message_id or native_id,
        state=bounce.state,
        at=at,
        author=NativeAuthor(native_id=who, display=who) if who else None,
        delivery_id=bounce.delivery_id,
        code=bounce.code,
        detail=bounce.detail,
    )


def _message(mail: Mail, me: Me, folder: FolderId, native_id: str, at: int) -> InboundMessage:
    fields = mail.headers
    own = _own(fields, me)
    reason = automated.reason(fields, me, mime=mail.mime)
    sender = _sender(fields, me, is_self=own is not None, is_robot=reason is not None)
    token = _token(fields, me, sender.author.native_id)
    follows = threads.follows(fields.first("in-reply-to"), fields.first("references"), native_id)
    content, original = _content(mail, is_first=not follows and token is None)
    gone = pictures.cut(mail) if original is not None else frozenset[str]()
    return InboundMessage(
        conversation=me.address.lower(),
        native_id=native_id,
        author=sender.author,
        content=content,
        sent_at=at,
        thread=follows[-1] if follows else None,
        reply_to=follows[0] if follows else None,
        references=follows,
        answers=token.delivery_id if token is not None and not token.forged else None,
        automated=reason is not None,
        hops=automated.hops(fields),
        delivery_id=own.delivery_id if own is not None else None,
        files=tuple(file for file in mail.files if file.id not in gone),
        original=original,
        suspect=None if own is not None else _suspicion(fields, me, sender, token),
        cursor=folder.cursor,
    )


# ---------------------------------------------------------------------------------------------------------------- who


def _own(fields: Headers, me: Me) -> tokens.OwnId | None:
    """Our own mail come back: by its Message-ID, or by our field where a provider gave it another."""
    return automated.own_id(fields, me) or automated.signed(f"{fields.first(bounces.DELIVERY.lower())}@{me.domain}", me)


def _sender(fields: Headers, me: Me, *, is_self: bool, is_robot: bool) -> _Sender:
    found = [one for value in fields.all("from") for one in addresses.mailboxes(value)]
    named = [one for one in found if one.address]
    one = named[0] if named else Mailbox(address=_fallback(fields), name=found[0].name if found else "")
    doubt = None
    if len(found) > 1 or len(fields.all("from")) > 1:
        doubt = "The mail names several senders."
    elif not named:
        doubt = "The mail names no sender."
    elif addresses.is_own(one.address, me.address) and not is_self:
        doubt = "The mail claims to come from this hub."
    name = addresses.shown_name(headers.words(one.name), one.address)
    author = NativeAuthor(native_id=one.address, display=name, is_bot=is_robot, is_self=is_self)
    return _Sender(author=author, doubt=doubt)


def _fallback(fields: Headers) -> str:
    """A sender for a mail whose From names none: never somebody's real address."""
    seen = fields.first("from") or fields.first("return-path")
    return f"{hashlib.sha256(seen.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}@{threads.NO_ID}"


def _token(fields: Headers, me: Me, sender: str) -> tokens.Token | None:
    """The token of the addresses a mail was sent to: a right one before a forged one."""
    found: list[tokens.Token] = []
    for name in _RECIPIENTS:
        for value in fields.all(name)[:5]:
            for one in addresses.mailboxes(value):
                tag = addresses.tag_of(one.address, me.address)
                token = tokens.read(me.secret, tag, sender) if tag else None
                found += [token] if token is not None else []
    return min(found, key=lambda token: token.forged, default=None)


def _suspicion(fields: Headers, me: Me, sender: _Sender, token: tokens.Token | None) -> str | None:
    if sender.doubt is not None:
        return sender.doubt
    address = sender.author.native_id
    verdict = authentication.judge(
        fields.all("authentication-results"), addresses.domain_of(address), frozenset(me.authserv_ids)
    )
    if verdict.proof is Proof.FAIL:
        return f"The sender's authentication failed: {verdict.reason}."
    if token is not None and token.forged:
        return FORGED
    if verdict.proof is Proof.NONE and me.hold_unverified and token is None:
        return f"Nobody vouches for the sender: {verdict.reason}."
    return None if _is_allowed(address, me.allow) else "The sender is not on the list of those who may write here."


def _is_allowed(address: str, allow: Sequence[str]) -> bool:
    domain = addresses.domain_of(address)
    for rule in allow:
        local, at, host = rule.strip().rpartition("@")
        is_whole = bool(at and local and local != "*")
        if rule.strip() == "*" or (addresses.normal(rule) == address if is_whole else addresses.host(host) == domain):
            return True
    return not allow


# --------------------------------------------------------------------------------------------------------------- what


def _content(mail: Mail, *, is_first: bool) -> tuple[Document, str | None]:
    """What is said, and the whole where something was cut."""
    subject = _subject(mail.headers)
    stripped = replies.best(mail.plain, mail.html, subject=subject)
    head: tuple[Block, ...] = ()
    if is_first and subject:
        head = (Paragraph(children=(Strong(children=(Text(text=subject),)),)),)
    document = normalise(Document(blocks=(*head, *stripped.content.blocks)))
    if not (stripped.rest.strip() or stripped.signature.strip()):
        return document, None
    whole = mail.plain or "\n\n".join(part for part in (stripped.reply, stripped.signature, stripped.rest) if part)
    return document, whole.strip()[:ORIGINAL_MAX]


def _subject(fields: Headers) -> str:
    return threads.one_line(headers.words(fields.first("subject")))


def _made_id(raw: bytes) -> str:
    return f"{hashlib.sha256(raw).hexdigest()[:32]}@{threads.NO_ID}"


def _sent_at(fields: Headers, received_at: int) -> int:
    """Date in milliseconds, never later than when it came in."""
    try:
        moment = parsedate_to_datetime(fields.first("date")[:100])
        at = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, TypeError, OverflowError, IndexError):
        return received_at
    at = max(at, _EARLIEST)
    return min(at, received_at) if received_at else at
