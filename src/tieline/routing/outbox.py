"""What every lane works with, made once in ``tieline.bootstrap``. Next stop: :mod:`tieline.routing.lanes`."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random, SystemRandom

from tieline.ports.channels import Channels
from tieline.ports.clock import Clock
from tieline.ports.directory import Directory
from tieline.ports.files import Files
from tieline.ports.hub import Hub
from tieline.ports.reading import Reader
from tieline.routing.guards import LoopGuard
from tieline.routing.outbox_compose import Composer
from tieline.routing.retry import Backoff


@dataclass(frozen=True, slots=True)
class Outbox:
    """The collaborators of all lanes."""

    hub: Hub
    reader: Reader
    directory: Directory
    channels: Channels
    clock: Clock
    files: Files
    backoff: Backoff = field(default_factory=Backoff)
    random: Random = field(default_factory=SystemRandom)
    guard: LoopGuard = field(default_factory=LoopGuard)

    @property
    def composer(self) -> Composer:
        """Composes deliveries; stateless but for the guard that all share."""
        return Composer(self.reader, self.directory, self.clock, self.guard, self.files)
