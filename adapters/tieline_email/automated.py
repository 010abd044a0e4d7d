"""Is a mail automatic: is nobody there who wants an answer? Pure.

Rules: nothing answers such mail, ever; it is kept and shown. One sign is enough, and the reason is told. A hub counts
itself into ``Tieline-Hops`` of what it sends, and what has passed more than :data:`~tieline_email.me.MOST_HOPS` is
automatic whatever else it says: two hubs that mail each other stop there.
Not promised: a robot that gives no sign is taken for a person; the budget per thread stops it.

Sources: RFC 3834 (2, 3.1.7, 5), RFC 2369 and RFC 2919 (lists), RFC 3461 (empty Return-Path), [MS-OXCMAIL]
(X-Auto-Response-Suppress), and the fields that vacation programs write. Next stop: :mod:`tieline_email.inbound`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tieline_email import addresses, headers, tokens
from tieline_email.headers import Headers
from tieline_email.me import Me

HOPS: Final = "Tieline-Hops"
"""Our field: how many hubs a mail has passed."""
LOOP: Final = "X-Loop"
"""An old field for the same purpose, with the address of who passed it on."""

_HOPS_READ: Final = 100
_BULK: Final = frozenset({"bulk", "list", "junk", "auto_reply"})
_PRESENT: Final = (
    "list-id",
    "list-post",
    "list-help",
    "list-subscribe",
    "list-owner",
    "list-archive",
    "list-unsubscribe",
    "mailing-list",
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-vacation",
    "x-failed-recipients",
    "x-cron-env",
)
"""Fields that only programs write, whatever they say."""
_SAYS: Final[Mapping[str, re.Pattern[str]]] = {
    "x-auto-response-suppress": re.compile(r"\b(?:all|oof|autoreply|dr|ndr|rn|nrn)\b", re.IGNORECASE),
    "x-precedence": re.compile(r"bulk|list|junk", re.IGNORECASE),
    "x-ms-exchange-inbox-rules-loop": re.compile(r"\S"),
    "x-ms-exchange-generated-message-source": re.compile(r"\S"),
    "delivered-to": re.compile(r"^autoresponder$", re.IGNORECASE),
    "preference": re.compile(r"auto_reply", re.IGNORECASE),
}
_ROBOTS: Final = re.compile(
    r"(?:mailer-daemon|postmaster|mdaemon|listserv|majordomo|no-?reply|do-?not-?reply|nobody|owner-.*|.*-request"
    r"|.*-bounces?|bounces?|bounce[-+].*|auto-?reply|auto-?responder|vacation)(?:\+.*)?"
)
_AWAY: Final = re.compile(
    r"(?:out of (?:the )?office|automatic reply|auto(?:matic|mated)?[ -]?(?:reply|response)|autoreply|on vacation"
    r"|abwesen|automatische antwort|automatisch antwoord|afwezig|réponse automatique|absence du bureau|absent du bureau"
    r"|respuesta automática|fuera de la oficina|resposta automática|fora do escritório|risposta automatica"
    r"|fuori sede|automatiskt svar|frånvaro|automatisk svar|autosvar|automaattinen vastaus|poissa|autoodpowied"
    r"|odpowiedź automatyczna|автоответ|автоматический ответ|自动回复|自動返信|自動回覆|자동 회신)",
    re.IGNORECASE,
)
_HEAD: Final = 200


def reason(fields: Headers, me: Me, *, mime: str = "") -> str | None:
    """Why a mail is automatic, in plain words; None: a person may have written it. ``mime`` is the whole's type."""
    return (
        _auto_submitted(fields)
        or _looped(fields, me)
        or _bulk(fields)
        or _by_sender(fields)
        or _by_form(fields, mime)
        or _by_fields(fields)
    )


def hops(fields: Headers) -> int:
    """How many hubs a mail has passed, as its fields say; what is no number counts as all too many."""
    said = [value.strip() for value in fields.all(HOPS.lower())]
    numbers = [int(value) if re.fullmatch(r"[0-9]{1,4}", value) else _HOPS_READ for value in said]
    return max(numbers, default=0)


def own_id(fields: Headers, me: Me) -> tokens.OwnId | None:
    """What our signed Message-ID says; None: it is not ours, whatever domain it names."""
    return signed(fields.first("message-id"), me)


def signed(message_id: str, me: Me) -> tokens.OwnId | None:
    """The delivery that a Message-ID of ours names, with or without brackets."""
    local, _, domain = message_id.strip().removeprefix("<").removesuffix(">").rpartition("@")
    return tokens.verify(me.secret, local) if domain.lower() == me.domain else None


def _auto_submitted(fields: Headers) -> str | None:
    for value in fields.all("auto-submitted"):
        said, _ = headers.params(re.sub(r"\([^()]*\)", "", value))
        if said != "no":
            return f"Auto-Submitted: {said[:40] or 'without a value'}"
    return None


def _looped(fields: Headers, me: Me) -> str | None:
    passed = hops(fields)
    if passed >= me.max_hops:
        return f"it has passed {passed} hubs"
    if any(addresses.is_own(value.strip(), me.address) for value in fields.all(LOOP.lower())):
        return "it has passed this hub before"
    return "it has a Message-ID of ours" if own_id(fields, me) is not None else None


def _bulk(fields: Headers) -> str | None:
    said = fields.first("precedence").strip().lower()
    return f"Precedence: {said}" if said in _BULK else None


def _by_sender(fields: Headers) -> str | None:
    back = fields.first("return-path").strip()
    if fields.has("return-path") and back in {"<>", ""}:
        return "an empty Return-Path"
    for name in ("from", "sender", "return-path"):
        for sender in addresses.mailboxes(fields.first(name)):
            local = sender.address.rpartition("@")[0]
            if _ROBOTS.fullmatch(local[:_HEAD]):
                return f"sent by {local[:_HEAD]}"
    return None


def _by_form(fields: Headers, mime: str) -> str | None:
    if mime in {"multipart/report", "message/delivery-status", "message/disposition-notification"}:
        return "a report"
    subject = headers.words(fields.first("subject")[: _HEAD * 5])[:_HEAD].strip()
    return "an automatic reply, by its subject" if _AWAY.match(subject) else None


def _by_fields(fields: Headers) -> str | None:
    names = {name for name, _ in fields.fields}
    present = next((name for name in _PRESENT if name in names), None)
    if present is not None:
        return f"a {present.title()} field"
    for name, says in _SAYS.items():
        if any(says.search(value[:_HEAD]) for value in fields.all(name)):
            return f"a {name.title()} field"
    return None
