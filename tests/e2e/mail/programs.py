"""Three mail programs: how each composes a reply to the mail it shows, and which mails it shows as one conversation.

Written from what the programs send and from how they are known to thread, not taken from anybody's mail. Gmail and
Apple Mail quote with marks and `blockquote`; Outlook copies the headers above the text and marks nothing.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.utils import formatdate
from html import escape

_COUNT = itertools.count(1)
SAID = ("Yes, twelve of them will do.", "Please send them on Monday.")
SIGNATURE = "Ana Winter\nSigfoxtrot GmbH, Musterweg 1"

Compose = Callable[[EmailMessage, str, Sequence[str]], EmailMessage]


def gmail(mail: EmailMessage, me: str, said: Sequence[str] = SAID) -> EmailMessage:
    """Above the quotation, with Gmail's classes; a signature behind two dashes."""
    intro = f"On Wed, May 8, 2024 at 11:10 AM {_who(mail)} wrote:"
    plain = "\n".join([*said, "", "-- ", SIGNATURE, "", _wrapped(intro), "", *_marked(mail)])
    signature = (
        f'<span class="gmail_signature_prefix">-- </span><br><div class="gmail_signature">{_html(SIGNATURE)}</div>'
    )
    quote = (
        f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{escape(intro)}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{_their_html(mail)}</blockquote></div>'
    )
    made = _reply(mail, me, plain, f'<div dir="ltr">{_divs(said)}{signature}</div><br>{quote}')
    made["X-Gm-Message-State"] = "AOJu0YwX"
    return made


def outlook(mail: EmailMessage, me: str, said: Sequence[str] = SAID) -> EmailMessage:
    """Above the headers of the mail it answers, nothing marked; topic and index of its own."""
    fields = [
        ("From", _who(mail)),
        ("Sent", "Wednesday, May 8, 2024 11:10 AM"),
        ("To", me),
        ("Subject", _subject(mail)),
    ]
    plain = "\n".join([*said, "", *(f"{name}: {value}" for name, value in fields), "", _their_text(mail)])
    head = "<br>".join(f"<b>{name}:</b> {escape(value)}" for name, value in fields)
    lines = "".join(f'<p class="MsoNormal">{escape(line)}<o:p></o:p></p>' for line in said)
    border = '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
    html = (
        f'<div class="WordSection1">{lines}<p class="MsoNormal">&nbsp;</p><div>{border}'
        f'<p class="MsoNormal">{head}</p></div></div>{_their_html(mail)}</div>'
    )
    made = _reply(mail, me, plain, html)
    made["Thread-Topic"] = _subject(mail).removeprefix("Re: ")
    made["Thread-Index"] = "AQHaoSm2q0n4mV4eC0yJ1l0kQxw8aLGK5f2A"
    made["X-MS-Has-Attach"] = ""
    return made


def apple(mail: EmailMessage, me: str, said: Sequence[str] = SAID) -> EmailMessage:
    """A phone: above the quotation, with the line it adds by itself."""
    intro = f"On May 8, 2024, at 11:10, {_who(mail)} wrote:"
    plain = "\n".join([*said, "", "Sent from my iPhone", "", f"> {intro}", "> ", *_marked(mail)])
    html = (
        f'<body dir="auto">{_divs(said)}<div id="AppleMailSignature" dir="ltr">Sent from my iPhone</div>'
        f'<div dir="ltr"><br><blockquote type="cite">{escape(intro)}<br><br></blockquote></div>'
        f'<blockquote type="cite"><div dir="ltr">{_their_html(mail)}</div></blockquote></body>'
    )
    made = _reply(mail, me, plain, html)
    made["X-Mailer"] = "iPhone Mail (21F90)"
    return made


PROGRAMS: dict[str, Compose] = {"gmail": gmail, "outlook": outlook, "apple": apple}


# ── which mails are one conversation ──


def one_conversation(mails: Sequence[EmailMessage]) -> dict[str, bool]:
    """Whether each program shows all these mails, oldest first, as one conversation."""
    later = list(enumerate(mails))[1:]
    return {
        "gmail": all(
            _base(one) == _base(mails[0]) and bool(_named(one) & _ids(mails[:number])) for number, one in later
        ),
        "outlook": all(_base(one) == _base(mails[0]) and _parent(one) in _ids(mails[:number]) for number, one in later),
        "apple": all(_last(one) in _ids(mails[:number]) for number, one in later),
    }


def _ids(mails: Sequence[EmailMessage]) -> set[str]:
    return {str(one["Message-ID"]).strip() for one in mails}


def _named(mail: EmailMessage) -> set[str]:
    """What a mail refers to in any way."""
    return {*str(mail["References"] or "").split(), _parent(mail)}


def _parent(mail: EmailMessage) -> str:
    return str(mail["In-Reply-To"] or "").strip()


def _last(mail: EmailMessage) -> str:
    """The parent by the algorithm of Zawinski: the last of References, else In-Reply-To."""
    return [*([_parent(mail)] if mail["In-Reply-To"] else ["-"]), *str(mail["References"] or "").split()][-1]


def _base(mail: EmailMessage) -> str:
    subject = _subject(mail)
    while subject[:3].lower() == "re:":
        subject = subject[3:].strip()
    return subject


# ── composing ──


def _reply(mail: EmailMessage, me: str, plain: str, html: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"] = f"Ana Winter <{me}>", str(mail["Reply-To"] or mail["From"])
    made["Subject"] = f"Re: {_base(mail)}"
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = f"<r{next(_COUNT)}.{os.getpid()}@program.test>"
    made["In-Reply-To"] = str(mail["Message-ID"])
    made["References"] = " ".join([*str(mail["References"] or "").split(), str(mail["Message-ID"])])
    made.set_content(plain + "\n")
    made.add_alternative(f"<html>{html}</html>", subtype="html")
    return made


def _who(mail: EmailMessage) -> str:
    return str(mail["From"])


def _subject(mail: EmailMessage) -> str:
    return str(mail["Subject"])


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def _their_text(mail: EmailMessage) -> str:
    return _body(mail, "plain")


def _their_html(mail: EmailMessage) -> str:
    """The body of the mail that is answered, without its head."""
    whole = _body(mail, "html")
    return whole.partition("<body")[2].partition(">")[2].partition("</body>")[0]


def _marked(mail: EmailMessage) -> list[str]:
    return [f"> {line}".rstrip() for line in _their_text(mail).splitlines()]


def _wrapped(intro: str) -> str:
    return intro.replace(" <", "\n<")


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _divs(lines: Sequence[str]) -> str:
    return "".join(f"<div>{escape(line)}</div>" for line in lines)
