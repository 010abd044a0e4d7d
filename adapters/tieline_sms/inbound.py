"""Twilio's reports as events. Pure, total: what cannot be read is None.

Rule: a webhook's form and a record of the list tell the same, under the same ids. Whoever writes is known by number
only, and a number is no authority: who it belongs to, and whether they may, the hub decides; a stranger's text is
handed over all the same. Texts that stop or begin all texts are consent, codes and help are commands, all else is a
message. What our own sender wrote is marked as ours, whatever it says. Next stop: the hub's session.

Sources: Twilio, "Twilio's Request to your Incoming Message Webhook URL", "Track the Message Status of Outbound
Messages".
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

from tieline.model.attachments import NativeFile
from tieline.model.base import Value
from tieline.model.content import plain
from tieline.model.delivery import DeliveryState
from tieline.model.inbound import (
    InboundCommand,
    InboundConsent,
    InboundEvent,
    InboundMessage,
    InboundStatus,
    NativeAuthor,
)
from tieline_sms import answers, errors, ids, numbers
from tieline_sms.ids import Mark, Own
from tieline_sms.shapes import text, whole

_LONGEST: Final = 20_000
_MOST_FILES: Final = 20
_NUL: Final = "\x00"

_STATES: Final[Mapping[str, DeliveryState]] = {
    "accepted": DeliveryState.SENT,
    "scheduled": DeliveryState.SENT,
    "queued": DeliveryState.SENT,
    "sending": DeliveryState.SENT,
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "undelivered": DeliveryState.FAILED,
    "failed": DeliveryState.FAILED,
    "canceled": DeliveryState.FAILED,
}
"""Twilio's states; ``partially_delivered`` and the like say nothing that we could show."""


class Text(Value, kw_only=True, frozen=True):
    """A text that somebody wrote, however it was reported. ``at`` in seconds; 0: it is not said."""

    sid: str
    sender: str
    receiver: str
    body: str
    at: int = 0
    name: str = ""
    reply_to: str | None = None
    opt_out: str = ""
    """``STOP``, ``START`` or ``HELP`` where Twilio has taken the text for that, and has answered it."""
    files: tuple[NativeFile, ...] = ()


def read_form(form: Mapping[str, str]) -> Text | None:
    """The form of a webhook."""
    sid, sender = form.get("MessageSid", "") or form.get("SmsMessageSid", ""), form.get("From", "")
    if not sid or not sender.strip():
        return None
    return Text(
        sid=sid,
        sender=numbers.heard(sender),
        receiver=numbers.heard(form.get("To", "")),
        body=_clean(form.get("Body", "")),
        name=_clean(form.get("ProfileName", ""))[:100],
        reply_to=form.get("OriginalRepliedMessageSid") or None,
        opt_out=form.get("OptOutType", "").upper(),
        files=tuple(_files(form)),
    )


def read_record(record: Mapping[str, object]) -> Text | None:
    """A record of the list that somebody else wrote."""
    sid, sender = text(record, "sid"), text(record, "from")
    if not sid or not sender.strip() or is_outbound(record):
        return None
    return Text(
        sid=sid,
        sender=numbers.heard(sender),
        receiver=numbers.heard(text(record, "to")),
        body=_clean(text(record, "body")),
        at=seconds_of(record),
    )


