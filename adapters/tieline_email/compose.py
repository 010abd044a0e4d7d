"""What is sent, as a mail. Pure and deterministic: the same frame at the same time is the same mail, byte by byte.

Rules: From is the hub's address with the author in the name (DMARC forbids the author's own); Reply-To has the token of
the delivery, bound to the contact. The Message-ID is signed and the same for every try, so that a repeat is one mail to
most servers, and an echo and a bounce tell which delivery they are of. What it follows stands in In-Reply-To and
References, under the same subject. What no person wrote says ``Auto-Submitted: auto-generated`` (RFC 3834). No text can
become a header: every value is one line before it is set, and the standard library refuses line breaks once more.
Bounds: a mail is held in memory whole, so its files together are at most :data:`~tieline_email.abilities.TOTAL_MAX`.
Not promised: a token where the hub's own local part is too long for one (more than 16 characters): then replies are
found by References alone, and nobody's word but References' says whose they are.

Sources: RFC 5322, RFC 2392 (cid), RFC 2369 and RFC 8058 (List-Unsubscribe). Next stop: the adapter's SMTP.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Final

from tieline.errors import Permanent
from tieline.ports.adapter import Outgoing, OutgoingFile
from tieline_email import addresses, leaving, render, threads, tokens
from tieline_email.abilities import NAME_MAX, TOTAL_MAX
from tieline_email.automated import HOPS
from tieline_email.bounces import DELIVERY
from tieline_email.filenames import filename
from tieline_email.me import Me
from tieline_email.render import Bodies, Picture

_PEOPLE: Final = frozenset({"human", "guest"})
_SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Pictures that every mail program shows."""
_BY_WORDS: Final = frozenset({"message-id", "in-reply-to", "references", "list-unsubscribe"})
_WHOLE: Final = frozenset({"from", "to", "reply-to"})
_LINE_MAX: Final = 900


