"""Everything the API is given, as one frozen value; ``tieline.bootstrap`` fills it.

The API imports no package that decides, stores or sends: it knows ports, how a secret is kept
(:mod:`tieline.directory.tokens`), and for the rest the Protocols here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from prometheus_client import CollectorRegistry

from tieline.model.members import Actor
from tieline.model.outcome import Refusal
from tieline.model.rooms import MessageType, Room
from tieline.model.shapes import PacketReport, PreviewItem
from tieline.ports.abilities import Presents, Route
from tieline.ports.channels import Channels
from tieline.ports.clock import Clock
from tieline.ports.directory import Directory
from tieline.ports.files import Files
from tieline.ports.hub import Bus, Hub
from tieline.ports.reading import Reader


class Authenticate(Protocol):
    """Who a bearer token is."""

    def __call__(self, secret: str, /) -> Actor | Refusal:
        """The actor, or a 401 that does not say what was wrong with the token. No I/O."""
        ...


class Preview(Protocol):
    """Shows a message as every link of a room would, without sending it, through the code that sends."""

    async def __call__(self, actor: Actor, room: Room, text: str, kind: MessageType, /) -> Sequence[PreviewItem]:
        """One item per outward link of the room, in order of making."""
        ...


class CheckPacket(Protocol):
    """Judges a text as a packet. Pure and total."""

    def __call__(self, text: str, /) -> PacketReport:
        """Packet, violations with a corrected text or a template, or neither."""
        ...


class ExportConfig(Protocol):
    """Members, rooms and links as YAML, whoever owns them, without secrets."""

    def __call__(self) -> str:
        """The text of a configuration file."""
        ...


class Ready(Protocol):
    """Whether the hub takes writes."""

    def __call__(self) -> str | None:
        """None: it does; else one line that says why not and what a person can do."""
        ...


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """``quota`` requests in ``window`` seconds per token, as a bucket that refills evenly; 0: no limit."""

    quota: int = 60_000
    window: int = 60


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """Settings of the API. ``allowed_origins`` besides ``public_url`` and loopback; sizes in bytes."""

    hub_name: str = "tieline"
    version: str = "0"
    public_url: str | None = None
    allowed_origins: frozenset[str] = frozenset()
    rate: RateLimit = RateLimit()
    max_body: int = 4 * 1024 * 1024
    max_upload: int = 25 * 1024 * 1024
    """Largest file that may be uploaded; ``max_body`` does not hold there."""
    keep_unused: int = 86_400_000
    """How long an uploaded file waits for its message, milliseconds."""
    transfer_idle: float = 60.0
    """How long the other side of an upload or download may be silent, seconds."""
    transfers_at_once: int = 32
    """Uploads and downloads that one member may have under way."""
    session_days: int = 30
    home: str = "/docs"
    """Where a sign-in link leads."""
    open_metrics: bool = False
    """Serve ``/metrics`` without a token (only on a listener of its own)."""


@dataclass(frozen=True, kw_only=True)
class ApiServices:
    """The inside of the hub as the API sees it."""

    hub: Hub
    bus: Bus
    reader: Reader
    directory: Directory
    clock: Clock
    channels: Channels
    authenticate: Authenticate
    preview: Preview
    check_packet: CheckPacket
    export_config: ExportConfig
    ready: Ready
    registry: CollectorRegistry
    files: Files
    """Where attachments are kept."""
    settings: ApiSettings = ApiSettings()
    mounts: Mapping[str, Sequence[Route]] = field(default_factory=dict)
    """Routes that adapters bring, by channel."""
    presence: Sequence[Presents] = ()
    """Adapters that know who is connected."""
