"""The demo's world: who there is, which conversations, and the configuration that joins them in one room.

Rule: everything here is a configuration and people of the kind a real hub has; only the platforms are simulated. The
demo's adapter is named here and nowhere else in the hub: the demo is the one thing that is made of it.
Next stop: :mod:`tieline.bootstrap.demo` starts a hub with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tieline.config import (
    AttachmentSettings,
    ChannelSettings,
    Config,
    HubSettings,
    LinkSettings,
    MemberSettings,
    Policies,
    RoomSettings,
)
from tieline.model.members import MemberKind
from tieline.ports.clock import Clock
from tieline_simulated.platform import SimulatedPlatform
from tieline_simulated.simulators import is_stand_in, simulator_for

ROOM: Final = "studio"
READER: Final = "you"
"""Handle of the person who opens the sign-in link."""


@dataclass(frozen=True, slots=True)
class Typist:
    """Somebody who may type into a pane: a native id, the name the platform shows, the member (None: a guest)."""

    native: str
    name: str
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One simulated conversation."""

    channel: str
    platform: str
    conversation: str
    label: str
    typists: tuple[Typist, ...]


PLACES: Final = (
    Place(
        "slack",
        "slack",
        "C0STUDIO",
        "#studio",
        (Typist("U0YOU", "You", READER), Typist("U0PRIYA", "Priya Nair", "priya"), Typist("U0DANA", "Dana (client)")),
    ),
    Place(
        "discord",
        "discord",
        "112233445566778899",
        "#studio",
        (
            Typist("100000000000000001", "You", READER),
            Typist("100000000000000002", "Milo", "milo"),
            Typist("100000000000000009", "kettle"),
        ),
    ),
    Place(
        "email",
        "email",
        "studio@example.org",
        "studio@example.org",
        (
            Typist("you@example.org", "You", READER),
            Typist("sam@example.org", "Sam Okoro", "sam"),
            Typist("client@example.net", "client@example.net"),
        ),
    ),
    Place(
        "phone",
        "sms",
        "+15005550006",
        "+1 500 555 0006",
        (
            Typist("+447700900001", "You", READER),
            Typist("+447700900123", "Priya Nair", "priya"),
            Typist("+447700900999", "+44 7700 900999"),
        ),
    ),
)

_PEOPLE: Final = {
    READER: ("You", "L4"),
    "priya": ("Priya Nair", "L3"),
    "milo": ("Milo", "L2"),
    "sam": ("Sam Okoro", "L3"),
}
_AGENTS: Final = {
    "marcus": ("Marcus", "claude", "jonny-desktop", ("orchestration",)),
    "vigil": ("Vigil", "gemini", "build-box", ("review", "gate")),
}
AGENTS: Final = tuple(_AGENTS)


@dataclass(frozen=True, slots=True)
class Pane:
    """A place with its platform."""

    place: Place
    platform: SimulatedPlatform
    stand_in: bool
    """The platform has no adapter yet: plain text."""

    def native_of(self, handle: str) -> str:
        """Native id of a member who may type here. Raises StopIteration if there is none."""
        return next(typist.native for typist in self.place.typists if typist.handle == handle)


Panes = Mapping[str, Pane]


def make_panes(clock: Clock) -> Panes:
    """The four conversations, empty, by channel."""
    return {place.channel: _pane(place, clock) for place in PLACES}


def _pane(place: Place, clock: Clock) -> Pane:
    simulator = simulator_for(place.platform)
    platform = SimulatedPlatform(
        simulator,
        clock,
        conversation=place.conversation,
        people={typist.native: typist.name for typist in place.typists},
    )
    return Pane(place, platform, is_stand_in(simulator))


def make_config(database: Path, panes: Panes) -> Config:
    """One room joined to all of them."""
    return Config(
        hub=HubSettings(
            name="tieline demo",
            database=f"sqlite:///{database}",
            attachments=AttachmentSettings(store=str(database.parent / "files")),
        ),
        channels={
            name: ChannelSettings.model_validate(
                {"adapter": "simulated", "platform": pane.place.platform, "pane": pane.platform}
            )
            for name, pane in panes.items()
        },
        members=_people() | _agents(),
        rooms={
            ROOM: RoomSettings(
                title="Studio: the night bus",
                project="night-bus",
                links=tuple(LinkSettings(channel=name, conversation=pane.place.label) for name, pane in panes.items()),
            )
        },
        policies=Policies(),
        file="the demo",
        marks={},
        sources={},
        secrets=frozenset(),
    )


def _people() -> dict[str, MemberSettings]:
    return {
        handle: MemberSettings.model_validate(
            {"kind": MemberKind.HUMAN, "display": display, "level": level, "accounts": _accounts(handle)}
        )
        for handle, (display, level) in _PEOPLE.items()
    }


def _accounts(handle: str) -> dict[str, str]:
    return {place.channel: typist.native for place in PLACES for typist in place.typists if typist.handle == handle}


def _agents() -> dict[str, MemberSettings]:
    return {
        handle: MemberSettings(kind=MemberKind.AI, display=display, ai=ai, machine=machine, specialities=specialities)
        for handle, (display, ai, machine, specialities) in _AGENTS.items()
    }