def event_of(read: Text, own: Own, now: int, mark: Mark | None = None) -> InboundEvent:
    """What a text is; ``now`` in milliseconds. ``mark``: how far the list was read with it."""
    is_self, conversation = own.is_own(read.sender), own.here(read.sender)
    author = NativeAuthor(
        native_id=numbers.number_of(read.sender), display=read.name or numbers.number_of(read.sender), is_self=is_self
    )
    if not is_self:
        wanted = _consent(read)
        if wanted is not None:
            word = read.body.strip()[:40]
            return InboundConsent(
                conversation=conversation, native_id=read.sid, author=author, wanted=wanted, word=word
            )
        command = None if read.files else answers.command(read.body)
        if command is not None:
            return InboundCommand(conversation=conversation, native_id=read.sid, author=author, text=command)
    at = read.at * 1000 or now
    return InboundMessage(
        conversation=conversation,
        native_id=read.sid,
        author=author,
        content=plain(read.body),
        sent_at=at,
        reply_to=read.reply_to,
        files=read.files,
        direct=True,
        automated=False,
        cursor=str(mark or Mark(at=at // 1000, seen=frozenset({read.sid}))),
    )


def read_status(form: Mapping[str, str], delivery: str | None, own: Own, now: int) -> InboundStatus | None:
    """A status callback; ``delivery`` is what its address names."""
    sid = form.get("MessageSid", "") or form.get("SmsSid", "")
    state = form.get("MessageStatus", "") or form.get("SmsStatus", "")
    number = whole(form.get("ErrorCode"))
    status = _status(sid, own.here(numbers.heard(form.get("To", ""))), state, number, now)
    return None if status is None else msgspec.structs.replace(status, delivery_id=ids.delivery_id(delivery))


def status_of_record(record: Mapping[str, object], own: Own, now: int) -> InboundStatus | None:
    """What the list says of a text that we sent."""
    if not is_outbound(record):
        return None
    number = whole(record.get("error_code"))
    return _status(
        text(record, "sid"), own.here(numbers.heard(text(record, "to"))), text(record, "status"), number, now
    )


def consent_of_status(status: InboundStatus) -> InboundConsent | None:
    """What a failed text says of its receiver's wish, where it says something."""
    if status.state is not DeliveryState.FAILED or status.code != errors.OPTED_OUT:
        return None
    return refused_by(status.conversation, f"{status.native_id}:{errors.OPTED_OUT}")


def refused_by(conversation: str, native_id: str) -> InboundConsent:
    """Twilio told us that a number wants nothing from us."""
    number = numbers.number_of(conversation)
    author = NativeAuthor(native_id=number, display=number)
    return InboundConsent(conversation=conversation, native_id=native_id, author=author, wanted=False)


def is_outbound(record: Mapping[str, object]) -> bool:
    """True for a record that the account sent."""
    return text(record, "direction").startswith("outbound")


def seconds_of(record: Mapping[str, object]) -> int:
    """When a record was sent, else made (RFC 2822); 0 where it does not say."""
    for name in ("date_sent", "date_created"):
        try:
            return max(0, int(parsedate_to_datetime(text(record, name)).timestamp()))
        except (ValueError, TypeError, IndexError, OverflowError, OSError):
            continue
    return 0


def _consent(read: Text) -> bool | None:
    if read.opt_out in {"STOP", "START"}:
        return read.opt_out == "START"
    return answers.consent(read.body)


def _status(sid: str, conversation: str, status: str, number: int, now: int) -> InboundStatus | None:
    state = _STATES.get(status.lower())
    if not sid or not conversation or state is None:
        return None
    code, detail = errors.failure(number) if state is DeliveryState.FAILED else ("", "")
    return InboundStatus(conversation=conversation, native_id=sid, state=state, at=now, code=code, detail=detail)


def _files(form: Mapping[str, str]) -> list[NativeFile]:
    found = []
    for number in range(min(whole(form.get("NumMedia")), _MOST_FILES)):
        url, mime = form.get(f"MediaUrl{number}", ""), form.get(f"MediaContentType{number}", "")
        if url:
            kind, _, rest = mime.partition("/")
            name = f"{kind or 'file'}-{number + 1}.{rest.partition(';')[0] or 'bin'}"
            found.append(NativeFile(id=url.rsplit("/", 1)[-1][:100], name=_clean(name)[:80], mime=mime[:100], url=url))
    return found


def _clean(said: str) -> str:
    return said.replace(_NUL, "")[:_LONGEST]
