"""What an adapter is.

The seeds' operations in a Pythonic form: ``connect``, ``disconnect``, ``is_connected``, ``send``, ``capabilities``;
receiving is :meth:`Session.receive`, which the hub gives the adapter; the seeds' syncState/getState are
:meth:`tieline.ports.abilities.History.resync`. Everything else is an optional ability, one Protocol each
(:mod:`tieline.ports.abilities`). Adapters may import ``ports``, ``render``, ``model``, ``errors``, aiohttp and their
own SDK; never each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from aiohttp import web

from tieline.model.base import Value
from tieline.model.capabilities import Capabilities
from tieline.model.delivery import Endpoint, Frame, Part
from tieline.model.inbound import InboundEvent, Receipt
from tieline.model.members import Actor
from tieline.model.message import Author
from tieline.model.outcome import Refusal
from tieline.ports.clock import Clock
from tieline.ports.directory import Directory
from tieline.ports.hub import Bus, Hub
from tieline.ports.reading import Reader
from tieline.ports.rendering import Dialect


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
    simulator: str | None = None
    """``module:callable`` answering a :class:`tieline.ports.simulation.Simulator` for the demo."""


Factory = Callable[[AdapterContext], ChannelAdapter]
SettingsCheck = Callable[[Mapping[str, object]], Sequence[SettingProblem]]


class PartRef(Value, kw_only=True, frozen=True):
    """A native message to act on."""

    endpoint: Endpoint
    part: Part
