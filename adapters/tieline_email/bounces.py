"""A mail that tells what became of one of ours: bounces, delays, confirmations. Pure.

Rules: which delivery it is about is believed only from our own signed names – the Message-ID or ``Tieline-Delivery`` in
the returned header, or the token of the address the mail was sent to – never from a text. A failure counts where a
report says ``failed`` or ``relayed`` for somebody; ``delayed`` is no state of its own (it is still sent, and the detail
says so). *Hard* means that trying again is of no use (``5.x.x``), *soft* that the mailbox was full or the server away.
Bounces that are no reports (qmail, old Exchange and sendmail) are read as well as may be, by who sends them and how
they begin.
Not promised: that a bounce is genuine; it can only tell of a delivery whose signed name its writer has seen.

Sources: RFC 3464, RFC 3463, RFC 6522, RFC 8098 (read receipts); qmail's QSBMF. Next stop:
:mod:`tieline_email.inbound`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tieline.model.base import Value
from tieline.model.delivery import DeliveryState
from tieline_email import addresses, headers, tokens
from tieline_email.automated import signed
from tieline_email.headers import Headers
from tieline_email.me import Me
from tieline_email.mime import Mail

DELIVERY: Final = "Tieline-Delivery"
"""Our field: the signed name of the delivery, for when a provider replaces the Message-ID."""
HARD: Final = "bounced"
SOFT: Final = "bounced_for_now"
DELAYED: Final = "delayed"

_DETAIL_MAX: Final = 300
_TEXT_MAX: Final = 20_000
_RECIPIENTS_MAX: Final = 50
_STATUS: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY_CODE: Final = re.compile(r"(?<![\d.])(4|5)[0-5]\d(?=[ \-#])")
_FULL: Final = ("4.2.2", "5.2.2")
_BEGINS: Final = re.compile(
    r"hi\. this is the|this is the mail(?:er)?(?:-daemon| system| delivery)"
    r"|this message was created automatically by mail|delivery has failed|\*\* address not found \*\*|message blocked"
    r"|your message (?:did not reach|to .{1,200} couldn't be delivered|wasn't delivered|could not be)"
    r"|a message that you sent could not be|the original message was received|undeliver|mail delivery failed"
    r"|delivery (?:status notification|failure)",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"undeliver|delivery (?:status notification|failure|has failed)|failure notice|returned mail|mail delivery"
    r"|non remis|unzustellbar|nicht zustellbar|message undeliverable|no se puede entregar",
    re.IGNORECASE,
)
_RETURNED_ID: Final = re.compile(
    r"^(?:message-id|tieline-delivery):[ \t]*<?([^\s<>]{1,300})", re.IGNORECASE | re.MULTILINE
)
_STATUS_ID: Final = re.compile(r"^(?:x-)?original-message-id:[ \t]*<?([^\s<>]{1,300})", re.IGNORECASE | re.MULTILINE)
_RECIPIENT: Final = re.compile(r"<([^<>\s@]{1,64}@[^<>\s@]{1,255})>")


class Bounce(Value, kw_only=True, frozen=True):
    """What became of a mail. ``delivery`` None: it was not one of ours, or nothing says which."""

    state: DeliveryState
    code: str = ""
    detail: str = ""
    delivery: tokens.OwnId | None = None
    delivery_id: str | None = None
    """By the token of the address, where no signed name came back."""
    message_id: str | None = None
    """Message-ID of the returned mail, without brackets."""
    recipient: str = ""


class _Recipient(Value, kw_only=True, frozen=True):
    action: str
    status: str
    address: str
    said: str


def read(mail: Mail, me: Me) -> Bounce | None:
    """What a mail says became of one of ours; None: it is no such mail. Total."""
    if mail.report == "disposition-notification":
        return _receipt(mail, me)
    if mail.report == "delivery-status" or mail.status:
        return _reported(mail, me)
    return _told(mail, me) if _is_bounce(mail) else None


def _reported(mail: Mail, me: Me) -> Bounce:
    """RFC 3464. Of several recipients the worst counts: ours have one."""
    found = list(_recipients(mail.status))
    for action in ("failed", "delayed", "delivered", "expanded", "relayed"):
        one = next((one for one in found if one.action == action), None)
        if one is not None:
            state, code = _state(one)
            return _bounce(mail, me, state, code, _detail(one), one.address)
    return _told(mail, me)


def _state(one: _Recipient) -> tuple[DeliveryState, str]:
    if one.action == "failed":
        return DeliveryState.FAILED, SOFT if _is_soft(one.status) else HARD
    if one.action == "delayed":
        return DeliveryState.SENT, DELAYED
    return (DeliveryState.DELIVERED if one.action == "delivered" else DeliveryState.SENT), ""


def _is_soft(status: str) -> bool:
    return status.startswith("4.") or status in _FULL


def _detail(one: _Recipient) -> str:
    who = f"{one.address}: " if one.address else ""
    said = one.said or {"delivered": "delivered", "delayed": "not delivered yet"}.get(one.action, "not delivered")
    return f"{who}{said}{f' ({one.status})' if one.status and one.status not in said else ''}"[:_DETAIL_MAX]


def _recipients(status: str) -> Iterator[_Recipient]:
    groups = re.split(r"\n[ \t]*\n", status.strip())
    for group in groups[: _RECIPIENTS_MAX + 1]:
        fields = headers.parse(group.encode("utf-8", "surrogatepass"))
        action = fields.first("action").split("(")[0].strip().lower()
        if action:
            number = _STATUS.search(fields.first("status"))
            yield _Recipient(
                action=action,
                status=number.group() if number else "",
                address=_typed(fields.first("original-recipient")) or _typed(fields.first("final-recipient")),
                said=_one_line(_behind_type(fields.first("diagnostic-code"))),
            )


def _typed(value: str) -> str:
    return addresses.normal(_behind_type(value).strip().strip("<>"))


def _behind_type(value: str) -> str:
    return value.partition(";")[2].strip()


def _receipt(mail: Mail, me: Me) -> Bounce | None:
    """A read receipt (RFC 8098): displayed is read, deleted unread is only delivered."""
    fields = headers.parse(mail.status.encode("utf-8", "surrogatepass")) if mail.status else Headers()
    said = fields.first("disposition").rpartition(";")[2].strip().lower()
    state = DeliveryState.READ if said.startswith("displayed") else DeliveryState.DELIVERED
    return _bounce(mail, me, state, "", "", _typed(fields.first("final-recipient")))


# -------------------------------------------------------------------------------------------- bounces without a report


def _is_bounce(mail: Mail) -> bool:
    """From a mail system, with nowhere to answer to, and in the words of a bounce."""
    fields = mail.headers
    if fields.has("x-failed-recipients"):
        return True
    sender = next(iter(addresses.mailboxes(fields.first("from"))), None)
    local = sender.address.rpartition("@")[0] if sender else ""
    is_system = local in {"mailer-daemon", "postmaster"} or fields.first("return-path").strip() == "<>"
    subject = headers.words(fields.first("subject")[:1000])
    return is_system and bool(_BEGINS.match(_text(mail).lstrip()) or _SUBJECT.search(subject[:200]))


def _told(mail: Mail, me: Me) -> Bounce:
    text = _text(mail)
    head = text[: next((at for at in (text.find(mark) for mark in ("---", "Original message")) if at > 0), len(text))]
    number = _STATUS.search(head)
    code = _REPLY_CODE.search(head)
    is_soft = _is_soft(number.group()) if number else bool(code and code.group(1) == "4")
    named = mail.headers.first("x-failed-recipients").split(",")[0].strip()
    found = _RECIPIENT.search(head)
    who = addresses.normal(named) or (addresses.normal(found.group(1)) if found else "")
    line = next((line for line in head.split("\n") if _STATUS.search(line) or _REPLY_CODE.search(line)), "")
    detail = _one_line(line) or _one_line(head)
    return _bounce(mail, me, DeliveryState.FAILED, SOFT if is_soft else HARD, detail, who)


def _text(mail: Mail) -> str:
    return (mail.plain or re.sub(r"<[^<>]{0,1000}>", " ", mail.html[:_TEXT_MAX]))[:_TEXT_MAX]


def _one_line(text: str) -> str:
    return " ".join(text[: _DETAIL_MAX * 4].split())[:_DETAIL_MAX]


# ------------------------------------------------------------------------------------------------------ which delivery


def _bounce(mail: Mail, me: Me, state: DeliveryState, code: str, detail: str, recipient: str) -> Bounce:
    names = list(_names(mail))
    own = next((found for name in names if (found := signed(name, me)) is not None), None)
    return Bounce(
        state=state,
        code=code,
        detail=detail,
        delivery=own,
        delivery_id=own.delivery_id if own else _by_token(mail, me, recipient),
        message_id=names[0] if names else None,
        recipient=recipient,
    )


def _names(mail: Mail) -> Iterator[str]:
    """Names of the returned mail: of its header, and as bounces without a report quote it in their text."""
    if mail.returned is not None:
        for name in ("message-id", DELIVERY.lower()):
            yield from (value.strip().strip("<>") for value in mail.returned.all(name)[:5])
    yield from _STATUS_ID.findall(mail.status)[:5]
    for name in ("in-reply-to", "references"):
        yield from re.findall(r"<([^<>\s]{1,300})>", mail.headers.first(name)[:_TEXT_MAX])[:20]
    yield from _RETURNED_ID.findall(_text(mail))[:20]


def _by_token(mail: Mail, me: Me, recipient: str) -> str | None:
    """A bounce goes to the envelope's sender, which has the token where the server allows it."""
    contacts = [recipient] if recipient else []
    if mail.returned is not None:
        contacts += [one.address for one in addresses.mailboxes(mail.returned.first("to"))][:5]
    fields = [mail.headers, *([mail.returned] if mail.returned is not None else [])]
    for header in fields:
        for name in ("to", "delivered-to", "x-original-to", "reply-to"):
            for one in addresses.mailboxes(header.first(name)):
                tag = addresses.tag_of(one.address, me.address)
                read = [tokens.read(me.secret, tag, contact) for contact in contacts] if tag else []
                if any(token is not None and not token.forged for token in read):
                    return next(token.delivery_id for token in read if token is not None and not token.forged)
    return None
