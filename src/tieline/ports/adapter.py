"""What an adapter is.

The seeds' operations in a Pythonic form: ``connect``, ``disconnect``, ``is_connected``, ``send``, ``capabilities``;
receiving is :meth:`Session.receive`, which the hub gives the adapter; the seeds' syncState/getState are
:meth:`tieline.ports.abilities.History.resync`. Everything else is an optional ability, one Protocol each
(:mod:`tieline.ports.abilities`). Adapters may import ``ports``, ``render``, ``model``, ``errors``, aiohttp and their
own SDK; never each other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

from aiohttp import web

from tieline.model.base import Value
from tieline.model.capabilities import Capabilities
from tieline.model.channels import Trait
from tieline.model.delivery import Endpoint, Frame, Part
from tieline.model.inbound import InboundEvent, Receipt
from tieline.model.members import Actor
from tieline.model.message import Author
from tieline.model.outcome import Refusal
from tieline.model.rooms import AUTO
from tieline.ports.clock import Clock
from tieline.ports.directory import Directory
from tieline.ports.hub import Bus, Hub
from tieline.ports.reading import Reader
from tieline.ports.rendering import Dialect


class RoomChoice(Value, kw_only=True, frozen=True):
    """A room that a person may post to."""

    name: str
    title: str


class OpenItem(Value, kw_only=True, frozen=True):
    """Something in a member's inbox that was not seen yet. ``at`` in milliseconds; ``text`` is plain and short."""

    reason: str
    room: str
    author: str
    text: str
    at: int
    url: str | None = None


class Home(Value, kw_only=True, frozen=True):
    """What the hub has for one person: who they are, where they may post, what is open (newest first, at most 20)."""

    handle: str | None
    rooms: tuple[RoomChoice, ...]
    items: tuple[OpenItem, ...] = ()


class Session(Protocol):
    """The hub as one channel sees it."""

    async def receive(self, event: InboundEvent) -> Receipt:
        """Hand over what happened on the platform; returns once it is durable.

        Acknowledge to the platform only after it returned (law 1); if it raises, don't. Order of calls is kept per
        conversation. Waits while the channel catches up after an outage: live events stand behind history.
        """
        ...

    def went_down(self, reason: str, *, fix: str = "") -> None:
        """The connection is lost and the adapter reconnects by itself. Idempotent."""
        ...

    async def came_up(self) -> None:
        """The connection is back: the hub catches up from history before live events go on. Idempotent."""
        ...

    def troubled(self, conversation: str, problem: str | None, *, fix: str = "") -> None:
        """What is wrong with one conversation though the channel works (archived, the bot was removed); None: nothing.

        Shown in the channel's health until it is taken back. Idempotent.
        """
        ...

    def renamed(self, conversation: str, label: str) -> None:
        """A conversation has another name now; its links show it. Idempotent."""
        ...

    async def home(self, native_id: str) -> Home:
        """What concerns a person of the platform: for a page of their own there. Raises StoreError."""
        ...


class OutgoingFile(Value, kw_only=True, frozen=True):
    """A file on its way out. ``size`` in bytes; ``read`` opens it anew each time, in pieces.

    Reading raises :class:`~tieline.errors.NotDispatched` where the hub's file store does not answer,
    :class:`~tieline.errors.Permanent` where the file is gone.
    """

    name: str
    mime: str
    size: int
    alt: str
    read: Callable[[], AsyncIterator[bytes]]


class Outgoing(Value, kw_only=True, frozen=True):
    """One frame to send, or the new text of one part to edit.

    ``key`` is stable over retries of the same frame (delivery id and index): put it where the platform keeps it.
    ``thread`` is the native id of the thread's root on this endpoint, ``reply`` of the message replied to.
    """

    key: str
    delivery_id: str
    endpoint: Endpoint
    frame: Frame
    author: Author | None
    """None: the hub itself speaks."""
    thread: str | None = None
    reply: str | None = None
    notice_for: str | None = None
    """Native id of the one person a notice is for: shown to them alone where the platform can."""
    files: tuple[OutgoingFile, ...] = ()
    """What ``frame.files`` names, ready to be read."""
    streaming: bool = False
    """More text will come by edits."""
    references: tuple[str, ...] = ()
    """Native ids, in this conversation, of what the message follows in its thread, oldest first."""
    room: str = ""
    """Title of the room, or its name: what a subject is made of."""
    topic: str = ""
    """The beginning of the thread's first message, where the platform names what a message follows."""
    hops: int = 0
    """Through how many hubs the message has come."""
    code: str | None = None
    """What the receiver answers with, where answers are words: ``1`` in ``1 ack``."""
    urgent: bool = False
    """Goes at once where others are gathered into a digest: alerts, handoffs, mentions of the receiver."""
    machine: bool = False
    """Written by the hub or by a program for people to act on (an alert, a handoff): not people's talk."""