class _Policy(EmailPolicy):
    """The standard library's for SMTP, except for fields whose words must stay whole: it would encode long ones."""

    def fold(self, name: str, value: str) -> str:
        """A field in lines."""
        return self._whole(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """A field in lines, as bytes."""
        whole = self._whole(name, value)
        return whole.encode("ascii") if whole is not None else super().fold_binary(name, value)

    def _whole(self, name: str, value: str) -> str | None:
        if not value.isascii() or name.lower() not in _BY_WORDS | _WHOLE or len(value) > _LINE_MAX * threads.MOST:
            return None
        between = f"{self.linesep} " if name.lower() in _BY_WORDS else " "
        return f"{name}: {between.join(value.split())}{self.linesep}"


POLICY: Final = _Policy(linesep="\r\n", cte_type="7bit", max_line_length=SMTP.max_line_length)


def mail(
    outgoing: Outgoing,
    me: Me,
    to: str,
    *,
    now: int,
    files: Sequence[bytes] = (),
    subject: str | None = None,
    hops: int = 0,
) -> EmailMessage:
    """The mail of one frame to one contact.

    ``now`` in milliseconds; ``files`` the bytes of ``outgoing.files``, in their order; ``subject`` that of the mail it
    follows, where known; ``hops`` of the mail it carries on. Raises Permanent for an address that is none, and for
    files that are too big together.
    """
    contact = addresses.normal(to)
    _check(contact, to, files)
    leave = None if outgoing.machine or outgoing.notice_for else leaving.url(me, outgoing.endpoint.channel, contact)
    made = EmailMessage(policy=POLICY)
    for name, value in _headers(outgoing, me, contact, now, subject, hops, leave):
        made[name] = value
    shown = list(_pictures(outgoing, files))
    bodies = render.bodies(
        outgoing.frame.text,
        words=render.reply_words(outgoing.frame.actions, outgoing.code),
        pictures=[picture for picture, _, _ in shown],
        leave=leave,
    )
    _fill(made, bodies, shown)
    for file, data in zip(outgoing.files, files, strict=False):
        if file.mime not in _SHOWN:
            maintype, subtype = _type(file.mime)
            made.add_attachment(data, maintype=maintype, subtype=subtype, filename=filename(file.name) or "file")
    _bound(made, outgoing, me)
    return made


def native_id(outgoing: Outgoing, me: Me) -> str:
    """The Message-ID (without brackets) that the mail of a frame has, whenever it is made: ``Sent.native_id``."""
    return f"{_signed(outgoing, me)}@{me.domain}"


def as_bytes(mail: EmailMessage) -> bytes:
    """The mail as SMTP wants it: CRLF, no line too long, 7-bit."""
    return mail.as_bytes(policy=POLICY)


def reply_to(me: Me, delivery_id: str, contact: str) -> str:
    """Where a reply of a contact goes: with the token, or without it where it does not fit."""
    return addresses.with_tag(me.address, tokens.make(me.secret, delivery_id, contact)) or me.address


def _check(contact: str, to: str, files: Sequence[bytes]) -> None:
    if not contact or not contact.isascii():
        raise Permanent("invalid_address", f"{to[:100]!r} is no address that mail can be sent to")
    if sum(map(len, files)) > TOTAL_MAX:
        raise Permanent("too_large", f"the files of one mail are at most {TOTAL_MAX // 2**20} MiB together")


# ------------------------------------------------------------------------------------------------------------- header


def _headers(
    outgoing: Outgoing, me: Me, to: str, now: int, subject: str | None, hops: int, leave: str | None
) -> Iterator[tuple[str, object]]:
    parent = _parent(outgoing)
    refs = threads.chain([one for one in outgoing.references if _is_real(one)], parent)
    if parent is None and outgoing.thread and _is_real(outgoing.thread):
        parent, refs = outgoing.thread, threads.chain((), outgoing.thread)
    words = render.first_words(outgoing.topic) if refs else _first_words(outgoing)
    line = threads.subject(outgoing.room, words, known=subject, is_answer=bool(refs))
    yield "From", _from(outgoing, me)
    yield "To", Address(addr_spec=to)
    yield "Reply-To", Address(addr_spec=reply_to(me, outgoing.delivery_id, to))
    yield "Subject", line
    yield "Date", format_datetime(datetime.fromtimestamp(now / 1000, UTC))
    yield "Message-ID", f"<{native_id(outgoing, me)}>"
    if refs:
        yield "In-Reply-To", threads.bracketed(refs[-1:])
        yield "References", threads.bracketed(refs)
    yield DELIVERY, _signed(outgoing, me)
    yield HOPS, str(max(hops, 0) + 1)
    if _is_automatic(outgoing):
        yield "Auto-Submitted", "auto-generated"
        yield "X-Auto-Response-Suppress", "OOF, AutoReply"
    if leave is not None:
        yield "List-Unsubscribe", f"<{leave}>"
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"


def _parent(outgoing: Outgoing) -> str | None:
    named = [outgoing.reply, *reversed(outgoing.references)]
    return next((one for one in named if one and _is_real(one)), None)


def _is_real(message_id: str) -> bool:
    return not message_id.endswith(f"@{threads.NO_ID}")


def _from(outgoing: Outgoing, me: Me) -> Address:
    """The author's name beside ours; never an address in it, which filters take for a forgery."""
    name = threads.one_line(me.name) or "Tieline"
    if outgoing.author is not None:
        display = outgoing.author.display
        author = addresses.shown_name(display, "") or addresses.shown_name(display.partition("@")[0], "")
        author = author[:NAME_MAX].strip()
        name = f"{author} via {name}" if author else name
    return Address(display_name=name, addr_spec=me.address)


def _is_automatic(outgoing: Outgoing) -> bool:
    return outgoing.machine or outgoing.author is None or outgoing.author.kind not in _PEOPLE


def _first_words(outgoing: Outgoing) -> str:
    return render.first_words(outgoing.frame.text)


def _signed(outgoing: Outgoing, me: Me) -> str:
    delivery_id, _, index = outgoing.key.rpartition(":")
    if not delivery_id or not index.isascii() or not index.isdigit():
        delivery_id, index = outgoing.key, "0"
    return tokens.sign(me.secret, delivery_id, int(index[:6]))


# --------------------------------------------------------------------------------------------------------------- body


def _pictures(outgoing: Outgoing, files: Sequence[bytes]) -> Iterator[tuple[Picture, OutgoingFile, bytes]]:
    for number, (file, data) in enumerate(zip(outgoing.files, files, strict=False)):
        if file.mime in _SHOWN:
            yield Picture(cid=f"picture-{number}@tieline.invalid", alt=file.alt or file.name), file, data


def _fill(made: EmailMessage, bodies: Bodies, shown: Sequence[tuple[Picture, OutgoingFile, bytes]]) -> None:
    made.set_content(bodies.plain, cte="quoted-printable")
    made.add_alternative(bodies.html, subtype="html", cte="quoted-printable")
    html = next(part for part in made.iter_parts() if part.get_content_subtype() == "html")
    for picture, file, data in shown:
        maintype, subtype = _type(file.mime)
        name = filename(file.name) or "picture"
        html.add_related(data, maintype, subtype, cid=f"<{picture.cid}>", filename=name, disposition="inline")


def _type(mime: str) -> tuple[str, str]:
    main, _, sub = mime.partition("/")
    is_plain = main in {"application", "audio", "image", "text", "video"} and sub.isascii() and sub and "\n" not in sub
    return (main, sub) if is_plain else ("application", "octet-stream")


def _bound(made: EmailMessage, outgoing: Outgoing, me: Me) -> None:
    """Boundaries that are the same every time, and that no text can know."""
    for number, part in enumerate(_multiparts(made)):
        seed = hmac.digest(me.secret, f"boundary\0{outgoing.key}\0{number}".encode(), "sha256").hex()[:32]
        part.set_boundary(f"=_{seed}")


def _multiparts(part: MIMEPart) -> Iterator[MIMEPart]:
    if part.is_multipart():
        yield part
        for child in part.iter_parts():
            yield from _multiparts(child)
