"""Who the hub is in the world of mail, and where a mail lies. Values.

Rule: everything that reading and writing a mail depends on stands here, so that both are pure.
Next stop: :mod:`tieline_email.inbound` reads, :mod:`tieline_email.compose` writes.
"""

from __future__ import annotations

from typing import Final

from tieline.model.base import Value

MOST_HOPS: Final = 3
"""Hubs that a mail may have passed. One that passed more is automatic, and nothing answers it."""
SIZE_MAX: Final = 40 * 1024 * 1024
"""Bytes of a mail that is read whole. A bigger one is read as its head, with the whole as a file."""


class Me(Value, kw_only=True, frozen=True):
    """The hub's mailbox. ``address`` has no plus part; ``secret`` signs tokens and Message-IDs (32 bytes or more)."""

    address: str
    secret: bytes
    name: str = "Tieline"
    """What stands in From where the hub itself speaks, and after ``via``."""
    authserv_ids: frozenset[str] = frozenset()
    """Names under which our own mail server writes ``Authentication-Results``. Nobody else's are believed."""
    hold_unverified: bool = True
    """Mail that neither our server nor a token vouches for is suspect. False: it is taken for its sender's."""
    allow: tuple[str, ...] = ()
    """Addresses (``ann@example.org``) and domains (``example.org``) that may write. Empty: everybody."""
    public_url: str | None = None
    """Where the hub is reached: for ``List-Unsubscribe``."""
    max_hops: int = MOST_HOPS
    max_size: int = SIZE_MAX

    @property
    def domain(self) -> str:
        """The address's domain, in lower case: that of our Message-IDs."""
        return self.address.rpartition("@")[2].lower()


class FolderId(Value, kw_only=True, frozen=True):
    """Where a mail lies in the mailbox (RFC 9051): its number means something only with the folder's."""

    uidvalidity: int
    uid: int

    @property
    def cursor(self) -> str:
        """``uidvalidity:uid``, for catch-up."""
        return f"{self.uidvalidity}:{self.uid}"
