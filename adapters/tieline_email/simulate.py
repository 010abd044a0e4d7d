"""E-mail in the demo: the real reading and the real writing, without a mail server.

Rule: what is typed is written as a mail, with headers as a mail program sends them, and read by
:mod:`tieline_email.inbound`; what is shown has its sender and subject read back from the bytes that SMTP would get, and
its text is the HTML body's without the styles of mail. Not promised: any mail program's looks.
Next stop: the demo's page shows the HTML.
"""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from html import escape
from typing import Final

import msgspec

from tieline.model.capabilities import Capabilities
from tieline.model.content import plain
from tieline.model.inbound import InboundEvent, InboundMessage, NativeAuthor
from tieline.model.message import Format
from tieline.ports.adapter import Outgoing
from tieline.ports.rendering import Dialect
from tieline.render.html import to_html
from tieline_email import addresses, compose, headers, inbound, mime, render
from tieline_email.abilities import capabilities
from tieline_email.dialect import EmailDialect
from tieline_email.me import FolderId, Me

_SECRET: Final = b"a demo has nothing to protect: 32"
_READER: Final = "reader@example.net"


class EmailSimulator:
    """A mailbox of the demo."""

    def __init__(self) -> None:
        self._count = 0

    @property
    def title(self) -> str:
        """The pane's name."""
        return "E-mail"

    def dialect(self) -> Dialect:
        """That of mails."""
        return EmailDialect()

    def capabilities(self) -> Capabilities:
        """Those of a mailbox."""
        return capabilities()

    def typed(
        self, conversation: str, user: str, text: str, native_id: str, *, thread: str | None = None
    ) -> InboundEvent:
        """What reading the mailbox would find."""
        self._count += 1
        # Only a user or conversation that is no address reads as plain text; the demo has none.
        me = Me(address=conversation, secret=_SECRET, hold_unverified=False)
        sender = addresses.normal(user)
        if not sender.isascii() or not sender or not addresses.normal(conversation):
            return _unread(conversation, user, text, native_id, thread)
        made = EmailMessage(policy=compose.POLICY)
        made["From"] = Address(addr_spec=sender)
        made["To"] = Address(addr_spec=conversation)
        made["Message-ID"] = f"<{native_id}>"
        if thread:
            made["In-Reply-To"] = made["References"] = f"<{thread}>"
        made.set_content(text)
        read = inbound.read(compose.as_bytes(made), me, FolderId(uidvalidity=1, uid=self._count))
        if not isinstance(read, InboundMessage):
            return _unread(conversation, user, text, native_id, thread)
        author = msgspec.structs.replace(read.author, native_id=user)
        return msgspec.structs.replace(
            read, native_id=native_id, conversation=conversation, author=author, thread=thread
        )

    def shown(self, outgoing: Outgoing) -> str:
        """The mail as HTML: who, subject and text as they stand in what would be sent, and the names of its files."""
        address = addresses.normal(outgoing.endpoint.conversation) or "hub@example.org"
        me = Me(address=address, secret=_SECRET)
        read = mime.read(compose.as_bytes(compose.mail(outgoing, me, _READER, now=0)))
        sender = addresses.mailboxes(read.headers.first("from"))[0]
        name = escape(headers.words(sender.name))
        subject = escape(headers.words(read.headers.first("subject")))
        words = render.reply_words(outgoing.frame.actions, outgoing.code)
        text = to_html(outgoing.frame.text, Format.MARKDOWN) + (f"<p>{escape(words)}</p>" if words else "")
        files = "".join(f'<div class="sim-file">{escape(file.name)}</div>' for file in outgoing.files)
        return (
            f'<div class="email-message"><b class="sim-name">{name}</b><div class="sim-subject">{subject}</div>'
            f'<div class="sim-text">{text}</div>{files}</div>'
        )


def simulator() -> EmailSimulator:
    """Made by the manifest's name."""
    return EmailSimulator()


def _unread(conversation: str, user: str, text: str, native_id: str, thread: str | None) -> InboundMessage:
    """What is typed by somebody, or at a place, that no mail could come from or to."""
    return InboundMessage(
        conversation=conversation,
        native_id=native_id,
        author=NativeAuthor(native_id=user, display=user),
        content=plain(text),
        sent_at=0,
        thread=thread,
    )
