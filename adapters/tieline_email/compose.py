"""What is sent, as a mail. Pure. (Signatures first; the writing follows.)"""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage

from tieline.ports.adapter import Outgoing
from tieline_email.me import Me


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
    raise NotImplementedError


def native_id(outgoing: Outgoing, me: Me) -> str:
    """The Message-ID (without brackets) that the mail of a frame has, whenever it is made: ``Sent.native_id``."""
    raise NotImplementedError


def as_bytes(mail: EmailMessage) -> bytes:
    """The mail as SMTP wants it: CRLF, no line too long, 7-bit."""
    raise NotImplementedError
