"""Optional abilities of an adapter, one Protocol each. An adapter has an ability by having its method.

The hub asks ``isinstance(adapter, Edits)``. Ability and declared capability must agree; the conformance kit checks it.
All calls raise :class:`~tieline.errors.DeliveryError` like ``send``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol, runtime_checkable

from aiohttp import web

from tieline.model.attachments import FileSource
from tieline.model.base import Value
from tieline.model.delivery import Part
from tieline.model.inbound import InboundEdit, InboundEvent, NativeAuthor
from tieline.ports.adapter import Outgoing, PartRef, Sent


@runtime_checkable
class Edits(Protocol):
    """Can change a sent part."""

    async def edit(self, ref: PartRef, outgoing: Outgoing) -> None:
        """Replace the part's text. Repeating it is harmless. A part that is gone: Permanent ``part_gone``."""
        ...


@runtime_checkable
class Deletes(Protocol):
    """Can remove a sent part."""

    async def delete(self, ref: PartRef) -> None:
        """Remove the part. A part that is gone already is success."""
        ...


@runtime_checkable
class Reacts(Protocol):
    """Can set reactions."""

    async def react(self, ref: PartRef, emoji: str, *, on: bool) -> None:
        """Set or take back an emoji (Unicode, or ``:name:``). What is so already is success."""
        ...


@runtime_checkable
class Types(Protocol):
    """Can show that somebody writes."""

    async def typing(self, conversation: str, name: str) -> None:
        """Show it for some seconds. Best effort."""
        ...


class Resync(Value, kw_only=True, frozen=True):
    """A page of what was missed, oldest first, and the cursor after it; ``more``: call again."""

    events: tuple[InboundEvent, ...]
    cursor: str | None
    more: bool = False


@runtime_checkable
class History(Protocol):
    """Can read what was written while we were away."""

    async def resync(self, conversation: str, cursor: str | None) -> Resync:
        """What happened after ``cursor``. None: nothing was read yet - answer no events and the present cursor."""
        ...


class NativeState(Value, kw_only=True, frozen=True):
    """How a native message is now: who has set which emoji on it, our own left out."""

    native_id: str
    reactions: tuple[tuple[str, NativeAuthor], ...] = ()
    edited: InboundEdit | None = None
    """Its last edit as it would have been told live, however old; None where the platform says that there was none."""


@runtime_checkable
class Surveys(Protocol):
    """Can tell how messages are now: what history does not tell of an outage.

    That is deletions, reactions, and edits wherever they were made.
    """

    async def survey(self, conversation: str, parts: Sequence[Part]) -> Sequence[NativeState]:
        """The state of these messages (the newest that the hub knows, at most 100).

        Left out are only those of which the platform says that they are gone: they will count as deleted. Raises
        DeliveryError if it cannot be told now.
        """
        ...


@runtime_checkable
class Looks(Protocol):
    """Can find out whether an uncertain send happened (class B of the delivery promises)."""

    async def look_up(self, outgoing: Outgoing, since: int) -> Sent | None:
        """Find the native message that carries ``outgoing.key``, sent after ``since`` (milliseconds); None: not there.

        Raises DeliveryError if it cannot be told now.
        """
        ...


@runtime_checkable
class Resolves(Protocol):
    """Can turn what a person writes into a conversation's id."""

    async def resolve(self, written: str) -> tuple[str, str]:
        """``#dj-waste`` to (``C01…``, ``#dj-waste``); :class:`~tieline.errors.Misconfigured` if there is none."""
        ...


@runtime_checkable
class Fetches(Protocol):
    """Can fetch files that people attached on the platform."""

    def fetch(self, source: FileSource) -> AsyncIterator[bytes]:
        """The file's bytes, in pieces; an address that expired is asked for anew.

        Raises :class:`~tieline.errors.DeliveryError` while it is iterated: Permanent where there is nothing to fetch.
        The hub counts the bytes and stops reading where they are too many.
        """
        ...


@runtime_checkable
class Directs(Protocol):
    """Can write to people by themselves."""

    async def direct(self, native_id: str) -> str:
        """The direct conversation with a person, made if need be. Repeating it is harmless."""
        ...


@runtime_checkable
class Follows(Protocol):
    """Hears only conversations that it has joined (IRC), or asks for one by one (polling)."""

    async def follow(self, conversation: str) -> None:
        """Be in a linked conversation, so that what is written there is handed over and sends may go there.

        Called for each linked conversation, whatever its direction: whenever the channel came up, before its history
        is asked for, and when a link is made. Repeating it is harmless. AdapterError or DeliveryError: shown at the
        channel, and tried again after 30 s, doubling to 10 min.
        """
        ...


class Finding(Value, kw_only=True, frozen=True):
    """One line of ``tieline check --live``: ``level`` is ``ok``, ``warning`` or ``error``."""

    level: str
    message: str
    fix: str = ""


@runtime_checkable
class Checks(Protocol):
    """Can try its credentials and say what is missing."""

    async def check(self, conversations: Sequence[str]) -> Sequence[Finding]:
        """Try everything that sending and receiving need; change nothing on the platform."""
        ...


class Route(Value, kw_only=True, frozen=True):
    """An HTTP route an adapter brings. ``path`` is below ``/api/v1/channels/{channel}/`` unless it begins with ``/``.

    The handler checks the platform's signature itself: no bearer token is asked for. ``method`` as in HTTP.
    """

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]


@runtime_checkable
class HttpRoutes(Protocol):
    """Brings HTTP routes: webhooks of the platform, or the web socket."""

    def routes(self) -> Sequence[Route]:
        """Routes to mount before the hub listens."""
        ...


class Present(Value, kw_only=True, frozen=True):
    """A member who is connected; ``since`` in milliseconds, of the oldest connection."""

    member_id: str
    connections: int
    since: int


@runtime_checkable
class Presents(Protocol):
    """Knows who is connected (the web socket)."""

    def present(self) -> Sequence[Present]:
        """Everybody who is connected now. Synchronous, no I/O."""
        ...
