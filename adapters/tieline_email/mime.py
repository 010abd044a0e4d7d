"""The bytes of a mail, as a bounded value. Pure. (Signatures first; the reading follows.)"""

from __future__ import annotations

from tieline.model.attachments import NativeFile


def payload(raw: bytes, part: str) -> tuple[NativeFile, bytes] | None:
    """A file of a mail by its id (``NativeFile.id``: IMAP's part path, such as ``2.1``): what it is, and its bytes.

    None: the mail has no such part. Total.
    """
    raise NotImplementedError
