"""A mail, read into the hub's words. Pure. (Signatures first; the reading follows.)"""

from __future__ import annotations

from tieline.model.inbound import InboundEvent
from tieline_email.me import FolderId, Me

__all__ = ["FolderId", "Me", "read"]


def read(raw: bytes, me: Me, folder: FolderId, *, received_at: int = 0) -> InboundEvent | None:
    """One mail in our words: a message, or a status where it is a bounce; None where it says nothing to us. Total.

    ``raw`` is the mail as IMAP gives it (``BODY.PEEK[]``), ``received_at`` IMAP's INTERNALDATE in milliseconds: the
    time of a mail whose Date says none, and the bound of one that says a later one.
    """
    raise NotImplementedError