class Sent(Value, kw_only=True, frozen=True):
    """A native message that was made. ``thread`` is the native root that replies to it must name."""

    native_id: str
    thread: str | None = None
    url: str | None = None


class ChannelAdapter(Protocol):
    """One configured connection to one platform.

    Made by the manifest's factory with an :class:`AdapterContext`; making it does no I/O. ``connect`` is called once,
    ``disconnect`` once after it (also after a failed connect); ``send`` only between the two.
    """

    def dialect(self, endpoint: Endpoint) -> Dialect:
        """The dialect of an endpoint's text. Synchronous, no I/O."""
        ...

    def capabilities(self, endpoint: Endpoint) -> Capabilities:
        """What an endpoint can do. Synchronous, from a cache; before ``connect`` the most modest true answer."""
        ...

    async def connect(self, session: Session) -> None:
        """Become able to send and begin to receive; afterwards reconnect by itself, telling ``session``.

        Raises :class:`~tieline.errors.Misconfigured` if a person must mend something,
        :class:`~tieline.errors.AdapterError` if it may work later (the supervisor tries again with backoff).
        """
        ...

    async def disconnect(self) -> None:
        """Stop receiving, finish or abandon calls in flight, free everything. Idempotent; must not raise."""
        ...

    def is_connected(self) -> bool:
        """True while sends have a chance."""
        ...

    async def send(self, outgoing: Outgoing) -> Sent:
        """Make one native message. No retries inside (law 2).

        Raises the :class:`~tieline.errors.DeliveryError` that says what a retry may do.
        """
        ...


class Services(Protocol):
    """The inside of the hub, for an adapter that *is* a way into it (the web socket); others get None."""

    @property
    def hub(self) -> Hub:
        """The one door."""
        ...

    @property
    def bus(self) -> Bus:
        """Commits."""
        ...

    @property
    def reader(self) -> Reader:
        """Reads."""
        ...

    @property
    def directory(self) -> Directory:
        """Members, rooms, links, authorization."""
        ...

    def authenticate(self, secret: str) -> Actor | Refusal:
        """Who a bearer token is."""
        ...

    def authenticate_request(self, request: web.Request) -> Actor | Refusal | None:
        """Who an HTTP request is, by header or by session cookie (with its Origin checked); None: no credential."""
        ...


class AdapterContext(Value, kw_only=True, frozen=True):
    """What an adapter is made from."""

    channel: str
    settings: Mapping[str, object]
    """The channel's block of the configuration without ``adapter``, substituted; secrets are plain strings here."""
    clock: Clock
    public_url: str | None = None
    services: Services | None = None
    """Only where the manifest says ``inside``."""


class SettingProblem(Value, kw_only=True, frozen=True):
    """One fault in a channel's settings; ``path`` leads to it inside the block."""

    path: tuple[str | int, ...]
    message: str
    fix: str = ""
    known: tuple[str, ...] = ()
    """For an unknown setting: the names that may stand there; the hub suggests the nearest."""


class Manifest(Value, kw_only=True, frozen=True):
    """What the hub knows of an adapter without importing its SDK. Entry points of ``tieline.adapters`` target one."""

    name: str
    summary: str
    factory: str
    """``module:callable`` taking an AdapterContext, imported when a channel of it is enabled."""
    settings: str
    """``module:callable`` taking the raw mapping, answering a sequence of SettingProblem; imports no SDK."""
    extra: str | None = None
    """Extra to install where the SDK is missing."""
    secrets: tuple[str, ...] = ()
    """Names of settings that are secret: masked wherever settings are shown."""
    inside: bool = False
    """The adapter is a way into the hub itself and is given its services."""
    endpoints: tuple[str, ...] = (AUTO,)
    """What a link's ``as:`` may be."""
    traits: tuple[Trait, ...] = ()
    own: str | None = None
    """Name of the setting that holds the channel's own address, where conversations are people's addresses."""
    simulator: str | None = None
    """``module:callable`` answering a :class:`tieline.ports.simulation.Simulator` for the demo."""


Factory = Callable[[AdapterContext], ChannelAdapter]
SettingsCheck = Callable[[Mapping[str, object]], Sequence[SettingProblem]]


class PartRef(Value, kw_only=True, frozen=True):
    """A native message to act on."""

    endpoint: Endpoint
    part: Part
