"""Attachments: files that were uploaded, or that a platform holds and the hub copies.

An attachment begins as a row in state ``receiving``; its bytes are in the file store once it is ``ready``. It belongs
to one message, or to nobody yet: then it has an ``expires_at`` and is forgotten after it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tieline.model.base import Value

UNKNOWN_MIME: Final = "application/octet-stream"


class FileState(StrEnum):
    """State of an attachment's bytes."""

    RECEIVING = "receiving"
    READY = "ready"
    FAILED = "failed"


class NativeFile(Value, omit_defaults=True, kw_only=True, frozen=True):
    """A file as a platform tells of it: everything its adapter needs to fetch it later, and nothing secret.

    ``size`` in bytes, where told. ``url`` is where the platform says it is, which may expire; ``id`` outlives it.
    """

    id: str
    name: str = ""
    mime: str = ""
    size: int | None = None
    url: str | None = None
    alt: str = ""


class FileSource(Value, omit_defaults=True, kw_only=True, frozen=True):
    """The native message that holds a file."""

    channel: str
    conversation: str
    native_id: str
    file: NativeFile


class Attachment(Value, kw_only=True, frozen=True):
    """A file of the hub's. ``size`` in bytes and ``sha256`` (hexadecimal) are known once it is ready."""

    id: str
    name: str
    mime: str
    state: FileState = FileState.RECEIVING
    size: int | None = None
    sha256: str | None = None
    detail: str = ""
    """Why it failed: one line for people."""
    owner_id: str | None = None
    """The member who uploaded it."""
    message_id: str | None = None
    source: FileSource | None = None
    created_at: int = 0
    expires_at: int | None = None
    """Set while no message has it."""


class Attached(Value, kw_only=True, frozen=True):
    """An attachment as its message shows it."""

    id: str
    name: str
    mime: str
    size: int | None = None
    alt: str = ""
    state: FileState = FileState.READY
    detail: str = ""

    @classmethod
    def of(cls, attachment: Attachment, alt: str = "") -> Attached:
        """What a message shows of an attachment."""
        return cls(
            id=attachment.id,
            name=attachment.name,
            mime=attachment.mime,
            size=attachment.size,
            alt=alt,
            state=attachment.state,
            detail=attachment.detail,
        )
